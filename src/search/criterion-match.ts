/** One criterion on one resource's index values, without its negation: the twin of store/criterion-sql.ts. */
import type { Resource } from '../fhir/types.ts';
import { compositeHolds } from './composite-values.ts';
import { AS_WRITTEN, fold, foldedKey, foldedPart, isWhole, wholeValue } from './fold.ts';
import { metresBetween } from './near.ts';
import { isOfUnit } from './number-values.ts';
import { TEXT_PARAMS } from './params.ts';
import { textHolds } from './text-values.ts';
import { saysText, textWords } from './text-words.ts';
import {
  type Criterion,
  type ElementValues,
  type IndexValues,
  type Prefix,
  type SearchValue,
  storedAs,
} from './types.ts';
import { presencePrefixes, queryWords, wordPrefix } from './words.ts';

type Values = IndexValues | ElementValues;

/** Some value matches, or for `:missing` there is a value. */
export function hasValue(criterion: Criterion, resource: Resource, values: Values): boolean {
  const { param, modifier } = criterion;
  if (param.code === '_id') return modifier === 'missing' || hasId(criterion, resource);
  if (param.code === '_lastUpdated') return modifier === 'missing' || isUpdated(criterion, resource);
  if (TEXT_PARAMS.has(param.code)) return says(criterion, resource);
  switch (param.type) {
    case 'date':
      return anyOf(criterion, ofCode(values.dates, storedAs(param)), dateMatches);
    case 'string':
      return anyOf(criterion, ofCode(values.strings, storedAs(param)), ({ value }, asked) =>
        stringMatches(asked, modifier, value),
      );
    case 'number':
    case 'quantity':
      return anyOf(criterion, ofCode(values.numbers, storedAs(param)), numberMatches);
    case 'special':
      return anyOf(criterion, ofCode(values.numbers, [param.code]), isNear);
    case 'composite':
      return isComposite(criterion, resource, values);
    default:
      return hasWords(criterion, resource, values);
  }
}

const ofCode = <T extends { code: string }>(held: readonly T[], codes: readonly string[]): T[] =>
  held.filter(({ code }) => codes.includes(code));

function anyOf<T>(criterion: Criterion, held: readonly T[], test: (held: T, asked: SearchValue) => boolean): boolean {
  if (criterion.modifier === 'missing') return held.length > 0;
  return held.some((one) => criterion.values.some((asked) => test(one, asked)));
}

function hasWords(criterion: Criterion, resource: Resource, values: Values): boolean {
  const { param, modifier } = criterion;
  const type = resource.resourceType;
  if (modifier === 'missing') return startsAny(values.tokens, presencePrefixes(type, param));
  if (modifier === 'text') {
    const prefixes = storedAs(param).map((code) => wordPrefix(type, code));
    const texts = 'texts' in values ? values.texts : [];
    return criterion.values.some(
      (asked) => asked.kind === 'string' && prefixes.some((prefix) => textHolds(texts, prefix, asked.text)),
    );
  }
  if (modifier === 'below') {
    const uris = criterion.values.flatMap((asked) =>
      asked.kind === 'uri' ? [wordPrefix(type, param.code) + asked.uri] : [],
    );
    return startsAny(values.tokens, uris);
  }
  return queryWords(type, criterion).some((asked) => values.tokens.includes(asked));
}

function startsAny(words: readonly string[], starts: readonly string[]): boolean {
  return words.some((one) => starts.some((start) => one.startsWith(start)));
}

function isComposite({ param, values: asked }: Criterion, resource: Resource, values: Values): boolean {
  const { composite } = param;
  if (composite === undefined || !('elements' in values)) return false;
  return asked.some(
    (value) => value.kind === 'composite' && compositeHolds(composite, value.parts, { resource, values }, hasValue),
  );
}

function says({ param, values }: Criterion, resource: Resource): boolean {
  const words = textWords(resource, param.code === '_text');
  return values.some((value) => value.kind === 'text' && saysText(words, value.query));
}

function hasId(criterion: Criterion, resource: Resource): boolean {
  return criterion.values.some((value) => value.kind === 'token' && !value.system && value.code === resource.id);
}

/** The instant of the last update is a point. */
function isUpdated(criterion: Criterion, resource: Resource): boolean {
  const at = Date.parse(resource.meta?.lastUpdated ?? '');
  const point = { low: new Date(at).toISOString(), high: new Date(at + 1).toISOString() };
  return criterion.values.some((value) => dateMatches(point, value));
}

function stringMatches(value: SearchValue, modifier: string | null, held: string): boolean {
  if (value.kind !== 'string') return false;
  if (modifier === 'exact') return held === wholeValue(value.text);
  if (modifier === 'contains') return foldedPart(held).includes(fold(value.text));
  const key = foldedKey(value.text);
  if (modifier === 'whole') return held.startsWith(key + AS_WRITTEN);
  if (modifier === 'starts') return isWhole(held) && held.startsWith(key);
  if (modifier === 'ends') return isWhole(held) && foldedPart(held).endsWith(fold(value.text));
  return held.startsWith(key);
}

interface Bounds {
  low: number;
  high: number;
}

type Test = (held: Bounds, asked: Bounds) => boolean;

/** R4 search, "Prefixes": see store/criterion-sql.ts, which says the same in SQL. Upper ends are exclusive. */
const DATE_TEST: Record<Prefix, Test> = {
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

function dateMatches(held: { low: string | null; high: string | null }, value: SearchValue): boolean {
  if (value.kind !== 'date') return false;
  const bounds = {
    low: held.low === null ? -Infinity : Date.parse(held.low),
    high: held.high === null ? Infinity : Date.parse(held.high),
  };
  return DATE_TEST[value.prefix](bounds, { low: Date.parse(value.low), high: Date.parse(value.high) });
}

/** Held ends are inclusive; the asked range of `eq` and `ne` ends before `high`, for the others it is one number. */
const NUMBER_TEST: Record<Prefix, Test> = {
  eq: (held, asked) => held.low >= asked.low && held.high < asked.high,
  ne: (held, asked) => held.low < asked.low || held.high >= asked.high,
  gt: (held, asked) => held.high > asked.high,
  lt: (held, asked) => held.low < asked.low,
  ge: (held, asked) => held.high > asked.high || held.low >= asked.low,
  le: (held, asked) => held.low < asked.low || held.high <= asked.high,
  sa: (held, asked) => held.low > asked.high,
  eb: (held, asked) => held.high < asked.low,
  ap: (held, asked) => held.low <= asked.high && held.high >= asked.low,
};

function numberMatches(held: Bounds & { unit: string | null }, value: SearchValue): boolean {
  if (value.kind !== 'number') return false;
  return value.ranges.some((asked) => isOfUnit(held.unit, asked.unit) && NUMBER_TEST[value.prefix](held, asked));
}

/** The row of a position holds its latitude as `low` and its longitude as `high`. */
function isNear({ low, high }: Bounds, value: SearchValue): boolean {
  return value.kind === 'near' && metresBetween(value, { latitude: low, longitude: high }) <= value.metres;
}
