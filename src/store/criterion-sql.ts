/** One criterion as SQL: on the row, on its words, or on a side table. Always two-valued, so `not` may be put before it. */
import { AS_WRITTEN, fold, foldedKey, prefixEnd, wholeValue } from '../search/fold.ts';
import { isNegative } from '../search/match.ts';
import { TEXT_PARAMS } from '../search/params.ts';
import type { TextQuery } from '../search/text-query.ts';
import { BEFORE_WORD } from '../search/text-values.ts';
import { type Criterion, type ParamType, type Prefix, type SearchValue, storedAs } from '../search/types.ts';
import { presencePrefixes, queryWords, wordPrefix } from '../search/words.ts';
import { numberSql } from './number-sql.ts';
import type { SqlParams } from './sql-params.ts';

/**
 * How a side table is reached: `drive` = its rows name the resources; `probe` = looked up for each row (`offset 0`
 * keeps the planner from making a join of it); `join` = as the planner thinks best.
 */
export type Access = 'drive' | 'probe' | 'join';

/** Answered from columns of the row. */
export function isRow({ param }: Criterion): boolean {
  return param.code === '_id' || param.code === '_lastUpdated' || TEXT_PARAMS.has(param.code);
}

/** Answered from a side table. */
export function isRanged(criterion: Criterion): boolean {
  return TABLES[criterion.param.type] !== undefined && !isRow(criterion);
}

/** Where the values of a parameter type lie beside the row, and how one of them is tested. */
interface SideTable {
  name: string;
  alias: string;
  test(value: SearchValue, modifier: string | null, params: SqlParams): string;
}

/** `_id` and `_lastUpdated`; every row has both. */
export function rowSql(criterion: Criterion, params: SqlParams): string {
  if (criterion.modifier === 'missing') return 'true';
  if (criterion.param.code === '_id') {
    const ids = criterion.values.map((value) => (value.kind === 'token' && !value.system ? value.code : null));
    return `r.id = any (${params.add(ids.filter((id) => id !== null))}::text[])`;
  }
  if (TEXT_PARAMS.has(criterion.param.code)) return wordsSql(criterion, params);
  return either(criterion.values.map((value) => updatedSql(value, params)));
}

/** `_text` and `_content` read the row's own text (migrations 006 and 065); search/text-words.ts says the same. */
function wordsSql({ param, values }: Criterion, params: SqlParams): string {
  const asked = values.flatMap((value) => (value.kind === 'text' ? [tsquery(value.query, params)] : []));
  return `(record_words(r.body, ${param.code === '_text'}) @@ (${asked.join(' || ')}))`;
}

function tsquery(query: TextQuery, params: SqlParams): string {
  if (query.op === 'phrase') return `phraseto_tsquery('simple', ${params.add(query.text)})`;
  if (query.op === 'not') return `!!(${tsquery(query.of[0], params)})`;
  return `(${query.of.map((part) => tsquery(part, params)).join(query.op === 'and' ? ' && ' : ' || ')})`;
}

/** The instant of the last update is a point: comparing ranges comes down to comparing it with one end. */
function updatedSql(value: SearchValue, params: SqlParams): string {
  if (value.kind !== 'date') return 'false';
  const low = (): string => `${params.add(value.low)}::timestamptz`;
  const high = (): string => `${params.add(value.high)}::timestamptz`;
  switch (value.prefix) {
    case 'gt':
    case 'sa':
      return `r.updated >= ${high()}`;
    case 'lt':
    case 'eb':
      return `r.updated < ${low()}`;
    case 'ge':
      return `r.updated >= ${low()}`;
    case 'le':
      return `r.updated < ${high()}`;
    case 'ne':
      return `(r.updated < ${low()} or r.updated >= ${high()})`;
    default:
      return `(r.updated >= ${low()} and r.updated < ${high()})`;
  }
}

/** Token, reference and uri criteria; a single word may join the query's one `@>`. */
export function wordSql(criterion: Criterion, type: string, params: SqlParams): { sql: string; word: string | null } {
  const { modifier, param } = criterion;
  if (modifier === 'missing') return { sql: startsSql(presencePrefixes(type, param), params), word: null };
  if (modifier === 'text') return { sql: textSql(criterion, type, params), word: null };
  if (modifier === 'below') return { sql: startsSql(belowUris(criterion, type), params), word: null };
  const words = queryWords(type, criterion);
  const [only] = words;
  if (words.length === 1 && only !== undefined) {
    return isNegative(criterion)
      ? { sql: `(r.tokens @> ${params.add([only])}::text[])`, word: null }
      : { sql: '', word: only };
  }
  return { sql: `(r.tokens && ${params.add(words)}::text[])`, word: null };
}

