/**
 * Sorted pages go on behind a place (docs/adr 0033): whatever is written between two of them, each row of the first page's
 * moment comes at most once and in the order of then; what was not deleted comes.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { parseSearch } from '../../src/search/parse.ts';
import { movedSince } from '../../src/store/moved.ts';
import { openPool } from '../../src/store/pool.ts';
import { inSnapshot } from '../../src/store/transaction.ts';
import { TEAM } from '../harness/directory.ts';
import { note } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';
import { testDefinitions } from '../unit/definitions/cache.ts';

const ROWS = 60;
/** Beside them so many without a date or value: a type of 5,000 rows is walked. */
const COPIES = 5_200;
let service: Service;

/** Several share a date, a few have none, some have a value. */
function paged(id: string, about: string, n: number): Resource {
  return note(id, about, `note ${n}`, {
    ...(n % 11 === 0 ? {} : { effectiveDateTime: day(n) }),
    ...(n % 3 === 0 ? { valueString: undefined, valueQuantity: { value: n % 7, unit: 'x' } } : {}),
    status: n % 4 === 0 ? 'amended' : 'final',
    category: [{ coding: [{ system: 'urn:test', code: 'sorted' }] }],
  });
}

const day = (n: number): string => `2026-03-${String(1 + (n % 9)).padStart(2, '0')}`;

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('mine');
  await service.family('theirs', { midwife: 'mw-other', midwives: TEAM.south, healthVisitor: null });
  const rows = Array.from({ length: ROWS }, (_, n) =>
    paged(`s-${(n * 37) % ROWS}`, n % 5 === 4 ? 'theirs' : 'mine', n),
  );
  await service.load(rows);
  const owner = openPool(service.database.ownerUrl, 1);
  await owner.query(`insert into resource select (json_populate_record(r, json_build_object('id', 'zz-s-0-' || n,
      'updated', '2020-01-01T00:00:00Z', 'body', replace(r.body, '"id":"s-0"', '"id":"zz-s-0-' || n || '"')))).* from resource r, generate_series(1, ${COPIES}) n
    where r.type = 'Observation' and r.id = 's-0'`);
  await owner.query('analyze');
  await owner.end();
}, 60_000);
afterAll(() => service.close());

const idsOf = ({ json }: { json: JsonObject }): string[] =>
  (json.entry as { resource: Resource }[] | undefined)?.map(({ resource }) => String(resource.id)) ?? [];
const nextOf = ({ json }: { json: JsonObject }): string | null =>
  (json.link as { relation: string; url: string }[]).find(({ relation }) => relation === 'next')?.url ?? null;

/** Pages until `enough` ids are there. */
async function pages(who: string, first: string, enough: number, between: () => Promise<void>): Promise<string[]> {
  const client = service.as(who);
  const seen: string[] = [];
  let reply = await client.get(first);
  for (;;) {
    expect(reply.status).toBe(200);
    seen.push(...idsOf(reply));
    const next = nextOf(reply);
    if (next === null || seen.length >= enough) return seen;
    await between();
    reply = await client.get(next.slice(service.base.length));
  }
}

const SORTS = [
  'date',
  '-date',
  '_lastUpdated',
  '-_lastUpdated',
  '-date,value-quantity',
  'value-quantity,-_id',
  'status,-date',
  '-_id',
];
/** What goes from criteria, from the type in order and from her families. */
const SEARCHES: [string, string][] = [
  ['steward', 'Observation?category=sorted'],
  ['steward', 'Observation?'],
  ['hv-system', 'Observation?'],
  ['health-visitor', 'Observation?category=sorted'],
];

/** Few and many matches, found by the criteria, in the order of the type, or not at all. */
const ASKED = [
  'category=sorted&_sort=-value-quantity,date',
  'value-quantity=gt3&_sort=-date',
  'status:not=amended&date:missing=false&_sort=_lastUpdated',
  'status=amended&_sort=date',
  'code:text=nothing&_sort=date',
  'patient.family:contains=ixture&date=2026-03-02',
  'patient.family:contains=nobody&_sort=-date',
];

test.each([
  ['family,given', ['n-3', 'n-2', 'n-1', 'n-4', 'n-5']],
  ['family,-given', ['n-1', 'n-2', 'n-3', 'n-4', 'n-5']],
  ['-family,given', ['n-4', 'n-5', 'n-3', 'n-2', 'n-1']],
  ['family,-_id', ['n-3', 'n-2', 'n-1', 'n-5', 'n-4']],
])('strings that differ in case or accents alone leave the next key to decide: %s', async (sort, expected) => {
  const names: [string, string, string][] = [
    ['n-1', 'ÖRTENBERG', 'Zoe'],
    ['n-2', 'Örtenberg', 'Bea'],
    ['n-3', 'Ortenberg', 'anna'],
    ['n-4', 'Örtenberger', 'Anna'],
    ['n-5', 'Örtenberger', 'Anna'],
  ];
  await service.load(
    names.map(([id, family, given]) => ({ resourceType: 'Patient', id, name: [{ family, given: [given] }] })),
  );
  const found = await pages('steward', `Patient?family=ortenberg&_sort=${sort}&_count=2`, 100, async () => {});
  expect(found).toEqual(expected);
});

const wholes = new Map<string, string[]>();

