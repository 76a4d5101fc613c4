/**
 * Broad searches walk: where most rows of a type match, they are visited in the order of the answer and the walk stops at
 * the last id that is kept, instead of finding, deciding and sorting all of them. Measured on 354,000 resources, 117,000
 * of them matching `status=final`: found and sorted under a service's rule 2.9 s, walked 1.1 s (on a busy machine; docs/adr 0019).
 *
 * Whether most match is PostgreSQL's estimate. It chooses a plan only: both ways find the same rows in the same order.
 */
import { TEXT_PARAMS } from '../search/params.ts';
import { type Clause, isCriterion, type Query, type SortKey } from '../search/types.ts';
import { isRanged, sideSql } from './criterion-sql.ts';
import { estimate, estimateOf } from './estimate.ts';
import { hasNarrow, whereSql } from './query-sql.ts';
import type { Db } from './reads.ts';
import type { SearchAsk } from './search.ts';
import { hopsSql, masksSql } from './search-sight.ts';
import type { Ways } from './sight.ts';
import { SqlParams } from './sql-params.ts';

/** Fewer matches are found and sorted faster than a type is walked. */
const BROAD = 20_000;
/** The most rows a walk may be expected to visit for each one it keeps. */
const MISSES = 8;
/** A small type is found and sorted in no time: of 4,000 rows it took 20 ms, a look at those of a page 2. */
const LARGE = 1_000;
/** A row that the index finds is fetched and sorted, one of a walk is fetched: only those of the page are decided. */
const WORTH = 2;
/** A page's walk looks at so many rows at least, and at so many times what it should need: not all may be seen. */
const LEAST = 400;
const SPARE = 4;

/** What the rows of a walk are ordered by: columns of the row, or the one date of a sort key. */
export type Walk = { by: 'row' } | { by: 'date'; key: SortKey };

/** The walk that would give a query's order, whatever it costs; null when it has none. */
export function walkOf(query: Query, masked: ReadonlySet<string>): Walk | null {
  if (query.type === null || hasNarrow(query.where)) return null;
  const [first, second] = query.sort;
  if (first === undefined || query.sort.every(({ param }) => typeof param === 'string')) return { by: 'row' };
  const isDate = typeof first.param !== 'string' && first.param.type === 'date' && second === undefined;
  if (!isDate || typeof first.param === 'string' || masked.has(`${query.type}.${first.param.code}`)) return null;
  return { by: 'date', key: first };
}

/** True when so many rows match that walking to the last id that is kept is better. @param db plans with the values given */
export async function isBroad(db: Db, ask: SearchAsk, ways: Ways): Promise<boolean> {
  const all = await estimateOf(db, ask.query.type);
  if (all < BROAD) return false;
  const matching = await matchingOf(db, ask, { ways, all });
  return matching === all || (matching >= BROAD && matching * MISSES >= all);
}

/**
 * How many rows of a type a walk should look at to find those wanted, or null when the index finds the matches sooner: it
 * finds all of them, a walk visits about `wanted * all / matching`.
 */
export async function visitsOf(
  db: Db,
  ask: SearchAsk,
  { ways, wanted }: { ways: Ways; wanted: number },
): Promise<number | null> {
  const all = await estimateOf(db, ask.query.type);
  if (all < LARGE) return null;
  const matching = await matchingOf(db, ask, { ways, all });
  if (matching * matching < WORTH * wanted * all) return null;
  return onRung((SPARE * wanted * all) / matching);
}

/** Of rungs that double, so that searches alike are one statement, which is planned once. */
export function onRung(visits: number): number {
  return LEAST * 2 ** Math.ceil(Math.log2(Math.max(LEAST, visits) / LEAST));
}

/**
 * Each condition is estimated alone and taken as independent of the others: of several in one statement PostgreSQL
 * expected a hundredth of what was there.
 */
export async function matchingOf(db: Db, ask: SearchAsk, { ways, all }: { ways: Ways; all: number }): Promise<number> {
  const type = ask.query.type ?? '';
  let matching = all;
  for (const clause of ask.query.where.filter((one) => !isUnindexed(one))) {
    const params = new SqlParams();
    const query = { ...ask.query, where: [clause] };
    const from =
      isCriterion(clause) && clause.hidden !== true && isRanged(clause)
        ? sideSql(clause, type, params)
        : `resource r where ${whereSql(query, params, masksSql(ask, params), hopsSql(ask, params, ways))}`;
    matching *= Math.min(1, (await estimate(db, from, params.values)) / all);
  }
  return matching;
}

/** What no index finds: the type is read whole anyway, and a walk may stop. */
export function isUnindexed(clause: Clause): boolean {
  if (!isCriterion(clause)) return false;
  // A word that most rows have is found at once, and one that few have costs a reading of all of them either way.
  return clause.modifier === 'not' || clause.modifier === 'missing' || TEXT_PARAMS.has(clause.param.code);
}
