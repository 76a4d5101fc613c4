/**
 * The Query tree as SQL on alias `r` of table `resource`; search/match.ts evaluates the same tree in memory.
 *
 * Words (token, reference, uri) carry their type, so with one of them no condition on `r.type` is written: it would
 * invite the planner to the primary key before statistics exist (house.md section 4, 213/s against 5,000/s). Strings
 * and dates live in side tables. When a reference or identifier already narrows to a few rows they are probed row by
 * row; with a mere code the planner may choose; with no word at all the side table drives.
 */
import { isNegative } from '../search/match.ts';
import { type Criterion, isCriterion, type Query, type SearchParam, type SortKey } from '../search/types.ts';
import { wordPrefix } from '../search/words.ts';
import { type Access, isRanged, isRow, rangeSql, rowSql, wordSql } from './criterion-sql.ts';
import type { SqlParams } from './sql-params.ts';

export { SqlParams } from './sql-params.ts';

/** Parameters that would reveal masked elements of some rows: on these rows they have no value. */
export interface RowMask {
  /** `Type.code` of the parameters. */
  params: ReadonlySet<string>;
  /**
   * SQL condition on `r`, never null: true for the rows whose elements are masked. A function is called only when the
   * query uses one of the parameters: values collected for SQL that is not used are an error to PostgreSQL.
   */
  row: string | (() => string);
}

/** The condition of a query, never empty. Deleted rows and the caller's rules are the caller's to add. */
export function whereSql(query: Query, params: SqlParams, masks: readonly RowMask[] = []): string {
  const leaves = query.where.filter(isCriterion);
  if (leaves.length < query.where.length) throw new Error('chains and combined clauses have no SQL yet');
  const shown = leaves.filter((criterion) => criterion.hidden !== true);
  const type = query.type ?? '';
  const conditions = shown.length < leaves.length ? [hiddenSql(leaves)] : [];
  const words: string[] = [];
  const driver = driverOf(shown);
  for (const criterion of shown) {
    const mask = maskSql(type, criterion.param.code, masks);
    const found = matchSql(criterion, type, params, access(criterion, driver, shown));
    if (isNegative(criterion)) conditions.push(mask === null ? `not ${found.sql}` : `(${mask} or not ${found.sql})`);
    else {
      if (found.word === null) conditions.push(found.sql);
      else words.push(found.word);
      if (mask !== null) conditions.push(`not ${mask}`);
    }
  }
  if (words.length > 0) conditions.unshift(`r.tokens @> ${params.add(words)}::text[]`);
  if (query.type !== null && needsType(shown, driver)) conditions.unshift(`r.type = ${params.add(query.type)}`);
  return conditions.length === 0 ? 'true' : `(${conditions.join(' and ')})`;
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
  return wordSql(criterion, type, params);
}

/** Served by the GIN index; `:missing` reads the words of every row. */
const isWord = (criterion: Criterion): boolean =>
  !isRow(criterion) && !isRanged(criterion) && criterion.modifier !== 'missing';

/** References, identifiers and ids leave a handful of rows; codes may leave half the type. */
function isNarrow(criterion: Criterion): boolean {
  if (isNegative(criterion) || criterion.modifier === 'missing') return false;
  const { code, type } = criterion.param;
  return code === '_id' || code === 'identifier' || (type === 'reference' && isWord(criterion));
}

/**
 * True when the query reaches a few rows by itself, whatever the values: a reference, identifier or id, or a string
 * prefix alone. Such statements keep one good plan, so they may be prepared and planned once (measured at 30,000 rows
 * under a service's rule: 0.20 ms instead of 0.65 ms, the rest was planning). Others need their values to be planned:
 * a code with a date range took 50 ms with a generic plan, 1 ms with its own.
 */
export function isNarrowQuery(query: Query): boolean {
  const shown = query.where.filter(isCriterion).filter((criterion) => criterion.hidden !== true);
  if (shown.some(isNarrow)) return true;
  const driver = driverOf(shown);
  return driver !== null && driver.param.type === 'string' && driver.modifier !== 'contains';
}

/** With no word and no id, one string or date criterion drives from its side table. */
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

function maskSql(type: string, code: string, masks: readonly RowMask[]): string | null {
  const rows = masks
    .filter((mask) => mask.params.has(`${type}.${code}`))
    .map((mask) => `(${typeof mask.row === 'string' ? mask.row : mask.row()})`);
  return rows.length === 0 ? null : `(${rows.join(' or ')})`;
}

/**
 * The order of a query, deterministic: ends with the id. Rows without a value come last in both directions; a row with
 * several values sorts by its least (ascending) or greatest (descending). Without `_sort` rows come by id.
 */
export function orderSql(query: Query, params: SqlParams, masks: readonly RowMask[] = []): string {
  const keys = query.sort.map((key) => keySql(query.type ?? '', key, params, masks));
  if (query.type === null) keys.push('r.type');
  if (!query.sort.some((key) => key.param === '_id')) keys.push('r.id');
  return keys.join(', ');
}

function keySql(type: string, key: SortKey, params: SqlParams, masks: readonly RowMask[]): string {
  const direction = key.descending ? 'desc' : 'asc';
  if (key.param === '_id') return `r.id ${direction}`;
  if (key.param === '_lastUpdated') return `r.updated ${direction}`;
  const value = sortValueSql(type, key.param, key.descending ? 'max' : 'min', params);
  const mask = maskSql(type, key.param.code, masks);
  return `${mask === null ? value : `case when ${mask} then null else ${value} end`} ${direction} nulls last`;
}

/**
 * `filter (where true)` keeps min and max from becoming a walk along index_date_value or index_string_value, which the
 * planner chose before statistics existed (0.4 ms a row instead of 0.004, 20,000 rows in 8.5 s instead of 0.07).
 */
function sortValueSql(type: string, param: SearchParam, pick: 'min' | 'max', params: SqlParams): string {
  if (param.type === 'date') {
    return `(select ${pick}(d.low) filter (where true) from index_date d where d.type = r.type and d.id = r.id and d.code = ${params.add(param.code)})`;
  }
  if (param.type === 'string') {
    const codes = params.add([...(param.parts ?? [param.code])]);
    return `(select ${pick}(s.value) filter (where true) from index_string s where s.type = r.type and s.id = r.id
      and s.code = any (${codes}::text[]) and position(e'\\x01' in s.value) > 0)`;
  }
  // Words of any system hold no bar; `system|code` forms of the same value do.
  return `(select ${pick}(w) from unnest(r.tokens) as w where starts_with(w, ${params.add(wordPrefix(type, param.code))})
    and position('|' in w) = 0)`;
}