/** Words hold no control characters, so U+001F marks their beginnings (1.7 us a row; unnesting them took 4.5 us). */
function startsSql(starts: readonly string[], params: SqlParams): string {
  const words = "e'\\x1f' || array_to_string(r.tokens, e'\\x1f')";
  return either(starts.map((start) => `position(e'\\x1f' || ${params.add(start)}::text in ${words}) > 0`));
}

function belowUris({ param, values }: Criterion, type: string): string[] {
  return values.flatMap((value) => (value.kind === 'uri' ? [wordPrefix(type, param.code) + value.uri] : []));
}

/** `:text`: a word of a text begins as asked. Texts lie beside the row without an index: they are asked for rarely. */
function textSql(criterion: Criterion, type: string, params: SqlParams): string {
  return either(storedAs(criterion.param).map((code) => textOfSql(criterion, wordPrefix(type, code), params)));
}

function textOfSql(criterion: Criterion, prefix: string, params: SqlParams): string {
  const start = `${params.add(prefix)}::text`;
  const begins = criterion.values.flatMap((value) => {
    if (value.kind !== 'string') return [];
    const asked = fold(value.text);
    return BEFORE_WORD.map(
      (before) => `position(${params.add(before + asked)} in substr(x, length(${start}) + 1)) > 0`,
    );
  });
  return `(r.more is not null and exists (select 1 from jsonb_array_elements_text(r.more -> 'x') as x
    where starts_with(x, ${start}) and ${either(begins)}))`;
}

/** Criteria answered from a side table; `:missing` asks for any value at all. */
export function rangeSql(criterion: Criterion, type: string, params: SqlParams, how: Access): string {
  const { param } = criterion;
  const table = TABLES[param.type];
  if (table === undefined) throw new Error(`${param.type} has no side table`);
  if (how === 'probe') return probeSql(criterion, table, params);
  const { name, alias } = table;
  const test = valuesSql(criterion, table, params);
  if (how === 'drive') {
    return `(r.type, r.id) in (select ${alias}.type, ${alias}.id from ${name} ${alias}
      where ${alias}.type = ${params.add(type)} and ${test})`;
  }
  const typed = how === 'join' && type !== '' ? `${alias}.type = ${params.add(type)} and ` : '';
  return `exists (select 1 from ${name} ${alias} where ${typed}${alias}.type = r.type and ${alias}.id = r.id
      and ${test})`;
}

/** The rows of a side table that a criterion finds, as a `from`: what PostgreSQL expects of them is near the truth. */
export function sideSql(criterion: Criterion, type: string, params: SqlParams): string {
  const table = TABLES[criterion.param.type];
  if (table === undefined) throw new Error(`${criterion.param.type} has no side table`);
  const { name, alias } = table;
  return `${name} ${alias} where ${alias}.type = ${params.add(type)} and ${valuesSql(criterion, table, params)}`;
}

/** Values are tested behind the look-up of the row: inside it the planner took the value index and walked its range. */
function probeSql(criterion: Criterion, table: SideTable, params: SqlParams): string {
  const { name, alias } = table;
  return `exists (select 1 from (select ${alias}.* from ${name} ${alias} where ${alias}.type = r.type and ${alias}.id = r.id
      and ${codeSql(criterion, table, params)} offset 0) ${alias} where ${testSql(criterion, table, params)})`;
}

function valuesSql(criterion: Criterion, table: SideTable, params: SqlParams): string {
  return `${codeSql(criterion, table, params)} and ${testSql(criterion, table, params)}`;
}

function codeSql({ param }: Criterion, { alias }: SideTable, params: SqlParams): string {
  const codes = storedAs(param);
  return `${alias}.code ${codes.length === 1 ? `= ${params.add(codes[0])}` : `= any (${params.add(codes)}::text[])`}`;
}

function testSql({ modifier, values }: Criterion, { test }: SideTable, params: SqlParams): string {
  return modifier === 'missing' ? 'true' : either(values.map((value) => test(value, modifier, params)));
}

