/** Which searches are decided in memory (few.ts), and what of them the index answers. */
import { foldedKey, prefixEnd } from '../search/fold.ts';
import { type Criterion, type Include, isCriterion, type Query, storedAs } from '../search/types.ts';
import { queryWords } from '../search/words.ts';
import { SEPARATOR } from './rows.ts';
import type { SearchAsk } from './search.ts';

/** Values of a string parameter from `low` on and below `high`, in byte order. */
export interface TextRange {
  codes: readonly string[];
  low: string;
  high: string;
}

/** A search that names a few rows: by words that each of them has, or by how a text of theirs begins. */
export interface Shape {
  /** Of a search by texts; the first finds, and of its rows the second, when there is one, keeps some. */
  type: string;
  words: readonly string[];
  texts: readonly TextRange[];
  /** All criteria, and of them those that are left to memory. */
  criteria: readonly Criterion[];
  rest: readonly Criterion[];
  /** `Type/id` of rows that are included if they are pointed to: what a reference criterion names. */
  beside: readonly string[];
  /** Whether the words of the rows are needed, too. */
  worded: boolean;
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
  const shared = { type, criteria, beside: besideOf(query) };
  const narrow = criteria.filter(isNarrow);
  if (narrow.length > 0) {
    // The word of a code alone may be that of half the type.
    if (!narrow.some((criterion) => onlyWord(type, criterion) !== null)) return null;
    return { ...shared, words, texts: [], rest: left, worded: left.length > 0 || query.include.length > 0 };
  }
  const found = criteria.flatMap((criterion) => {
    const range = rangeOf(criterion);
    return range === null ? [] : [{ criterion, range }];
  });
  const used = found.slice(0, 2);
  if (used.length === 0) return null;
  const rest = criteria.filter((criterion) => !used.some((one) => one.criterion === criterion));
  const texts = used.map(({ range }) => range);
  return { ...shared, words: [], texts, rest, worded: rest.length > 0 || query.include.length > 0 };
}

/** One type by id order, plain criteria, references followed once, none of them masked on some rows. */
function fits({ query, ids, onward, guards = [] }: SearchAsk): boolean {
  if (ids !== undefined || (onward?.after ?? null) !== null || query.explain === true) return false;
  if (query.sort.length > 0 || query.revinclude.length > 0 || !query.include.every(isPlain(query))) return false;
  const followed = query.include.map(({ source, param }) => `${source}.${param?.code}`);
  if (guards.some(({ params }) => followed.some((one) => params.has(one)))) return false;
  return query.where.every((clause) => isCriterion(clause) && isSimple(clause));
}

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
