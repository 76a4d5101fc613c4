/**
 * The Query tree as SQL on alias `r` of table `resource`; search/match.ts evaluates the same tree in memory.
 *
 * Words (token, reference, uri) carry their type, so with one of them no condition on `r.type` is written: it would
 * invite the planner to the primary key before statistics exist (house.md section 4, 213/s against 5,000/s). Strings
 * and dates live in side tables. When a reference or identifier already narrows to a few rows they are probed row by
 * row; with a mere code the planner may choose; with no word at all the side table drives.
 */
import { codesOf } from '../search/clauses.ts';
import { isNegative } from '../search/match.ts';
import { type Clause, type Combined, type Criterion, isCriterion, type Query, type Typed } from '../search/types.ts';
import { chainSql, isSet, reverseSql } from './chain-sql.ts';
import { compositeSql, hasWordPart } from './composite-sql.ts';
import { type Access, isRanged, isRow, rangeSql, rowSql, wordSql } from './criterion-sql.ts';
import { maskSql, type RowMask } from './mask-sql.ts';
import { BLIND, type Hops, type Place, type Sight } from './sight.ts';
import type { SqlParams } from './sql-params.ts';

export type { RowMask } from './mask-sql.ts';
export { orderSql } from './order-sql.ts';
export { SqlParams } from './sql-params.ts';

/** The condition of a query, never empty. Deleted rows and the caller's rules on the matches are the caller's to add. */
export function whereSql(query: Query, params: SqlParams, masks: readonly RowMask[] = [], hops: Hops = BLIND): string {
  const types = query.type === null ? [`r.type = any (${params.add(query.types ?? [])}::text[])`] : [];
  return [...types, clausesSql(query.type, query.where, sightOf(params, masks, hops), 'top')].join(' and ');
}

/** The same condition for rows of the query's type that are reached already, one by one. */
export function rowsSql(query: Query, params: SqlParams, masks: readonly RowMask[], hops: Hops): string {
  return clausesSql(query.type, query.where, sightOf(params, masks, hops), 'row');
}

function sightOf(params: SqlParams, masks: readonly RowMask[], hops: Hops): Sight {
  const sight: Sight = {
    params,
    masks,
    ways: hops.ways,
    sees: hops.sees,
    far: (far, place) =>
      `${clausesSql(far.type, far.clauses, sight, place)}${farReach(far, place, hops)} and ${hops.rule(far.type)} and not r.deleted`,
  };
  return sight;
}

/** Rows that a broad far end is looked for among: those of the caller's own few patients. */
function farReach({ type, clauses }: Typed, place: Place, hops: Hops): string {
  return place === 'top' && !hasNarrow(clauses) ? (hops.reach?.(type) ?? '') : '';
}

/** All clauses as one condition; each is read as a parameter of the type. */
export function clausesSql(type: string | null, clauses: readonly Clause[], sight: Sight, place: Place): string {
  const leaves = clauses.filter(isCriterion);
  const shown = leaves.filter((criterion) => criterion.hidden !== true);
  const conditions = shown.length < leaves.length ? [hiddenSql(leaves)] : [];
  const words: string[] = [];
  const isReached = clauses.some((clause) => isSet(clause, sight.ways));
  const driver = place === 'top' && !isReached ? driverOf(shown) : null;
  for (const criterion of shown) {
    const how = place === 'row' ? 'probe' : access(criterion, driver, shown);
    const mask = maskSql(type ?? '', codesOf(criterion.param), sight.masks);
    const found = matchSql(criterion, type ?? '', sight.params, how);
    if (isNegative(criterion)) conditions.push(mask === null ? `not ${found.sql}` : `(${mask} or not ${found.sql})`);
    else {
      if (found.word === null) conditions.push(found.sql);
      else words.push(found.word);
      if (mask !== null) conditions.push(`not ${mask}`);
    }
  }
  if (words.length > 0) conditions.unshift(`r.tokens @> ${sight.params.add(words)}::text[]`);
  for (const clause of clauses) if (!isCriterion(clause)) conditions.push(clauseSql(type, clause, sight, place));
  const isTyped = type === null || place !== 'top' || (!needsType(shown, driver) && shown.length > 0) || isReached;
  if (!isTyped) conditions.unshift(`r.type = ${sight.params.add(type)}`);
  return conditions.length === 0 ? 'true' : `(${conditions.join(' and ')})`;
}

function clauseSql(type: string | null, clause: Exclude<Clause, Criterion>, sight: Sight, place: Place): string {
  const inside = place === 'row' ? 'row' : 'part';
  switch (clause.op) {
    case 'chain':
      return chainSql(type ?? '', clause, sight, place);
    case 'has':
      return reverseSql(type ?? '', clause, sight);
    case 'type':
      return `(r.type = ${sight.params.add(clause.type)} and ${clausesSql(clause.type, clause.clauses, sight, inside)})`;
    default:
      return combinedSql(type, clause, sight, inside);
  }
}

