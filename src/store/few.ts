/**
 * Searches that reach a handful of rows by themselves (one person's encounters, whoever has this identifier or this name):
 * the rows are found by their words, names or days, with the facts about them, and rules, masks and the other criteria are
 * evaluated in memory, by the twins of the SQL that `search.ts` writes (property tests hold them equal). One short statement
 * serves every role and type, so it is planned once and shared with other searches of the moment (together.ts). What does
 * not fit is null: more rows than a page, chains, other orders; then the statement of `search.ts` answers.
 *
 * Measured (16 clients, two cores, CPU of service and PostgreSQL): before, with the rules in SQL, a search by identifier
 * took 0.37 + 0.36 ms and one for five encounters with their subject 0.57 + 0.75 ms.
 */
import type { World } from '../governance/evaluate.ts';
import type { RowRule } from '../governance/rule-types.ts';
import { codesOf } from '../search/clauses.ts';
import { compareFor, compareText, holds } from '../search/match.ts';
import type { Criterion, Include, Query } from '../search/types.ts';
import { wordPrefix } from '../search/words.ts';
import { type Candidate, findFew } from './few-find.ts';
import { shapeOf } from './few-shape.ts';
import type { Pool } from './pool.ts';
import { type Reach, readCurrent } from './reads.ts';
import type { DecidableRow } from './rows.ts';
import type { FoundRow, SearchAsk, SearchResult } from './search.ts';

/** How a row is decided in memory; `record/` brings it, for this room knows no rules. */
export interface Deciding {
  permits(rule: RowRule, world: World): boolean;
  reach: Reach;
}

/** References followed from the rows of a page, and rows of a page read by themselves, at most. */
const FEW_INCLUDES = 100;

/** @returns null when the search does not fit, or finds more than a few rows */
export async function runFew(pool: Pool, ask: SearchAsk, deciding: Deciding): Promise<SearchResult | null> {
  const { query } = ask;
  const rule = ask.ruleFor(query.type);
  const shape = rule === null ? null : shapeOf(ask);
  if (rule === null || shape === null) return null;
  const { rows, beside, generation } = await findFew(pool, { ...shape, reach: deciding.reach });
  if (rows === null) return null;
  const permits = permitted(ask, deciding);
  const found = rows.filter(
    ({ decidable, values }) =>
      permits(decidable, rule) &&
      shape.criteria.every((criterion) => isShown(ask, criterion, decidable, permits)) &&
      shape.rest.every((criterion) => holds(criterion, resourceOf(decidable), values)),
  );
  const matches = query.sort.length === 0 ? found : sorted(query, found);
  const page = await whole(pool, matches.slice(0, query.count), deciding.reach);
  if (page === null) return null;
  const included = await include(pool, ask, { page, beside, reach: deciding.reach });
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
    generation: included.find((one) => (one.generation ?? generation) !== generation)?.generation ?? generation,
  };
}

/** The page with its bodies; null when a row was written since it was decided, or when that are too many. */
async function whole(pool: Pool, page: readonly Candidate[], reach: Reach): Promise<Candidate[] | null> {
  if (page.every(({ decidable }) => decidable.row.body !== null)) return [...page];
  if (page.length > FEW_INCLUDES) return null;
  const read = await Promise.all(
    page.map(async (one) => {
      const { type, id, version } = one.decidable.row;
      const { found } = await readCurrent(pool, type, id, reach);
      if (found?.row.version !== version) return null;
      return { ...one, decidable: { ...one.decidable, row: { ...one.decidable.row, body: found.row.body } } };
    }),
  );
  const kept = read.filter((one) => one !== null);
  return kept.length < page.length ? null : kept;
}

function sorted(query: Query, found: readonly Candidate[]): Candidate[] {
  const compare = compareFor(query);
  return found
    .map((one) => ({ one, resource: resourceOf(one.decidable), values: one.values }))
    .sort(compare)
    .map(({ one }) => one);
}

type Permits = (row: DecidableRow, rule: RowRule) => boolean;

function permitted({ now }: SearchAsk, { permits }: Deciding): Permits {
  return (row, rule) => permits(rule, { ...row, now });
}

/** False on rows where the element is masked: there it has no value, and every criterion here asks for one. */
function isShown(
  { query, guards = [] }: SearchAsk,
  { param }: Criterion,
  row: DecidableRow,
  permits: Permits,
): boolean {
  return guards.every(
    ({ params, rule }) => !codesOf(param).some((code) => params.has(`${query.type}.${code}`)) || permits(row, rule),
  );
}

interface Reached {
  found: DecidableRow | null;
  /** Absent = the first statement's. */
  generation?: number;
}

/** What the rows of the page point to, not decided yet; null = too much for here. */
async function include(
  pool: Pool,
  ask: SearchAsk,
  { page, beside, reach }: { page: readonly Candidate[]; beside: ReadonlyMap<string, DecidableRow>; reach: Reach },
): Promise<Reached[] | null> {
  const targets = targetsOf(ask.query.include, page, ask);
  if (targets.length > FEW_INCLUDES) return null;
  return Promise.all(
    targets.map(({ type, id }): Reached | Promise<Reached> => {
      const known = beside.get(`${type}/${id}`);
      return known === undefined ? readCurrent(pool, type, id, reach) : { found: known };
    }),
  );
}

/** What the criteria that are left to memory look at beside the values. */
function resourceOf({ row }: DecidableRow) {
  return { resourceType: row.type, id: row.id, meta: { lastUpdated: row.updated.toISOString() } };
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
