/**
 * Searches that reach a handful of rows by themselves (one person's encounters, whoever has this identifier): the rows are
 * found by their words, with the facts about them, and rules and the other criteria are evaluated in memory, by the twins
 * of the SQL that `search.ts` writes (property tests hold them equal). One short statement serves every role and type, so
 * it is planned once and shared with other searches of the moment (together.ts). What does not fit is null: more rows
 * than a page, chains, masked parameters, other orders; then the statement of `search.ts` answers.
 *
 * Measured (16 clients, two cores, CPU of service and PostgreSQL): before, with the rules in SQL, a search by identifier
 * took 0.37 + 0.36 ms and one for five encounters with their subject 0.57 + 0.75 ms.
 */
import type { World } from '../governance/evaluate.ts';
import type { RowRule } from '../governance/rule-types.ts';
import { compareText, holds } from '../search/match.ts';
import { type Criterion, type Include, type IndexValues, isCriterion, type Query } from '../search/types.ts';
import { queryWords, wordPrefix } from '../search/words.ts';
import type { Pool } from './pool.ts';
import { factColumns, type RawDecidable, type Reach, readCurrent, toDecidable } from './reads.ts';
import { type DecidableRow, ROW_COLUMNS, SEPARATOR, toRow } from './rows.ts';
import type { FoundRow, SearchAsk, SearchResult } from './search.ts';
import { togetherOn } from './together.ts';

/** How a row is decided in memory; `record/` brings it, for this room knows no rules. */
export interface Deciding {
  permits(rule: RowRule, world: World): boolean;
  reach: Reach;
}

/** Rows that are decided in memory, at most: a row costs about as much as it does in SQL, and its body travels. */
const FEW = 40;
/** References followed from them, at most. */
const FEW_INCLUDES = 100;

/** @returns null when the search does not fit, or finds more than a few rows */
export async function runFew(pool: Pool, ask: SearchAsk, deciding: Deciding): Promise<SearchResult | null> {
  const { query } = ask;
  const type = query.type ?? '';
  const rule = fits(ask) ? ask.ruleFor(type) : null;
  const criteria = query.where.filter(isCriterion);
  const words = criteria.flatMap((criterion) => onlyWord(type, criterion) ?? []);
  if (rule === null || words.length === 0 || words.some((word) => word.includes(SEPARATOR))) return null;
  const rest = criteria.filter((criterion) => onlyWord(type, criterion) === null);
  const dated = rest.some(({ param }) => param.type === 'date');
  const indexed = rest.length > 0 || query.include.length > 0;
  const { rows, generation } = await find(pool, { words, reach: deciding.reach, dated, indexed });
  if (rows === null) return null;
  const permits = permitted(ask, deciding);
  const matches = rows.filter(
    ({ decidable, values }) =>
      permits(decidable, rule) && rest.every((criterion) => holds(criterion, resourceOf(decidable), values)),
  );
  const page = matches.slice(0, query.count);
  const included = await include(pool, ask, page, deciding.reach);
  if (included === null) return null;
  const seen = included.flatMap(({ found }) => {
    const own = found === null || found.row.deleted ? null : ask.ruleFor(found.row.type);
    return found !== null && own !== null && permits(found, own) ? [found] : [];
  });
  const isPaged = matches.length > query.count;
  return {
    found: [...page.map(({ decidable }) => foundOf('match', decidable)), ...seen.map((one) => foundOf('include', one))],
    ids: isPaged ? matches.map(({ decidable: { row } }) => `${row.type}/${row.id}`) : null,
    after: null,
    total: query.total === 'none' && query.count > 0 ? null : matches.length,
    // Another generation than the first statement's: the caller starts again, as with any stale answer.
    generation: included.find((one) => one.generation !== generation)?.generation ?? generation,
  };
}

function permitted({ now }: SearchAsk, { permits }: Deciding): (row: DecidableRow, rule: RowRule) => boolean {
  return (row, rule) => permits(rule, { ...row, now });
}

/** What the rows of the page point to, not decided yet; null = too much for here. */
async function include(pool: Pool, ask: SearchAsk, page: readonly Candidate[], reach: Reach) {
  const targets = targetsOf(ask.query.include, page, ask);
  if (targets.length > FEW_INCLUDES) return null;
  return Promise.all(targets.map(({ type, id }) => readCurrent(pool, type, id, reach)));
}

/** One type by id order, plain criteria that no mask touches, at least one of them narrow, references followed once. */
function fits({ query, ids, onward, guards = [] }: SearchAsk): boolean {
  if (
    ids !== undefined ||
    (onward?.after ?? null) !== null ||
    query.type === null ||
    query.explain === true ||
    guards.length > 0
  )
    return false;
  if (query.sort.length > 0 || query.revinclude.length > 0 || !query.include.every(isPlain(query))) return false;
  return query.where.every((clause) => isCriterion(clause) && isSimple(clause)) && query.where.some(isNarrow);
}

const isPlain =
  (query: Query) =>
  ({ source, param, iterate }: Include): boolean =>
    source === query.type && param !== null && param.canonical !== true && param.targets.length > 0 && !iterate;

function isSimple({ param, modifier, hidden }: Criterion): boolean {
  if (hidden === true || modifier !== null || param.code.startsWith('_')) return false;
  return param.type === 'token' || param.type === 'reference' || param.type === 'date';
}

function isNarrow(clause: Query['where'][number]): boolean {
  return isCriterion(clause) && (clause.param.code === 'identifier' || clause.param.type === 'reference');
}

/** The word of a criterion that is one; null = it is left to memory. */
function onlyWord(type: string, criterion: Criterion): string | null {
  if (criterion.param.type === 'date') return null;
  const [word, ...others] = queryWords(type, criterion);
  return word === undefined || others.length > 0 ? null : word;
}

