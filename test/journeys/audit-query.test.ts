/** Searching the trail: what links and columns find equals what memory finds over every event as it is shown. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { auditEvent, eventCount } from '../../src/audit/balp.ts';
import { auditColumns } from '../../src/audit/entry.ts';
import type { AuditEntry, StoredAudit } from '../../src/audit/types.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { type AuditAsk, type AuditPlace, findAudit, valuesOf } from '../../src/record/audit-search.ts';
import { createIndexer } from '../../src/search/extract.ts';
import { matches } from '../../src/search/match-clauses.ts';
import { parseSearch } from '../../src/search/parse.ts';
import type { IndexValues, Query } from '../../src/search/types.ts';
import { createAuditWriter } from '../../src/store/audit.ts';
import { readAudit } from '../../src/store/audit-query.ts';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { chainHead, sealDurable } from '../../src/store/seal.ts';
import { type FreshDatabase, freshDatabase } from '../harness/database.ts';
import { anEntry } from '../unit/audit/entries.ts';
import { BASES, r4 } from '../unit/search/r4-params.ts';

let database: FreshDatabase;
let pool: Pool;
const shown: { row: StoredAudit; n: number; event: Resource; values: IndexValues }[] = [];
const START = Date.parse('2026-03-23T09:00:00.000Z');
const SERVER = 'https://tandem.example';
const indexer = createIndexer(r4, BASES);

beforeAll(async () => {
  database = await freshDatabase();
  pool = openPool(database.serviceUrl, 4);
  const writer = createAuditWriter({ pool, encode: auditColumns, lanes: 1, batch: 1 });
  for (let i = 0; i < 240; i += 1) await writer.write(variety(i));
  await writer.close();
  await sealDurable(pool);
  for (let seq = 1; seq <= 240; seq += 1) {
    const row = await readAudit(pool, seq);
    for (let n = 1; row !== null && n <= eventCount(row); n += 1) {
      const event = auditEvent(row, n, { server: SERVER });
      shown.push({ row, n, event, values: valuesOf(event, indexer) });
    }
  }
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

/** What kind of access the record is about. */
function kindOf(i: number): Partial<AuditEntry> {
  if (i % 5 === 0)
    return { interaction: 'search-type', action: 'E', query: { cleaned: 'x=***', raw: 'q1.', count: 3 } };
  if (i % 31 === 0) return { interaction: 'delete', action: 'D' };
  if (i % 23 === 0) return { interaction: 'disclosure', recipient: 'Subscription/s1 https://receiver.example/hook' };
  if (i % 19 === 0) return { interaction: 'login', action: 'E', entities: [] };
  return i % 7 === 0 ? { interaction: 'update', action: 'U' } : { interaction: 'read', action: 'R' };
}

function variety(i: number): AuditEntry {
  const base = anEntry();
  const many = i % 5 === 0 || i % 37 === 0;
  const system = i % 9 === 0;
  return anEntry({
    requestId: `v${i}`,
    // Some requests take long: their records stand later in the sequence than their instants say.
    at: new Date(START + i * 60_000 - (i % 17 === 0 ? 180_000 : 0)).toISOString(),
    outcome: i % 13 === 0 ? 4 : 0,
    status: i % 13 === 0 ? 403 : 200,
    purpose: i % 29 === 0 ? 'BTG' : i % 41 === 0 ? null : 'TREAT',
    agent: {
      ...base.agent,
      kind: system ? 'system' : 'staff',
      subject: system ? 'hv-system' : `user-${i % 4}`,
      clientId: system ? 'hv-system' : 'hv-app',
      practitionerRole: system ? null : `PractitionerRole/r${i % 4}`,
      name: system ? null : i % 2 === 0 ? 'JONES Helén' : "O'NEILL Priya",
      jti: `t${i % 40}`,
      address: i % 6 === 0 ? null : `203.0.113.${i % 3}`,
    },
    patients: many
      ? [`Patient/p${i % 3}`, `Patient/p${(i + 1) % 3}`, 'Patient/p9']
      : i % 11 === 0
        ? []
        : [`Patient/p${i % 6}`],
    entities: i % 3 === 0 ? [`Patient/p${i % 6}/_history/2`] : [`CarePlan/c${i % 8}/_history/${1 + (i % 2)}`],
    ...kindOf(i),
  });
}

function parsed(raw: string): Query {
  const context = { definitions: r4, bases: BASES, lenient: false, maxCount: 1000, versions: true };
  return parseSearch('AuditEvent', raw, { ...context, now: new Date('2026-03-23T13:00:00Z') }).query;
}

const ids = (events: readonly Resource[]): string[] => events.map((event) => String(event.id));

/** The question asked of every event, in the order the search promises. */
function expected(query: Query): string[] {
  const [key] = query.sort;
  const order = (a: StoredAudit, b: StoredAudit): number => {
    const byTime = Date.parse(a.at) - Date.parse(b.at) || a.seq - b.seq;
    return key === undefined ? b.seq - a.seq : key.descending ? -byTime : byTime;
  };
  const found = shown.filter(({ event, values }) => matches(query, event, values));
  return found.sort((a, b) => order(a.row, b.row) || a.n - b.n).map(({ event }) => String(event.id));
}

async function askFor(query: Query, after: AuditPlace | null = null): Promise<AuditAsk> {
  const head = after?.head ?? (await chainHead(pool))?.seq ?? 0;
  return { query, server: SERVER, indexer, sees: null, closed: null, after, head };
}

async function every(query: Query): Promise<string[]> {
  const found: string[] = [];
  for (let after: AuditPlace | null = null; ; ) {
    const page = await findAudit(pool, await askFor(query, after));
    expect(page.events.length).toBeLessThanOrEqual(query.count);
    found.push(...ids(page.events));
    if (page.next === null) return found;
    after = page.next;
  }
}

