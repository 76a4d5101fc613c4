/**
 * House promise 1, byte for byte: for each principal there is a second service over a database that holds only what she may
 * be shown (each row as she is shown it, indexed anew from that text), asked by a client whom no rule concerns. An attacker
 * walks at random through both: whatever is asked, the two answers are the same text. `SOAK_SECONDS` walks longer.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { type Client, type Reply, resources } from '../harness/client.ts';
import { freshDatabase } from '../harness/database.ts';
import { familyOf, note } from '../harness/family.ts';
import { registerClients, type Service, startService } from '../harness/service.ts';

const SECONDS = Number(process.env.SOAK_SECONDS ?? 6);
const TYPES =
  'Patient Observation Encounter CareTeam EpisodeOfCare Consent Condition RelatedPerson ServiceRequest Task'.split(' ');
const V3 = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
const label = (code: string) => ({ meta: { security: [{ system: V3, code }] } });
let whole: Service;

beforeAll(async () => {
  whole = await startService();
  await whole.directory();
  await whole.family('mine', { referral: 'accepted' });
  await whole.family('shared', { referral: 'received' });
  await whole.family('theirs', { midwife: 'mw-other', midwives: 'CareTeam/hv-team-south', healthVisitor: null });
  const [mother, ...rest] = familyOf('flagged', { postalCode: 'ZZ9 9ZZ' });
  await whole.load([{ ...mother, resourceType: 'Patient', ...label('R') }, ...rest]);
  const to = (...references: string[]) => ({ focus: references.map((reference) => ({ reference })) });
  await whole.load([
    note('out', 'mine', 'mine', to('Patient/theirs', 'Patient/flagged', 'Encounter/theirs-booking')),
    note('in', 'theirs', 'theirs', to('Patient/mine', 'Observation/out', 'Observation/sealed')),
    note('sealed', 'mine', 'sealed', { ...to('Patient/mine'), ...label('V') }),
    note('restricted', 'mine', 'restricted', { ...to('Observation/out'), ...label('R') }),
    note('through', 'flagged', 'flagged', {
      ...to('Observation/sealed', 'Observation/in'),
      hasMember: [{ reference: 'Observation/in' }],
    }),
  ]);
  await whole.load([note('out', 'mine', 'mine again', to('Patient/theirs', 'Patient/flagged'))]);
}, 90_000);
afterAll(() => whole.close());

/** The tables that rows are shown from. */
const TABLES = ['resource', 'history'];

/**
 * A service over what this principal may be shown, row by row and version by version through another door.
 * @param instead rows put there as they are stored, to prove the walk alive
 */
async function reducedFor(
  client: Client,
  instead: readonly string[] = [],
): Promise<{ service: Service; close(): Promise<void> }> {
  const database = await freshDatabase();
  const [from, into] = [openPool(whole.database.ownerUrl, 1), openPool(database.ownerUrl, 1)];
  for (const table of TABLES) {
    const { rows } = await from.query<{ type: string; id: string; version: number; row: object; current: boolean }>(
      `select t.type, t.id, t.version, to_jsonb(t) as row, not exists (select from resource c where c.type = t.type and c.id = t.id and c.version > t.version) as current
       from ${table} t where t.type = any ($1)`,
      [TYPES],
    );
    for (const { type, id, version, row, current } of rows) {
      const door = instead.includes(`${type}/${id}`) ? whole.as('steward') : client;
      const shown = await door.get(current ? `${type}/${id}` : `${type}/${id}/_history/${version}`);
      if (shown.status !== 200) continue;
      await into.query(`insert into ${table} select * from jsonb_populate_record(null::${table}, $1)`, [
        JSON.stringify({ ...row, body: shown.text }),
      ]);
    }
  }
  await from.end();
  await into.end();
  await registerClients(database.ownerUrl);
  const service = await startService({ beside: { ...whole, database } });
  await indexed(service.pool);
  return {
    service,
    close: async () => {
      await service.close();
      await database.drop();
    },
  };
}

async function indexed(pool: Pool): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const { rows } = await pool.query<{ waiting: number }>(
      'select count(*)::int as waiting from index_state where target is not null',
    );
    if (rows[0]?.waiting === 0) return;
  }
  throw new Error('the reduced database was not indexed');
}

/** A seeded stream of numbers in [0, 1) (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Fact {
  type: string;
  id: string;
  /** `parameter=value` that the whole database answers with this row. */
  criteria: string[];
}

/** Criteria of every row of the whole database, hidden ones too: those are what an attacker guesses. */
async function factsOf(service: Service): Promise<Fact[]> {
  const { rows } = await service.pool.query<{ type: string; id: string; tokens: string[] }>(
    'select type, id, tokens from resource where type = any ($1) and not deleted order by type, id',
    [TYPES],
  );
  return rows.map(({ type, id, tokens }) => ({
    type,
    id,
    criteria: [
      `_id=${id}`,
      ...tokens.flatMap((token) => {
        const [, code = '', value = ''] = /^[A-Za-z]+\.([a-z-]+)=([^|,$\\]+)$/.exec(token) ?? [];
        return code === '' || code === 'member' ? [] : [`${code}=${encodeURIComponent(value)}`];
      }),
    ],
  }));
}

