/** The Query tree evaluated in memory on one resource's index values: the twin of store/query-sql.ts. */
import type { Resource } from '../fhir/types.ts';
import { hasValue } from './criterion-match.ts';
import { foldedPart, isWhole } from './fold.ts';
import { type Criterion, type IndexValues, type Query, type SearchParam, type SortKey, storedAs } from './types.ts';
import { wordPrefix } from './words.ts';

/** One criterion, with its negation. */
export function holds(criterion: Criterion, resource: Resource, values: IndexValues): boolean {
  const found = criterion.hidden !== true && hasValue(criterion, resource, values);
  return isNegative(criterion) ? !found : found;
}

/** `:not` and `:missing=true` hold for resources without a value: they negate what the rest of the criterion finds. */
export function isNegative({ modifier, values: [value] }: Criterion): boolean {
  return modifier === 'missing' ? value?.kind === 'token' && value.code === 'true' : modifier === 'not';
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
    const lows = values.dates.filter((range) => storedAs(param).includes(range.code));
    const starts = lows.map((range) => (range.low === null ? -Infinity : Date.parse(range.low)));
    return starts.length === 0 ? null : descending ? Math.max(...starts) : Math.min(...starts);
  }
  if (param.type === 'number' || param.type === 'quantity') {
    const lows = values.numbers.filter((one) => storedAs(param).includes(one.code)).map((one) => one.low);
    return lows.length === 0 ? null : descending ? Math.max(...lows) : Math.min(...lows);
  }
  const texts = param.type === 'string' ? wholeStrings(values, key) : plainWords(resource, values, param);
  const sorted = texts.sort(compareText);
  return (descending ? sorted.at(-1) : sorted[0]) ?? null;
}

/** The values of which a sort takes the least or the greatest, as the store writes them; open starts are `-infinity`. */
export function sortTexts({ resource, values }: Indexed, key: SortKey): string[] {
  const { param } = key;
  if (typeof param === 'string') return [param === '_id' ? (resource.id ?? '') : (resource.meta?.lastUpdated ?? '')];
  if (param.type === 'date') {
    return values.dates.flatMap(({ code, low }) => (storedAs(param).includes(code) ? [low ?? '-infinity'] : []));
  }
  if (param.type === 'number' || param.type === 'quantity') {
    return values.numbers.flatMap(({ code, low }) => (storedAs(param).includes(code) ? [String(low)] : []));
  }
  return param.type === 'string' ? wholeStrings(values, key) : plainWords(resource, values, param);
}

function wholeStrings({ strings }: IndexValues, { param, folded }: SortKey): string[] {
  if (typeof param === 'string') return [];
  const codes = storedAs(param);
  const whole = strings.filter((entry) => codes.includes(entry.code) && isWhole(entry.value));
  return whole.map(({ value }) => (folded ? foldedPart(value) : value));
}

/** Words of several parameters are compared by what stands behind their beginnings. */
function plainWords(resource: Resource, values: IndexValues, param: SearchParam): string[] {
  const codes = storedAs(param);
  return codes.flatMap((code) => {
    const prefix = wordPrefix(resource.resourceType, code);
    const words = values.tokens.filter((word) => word.startsWith(prefix) && !word.includes('|'));
    return codes.length === 1 ? words : words.map((word) => word.slice(prefix.length));
  });
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
