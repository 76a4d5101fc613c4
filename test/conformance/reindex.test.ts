/** Rows from before a parameter existed are indexed again, go on after a kill, and are refused until then. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Resource } from '../../src/fhir/types.ts';
import { createIndexer } from '../../src/search/extract.ts';
import { formsVersion, indexForms, pendingForms } from '../../src/search/index-forms.ts';
import type { Indexed } from '../../src/search/match.ts';
import { parseSearch } from '../../src/search/parse.ts';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { SqlParams, whereSql } from '../../src/store/query-sql.ts';
import { type Reindex, startReindex } from '../../src/store/reindex.ts';
import { type FreshDatabase, freshDatabase } from '../harness/database.ts';
import { BASES, r4 } from '../unit/search/r4-params.ts';
import { insertIndexed } from './search-rows.ts';

const indexer = createIndexer(r4, BASES);
let database: FreshDatabase;
let pool: Pool;

/** 250 weights as an older release indexed them: words, but no numbers and no texts. */
const old: Indexed[] = Array.from({ length: 250 }, (_, at): Indexed => {
  const resource: Resource = {
    resourceType: 'Observation',
    id: `o${at}`,
    code: { coding: [{ code: 'weight', display: 'Body weight' }] },
    valueQuantity: { value: at },
  };
  return { resource, values: { ...indexer.indexOf(resource), numbers: [], texts: [] } };
});

beforeAll(async () => {
  database = await freshDatabase();
  pool = openPool(database.serviceUrl, 3, 'each');
  await insertIndexed(pool, old);
  await pool.query("update resource set tokens = tokens || '{@s=Patient/1}'");
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

function start(definitions = r4, seen: string[] = []): Promise<Reindex> {
  return startReindex({
    pool,
    wanted: {
      version: formsVersion(definitions),
      generation: null,
      types: definitions.resourceTypes,
      forms: (type) => indexForms(definitions, type),
      pending: (type, made) => pendingForms(definitions, type, made),
    },
    indexOf: (resource) => {
      seen.push(resource.id ?? '');
      return createIndexer(definitions, BASES).indexOf(resource);
    },
    onProgress: () => undefined,
    onError: (error) => {
      throw error;
    },
  });
}

async function count(text: string, definitions = r4): Promise<number> {
  const context = { definitions, bases: BASES, lenient: false, maxCount: 100 };
  const params = new SqlParams();
  const where = whereSql(parseSearch('Observation', text, context).query, params);
  const found = await pool.query<{ n: number }>(`select count(*) as n from resource r where ${where}`, params.values);
  return found.rows[0]?.n ?? -1;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const doneRows = async (): Promise<number> =>
  (await pool.query<{ done: number }>("select done from index_state where type = 'Observation'")).rows[0]?.done ?? 0;

test('a store of before: new kinds of parameters wait, old ones are answered; a kill loses one chunk at most', async () => {
  expect(await count('value-quantity=ge0')).toBe(0);
  const first: string[] = [];
  const killed = await start(r4, first);
  expect(killed.pending.has('Observation.value-quantity')).toBe(true);
  expect(killed.pending.has('Observation.code:text')).toBe(true);
  expect(killed.pending.has('Observation.code')).toBe(false);
  expect(killed.pending.has('Patient.name')).toBe(false);
  await until(() => first.length >= 100);
  await killed.stop();
  const kept = await doneRows();

  const second: string[] = [];
  const reindex = await start(r4, second);
  await until(() => reindex.waiting() === 0);
  await reindex.stop();
  expect(second.length).toBe(250 - kept);
  expect(reindex.pending.has('Observation.value-quantity')).toBe(false);
  expect(await count('value-quantity=ge0')).toBe(250);
  expect(await count('value-quantity=7')).toBe(1);
  expect(await count('code:text=body')).toBe(250);
  expect(await count('code=weight')).toBe(250);
  const words = await pool.query("select 1 from resource where '@s=Patient/1' = any (tokens)");
  expect(words.rowCount).toBe(250);
});

test('nothing runs when nothing has changed', async () => {
  const seen: string[] = [];
  const again = await start(r4, seen);
  expect(again.waiting()).toBe(0);
  await again.stop();
  expect(seen).toEqual([]);
});

test('a parameter of our own is indexed for the rows that are there; the others stay answered meanwhile', async () => {
  const status = r4.searchParams('Observation').get('status');
  if (status === undefined) throw new Error('no status');
  const own = { ...status, code: 'displayed', type: 'string' as const, expression: 'Observation.code.coding.display' };
  const with_ = (type: string) =>
    type === 'Observation' ? new Map([...r4.searchParams(type), ['displayed', own]]) : r4.searchParams(type);
  const definitions = { ...r4, version: 'r4 and one', searchParams: with_ };
  const reindex = await start(definitions);
  expect(reindex.pending.has('Observation.displayed')).toBe(true);
  expect(reindex.pending.has('Observation.value-quantity')).toBe(false);
  const context = { definitions, bases: BASES, lenient: false, maxCount: 1, pending: reindex.pending };
  expect(() => parseSearch('Observation', 'displayed=body', context)).toThrow('is being indexed');
  await until(() => reindex.waiting() === 0);
  await reindex.stop();
  expect(await count('displayed=body', definitions)).toBe(250);
});
