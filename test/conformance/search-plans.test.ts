/** Plans must be right on an empty, a fresh and a grown store: before statistics exist planners guess (house trap). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Resource } from '../../src/fhir/types.ts';
import { createIndexer } from '../../src/search/extract.ts';
import { parseSearch } from '../../src/search/parse.ts';
import { pageSql } from '../../src/store/keyset-sql.ts';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { orderSql, rowsSql, SqlParams, whereSql } from '../../src/store/query-sql.ts';
import type { Hops } from '../../src/store/sight.ts';
import { walkOrder } from '../../src/store/walk-order.ts';
import { type FreshDatabase, freshDatabase } from '../harness/database.ts';
import { BASES, r4 } from '../unit/search/r4-params.ts';
import { insertIndexed } from './search-rows.ts';

const indexer = createIndexer(r4, BASES);
const families = 150;

function* population(): Generator<Resource> {
  for (let at = 0; at < families; at++) {
    yield {
      resourceType: 'Patient',
      id: `p${at}`,
      identifier: [{ system: 'http://nhs', value: `${9000 + at}` }],
      name: [{ family: `Family${at % 20}` }],
    };
    for (let visit = 0; visit < 4; visit++) {
      yield {
        resourceType: 'Encounter',
        id: `e${at}-${visit}`,
        status: visit === 0 ? 'planned' : 'finished',
        subject: { reference: `Patient/p${at}` },
        period: { start: `2024-0${visit + 1}-${10 + (at % 18)}` },
      };
      if (visit > 1) continue;
      yield {
        resourceType: 'Observation',
        id: `o${at}-${visit}`,
        code: { coding: [{ code: visit === 0 ? 'weight' : 'other' }] },
        subject: { reference: `Patient/p${at}` },
        valueQuantity: { value: at, system: 'http://unitsofmeasure.org', code: 'g' },
        component: [{ code: { coding: [{ code: `c${at}` }] }, valueQuantity: { value: visit } }],
      };
    }
  }
}

const ALL: Hops = { sees: () => true, rule: () => 'true', ways: new Map() };

let database: FreshDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await freshDatabase();
  pool = openPool(database.ownerUrl, 1);
  // Statistics come when this test says so.
  for (const table of ['resource', 'index_string', 'index_date', 'index_number']) {
    await pool.query(`alter table ${table} set (autovacuum_enabled = false)`);
  }
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

async function plan(type: string, text: string): Promise<string> {
  const params = new SqlParams();
  const { query } = parseSearch(type, text, { definitions: r4, bases: BASES, lenient: false, maxCount: 100 });
  const sql = `explain (costs off) select r.type, r.id from resource r
    where ${whereSql(query, params, [], ALL)} and not r.deleted order by ${orderSql(query, params)} limit 100`;
  const found = await pool.query<{ 'QUERY PLAN': string }>(sql, params.values);
  return found.rows.map((row) => row['QUERY PLAN']).join('\n');
}

/** A page that goes on behind a place, of a person's families or of the type in order. */
async function pagePlan(type: string, text: string, from: 'type' | 'families'): Promise<string> {
  const params = new SqlParams();
  const { query } = parseSearch(type, text, { definitions: r4, bases: BASES, lenient: false, maxCount: 100 });
  const order = walkOrder(query, new Set());
  if (order === null) throw new Error('nothing is masked');
  const words = `${params.add(Array.from({ length: 40 }, (_, at) => `Encounter.patient=Patient/p${at}`))}::text[]`;
  const sql = `explain (costs off) with ${pageSql(
    {
      query,
      order,
      candidates: from === 'type' ? { from, visits: 400 } : { from, words },
      criteria: rowsSql(query, params, [], ALL),
      rule: from === 'type' ? `${words} is not null` : 'true',
      limit: 21,
      after: { place: { keys: order.keys.map(() => '2024-02-01'), id: 'e1' }, before: '2030-01-01', moved: [] },
    },
    params,
  )} select * from kept, cut`;
  const found = await pool.query<{ 'QUERY PLAN': string }>(sql, params.values);
  return found.rows.map((row) => row['QUERY PLAN']).join('\n');
}

