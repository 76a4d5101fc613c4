/** The Query tree evaluated in memory on one resource's index values: the twin of store/query-sql.ts. */
import type { Resource } from '../fhir/types.ts';
import { fold, foldedKey, foldedPart, isWhole, wholeValue } from './fold.ts';
import type { Criterion, IndexValues, Prefix, Query, SearchValue, SortKey } from './types.ts';
import { presencePrefixes, queryWords, wordPrefix } from './words.ts';

/** One criterion, with its negation. */
export function holds(criterion: Criterion, resource: Resource, values: IndexValues): boolean {
  const found = criterion.hidden !== true && hasValue(criterion, resource, values);
  return isNegative(criterion) ? !found : found;
}

/** `:not` and `:missing=true` hold for resources without a value: they negate what the rest of the criterion finds. */
export function isNegative({ modifier, values: [value] }: Criterion): boolean {
  return modifier === 'missing' ? value?.kind === 'token' && value.code === 'true' : modifier === 'not';
}

/** The criterion without its negation: some value matches, or for `:missing` there is a value. */
function hasValue(criterion: Criterion, resource: Resource, values: IndexValues): boolean {
  const { param, modifier } = criterion;
  if (param.code === '_id') return modifier === 'missing' || hasId(criterion, resource);
  if (param.code === '_lastUpdated') return modifier === 'missing' || isUpdated(criterion, resource);
  if (param.type === 'date') {
    const ranges = values.dates.filter((range) => range.code === param.code);
    return modifier === 'missing'
      ? ranges.length > 0
      : ranges.some((range) => criterion.values.some((value) => dateMatches(value, range)));
  }
  if (param.type === 'string') {
    const codes = param.parts ?? [param.code];
    const held = values.strings.filter((entry) => codes.includes(entry.code));
    return modifier === 'missing'
      ? held.length > 0
      : held.some((entry) => criterion.values.some((value) => stringMatches(value, modifier, entry.value)));
  }
  const type = resource.resourceType;
  if (modifier === 'missing') return hasWord(presencePrefixes(type, param.code), values.tokens);
  const words = queryWords(type, criterion);
  return words.some((word) => values.tokens.includes(word));
}

function hasWord([first, second]: [string, string], words: readonly string[]): boolean {
  return words.some((word) => word.startsWith(first) || word.startsWith(second));
}

function hasId(criterion: Criterion, resource: Resource): boolean {
  return criterion.values.some((value) => value.kind === 'token' && !value.system && value.code === resource.id);
}

/** The instant of the last update is a point. */
function isUpdated(criterion: Criterion, resource: Resource): boolean {
  const at = Date.parse(resource.meta?.lastUpdated ?? '');
  return criterion.values.some((value) => {
    if (value.kind !== 'date') return false;
    const point = { low: new Date(at).toISOString(), high: new Date(at + 1).toISOString() };
    return dateMatches(value, point);
  });
}

function stringMatches(value: SearchValue, modifier: string | null, held: string): boolean {
  if (value.kind !== 'string') return false;
  if (modifier === 'exact') return held === wholeValue(value.text);
  if (modifier === 'contains') return foldedPart(held).includes(fold(value.text));
  return held.startsWith(foldedKey(value.text));
}

interface Bounds {
  low: number;
  high: number;
}

/** R4 search, "Prefixes": see store/criterion-sql.ts, which says the same in SQL. */
const DATE_TEST: Record<Prefix, (held: Bounds, asked: Bounds) => boolean> = {
  eq: (held, asked) => held.low >= asked.low && held.high <= asked.high,
  ne: (held, asked) => held.low < asked.low || held.high > asked.high,
  gt: (held, asked) => held.high > asked.high,
  lt: (held, asked) => held.low < asked.low,
  ge: (held, asked) => held.high > asked.high || (held.low >= asked.low && held.high <= asked.high),
  le: (held, asked) => held.low < asked.low || (held.low >= asked.low && held.high <= asked.high),
  sa: (held, asked) => held.low >= asked.high,
  eb: (held, asked) => held.high <= asked.low,
  ap: (held, asked) => held.low < asked.high && held.high > asked.low,
};

function dateMatches(value: SearchValue, held: { low: string | null; high: string | null }): boolean {
  if (value.kind !== 'date') return false;
  const bounds = {
    low: held.low === null ? -Infinity : Date.parse(held.low),
    high: held.high === null ? Infinity : Date.parse(held.high),
  };
  return DATE_TEST[value.prefix](bounds, { low: Date.parse(value.low), high: Date.parse(value.high) });
}

/** A resource with its index values, for sorting. */
export interface Indexed {
  resource: Resource;
  values: IndexValues;
}

/** The order of `_sort`, ending with the id: rows without a value last in both directions (store/query-sql.ts). */
export function compareFor(query: Query): (a: Indexed, b: Indexed) => number {
  return (a, b) => {
    for (const key of query.sort) {
      const order = compareKey(sortValue(a, key), sortValue(b, key), key.descending);
      if (order !== 0) return order;
    }
    const byType = query.type === null ? compareText(a.resource.resourceType, b.resource.resourceType) : 0;
    return byType !== 0 ? byType : compareText(a.resource.id ?? '', b.resource.id ?? '');
  };
}

function compareKey(a: string | number | null, b: string | number | null, descending: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  const order = typeof a === 'number' || typeof b === 'number' ? Number(a) - Number(b) : compareText(a, b);
  // Two open ends are equal, and infinity minus infinity is no number.
  return a === b ? 0 : descending ? -order : order;
}

function sortValue({ resource, values }: Indexed, key: SortKey): string | number | null {
  const { param, descending } = key;
  if (param === '_id') return resource.id ?? '';
  if (param === '_lastUpdated') return Date.parse(resource.meta?.lastUpdated ?? '');
  if (param.type === 'date') {
    const lows = values.dates.filter((range) => range.code === param.code);
    const starts = lows.map((range) => (range.low === null ? -Infinity : Date.parse(range.low)));
    return starts.length === 0 ? null : descending ? Math.max(...starts) : Math.min(...starts);
  }
  const texts =
    param.type === 'string'
      ? wholeStrings(values, param.parts ?? [param.code])
      : plainWords(resource, values, param.code);
  const sorted = texts.sort(compareText);
  return (descending ? sorted.at(-1) : sorted[0]) ?? null;
}

function wholeStrings(values: IndexValues, codes: readonly string[]): string[] {
  return values.strings
    .filter((entry) => codes.includes(entry.code) && isWhole(entry.value))
    .map((entry) => entry.value);
}

function plainWords(resource: Resource, values: IndexValues, code: string): string[] {
  const prefix = wordPrefix(resource.resourceType, code);
  return values.tokens.filter((word) => word.startsWith(prefix) && !word.includes('|'));
}

/** Byte order of UTF-8, as PostgreSQL's collation C: by code point, where JavaScript compares UTF-16 units. */
export function compareText(a: string, b: string): number {
  for (let at = 0; at < a.length && at < b.length; at++) {
    const x = a.charCodeAt(at);
    const y = b.charCodeAt(at);
    if (x !== y) return x < 0xd800 && y < 0xd800 ? x - y : unit(x) - unit(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above every other unit. */
function unit(code: number): number {
  return code >= 0xd800 && code <= 0xdfff ? code + 0x10000 : code;
}