test.each(['hv-system', 'health-visitor'])(
  'of a large type %s is shown and counted what the steward finds and she may see',
  async (who) => {
    const { rows } = await service.pool.query<{ id: string }>(
      `select id from resource where type = 'Observation' and 'Patient/mine' = any (patients)`,
    );
    const mine = new Set(rows.map(({ id }) => id));
    for (const asked of ASKED) {
      const search = `Observation?${asked}&_count=900`;
      const whole = wholes.get(asked) ?? (await pages('steward', search, Number.POSITIVE_INFINITY, async () => {}));
      wholes.set(asked, whole);
      const seen = await pages(who, search, Number.POSITIVE_INFINITY, async () => {});
      expect([asked, seen]).toEqual([asked, whole.filter((id) => mine.has(id))]);
      const counted = await service.as(who).get(`Observation?${asked}&_summary=count`);
      expect([asked, counted.json.total]).toEqual([asked, seen.length]);
      const first = await service.as(who).get(`${search}&_total=accurate`);
      expect([asked, first.json.total, idsOf(first)]).toEqual([asked, seen.length, seen.slice(0, 900)]);
    }
  },
  60_000,
);

/** One write to one of the rows, or a new one. */
const writes = fc.record({
  row: fc.integer({ min: 0, max: ROWS - 1 }),
  to: fc.integer({ min: 0, max: 200 }),
  how: fc.constantFrom('change', 'change', 'change', 'delete', 'restore', 'create'),
});

let made = 0;
const deleted = new Set<string>();

async function write({ row, to, how }: { row: number; to: number; how: string }): Promise<void> {
  const steward = service.as('steward');
  made += 1;
  const id = how === 'create' ? `new-${made}` : `s-${row}`;
  const about = how === 'create' || (row * 13) % 5 !== 4 ? 'mine' : 'theirs';
  const current = await steward.get(`Observation/${id}`);
  if (how === 'delete') {
    deleted.add(id);
    expect((await steward.delete(`Observation/${id}`)).status).toBeLessThan(300);
  } else if (how !== 'change' || current.status === 200) {
    const whose = current.status === 200 ? String((current.json.subject as JsonObject).reference).slice(8) : about;
    expect((await steward.put(`Observation/${id}`, paged(id, whose, to))).status).toBeLessThan(300);
  }
}

test.each(SEARCHES)(
  'as %s, %s: each row once, in the order of the first page, under writes',
  async (who, search) => {
    let turned = 0;
    let moved = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...SORTS),
        fc.integer({ min: 7, max: 20 }),
        fc.array(writes, { minLength: 8, maxLength: 8 }),
        async (sort, count, plan) => {
          const address = `${search}&_sort=${sort}&_count=`;
          const before = idsOf(await service.as(who).get(`${address}100`));
          deleted.clear();
          const queue = [...plan];
          const seen = await pages(who, `${address}${count}`, 90, async () => {
            turned += 1;
            for (const one of queue.splice(0, 2)) await write(one);
          });
          expect(seen.filter((id, n) => seen.indexOf(id) < n)).toEqual([]);
          const old = seen.filter((id) => before.includes(id));
          expect(old).toEqual(before.filter((id) => old.includes(id)));
          // What is new was never there, and what is missing was deleted; the end of a long list is not asked for.
          const end = before.indexOf(old.at(-1) ?? '');
          expect(before.slice(0, end).filter((id) => !old.includes(id) && !deleted.has(id))).toEqual([]);
          expect(seen.filter((id) => id.startsWith('new-') && !before.includes(id))).toEqual([]);
          const after = idsOf(await service.as(who).get(`${address}100`));
          moved += after.join() === before.join() ? 0 : 1;
        },
      ),
      { numRuns: 5, endOnFailure: true },
    );
    // Alive: pages were turned, and the order was another one afterwards.
    expect(turned).toBeGreaterThan(15);
    expect(moved).toBeGreaterThan(0);
  },
  60_000,
);

test('a place is sealed: nobody makes one of her own, or takes one to another search', async () => {
  const client = service.as('hv-system');
  const nextIn = async (sort: string): Promise<string> =>
    (nextOf(await client.get(`Observation?_sort=${sort}&_count=5`)) ?? '').slice(service.base.length);
  const [byDate, byUpdate] = [await nextIn('-date'), await nextIn('_lastUpdated')];
  expect(byDate).not.toContain('2026');
  expect((await client.get(byDate)).status).toBe(200);
  const sealed = byDate.split('.on.')[1] ?? '';
  const forged = [
    byDate.replace(/\.on\..*/, '.after.s-1'),
    byDate.replace(/\.on\..*/, '.5'),
    byDate.slice(0, -3),
    `${byUpdate.split('.on.')[0]}.on.${sealed}`,
  ];
  for (const link of forged) expect((await client.get(link)).status).toBe(410);
  expect((await service.as('epr').get(byDate)).status).toBe(410);
});

test('a write that was stamped before the first page and committed after it has moved', async () => {
  const definitions = await testDefinitions();
  const { query } = parseSearch('Observation', '_sort=-_lastUpdated', {
    definitions,
    bases: [],
    lenient: false,
    maxCount: 100,
  });
  const late = new pg.Client({ connectionString: service.database.serviceUrl });
  await late.connect();
  await late.query('begin');
  await late.query(`insert into history select * from resource where type = 'Observation' and id = 'zz-s-0-1'`);
  await late.query(`update resource set version = 2, updated = now() - interval '10 seconds'
    where type = 'Observation' and id = 'zz-s-0-1'`);
  const moment = await service.pool.query<{ snapshot: string; before: string }>(
    'select pg_current_snapshot()::text as snapshot, clock_timestamp()::text as before',
  );
  const [first] = moment.rows;
  if (first === undefined) throw new Error('no moment');
  const since = async () => {
    const asked = { type: 'Observation', keys: query.sort, moment: first };
    const moved = await inSnapshot(service.pool, (client) => movedSince(client, asked, () => ({}) as never));
    return moved.find(({ id }) => id === 'zz-s-0-1');
  };
  expect(await since()).toBeUndefined();
  await late.query('commit');
  await late.end();
  expect((await since())?.keys?.[0]?.[0]).toContain('2020-01-01');
});
