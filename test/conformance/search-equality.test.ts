/** One Query tree, two evaluators: what PostgreSQL finds and in which order equals what memory finds. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Definitions } from '../../src/definitions/types.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { codesOf, paramsUsed } from '../../src/search/clauses.ts';
import { createIndexer } from '../../src/search/extract.ts';
import { compareFor, type Indexed } from '../../src/search/match.ts';
import { matches, type Rows } from '../../src/search/match-clauses.ts';
import { searchableParams, TEXT_PARAMS } from '../../src/search/params.ts';
import { parseSearch } from '../../src/search/parse.ts';
import { type Clause, isCriterion, type Query, type SearchParam, storedAs } from '../../src/search/types.ts';
import { presencePrefixes } from '../../src/search/words.ts';
import { type PageTerms, pageSql } from '../../src/store/keyset-sql.ts';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { orderSql, type RowMask, rowsSql, SqlParams, whereSql } from '../../src/store/query-sql.ts';
import { BLIND, type Hops } from '../../src/store/sight.ts';
import { walkOf } from '../../src/store/walk.ts';
import { hasIndex, type WalkOrder, walkOrder } from '../../src/store/walk-order.ts';
import { walkSql } from '../../src/store/walk-sql.ts';
import { type FreshDatabase, freshDatabase } from '../harness/database.ts';
import { BASES, paramOf, r4 } from '../unit/search/r4-params.ts';
import { filterFor, hopsFor } from './search-chain-samples.ts';
import { insertIndexed } from './search-rows.ts';
import { criterionFor, LINKED, sampleResources, TYPES } from './search-samples.ts';

const NOW = new Date('2024-06-01T12:00:00Z');
const context = { definitions: r4, bases: BASES, lenient: false, maxCount: 100 };
const indexer = createIndexer(r4, BASES);
const rows: Indexed[] = sampleResources(600, 20_240_229).map((resource) => ({
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

async function inDatabase(query: Query, masks: RowMask[] = [], hops?: Hops): Promise<string[]> {
  const params = new SqlParams();
  const text = `select r.type || '/' || r.id as key from resource r where ${whereSql(query, params, masks, hops)} and not r.deleted order by ${orderSql(query, params, masks)}`;
  return (await pool.query<{ key: string }>(text, params.values)).rows.map((row) => row.key);
}

function inMemory(query: Query): string[] {
  return rows
    .filter(({ resource, values }) => matches(query, resource, values))
    .sort(compareFor(query))
    .map(({ resource }) => keyOf(resource));
}

/** Some of these would be masked below and what they share their values with would not. */
const APART = /^com(?:bo|ponent)-value/;

const keyOf = (resource: Resource): string => `${resource.resourceType}/${resource.id}`;

