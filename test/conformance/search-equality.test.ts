/** One Query tree, two evaluators: what PostgreSQL finds and in which order equals what memory finds. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Resource } from '../../src/fhir/types.ts';
import { createIndexer } from '../../src/search/extract.ts';
import { compareFor, type Indexed, matches } from '../../src/search/match.ts';
import { searchableParams } from '../../src/search/params.ts';
import { parseSearch } from '../../src/search/parse.ts';
import type { Query } from '../../src/search/types.ts';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { orderSql, SqlParams, whereSql } from '../../src/store/query-sql.ts';
import { type FreshDatabase, freshDatabase } from '../harness/database.ts';
import { BASES, r4 } from '../unit/search/r4-params.ts';
import { insertIndexed } from './search-rows.ts';
import { criterionFor, sampleResources, TYPES } from './search-samples.ts';

const NOW = new Date('2024-06-01T12:00:00Z');
const indexer = createIndexer(r4, BASES);
const rows: Indexed[] = sampleResources(400, 20_240_229).map((resource) => ({
  resource,
  values: indexer.indexOf(resource),
}));

let database: FreshDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await freshDatabase();
  pool = openPool(database.ownerUrl, 2);
  await insertIndexed(pool, rows);
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

async function inDatabase(query: Query): Promise<string[]> {
  const params = new SqlParams();
  const text = `select r.type || '/' || r.id as key from resource r where ${whereSql(query, params)} and not r.deleted order by ${orderSql(query, params)}`;
  return (await pool.query<{ key: string }>(text, params.values)).rows.map((row) => row.key);
}

function inMemory(query: Query): string[] {
  return rows
    .filter(({ resource, values }) => matches(query, resource, values))
    .sort(compareFor(query))
    .map(({ resource }) => keyOf(resource));
}

const keyOf = (resource: Resource): string => `${resource.resourceType}/${resource.id}`;

const queries = fc.constantFrom(...TYPES).chain((type) => {
  const params = [...searchableParams(r4, type).values()];
  const criterion = fc.constantFrom(...params).chain((param) => criterionFor(param.code, param.type, param.targets));
  const sort = fc
    .constantFrom('_id', '_lastUpdated', ...params.map((param) => param.code))
    .chain((code) => fc.constantFrom(code, `-${code}`));
  return fc.tuple(
    fc.constant(type),
    fc.array(criterion, { minLength: 0, maxLength: 3 }),
    fc.option(fc.array(sort, { minLength: 1, maxLength: 2 }), { nil: null }),
  );
});

describe('search', () => {
  let hits = 0;
  test('SQL and memory find the same rows in the same order', async () => {
    await fc.assert(
      fc.asyncProperty(queries, async ([type, criteria, sort]) => {
        const pairs: [string, string][] = sort === null ? criteria : [...criteria, ['_sort', sort.join(',')]];
        const { query } = parseSearch(type, pairs, {
          definitions: r4,
          bases: BASES,
          lenient: false,
          maxCount: 100,
          now: NOW,
        });
        const found = await inDatabase(query);
        hits += criteria.length > 0 && found.length > 0 ? 1 : 0;
        expect(found).toEqual(inMemory(query));
      }),
      { numRuns: 1200 },
    );
    // The property would hold for queries that find nothing, too: most of these must find something.
    expect(hits).toBeGreaterThan(150);
  });
});
