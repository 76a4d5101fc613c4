/** Searching the trail: every answer is held against the same question asked of a plain list. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { auditColumns } from '../../src/audit/entry.ts';
import { KINDS } from '../../src/audit/kinds.ts';
import { parseAuditQuery } from '../../src/audit/query.ts';
import type { AuditEntry, AuditQuery } from '../../src/audit/types.ts';
import { createAuditWriter } from '../../src/store/audit.ts';
import { readAudit, searchAudit } from '../../src/store/audit-query.ts';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { sealDurable } from '../../src/store/seal.ts';
import { type FreshDatabase, freshDatabase } from '../harness/database.ts';
import { anEntry } from '../unit/audit/entries.ts';

let database: FreshDatabase;
let pool: Pool;
const entries: AuditEntry[] = [];
const START = Date.parse('2026-03-23T09:00:00.000Z');

beforeAll(async () => {
  database = await freshDatabase();
  pool = openPool(database.serviceUrl, 4);
  const writer = createAuditWriter({ pool, encode: auditColumns, lanes: 1, batch: 1 });
  for (let i = 0; i < 240; i += 1) {
    const entry = variety(i);
    entries.push(entry);
    await writer.write(entry);
  }
  await writer.close();
  await sealDurable(pool);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

function variety(i: number): AuditEntry {
  const search = i % 5 === 0;
  const base = anEntry();
  return anEntry({
    requestId: `v${i}`,
    // Some requests take long: their records stand later in the sequence than their instants say.
    at: new Date(START + i * 60_000 - (i % 17 === 0 ? 180_000 : 0)).toISOString(),
    interaction: search ? 'search-type' : i % 31 === 0 ? 'delete' : i % 7 === 0 ? 'update' : 'read',
    action: search ? 'E' : i % 31 === 0 ? 'D' : i % 7 === 0 ? 'U' : 'R',
    outcome: i % 13 === 0 ? 4 : 0,
    purpose: i % 29 === 0 ? 'BTG' : 'TREAT',
    agent: {
      ...base.agent,
      subject: `user-${i % 4}`,
      practitionerRole: `PractitionerRole/r${i % 4}`,
      jti: `t${i % 40}`,
    },
    patients: search
      ? [`Patient/p${i % 3}`, `Patient/p${(i + 1) % 3}`, 'Patient/p9']
      : i % 11 === 0
        ? []
        : [`Patient/p${i % 6}`],
    entities: [`CarePlan/c${i % 8}/_history/${1 + (i % 2)}`],
    query: search ? { cleaned: 'x=***', raw: 'q1.', count: 3 } : null,
  });
}

/** The question asked of the list: newest first, `[seq, n]` of every event. */
function oracle(query: AuditQuery): [number, number][] {
  const one = <T>(wanted: T[], ...values: (T | null)[]) =>
    wanted.length === 0 || wanted.some((want) => values.includes(want));
  return entries
    .flatMap((entry, i): [AuditEntry, number, number][] => {
      const patients = entry.patients.length === 0 ? [''] : entry.patients;
      return patients.map((_, n) => [entry, i + 1, n + 1]);
    })
    .filter(([entry, seq, n]) => {
      const unversioned = entry.entities.map((entity) => entity.split('/_history/')[0] ?? '');
      return (
        (query.id === null || (query.id.seq === seq && query.id.n === n)) &&
        (query.from === null || entry.at >= query.from) &&
        (query.until === null || entry.at < query.until) &&
        one(query.patient, entry.patients[n - 1] ?? null) &&
        one(query.agent, entry.agent.subject, entry.agent.practitionerRole) &&
        one(query.entity, ...entry.entities, ...unversioned) &&
        one(query.action, entry.action) &&
        one(query.outcome, entry.outcome) &&
        one(query.purpose, entry.purpose) &&
        one(query.policy, entry.agent.jti) &&
        (query.interactions === null || query.interactions.includes(entry.interaction))
      );
    })
    .map(([, seq, n]): [number, number] => [seq, n])
    .sort((a, b) => b[0] - a[0] || a[1] - b[1]);
}

async function every(query: AuditQuery): Promise<[number, number][]> {
  const found: [number, number][] = [];
  for (let before: AuditQuery['before'] = null; ; ) {
    const page = await searchAudit(pool, { ...query, before }, false);
    expect(page.events.length).toBeLessThanOrEqual(query.count);
    found.push(...page.events.map(({ row, n }): [number, number] => [row.seq, n]));
    if (page.next === null) return found;
    before = page.next;
  }
}

const PARTS = [
  'patient=p1',
  'patient=p9,p2',
  'agent=user-1',
  'agent=PractitionerRole/r2,user-3',
  'entity=CarePlan/c3',
  'entity=CarePlan/c3/_history/2,CarePlan/c4/_history/1',
  'action=D',
  'action=R,U',
  'outcome=4',
  'outcome=0',
  'purpose=BTG',
  'purpose=TREAT',
  'policy=t5',
  'type=rest',
  'type=110106',
  'subtype=delete,update',
  'subtype=search-type',
  'date=ge2026-03-23T10:00:00Z',
  'date=lt2026-03-23T11:30:00Z',
  'date=2026-03-23T10',
];

describe('answers', () => {
  test('are those of a plain list, for any mix of criteria and any page size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.constantFrom(...PARTS), { maxLength: 4 }),
        fc.integer({ min: 1, max: 60 }),
        async (parts, count) => {
          const names = parts.map((part) => part.split('=')[0]);
          fc.pre(new Set(names).size === names.length && !parts.includes('date=2026-03-23T10'));
          const query = parseAuditQuery([...parts, `_count=${count}`].join('&'));
          expect(await every(query)).toEqual(oracle(query));
        },
      ),
      { numRuns: 120 },
    );
  });

  test('by id: one event of one record', async () => {
    const query = parseAuditQuery('_id=6-2');
    const page = await searchAudit(pool, query);
    expect(page.events.map(({ row, n }) => [row.seq, n])).toEqual([[6, 2]]);
    expect(page.next).toBeNull();
    expect((await readAudit(pool, 6))?.body).toContain('"v5"');
    expect(await readAudit(pool, 999_999)).toBeNull();
    expect((await searchAudit(pool, parseAuditQuery('_id=6-9'))).events).toEqual([]);
  });

  test('a record is found at once, without waiting for the seal', async () => {
    const writer = createAuditWriter({ pool, encode: auditColumns });
    await writer.write(anEntry({ patients: ['Patient/fresh'] }));
    const query = parseAuditQuery('patient=fresh');
    let found = 0;
    // Transaction ids are shared with the other databases of the test server: the horizon may wait for them.
    while (found === 0) found = (await searchAudit(pool, query)).events.length;
    expect(found).toBe(1);
    await writer.close();
    expect(Object.keys(KINDS)).toContain('disclosure');
  });
});