/** One random request of the attacker. */
function request(facts: readonly Fact[], next: () => number): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const [one, other] = [pick(facts), pick(facts)];
  const criterion = (fact: Fact) => pick(fact.criteria);
  const results = () =>
    pick([
      '',
      '&_total=accurate',
      '&_sort=_id',
      '&_sort=-_lastUpdated',
      '&_summary=count',
      '&_elements=id,status',
      '&_count=2',
      '&_summary=text',
    ]);
  const link = pick(['patient', 'subject', 'focus', 'encounter', 'episode-of-care']);
  return pick([
    () => `${one.type}/${one.id}`,
    () => `${one.type}/${one.id}/_history`,
    () => `${one.type}/${one.id}/_history/${pick(['1', '2', '3'])}`,
    () => `${one.type}/${one.id}/$meta`,
    () => `${one.type}?${criterion(one)}${results()}`,
    () => `${one.type}?${criterion(one)}&${criterion(one)}${results()}`,
    () => `${one.type}?${criterion(one)}&_revinclude=Observation:${pick(['focus', 'subject', 'patient', 'encounter'])}`,
    () => `${one.type}?_id=${one.id}&_include=${one.type}:${link}`,
    () => `${one.type}?${link}:${other.type}.${criterion(other)}${results()}`,
    () => `Patient?_has:${one.type}:${pick(['patient', 'subject'])}:${criterion(one)}${results()}`,
    () => `Patient/${pick(['mine', 'shared', 'theirs', 'flagged'])}/${one.type}?${criterion(one)}`,
    () => `Patient/${pick(['mine', 'shared', 'theirs', 'flagged'])}/$everything?_type=${TYPES.join(',')}`,
    () => `${one.type}/_history?_count=${pick(['2', '50'])}`,
    () => `Patient?address-postalcode=${pick(['ZZ9', 'ZZ2'])}${results()}`,
    () =>
      `Patient?family=${pick(['Fixture-mine', 'Fixture-theirs', 'Fixture-flagged'])}&_sort=${pick(['family', '-family', 'address-postalcode'])}`,
  ])();
}

/** What differs between any two answers: the host, the time of the answer, names of pages and requests. */
function still(service: Service, { text }: Reply): string {
  return text
    .replaceAll(service.base, 'BASE')
    .replace(/^(\{"resourceType":"Bundle".{0,80}?"lastUpdated":)"[^"]*"/, '$1"T"')
    .replace(/"timestamp":"[^"]*"/g, '"timestamp":"T"')
    .replace(/_page=[\w.-]+/g, '_page=P')
    .replace(/"id":"[0-9a-z-]{20,40}","type":"(searchset|batch-response)"/g, '"type":"$1"');
}

interface Walk {
  asked: number;
  shown: number;
  /** The first request that is answered differently, with both answers; null = none. */
  difference: { path: string; is: string; should: string } | null;
}

async function walk(client: Client, reduced: Service, seconds: number): Promise<Walk> {
  const facts = await factsOf(whole);
  const anyone = reduced.as('steward');
  const next = random(11);
  const seen: Walk = { asked: 0, shown: 0, difference: null };
  for (const end = Date.now() + seconds * 1_000; Date.now() < end; seen.asked += 1) {
    const path = request(facts, next);
    const [is, should] = [await client.get(path), await anyone.get(path)];
    // Who is refused hears one sentence whatever is there (existence-oracle.test.ts), and the way in for N.
    const isRefused = is.status === 403 || is.status === 404;
    const isNothing = [403, 404].includes(should.status) || resources(should).length === 0;
    const texts = [is, should].map((reply, i) => `${reply.status} ${still(i === 0 ? whole : reduced, reply)}`);
    if (isRefused ? !isNothing : texts[0] !== texts[1])
      return { ...seen, difference: { path, is: texts[0] ?? '', should: texts[1] ?? '' } };
    if (!isRefused && resources(is).length > 0) seen.shown += 1;
  }
  return seen;
}

test.each(['midwife', 'health-visitor', 'epr'])(
  '%s is answered as if nothing else were there',
  async (who) => {
    const client = whole.as(who);
    const { service: reduced, close } = await reducedFor(client);
    try {
      const { asked, shown, difference } = await walk(client, reduced, SECONDS);
      expect(difference).toBeNull();
      expect([asked > 50, shown > 10]).toEqual([true, true]);
    } finally {
      await close();
    }
  },
  (SECONDS + 60) * 1_000,
);

describe('proven alive', () => {
  test.each([
    ['a row that is hidden from her', ['Observation/in']],
    ['a label that is not hers to see', ['Observation/sealed']],
    ['an address that is masked for her', ['Patient/flagged']],
  ])(
    '%s is noticed when it stands in what she may be shown',
    async (_words, instead) => {
      const client = whole.as('midwife');
      const { service: reduced, close } = await reducedFor(client, instead);
      try {
        expect((await walk(client, reduced, 30)).difference).not.toBeNull();
      } finally {
        await close();
      }
    },
    90_000,
  );
});