function combinedSql(type: string | null, clause: Combined, sight: Sight, place: Place): string {
  const parts = clause.clauses.map((part) => clausesSql(type, [part], sight, place));
  if (clause.op === 'not') return `(not ${parts.join(' and ')})`;
  if (parts.length === 0) return String(clause.op === 'all');
  return `(${parts.join(clause.op === 'all' ? ' and ' : ' or ')})`;
}

/** A hidden element has no value in any row: what asks for one finds nothing, what asks for none finds all. */
function hiddenSql(leaves: readonly Criterion[]): string {
  return leaves.some((criterion) => criterion.hidden === true && !isNegative(criterion)) ? 'false' : 'true';
}

interface Match {
  sql: string;
  /** A single word that may join the one `@>` of the query. */
  word: string | null;
}

function matchSql(criterion: Criterion, type: string, params: SqlParams, how: Access): Match {
  if (isRow(criterion)) return { sql: rowSql(criterion, params), word: null };
  if (isRanged(criterion)) return { sql: rangeSql(criterion, type, params, how), word: null };
  if (criterion.param.type === 'composite') return { sql: compositeSql(criterion, type, params, how), word: null };
  return wordSql(criterion, type, params);
}

/** Served by the GIN index; `:missing`, `:text` and `:below` of uris read the words or texts of every row. */
function isWord(criterion: Criterion): boolean {
  if (isRow(criterion) || isRanged(criterion) || NOT_INDEXED.has(criterion.modifier ?? '')) return false;
  return criterion.param.type !== 'composite' || hasWordPart(criterion);
}

const NOT_INDEXED: ReadonlySet<string> = new Set(['missing', 'text', 'below']);

/** References, identifiers and ids leave a handful of rows; codes may leave half the type. */
function isNarrow(criterion: Criterion): boolean {
  if (isNegative(criterion) || criterion.modifier === 'missing') return false;
  const { code, type } = criterion.param;
  return code === '_id' || (isWord(criterion) && (code === 'identifier' || type === 'reference'));
}

/** True when one of the clauses leaves a handful of rows by itself. */
export function hasNarrow(clauses: readonly Clause[]): boolean {
  return clauses.some((clause) => isCriterion(clause) && clause.hidden !== true && isNarrow(clause));
}

/**
 * True when the query reaches a few rows by itself, whatever the values: a reference, identifier or id. Such statements
 * keep one good plan, so they may be prepared and planned once (measured at 30,000 rows under a service's rule: 0.20 ms
 * instead of 0.65 ms, the rest was planning). Others need their values to be planned: a code with a date range took 50 ms
 * with a generic plan, 1 ms with its own.
 */
export function isNarrowQuery(query: Query): boolean {
  const shown = query.where.filter(isCriterion).filter((criterion) => criterion.hidden !== true);
  return shown.length === query.where.length && shown.some(isNarrow);
}

/** True when a text of some letters finds the rows: no estimate is asked, for it cost a search by name a third of it. */
export function isDriven(query: Query): boolean {
  const shown = query.where.filter(isCriterion).filter((criterion) => criterion.hidden !== true);
  const driver = shown.length === query.where.length ? driverOf(shown) : null;
  return (
    driver !== null &&
    driver.param.type === 'string' &&
    !WITHIN.has(driver.modifier ?? '') &&
    driver.values.every((value) => value.kind === 'string' && value.text.length >= LETTERS)
  );
}

/** Fewer letters may begin a good part of all names. */
const LETTERS = 3;

/** Texts that are found by reading all of them. */
const WITHIN: ReadonlySet<string> = new Set(['contains', 'ends']);

/** With no word and no id, one string, date or number criterion drives from its side table. */
function driverOf(shown: readonly Criterion[]): Criterion | null {
  const positive = shown.filter((criterion) => !isNegative(criterion));
  if (positive.some((criterion) => isWord(criterion) || criterion.param.code === '_id')) return null;
  const ranged = positive.filter((criterion) => isRanged(criterion) && criterion.modifier !== 'missing');
  return ranged.find((criterion) => criterion.param.type === 'string') ?? ranged[0] ?? null;
}

function access(criterion: Criterion, driver: Criterion | null, shown: readonly Criterion[]): Access {
  if (criterion === driver) return 'drive';
  return shown.some(isNarrow) ? 'probe' : 'join';
}

/** The primary key serves ids; a word or a driving side table implies the type. */
function needsType(shown: readonly Criterion[], driver: Criterion | null): boolean {
  const positive = shown.filter((criterion) => !isNegative(criterion));
  if (positive.some((criterion) => criterion.param.code === '_id')) return true;
  return driver === null && !positive.some(isWord);
}