const queries = fc.constantFrom(...TYPES).chain((type) => {
  const params = [...searchableParams(r4, type).values()].filter((param) => !TEXT_PARAMS.has(param.code));
  const criterion = fc.constantFrom(...params).chain(criterionFor);
  const sortable = params.filter((param) => param.type !== 'composite' && param.type !== 'special');
  const sort = fc
    .constantFrom('_id', '_lastUpdated', ...sortable.map((param) => param.code))
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
        // What shares its values with others is masked with them, or not at all.
        const codes = [...searchableParams(r4, type).values()]
          .filter(
            ({ code, type: kind }) =>
              !code.startsWith('_') && (all || (kind !== 'string' && code < 'l' && !APART.test(code))),
          )
          .map(({ code }) => `${type}.${code}`);
        const hidden = new Set(codes);
        const isHidden = (param: SearchParam): boolean => codesOf(param).some((code) => hidden.has(`${type}.${code}`));
        const isMasked = (row: Indexed): boolean => /[5-9]$/.test(row.resource.id ?? '');
        const found = await inDatabase(query, [{ params: hidden, row: () => "(r.id ~ '[5-9]$')" }]);
        const without: Query = {
          ...query,
          where: query.where.filter(isCriterion).map((one) => (isHidden(one.param) ? { ...one, hidden: true } : one)),
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

test('a walk finds the same rows in the same order', async () => {
  let walked = 0;
  await fc.assert(
    fc.asyncProperty(queries, fc.boolean(), async ([type, criteria], descending) => {
      const dates = [...searchableParams(r4, type).values()].filter((param) => param.type === 'date');
      for (const code of ['', ...dates.map((param) => param.code)]) {
        const sort: [string, string][] = code === '' ? [] : [['_sort', descending ? `-${code}` : code]];
        const { query } = parseSearch(type, [...criteria, ...sort], { ...context, now: NOW });
        const walk = walkOf(query, new Set());
        if (walk === null) continue;
        const params = new SqlParams();
        const conditions = rowsSql(query, params, [], BLIND);
        const text = walkSql(query, walk, { conditions, limit: 1000 }, params);
        const found = await pool.query<{ type: string; id: string }>(text, params.values);
        expect(found.rows.map((row) => `${row.type}/${row.id}`)).toEqual(inMemory(query));
        walked += found.rows.length > 1 && code !== '' ? 1 : 0;
      }
    }),
    { numRuns: 150 },
  );
  expect(walked).toBeGreaterThan(50);
});

test('pages behind one another hold the whole answer, wherever their candidates come from', async () => {
  const turned = { type: 0, where: 0, families: 0 };
  await fc.assert(
    fc.asyncProperty(queries, fc.integer({ min: 1, max: 40 }), async ([type, criteria, sort], count) => {
      const pairs: [string, string][] = sort === null ? criteria : [...criteria, ['_sort', sort.join(',')]];
      const { query } = parseSearch(type, pairs, { ...context, now: NOW });
      const order = walkOrder(query, new Set());
      if (order === null) throw new Error('nothing is masked');
      const all = inMemory(query);
      const some = wordsOf(type);
      const theirs = all.filter((key) => byKey.get(key)?.values.tokens.some((word) => some.includes(word)));
      for (const from of ['type', 'where', 'families'] as const) {
        if (from === 'type' && !hasIndex(order)) continue;
        const expected = from === 'families' ? theirs : all;
        const limit = Math.ceil(Math.max(count, expected.length / 12));
        const found = await inPages({ query, order, from, limit });
        expect(found.keys).toEqual(expected);
        turned[from] += found.turned;
      }
    }),
    { numRuns: 150 },
  );
  for (const pages of Object.values(turned)) expect(pages).toBeGreaterThan(100);
});

const byKey = new Map(rows.map((row) => [keyOf(row.resource), row]));

/** The words that most rows of a type have stand for families. */
function wordsOf(type: string): string[] {
  const counts = new Map<string, number>();
  for (const { resource, values } of rows) {
    if (resource.resourceType !== type) continue;
    for (const word of values.tokens) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([word]) => word);
}

interface Paged {
  query: Query;
  order: WalkOrder;
  from: 'type' | 'where' | 'families';
  limit: number;
}

/** All pages of a query, each behind the last row of the one before. */
async function inPages(paged: Paged): Promise<{ keys: string[]; turned: number }> {
  const keys: string[] = [];
  let after: PageTerms['after'] = null;
  // So few that a look often ends before the page is full, and is taken again at more.
  let visits = 5;
  for (let turned = 1; ; turned += 1) {
    let page = await onePage(paged, visits, after);
    while (page.found.length < paged.limit && page.isCut) {
      visits *= 3;
      page = await onePage(paged, visits, after);
    }
    keys.push(...page.found.map(({ key }) => key));
    const last = page.found.at(-1);
    if (last === undefined || page.found.length < paged.limit) return { keys, turned };
    after = { place: last.place, before: '9999-01-01T00:00:00Z', moved: [] };
  }
}

async function onePage({ query, order, from, limit }: Paged, visits: number, after: PageTerms['after']) {
  const params = new SqlParams();
  const candidates = {
    type: () => ({ from: 'type' as const, visits }),
    where: () => ({ from: 'where' as const, sql: `select r.* from resource r where ${whereSql(query, params)}` }),
    families: () => ({ from: 'families' as const, words: `${params.add(wordsOf(query.type ?? ''))}::text[]` }),
  }[from]();
  const criteria = from === 'where' ? 'true' : rowsSql(query, params, [], BLIND);
  const keys = order.keys.map((_, i) => `k.k${i + 1}::text`);
  const { rows: found } = await pool.query<{ type: string | null; id: string; cut: boolean; keys: (string | null)[] }>(
    `with ${pageSql({ query, order, candidates, criteria, rule: 'true', limit, after }, params)}
      select k.type, k.id, exists (select 1 from cut) as cut, array[${keys.join(', ')}]::text[] as keys
      from generation g left join kept k on true order by k.n`,
    params.values,
  );
  return {
    isCut: found[0]?.cut === true,
    found: found.flatMap(({ type, id, keys: at }) =>
      type === null ? [] : [{ key: `${type}/${id}`, place: { id, keys: at } }],
    ),
  };
}

describe('chains, reverse chains and filters', () => {
  const hidden = (row: Indexed): boolean => /[1379]$/.test(row.resource.id ?? '');
  const seen = new Map(rows.filter((row) => !hidden(row)).map((row) => [keyOf(row.resource), row]));
  const visible: Rows = {
    row: (key) => seen.get(key) ?? null,
    all: (type) => [...seen.values()].filter(({ resource }) => resource.resourceType === type),
  };
  const everything: Rows = {
    row: (key) => rows.find(({ resource }) => keyOf(resource) === key) ?? null,
    all: (type) => rows.filter(({ resource }) => resource.resourceType === type),
  };
  const clause = (type: string) =>
    fc.oneof(hopsFor(type, 1), hopsFor(type, 2), hopsFor(type, 3), filterFor(type), hopsFor(type, 0));
  const asked = fc
    .constantFrom(...LINKED)
    .chain((type) => fc.tuple(fc.constant(type), fc.array(clause(type), { minLength: 1, maxLength: 2 })));

  test('pass only through rows that are seen, whichever way they go', async () => {
    let hits = 0;
    let changed = 0;
    await fc.assert(
      fc.asyncProperty(asked, fc.boolean(), async ([type, pairs], each) => {
        const { query } = parseSearch(type, pairs, { ...context, now: NOW });
        const ways = new Map(each ? hopsOf(query.where).map((one): [Clause, 'each'] => [one, 'each']) : []);
        const hops: Hops = { sees: () => true, rule: () => "(r.id !~ '[1379]$')", ways };
        const found = await inDatabase(query, [], hops);
        const expected = (through: Rows): string[] =>
          rows
            .filter(({ resource, values }) => matches(query, resource, values, through))
            .sort(compareFor(query))
            .map(({ resource }) => keyOf(resource));
        expect(found).toEqual(expected(visible));
        hits += found.length > 0 ? 1 : 0;
        changed += found.length === expected(everything).length ? 0 : 1;
      }),
      { numRuns: 1000 },
    );
    // Alive: many find something, and what is hidden would have changed some of them.
    expect(hits).toBeGreaterThan(80);
    expect(changed).toBeGreaterThan(8);
  });

  test('a reference that is masked on its row leads nowhere, forwards and backwards', async () => {
    await fc.assert(
      fc.asyncProperty(asked, async ([type, pairs]) => {
        const { query } = parseSearch(type, pairs, { ...context, now: NOW });
        const used = paramsUsed(query).filter(({ code }) => !code.startsWith('_') && code < 'p' && !APART.test(code));
        const params = new Set(used.map((one) => `${one.type}.${one.code}`));
        const hops: Hops = { sees: () => true, rule: () => 'true', ways: new Map() };
        const found = await inDatabase(query, [{ params, row: () => "(r.id ~ '[5-9]$')" }], hops);
        const blank = (row: Indexed): Indexed => (/[5-9]$/.test(row.resource.id ?? '') ? without(row, used) : row);
        const masked = rows.map(blank);
        const through: Rows = {
          row: (key) => masked.find(({ resource }) => keyOf(resource) === key) ?? null,
          all: (one) => masked.filter(({ resource }) => resource.resourceType === one),
        };
        const expected = masked.filter(({ resource, values }) => matches(query, resource, values, through));
        expect(found).toEqual(expected.sort(compareFor(query)).map(({ resource }) => keyOf(resource)));
      }),
      { numRuns: 400 },
    );
  });

  test('across types every row is found by its own type’s parameter', async () => {
    const common = ['_id', '_lastUpdated', '_tag', '_profile', '_security'];
    const across = fc.subarray(TYPES, { minLength: 1 }).chain((types) =>
      fc.tuple(
        fc.constant(types),
        fc.constantFrom(...common).chain((code) => criterionFor(paramOf('Patient', code))),
      ),
    );
    await fc.assert(
      fc.asyncProperty(across, async ([types, pair]) => {
        const { query } = parseSearch(null, [['_type', types.join(',')], pair], { ...context, now: NOW });
        expect(await inDatabase(query)).toEqual(inMemory(query));
      }),
      { numRuns: 200 },
    );
  });
});

function hopsOf(clauses: readonly Clause[]): Clause[] {
  return clauses.flatMap((clause): Clause[] => {
    if (isCriterion(clause)) return [];
    if (clause.op === 'chain') return [clause, ...hopsOf(clause.targets)];
    return clause.op === 'has' ? [clause, ...hopsOf([clause.source])] : hopsOf(clause.clauses);
  });
}

/** The row without any value of these parameters of its type. */
function without(row: Indexed, used: readonly { type: string; code: string }[]): Indexed {
  const type = row.resource.resourceType;
  const params = used.flatMap((one) => (one.type === type ? (searchableParams(r4, type).get(one.code) ?? []) : []));
  const gone = new Set(params.flatMap(storedAs));
  const isPaired = params.some((param) => param.type === 'composite');
  const prefixes = params.flatMap((param) => presencePrefixes(type, param));
  const { values } = row;
  return {
    resource: row.resource,
    values: {
      ...values,
      tokens: values.tokens.filter((word) => !prefixes.some((prefix) => word.startsWith(prefix))),
      strings: values.strings.filter((entry) => !gone.has(entry.code)),
      dates: values.dates.filter((entry) => !gone.has(entry.code)),
      numbers: values.numbers.filter((entry) => !gone.has(entry.code)),
      texts: values.texts.filter((text) => !prefixes.some((prefix) => text.startsWith(prefix))),
      // A composite is masked with its parts: what is left of them pairs with nothing.
      elements: isPaired ? [] : values.elements,
    },
  };
}

/** The row without the values of the sort keys that are masked. */
function blanked(row: Indexed, query: Query, hidden: ReadonlySet<string>): Indexed {
  const codes = query.sort
    .map((key) => key.param)
    .filter((param) => typeof param !== 'string')
    .filter((param) => hidden.has(`${query.type}.${param.code}`));
  const gone = new Set(codes.flatMap(storedAs));
  const { values } = row;
  return {
    resource: row.resource,
    values: {
      ...values,
      tokens: values.tokens.filter((word) => ![...gone].some((code) => word.startsWith(`${query.type}.${code}=`))),
      strings: values.strings.filter((entry) => !gone.has(entry.code)),
      dates: values.dates.filter((entry) => !gone.has(entry.code)),
      numbers: values.numbers.filter((entry) => !gone.has(entry.code)),
    },
  };
}

describe('chains along canonical URLs', () => {
  const canonical: SearchParam = { ...paramOf('QuestionnaireResponse', 'questionnaire'), canonical: true };
  const definitions: Definitions = {
    ...r4,
    searchParams: (type) =>
      type === 'QuestionnaireResponse'
        ? new Map([...r4.searchParams(type), ['questionnaire', canonical]])
        : r4.searchParams(type),
  };
  const urls = ['http://f.example/a', 'http://f.example/b', `http://f.example/${'long/'.repeat(50)}c`, 'urn:x'];
  const versions = ['1', '2', '1.0'];
  const word = fc.constantFrom;
  const version = fc.option(word(...versions), { nil: null });
  const forms = fc.sample(
    fc.record({ url: word(...urls), version, title: word('red', 'blue'), status: word('active', 'draft') }),
    {
      numRuns: 30,
      seed: 7,
    },
  );
  const answers = fc.sample(
    fc.record({ url: word(...urls, 'http://f.example'), version, status: word('completed', 'amended') }),
    {
      numRuns: 60,
      seed: 8,
    },
  );
  const lines: Indexed[] = [
    ...forms.map(({ version: held, ...form }, n) => ({
      resourceType: 'Questionnaire',
      id: `f${n}`,
      ...form,
      ...(held === null ? {} : { version: held }),
    })),
    ...answers.map(({ url, version: held, status }, n) => ({
      resourceType: 'QuestionnaireResponse',
      id: `a${n}`,
      status,
      questionnaire: held === null ? url : `${url}|${held}`,
    })),
  ].map((resource) => ({ resource, values: createIndexer(definitions, BASES).indexOf(resource) }));
  const hidden = ({ resource }: Indexed): boolean => /[1379]$/.test(resource.id ?? '');
  const rowsOf = (all: readonly Indexed[]): Rows => ({
    row: () => null,
    all: (type) => all.filter(({ resource }) => resource.resourceType === type),
  });

  test('reach the versions they name, of definitions that are seen', async () => {
    await insertIndexed(pool, lines);
    const hops: Hops = { sees: () => true, rule: () => "(r.id !~ '[1379]$')", ways: new Map() };
    let changed = 0;
    for (const [type, ask] of [
      ['QuestionnaireResponse', 'questionnaire.title=red'],
      ['QuestionnaireResponse', 'questionnaire.title=blue&status=completed'],
      ['QuestionnaireResponse', 'questionnaire:Questionnaire.version=1'],
      ['QuestionnaireResponse', 'questionnaire.status=draft&questionnaire.url:below=http://f.example/'],
      ['QuestionnaireResponse', '_filter=not (questionnaire.title eq "red") and status eq completed'],
      ['QuestionnaireResponse', 'questionnaire._has:QuestionnaireResponse:questionnaire:status=amended'],
      ['Questionnaire', '_has:QuestionnaireResponse:questionnaire:status=completed'],
      ['Questionnaire', '_has:QuestionnaireResponse:questionnaire:status=amended&title=red'],
      ['Questionnaire', '_has:QuestionnaireResponse:questionnaire:_id=a2,a4,a6'],
    ] as const) {
      const { query } = parseSearch(type, ask, { ...context, definitions, now: NOW });
      const expected = (all: Rows): string[] =>
        lines
          .filter(({ resource, values }) => matches(query, resource, values, all))
          .sort(compareFor(query))
          .map(({ resource }) => keyOf(resource));
      const through = expected(rowsOf(lines.filter((line) => !hidden(line))));
      expect([ask, await inDatabase(query, [], hops)]).toEqual([ask, through]);
      expect([ask, through.length > 0]).toEqual([ask, true]);
      changed += through.length === expected(rowsOf(lines)).length ? 0 : 1;
    }
    expect(changed).toBeGreaterThan(4);
  });
});

describe('_text and _content', () => {
  const word = fc.constantFrom(
    ...[
      'bone',
      'Bone-marrow',
      'ÉCLAIR',
      'Straße',
      "O'Brien",
      'x1e5y',
      '1e5x',
      '007',
      'b',
      'B&amp;B',
      '漢字',
      'ΣΟΦΟΣ',
      'İs',
    ],
    ...[
      'two words',
      'new\nline',
      '<b>bold</b>',
      'end.of',
      'value@end.of',
      '<',
      '>',
      'BP < 90',
      '𝒜lpha',
      'ﬁne',
      '३',
      'naïve',
      '-',
      '_',
      '%',
    ],
  );
  const said = fc
    .array(fc.oneof({ weight: 4, arbitrary: word }, fc.string({ maxLength: 6 })), { maxLength: 4 })
    .map((all) => all.join(' '));
  const sample = fc.record({
    resourceType: fc.constant('Basic'),
    text: fc.option(fc.record({ status: fc.constant('generated'), div: said.map((text) => `<div>${text}</div>`) }), {
      nil: undefined,
    }),
    extension: fc.array(fc.record({ url: fc.constant('http://e.example/x'), valueString: said }), {
      minLength: 1,
      maxLength: 3,
    }),
    code: fc.record({ text: said }),
    created: fc.option(fc.constantFrom(5, 10.5, 2024), { nil: undefined }),
  });
  const term = fc.oneof(
    word,
    fc.array(word, { minLength: 2, maxLength: 3 }).map((all) => `"${all.join(' ').replaceAll('"', '')}"`),
  );
  const asked = fc.oneof(
    term,
    fc.tuple(term, fc.constantFrom(' ', ' AND ', ' OR '), term).map((all) => all.join('')),
    term.map((one) => `NOT ${one}`),
    fc.tuple(term, term, term).map(([a, b, c]) => `(${a} OR ${b}) AND NOT ${c}`),
  );

  test('find the same in PostgreSQL and in memory', async () => {
    const texts: Indexed[] = fc
      .sample(sample, { numRuns: 150, seed: 11 })
      .map((one, n) => JSON.parse(JSON.stringify({ ...one, id: `t${n}` }).replaceAll('\\u0000', '')))
      .map((resource) => ({ resource, values: indexer.indexOf(resource) }));
    await insertIndexed(pool, texts);
    let hits = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('_text', '_content'), asked, async (code, value) => {
        let query: Query;
        try {
          query = parseSearch('Basic', [[code, value]], { ...context, now: NOW }).query;
        } catch {
          return;
        }
        const found = await inDatabase(query);
        const expected = texts
          .filter(({ resource, values }) => matches(query, resource, values))
          .sort(compareFor(query));
        expect([value, found]).toEqual([value, expected.map(({ resource }) => keyOf(resource))]);
        hits += found.length > 0 && found.length < texts.length ? 1 : 0;
      }),
      { numRuns: 200 },
    );
    expect(hits).toBeGreaterThan(20);
  });
});