/** The same test on a list of values inside a JSON document (composite-sql.ts). */
export function listedSql(criterion: Criterion, list: string, params: SqlParams): string {
  const table = TABLES[criterion.param.type];
  const columns = table === undefined ? undefined : COLUMNS[table.alias];
  if (table === undefined || columns === undefined) throw new Error(`${criterion.param.type} has no list`);
  return `exists (select 1 from jsonb_to_recordset(${list}) as ${table.alias}(${columns}) where ${valuesSql(criterion, table, params)})`;
}

const COLUMNS: Record<string, string> = {
  s: 'code text, value text collate "C"',
  d: 'code text, low timestamptz, high timestamptz',
  n: 'code text, low float8, high float8, unit text',
};

/** Prefix match on the folded form as a byte range (collation C), so that punctuation is literal (H16). */
function stringSql(value: SearchValue, modifier: string | null, params: SqlParams): string {
  if (value.kind !== 'string') return 'false';
  if (modifier === 'exact') return `s.value = ${params.add(wholeValue(value.text))}`;
  if (modifier === 'contains') {
    return `position(${params.add(fold(value.text))} in split_part(s.value, e'\\x01', 1)) > 0`;
  }
  if (modifier === 'ends') return endsSql(value.text, params);
  const prefix = modifier === 'whole' ? foldedKey(value.text) + AS_WRITTEN : foldedKey(value.text);
  const begins = beginsSql(prefix, params);
  return modifier === 'starts' ? `(${begins} and ${WHOLE})` : begins;
}

/** Whole values hold the text as written behind U+0001, the later words of a name do not (search/fold.ts). */
const WHOLE = "position(e'\\x01' in s.value) > 0";

function endsSql(text: string, params: SqlParams): string {
  const end = `${params.add(fold(text))}::text`;
  return `(right(split_part(s.value, e'\\x01', 1), length(${end})) = ${end} and ${WHOLE})`;
}

function beginsSql(prefix: string, params: SqlParams): string {
  const end = prefixEnd(prefix);
  const above = `s.value >= ${params.add(prefix)}`;
  return end === null ? above : `(${above} and s.value < ${params.add(end)})`;
}

/**
 * Ranges compare as R4 says (search, "Prefixes"): `eq` = the searched range holds the element's; `gt` and `lt` = the
 * element reaches beyond it; `sa` and `eb` = it lies wholly beyond; `ap` = they overlap (parse widened the range).
 */
const DATE_SQL: Record<Prefix, (low: () => string, high: () => string) => string> = {
  eq: (low, high) => {
    const from = low();
    const to = high();
    // d.low < to follows from the rest; it bounds the index range.
    return `(d.low >= ${from} and d.low < ${to} and d.high <= ${to})`;
  },
  ne: (low, high) => `(d.low < ${low()} or d.high > ${high()})`,
  gt: (_, high) => `d.high > ${high()}`,
  lt: (low) => `d.low < ${low()}`,
  ge: (low, high) => {
    const to = high();
    return `(d.high > ${to} or (d.low >= ${low()} and d.high <= ${to}))`;
  },
  le: (low, high) => {
    const from = low();
    return `(d.low < ${from} or (d.low >= ${from} and d.high <= ${high()}))`;
  },
  sa: (_, high) => `d.low >= ${high()}`,
  eb: (low) => `d.high <= ${low()}`,
  ap: (low, high) => `(d.low < ${high()} and d.high > ${low()})`,
};

function dateSql(value: SearchValue, _modifier: string | null, params: SqlParams): string {
  if (value.kind !== 'date') return 'false';
  return DATE_SQL[value.prefix](
    () => `${params.add(value.low)}::timestamptz`,
    () => `${params.add(value.high)}::timestamptz`,
  );
}

const DATES: SideTable = { name: 'index_date', alias: 'd', test: dateSql };
const STRINGS: SideTable = { name: 'index_string', alias: 's', test: stringSql };
const NUMBERS: SideTable = {
  name: 'index_number',
  alias: 'n',
  test: (value, _modifier, params) => numberSql(value, params),
};
const TABLES: Partial<Record<ParamType, SideTable>> = {
  date: DATES,
  string: STRINGS,
  number: NUMBERS,
  quantity: NUMBERS,
  special: NUMBERS,
};

export function either(conditions: readonly string[]): string {
  if (conditions.length === 0) return 'false';
  return conditions.length === 1 ? `(${conditions[0]})` : `(${conditions.join(' or ')})`;
}
