/** One Query tree, two evaluators: what PostgreSQL finds and in which order equals what memory finds. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Resource } from '../../src/fhir/types.ts';
import { createIndexer } from '../../src/search/extract.ts';
import { compareFor, type Indexed, matches } from '../../src/search/match.ts';
import { searchableParams } from '../../src/search/params.ts';
import { parseSearch } from '../../src/search/parse.ts';
import { isCriterion, type Query } from '../../src/search/types.ts';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { orderSql, type RowMask, SqlParams, whereSql } from '../../src/store/query-sql.ts';
import { type FreshDatabase, freshDatabase } from '../harness/database.ts';
import { BASES, r4 } from '../unit/search/r4-params.ts';
import { insertIndexed } from './search-rows.ts';
import { criterionFor, sampleResources, TYPES } from './search-samples.ts';

const NOW = new Date('2024-06-01T12:00:00Z');
const context = { definitions: r4, bases: BASES, lenient: false, maxCount: 100 };
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

async function inDatabase(query: Query, masks: RowMask[] = []): Promise<string[]> {
  const params = new SqlParams();
  const text = `select r.type || '/' || r.id as key from resource r where ${whereSql(query, params, masks)} and not r.deleted order by ${orderSql(query, params, masks)}`;
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
        const { query } = parseSearch(type, pairs, { ...context, now: NOW });
        const found = await inDatabase(query);
        hits += criteria.length > 0 && found.length > 0 ? 1 : 0;
        expect(found).toEqual(inMemory(query));
      }),
      { numRuns: 1200 },
    );
    // The property would hold for queries that find nothing, too: most of these must find something.
    expect(hits).toBeGreaterThan(150);
  });

  test('masked rows answer as if they had no value for the masked parameters: found, sorted and counted alike', async () => {
    await fc.assert(
      fc.asyncProperty(queries, fc.boolean(), async ([type, criteria, sort], all) => {
        const pairs: [string, string][] = sort === null ? criteria : [...criteria, ['_sort', sort.join(',')]];
        const { query } = parseSearch(type, pairs, { ...context, now: NOW });
        // A name is masked with all its parts, or not at all.
        const codes = [...searchableParams(r4, type).values()]
          .filter(({ code, type: kind }) => !code.startsWith('_') && (all || (kind !== 'string' && code < 'l')))
          .map(({ code }) => `${type}.${code}`);
        const hidden = new Set(codes);
        const isMasked = (row: Indexed): boolean => /[5-9]$/.test(row.resource.id ?? '');
        const found = await inDatabase(query, [{ params: hidden, row: () => "(r.id ~ '[5-9]$')" }]);
        const without: Query = {
          ...query,
          where: query.where
            .filter(isCriterion)
            .map((one) => (hidden.has(`${type}.${one.param.code}`) ? { ...one, hidden: true } : one)),
        };
        const expected = rows
          .filter((row) => matches(isMasked(row) ? without : query, row.resource, row.values))
          .map((row) => (isMasked(row) ? blanked(row, query, hidden) : row))
          .sort(compareFor(query));
        expect(found).toEqual(expected.map(({ resource }) => keyOf(resource)));
      }),
      { numRuns: 500 },
    );
  });
});

/** The row without the values of the sort keys that are masked. */
function blanked(row: Indexed, query: Query, hidden: ReadonlySet<string>): Indexed {
  const codes = query.sort
    .map((key) => key.param)
    .filter((param) => typeof param !== 'string')
    .filter((param) => hidden.has(`${query.type}.${param.code}`));
  const gone = new Set(codes.flatMap((param) => param.parts ?? [param.code]));
  const { values } = row;
  return {
    resource: row.resource,
    values: {
      ...values,
      tokens: values.tokens.filter((word) => !codes.some((param) => word.startsWith(`${query.type}.${param.code}=`))),
      strings: values.strings.filter((entry) => !gone.has(entry.code)),
      dates: values.dates.filter((entry) => !gone.has(entry.code)),
    },
  };
}