interface Finding {
  words: readonly string[];
  reach: Reach;
  /** Whether dates, and whether words are needed. */
  dated: boolean;
  indexed: boolean;
}

interface Candidate {
  decidable: DecidableRow;
  values: IndexValues;
}

interface Found {
  /** By id; null = more than a few. */
  rows: Candidate[] | null;
  generation: number;
}

interface RawCandidate extends RawDecidable {
  asked: number;
  /** The row that carries the facts about its subjects, for all rows about the same. */
  speaks: boolean;
  matches: number | null;
  words: string | null;
  dates: [string, string, string][] | null;
}

// `offset 0`: each search is a walk of its own through the word index. Of too many rows only one is fetched. The facts come
// once for all rows about the same people: of four encounters, 208 us instead of 266, and 250 instead of 299 in here.
const FIND = {
  name: 'find_few',
  text: `select w.n::int as asked, r.matches::int, r.f = 1 as speaks, ${ROW_COLUMNS}, g.value as generation,
      ${factColumns('w.parties', 'r.f = 1')},
      case when w.indexed then array_to_string(r.tokens, e'\\x1f') end as words,
      case when w.dated then (select json_agg(json_build_array(d.code, d.low, d.high)) from index_date d
        where d.type = r.type and d.id = r.id) end as dates
    from generation g cross join (
      select string_to_array(u.words, e'\\x1f') as words, string_to_array(u.parties, e'\\x1f') as parties, u.dated,
        u.indexed, u.n
      from unnest($1::text[], $2::text[], $3::boolean[], $4::boolean[]) with ordinality
        as u(words, parties, dated, indexed, n) offset 0
    ) w left join lateral (
      select x.*, count(*) over () as matches, row_number() over () as k,
        row_number() over (partition by x.subjects) as f
      from (select * from resource y where y.tokens @> w.words and not y.deleted limit ${FEW + 1}) x
    ) r on r.matches <= ${FEW} or r.k = 1
    order by w.n, r.id`,
};

async function findTogether(pool: Pool, findings: readonly Finding[]): Promise<Found[]> {
  const values = [
    findings.map(({ words }) => words.join(SEPARATOR)),
    findings.map(({ reach }) => reach.parties.join(SEPARATOR)),
    findings.map(({ dated }) => dated),
    findings.map(({ indexed }) => indexed),
  ];
  const { rows } = await pool.query<RawCandidate>({ ...FIND, values });
  const found = findings.map((): { raws: RawCandidate[] } => ({ raws: [] }));
  for (const raw of rows) found[raw.asked - 1]?.raws.push(raw);
  return found.map(({ raws }, i) => toFound(raws, findings[i]));
}

const find = togetherOn<Finding, Found>((pool) => ({
  together: (findings) => findTogether(pool, findings),
  alone: async (finding) => {
    const [found] = await findTogether(pool, [finding]);
    if (found === undefined) throw new Error('one search went in and none came out');
    return found;
  },
}));

function toFound(raws: readonly RawCandidate[], finding: Finding | undefined): Found {
  const [head] = raws;
  if (head === undefined || finding === undefined)
    throw new Error('the generation row is missing: migrations have not run');
  const { generation, matches } = head;
  if (matches === null) return { rows: [], generation };
  if (matches > FEW) return { rows: null, generation };
  const facts = new Map<string, DecidableRow>();
  for (const raw of raws) if (raw.speaks) facts.set(raw.subjects.join(SEPARATOR), toDecidable(raw, finding.reach));
  const rows = raws.map((raw) => {
    const known = facts.get(raw.subjects.join(SEPARATOR));
    if (known === undefined) throw new Error('rows about somebody without the facts about her');
    return { decidable: { ...known, row: toRow(raw) }, values: valuesOf(raw) };
  });
  return { rows, generation };
}

function valuesOf({ words, dates }: RawCandidate): IndexValues {
  return {
    tokens: words === null ? [] : words.split(SEPARATOR),
    strings: [],
    dates: (dates ?? []).map(([code, low, high]) => ({ code, low: bounded(low), high: bounded(high) })),
    numbers: [],
    texts: [],
    elements: [],
  };
}

/** PostgreSQL prints open ends as words. */
function bounded(instant: string): string | null {
  return instant.endsWith('infinity') ? null : instant;
}

/** What the criteria that are left to memory look at beside the values. */
function resourceOf({ row }: DecidableRow) {
  return { resourceType: row.type, id: row.id };
}

function foundOf(mode: FoundRow['mode'], { row, consents }: DecidableRow): FoundRow {
  return { mode, row, consents };
}

/** What the rows of a page point to and may be seen at all, by type and id, without the rows that are there already. */
function targetsOf(
  includes: readonly Include[],
  page: readonly Candidate[],
  ask: SearchAsk,
): { type: string; id: string }[] {
  const there = new Set(page.map(({ decidable: { row } }) => `${row.type}/${row.id}`));
  const targets = new Map<string, { type: string; id: string }>();
  for (const { source, param, target } of includes) {
    const prefix = wordPrefix(source, param?.code ?? '');
    const types = new Set(
      (target === null ? (param?.targets ?? []) : [target]).filter((type) => ask.ruleFor(type) !== null),
    );
    for (const { values } of page) {
      for (const word of values.tokens) {
        if (!word.startsWith(prefix)) continue;
        const reference = word.slice(prefix.length);
        const [type = '', id = ''] = reference.split('/');
        if (types.has(type) && !there.has(`${type}/${id}`)) targets.set(`${type}/${id}`, { type, id });
      }
    }
  }
  return [...targets.values()].sort((a, b) => compareText(a.type, b.type) || compareText(a.id, b.id));
}