async function checkPages(grown: boolean): Promise<void> {
  for (const sort of ['-date', 'date', '-date,status']) {
    const sorted = await pagePlan('Encounter', `status=finished&_sort=${sort}`, 'type');
    expect(sorted).toMatch(/index_date_value|index_date_row/);
    // Down the index from the place, ties sorted group by group; a sort of all would read the type.
    if (grown) expect(sorted).toMatch(/Incremental Sort(?:.*\n){1,12}.*index_date_value/);
    if (grown) expect(sorted).not.toMatch(/resource_updated/);
  }
  // All were written at one instant here: with statistics, the group of ties is the type.
  if (!grown) expect(await pagePlan('Encounter', '_sort=-_lastUpdated', 'type')).toContain('resource_updated');
  for (const sort of ['', '&_sort=-date', '&_sort=status']) {
    const hers = await pagePlan('Encounter', `date=ge2024${sort}`, 'families');
    expect(hers).toContain('resource_tokens');
    expect(hers).not.toMatch(/Seq Scan on resource/);
    // By type and id through the index of updates, each look-up would walk the type.
    if (grown) expect(hers).not.toContain('resource_updated');
  }
}

async function checkPlans(grown: boolean): Promise<void> {
  await checkPages(grown);
  for (const text of ['identifier=http://nhs|9001', 'identifier=9001,9002']) {
    const byIdentifier = await plan('Patient', text);
    expect(byIdentifier).toContain('resource_tokens');
    expect(byIdentifier).not.toContain('resource_pkey');
  }
  for (const text of ['patient=p1&date=ge2024', 'patient=Patient/p1&_sort=-date', 'subject=p1&status=finished']) {
    const ofPatient = await plan('Encounter', text);
    expect(ofPatient).toContain('resource_tokens');
    expect(ofPatient).not.toContain('resource_pkey');
    // A walk down the value index for each row's date: 0.4 ms a row.
    expect(ofPatient).not.toContain('Backward');
  }
  // A chain whose far end is narrow is two look-ups in the index of words, whichever way it goes.
  for (const text of ['patient.identifier=9001', 'patient.identifier=http://nhs|9001&status=finished']) {
    const chained = await plan('Encounter', text);
    expect(chained.match(/resource_tokens/g)?.length).toBeGreaterThanOrEqual(2);
    expect(chained).not.toContain('Seq Scan');
  }
  expect(await plan('Encounter', '_has:Encounter:part-of:patient=p1')).toContain('resource_tokens');
  expect(await plan('Patient', '_id=p1')).toContain('resource_pkey');
  for (const text of [
    'component-code-value-quantity=c7$3',
    'combo-code-value-quantity=c7$3,weight$7',
    'subject=Patient/p1&value-quantity=gt5',
  ]) {
    const paired = await plan('Observation', text);
    expect(paired).toContain('resource_tokens');
    expect(paired).not.toContain('resource_pkey');
  }
  if (grown) {
    expect(await plan('Patient', 'family=family3')).toContain('index_string_value');
    expect(await plan('Observation', 'value-quantity=7')).toContain('index_number_value');
    expect(await plan('Observation', 'code-value-quantity=weight$7')).toMatch(/index_number_value|resource_tokens/);
    expect(await plan('Observation', 'value-quantity=7|http://unitsofmeasure.org|g')).toContain('index_number_value');
  }
}

describe('plans', () => {
  test('on an empty store', () => checkPlans(false));
  test('on a fresh store, before statistics', async () => {
    await insertIndexed(
      pool,
      [...population()].map((resource) => ({ resource, values: indexer.indexOf(resource) })),
    );
    await checkPlans(false);
  });
  test('on a grown store', async () => {
    await pool.query('analyze');
    await checkPlans(true);
  });
});