const ISSUER = 'https://issuer.example.org';
const JTI = 'urn:ietf:params:oauth:jti:';
const PARTS = [
  '_id=6-2,9-1',
  '_id:not=6-2',
  'patient=p1',
  'patient:Patient=p9,p2',
  'patient:missing=true',
  'agent=PractitionerRole/r1',
  'agent=r2',
  `agent:identifier=${ISSUER}|user-1`,
  'agent:identifier=hv-system',
  'agent:identifier=|hv-app,user-3',
  'agent-name=jones',
  'agent-name:contains=neill',
  "agent-name:exact=O'NEILL Priya",
  'agent-role=http://snomed.info/sct|1052581000000109',
  'agent-role:not=1052581000000109',
  'address=203.0.113.1',
  'entity=CarePlan/c3',
  'entity=c3,Patient/p3',
  'entity=CarePlan/c3/_history/2,CarePlan/c4/_history/1',
  'entity:identifier=v77',
  'entity:missing=false',
  'entity-role=24',
  'entity-type=1',
  'entity-name=x',
  'altid:missing=true',
  'action=D',
  'action=R,U',
  'action:not=R',
  'outcome=4',
  'outcome=http://terminology.hl7.org/CodeSystem/audit-event-outcome|0',
  'outcome:not=0',
  'purpose=BTG',
  'purpose:not=TREAT',
  'purpose:missing=true',
  `policy=${JTI}t5`,
  `policy:below=${JTI}`,
  'policy=t5',
  'type=rest',
  'type=http://dicom.nema.org/resources/ontology/DCM|110106',
  'type:not=rest',
  'subtype=delete,update',
  'subtype=http://hl7.org/fhir/restful-interaction|search-type',
  'source:identifier=https://tandem.example',
  'site:missing=true',
  '_profile:below=https://profiles.ihe.net/',
  '_tag=x',
  'date=ge2026-03-23T10:00:00Z',
  'date=lt2026-03-23T11:30:00+01:00',
  'date=2026-03-23T10:05:00Z,2026-03-23T11:47:00Z',
  'date=gt2026-03-23T10:59:00Z&date=le2026-03-23T12:03Z',
  'date=ne2026-03-23T10:05:00Z',
  'date=ap2026-03-23T10:05:00Z',
  'date=sa2026-03-23T12:00Z',
  `_filter=${encodeURIComponent('(action eq R or action eq U) and patient eq Patient/p1')}`,
  `_filter=${encodeURIComponent('not (outcome eq 0) and date ge 2026-03-23T10:00:00Z')}`,
];

const queries = fc.tuple(
  fc.uniqueArray(fc.constantFrom(...PARTS), { maxLength: 3 }),
  fc.constantFrom('', '_sort=date', '_sort=-date'),
  fc.constantFrom(25, 61, 1000),
);

describe('answers', () => {
  test('are those of every event looked at, for any mix of criteria, order and page size', async () => {
    let hits = 0;
    const found = new Set<string>();
    await fc.assert(
      fc.asyncProperty(queries, async ([parts, sort, count]) => {
        const query = parsed([...parts, sort, `_count=${count}`].filter((part) => part !== '').join('&'));
        const answer = await every(query);
        expect(answer).toEqual(expected(query));
        hits += parts.length > 0 && answer.length > 0 ? 1 : 0;
        if (answer.length > 0 && answer.length < 300) for (const part of parts) found.add(part);
      }),
      { numRuns: 90 },
    );
    // Alive: many questions find something and leave something out.
    expect(hits).toBeGreaterThan(20);
    expect(found.size).toBeGreaterThan(15);
  });

  test('are counted, without a page too', async () => {
    for (const raw of ['patient=p9&_total=accurate&_count=2', 'patient=p9&_summary=count', 'patient=p9&_count=0']) {
      const query = parsed(raw);
      const page = await findAudit(pool, await askFor(query));
      expect([raw, page.total]).toEqual([raw, expected(query).length]);
      expect(page.events).toHaveLength(query.count);
    }
  });

  test('by id: one event of one record', async () => {
    const page = await findAudit(pool, await askFor(parsed('_id=6-2')));
    expect([ids(page.events), page.next]).toEqual([['6-2'], null]);
    expect((await readAudit(pool, 6))?.body).toContain('"v5"');
    expect(await readAudit(pool, 999_999)).toBeNull();
    expect((await findAudit(pool, await askFor(parsed('_id=6-9')))).events).toEqual([]);
  });

  test.each([
    '_include=*',
    '_include=AuditEvent:agent',
    '_revinclude=Provenance:target',
    '_has:Provenance:target:_id=x',
    'patient.name=x',
    'agent:PractitionerRole.practitioner.name=x',
    '_list=x',
    '_text=x',
    '_content=x',
    '_lastUpdated=2026',
    '_sort=agent',
    '_sort=date,-date',
    `_filter=${encodeURIComponent('patient.name co x')}`,
  ])('%s is refused', async (raw) => {
    const run = async () => findAudit(pool, await askFor(parsed(raw)));
    await expect(run()).rejects.toMatchObject({ status: 400 });
  });

  test('a record is found at once, without waiting for the seal', async () => {
    const writer = createAuditWriter({ pool, encode: auditColumns });
    await writer.write(anEntry({ patients: ['Patient/fresh'] }));
    let found = 0;
    // Transaction ids are shared with the other databases of the test server: the horizon may wait for them.
    while (found === 0) {
      await sealDurable(pool);
      found = (await findAudit(pool, await askFor(parsed('patient=fresh')))).events.length;
    }
    expect(found).toBe(1);
    await writer.close();
  });
});
