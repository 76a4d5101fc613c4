/**
 * Numbers and quantities (R4 search, "number" and "quantity"). Elements count as exactly what they say, whatever their
 * precision; the precision of the search text makes the range of `eq` and `ne`, the other prefixes compare exactly.
 */
import { isObject } from '../fhir/resource.ts';
import type { Json, JsonObject } from '../fhir/types.ts';
import { type Decimal, magnitude, minus, over, parseDecimal, plus, type Rational, toNumber } from './decimal.ts';
import type { NumberRange, Prefix, SearchParam, UnitTest } from './types.ts';
import { comparableUnits, UCUM } from './units.ts';
import type { Index } from './values.ts';

const MONEY = 'urn:iso:std:iso:4217';
/** Between system, code and unit in the index; cannot occur in any of them. */
const BETWEEN = '\u0001';
// biome-ignore lint/suspicious/noControlCharactersInRegex: U+0001 and U+0000 are not for the index
const CONTROL = /[\u0000-\u001f]/g;

interface Held {
  low: number;
  high: number;
  unit: string | null;
}

/** Values of number and quantity elements: numbers, Quantity and its kinds, Money, Range, SampledData. */
export function numberIndex(param: SearchParam): Index {
  const { code } = param;
  return (value, out) => {
    const held =
      typeof value === 'number' ? { low: value, high: value, unit: null } : isObject(value) ? of(value) : null;
    if (held !== null) out.numbers.push({ code, ...held });
  };
}

function of(value: JsonObject): Held | null {
  if (isObject(value.low) || isObject(value.high)) return rangeOf(value.low, value.high);
  if (typeof value.data === 'string' && isObject(value.origin)) return sampledOf(value, value.origin, value.data);
  if (typeof value.currency === 'string') return quantityOf({ ...value, system: MONEY, code: value.currency });
  return quantityOf(value);
}

/** `< 5` says that the value lies somewhere below 5. */
function quantityOf(quantity: JsonObject): Held | null {
  const { value } = quantity;
  if (typeof value !== 'number') return null;
  const unit = unitOf(quantity);
  switch (quantity.comparator) {
    case '<':
      return { low: -Infinity, high: next(value, -1), unit };
    case '<=':
      return { low: -Infinity, high: value, unit };
    case '>=':
      return { low: value, high: Infinity, unit };
    case '>':
      return { low: next(value, 1), high: Infinity, unit };
    default:
      return { low: value, high: value, unit };
  }
}

function unitOf({ system, code, unit }: JsonObject): string | null {
  const parts = [system, code, unit].map((part) => (typeof part === 'string' ? part.replace(CONTROL, ' ') : ''));
  return parts.every((part) => part === '') ? null : parts.join(BETWEEN);
}

/** Both ends are inside (R4 Range). An end that is absent is open; ends in different units cannot be compared. */
function rangeOf(low: Json | undefined, high: Json | undefined): Held | null {
  const from = isObject(low) ? quantityOf(low) : null;
  const to = isObject(high) ? quantityOf(high) : null;
  if (from === null && to === null) return null;
  if (from !== null && to !== null && from.unit !== to.unit) return null;
  return {
    low: from?.low ?? -Infinity,
    high: to?.high ?? Infinity,
    unit: from === null ? (to?.unit ?? null) : from.unit,
  };
}

/** From the least to the greatest sample; `E`, `L` and `U` are not numbers. */
function sampledOf(sampled: JsonObject, origin: JsonObject, data: string): Held | null {
  const zero = typeof origin.value === 'number' ? origin.value : 0;
  const factor = typeof sampled.factor === 'number' ? sampled.factor : 1;
  let low = Infinity;
  let high = -Infinity;
  for (const item of data.split(' ')) {
    const number = item === '' ? Number.NaN : zero + Number(item) * factor;
    if (Number.isNaN(number)) continue;
    low = Math.min(low, number);
    high = Math.max(high, number);
  }
  return low > high ? null : { low, high, unit: unitOf(origin) };
}

const BUFFER = new DataView(new ArrayBuffer(8));

/** The double next to this one, above or below. */
function next(value: number, direction: 1 | -1): number {
  if (value === 0) return direction * Number.MIN_VALUE;
  BUFFER.setFloat64(0, value);
  BUFFER.setBigInt64(0, BUFFER.getBigInt64(0) + (value > 0 === direction > 0 ? 1n : -1n));
  return BUFFER.getFloat64(0);
}

/** What a searched number covers, in the units it is comparable in; null when the text is no decimal. */
export function searchNumber(text: string, prefix: Prefix, unit: UnitTest | null): NumberRange[] | null {
  const decimal = parseDecimal(text);
  if (decimal === null) return null;
  const [low, high] = bounds(decimal, prefix);
  const same = unit !== null && unit.by === 'code' && unit.system === UCUM ? comparableUnits(unit.code) : [];
  if (same.length === 0) return [{ unit, low: toNumber(low), high: toNumber(high) }];
  return same.map(({ code, convert }) => ({
    unit: { by: 'code', system: UCUM, code },
    low: toNumber(convert(low)),
    high: toNumber(convert(high)),
  }));
}

/** Half a unit of the last figure to both sides for `eq` and `ne`, a tenth of the number for `ap`, else the number. */
function bounds({ value, half }: Decimal, prefix: Prefix): [Rational, Rational] {
  if (prefix === 'eq' || prefix === 'ne') return [minus(value, half), plus(value, half)];
  if (prefix !== 'ap') return [value, value];
  const tenth = over(magnitude(value), { n: 10n, d: 1n });
  return [minus(value, tenth), plus(value, tenth)];
}

/** True when the unit of an index value passes; the same in SQL: `unitSql` in store/criterion-sql.ts. */
export function isOfUnit(held: string | null, test: UnitTest | null): boolean {
  if (test === null) return true;
  const [system, code, unit] = (held ?? '').split(BETWEEN);
  if (test.by === 'name') return code === test.name || unit === test.name;
  if (test.by === 'system') return system === test.system;
  return system === test.system && code === test.code;
}

/** How the unit of an index value begins when it has this system and code. */
export function unitPrefix(system: string, code: string): string {
  return `${system}${BETWEEN}${code}${BETWEEN}`;
}
