/** Which searches are decided in memory (few.ts), and what of them the index answers. */
import { foldedKey, prefixEnd } from '../search/fold.ts';
import { type Criterion, type Include, isCriterion, type Query, type SortKey, storedAs } from '../search/types.ts';
import { queryWords } from '../search/words.ts';
import { SEPARATOR } from './rows.ts';
import type { SearchAsk } from './search.ts';

/** Values of a string parameter from `low` on and below `high`, in byte order. */
export interface TextRange {
  codes: readonly string[];
  low: string;
  high: string;
}

/** Dates of a parameter that begin from `low` on and before `high`. */
export interface DateRange {
  code: string;
  low: string;
  high: string;
}

/** A search that names a few rows: by words that each of them has, by how a text of theirs begins, or by a day. */
export interface Shape {
  type: string;
  words: readonly string[];
  /** Without words: the first finds, and of its rows the second, when there is one, keeps some. */
  texts: readonly TextRange[];
  /** Without words and texts. What lies in it is looked at in memory. */
  date: DateRange | null;
  /** All criteria, and of them those that are left to memory. */
  criteria: readonly Criterion[];
  rest: readonly Criterion[];
  /** `Type/id` of rows that are included if they are pointed to: what a reference criterion names. */
  beside: readonly string[];
  /** Whether the words of the rows are needed, too, and their dates. */
  worded: boolean;
  dated: boolean;
}

/** Fewer letters may begin a good part of all names. */
const LETTERS = 2;

/** @returns null when the search does not fit */
export function shapeOf(ask: SearchAsk): Shape | null {
  const { query } = ask;
  const { type } = query;
  if (type === null || !fits(ask)) return null;
  const criteria = query.where.filter(isCriterion);
  const words = criteria.flatMap((criterion) => onlyWord(type, criterion) ?? []);
  if (words.some((word) => word.includes(SEPARATOR))) return null;
  const left = criteria.filter((criterion) => onlyWord(type, criterion) === null);
  const shared = { type, criteria, beside: besideOf(query), texts: [], date: null };
  const sorted = query.sort.some(({ param }) => typeof param !== 'string');
  const isDated = (rest: readonly Criterion[]): boolean => sorted || rest.some(({ param }) => param.type === 'date');
  const narrow = criteria.filter(isNarrow);
  if (narrow.length > 0) {
    // The word of a code alone may be that of half the type.
    if (!narrow.some((criterion) => onlyWord(type, criterion) !== null)) return null;
    const worded = left.length > 0 || query.include.length > 0;
    return { ...shared, words, rest: left, worded, dated: isDated(left) };
  }
  const found = criteria.flatMap((criterion) => {
    const range = rangeOf(criterion);
    return range === null ? [] : [{ criterion, range }];
  });
  const used = found.slice(0, 2);
  const date = used.length > 0 ? null : (criteria.flatMap((criterion) => dayOf(criterion) ?? [])[0] ?? null);
  if (used.length === 0 && date === null) return null;
  const rest = criteria.filter((criterion) => !used.some((one) => one.criterion === criterion));
  const texts = used.map(({ range }) => range);
  const worded = rest.length > 0 || query.include.length > 0;
  return { ...shared, words: [], texts, date, rest, worded, dated: isDated(rest) };
}

/**
 * One type in an order that a row and its dates tell, plain criteria, references followed once; neither these nor what it is
 * sorted by masked on some rows.
 */
function fits({ query, ids, onward, guards = [] }: SearchAsk): boolean {
  if (ids !== undefined || (onward?.after ?? null) !== null || query.explain === true) return false;
  if (!query.sort.every(isPlainKey) || query.revinclude.length > 0 || !query.include.every(isPlain(query)))
    return false;
  const followed = query.include.map(({ source, param }) => `${source}.${param?.code}`);
  const keys = query.sort.map(({ param }) => `${query.type}.${typeof param === 'string' ? param : param.code}`);
  if (guards.some(({ params }) => [...followed, ...keys].some((one) => params.has(one)))) return false;
  return query.where.every((clause) => isCriterion(clause) && isSimple(clause));
}

const isPlainKey = ({ param }: SortKey): boolean => typeof param === 'string' || param.type === 'date';

const isPlain =
  (query: Query) =>
  ({ source, param, iterate }: Include): boolean =>
    source === query.type && param !== null && param.canonical !== true && param.targets.length > 0 && !iterate;

const SIMPLE: ReadonlySet<string> = new Set(['token', 'reference', 'date', 'string']);

function isSimple({ param, modifier, hidden }: Criterion): boolean {
  if (hidden === true || modifier !== null || param.code.startsWith('_')) return false;
  return SIMPLE.has(param.type);
}

const isNarrow = ({ param }: Criterion): boolean => param.code === 'identifier' || param.type === 'reference';

/** The word of a criterion that is one; null = it is left to memory. */
function onlyWord(type: string, criterion: Criterion): string | null {
  if (criterion.param.type === 'date' || criterion.param.type === 'string') return null;
  const [word, ...others] = queryWords(type, criterion);
  return word === undefined || others.length > 0 ? null : word;
}

/** The range of a text of some letters (criterion-sql.ts, `beginsSql`); null = it is left to memory. */
function rangeOf({ param, values: [value, ...others] }: Criterion): TextRange | null {
  if (param.type !== 'string' || value?.kind !== 'string' || others.length > 0) return null;
  const low = foldedKey(value.text);
  const high = prefixEnd(low);
  if (low.length < LETTERS || high === null) return null;
  return { codes: storedAs(param), low, high };
}

/** The range of a day or so (criterion-sql.ts, `eq`): whatever lies in it begins in it. */
function dayOf({ param, values: [value, ...others] }: Criterion): DateRange | null {
  if (param.type !== 'date' || value?.kind !== 'date' || value.prefix !== 'eq' || others.length > 0) return null;
  return { code: param.code, low: value.low, high: value.high };
}

/** Mostly rows point to what they were found by: then it comes with them. */
function besideOf({ where, include }: Query): string[] {
  if (include.length === 0) return [];
  const types = new Set(include.flatMap(({ param, target }) => (target === null ? (param?.targets ?? []) : [target])));
  return where.flatMap((clause) => {
    const [value, ...others] = isCriterion(clause) ? clause.values : [];
    if (value?.kind !== 'reference' || others.length > 0 || value.version !== undefined) return [];
    const reference = `${value.type}/${value.id}`;
    return value.type !== null && types.has(value.type) && !reference.includes(SEPARATOR) ? [reference] : [];
  });
}
