/** Numbers, quantities and positions as SQL on alias `n` of index_number; search/criterion-match.ts says the same. */
import { EARTH_RADIUS } from '../search/near.ts';
import { unitPrefix } from '../search/number-values.ts';
import type { NumberRange, Prefix, SearchValue, UnitTest } from '../search/types.ts';
import type { SqlParams } from './sql-params.ts';

/** Held ends are inclusive; the asked range of `eq` and `ne` ends before `high`, for the others it is one number. */
const NUMBER_SQL: Record<Prefix, (low: () => string, high: () => string) => string> = {
  // n.low < high follows from the rest; it bounds the index range.
  eq: (low, high) => {
    const end = high();
    return `n.low >= ${low()} and n.low < ${end} and n.high < ${end}`;
  },
  ne: (low, high) => `(n.low < ${low()} or n.high >= ${high()})`,
  gt: (_, high) => `n.high > ${high()}`,
  lt: (low) => `n.low < ${low()}`,
  ge: (low, high) => `(n.high > ${high()} or n.low >= ${low()})`,
  le: (low, high) => `(n.low < ${low()} or n.high <= ${high()})`,
  sa: (_, high) => `n.low > ${high()}`,
  eb: (low) => `n.high < ${low()}`,
  ap: (low, high) => `n.low <= ${high()} and n.high >= ${low()}`,
};

/** One searched number in all its units. */
export function numberSql(value: SearchValue, params: SqlParams): string {
  if (value.kind === 'near') return nearSql(value, params);
  if (value.kind !== 'number') return 'false';
  const ranges = value.ranges.map((range) => `(${rangeOf(value.prefix, range, params)})`);
  return ranges.length === 1 ? (ranges[0] ?? 'false') : `(${ranges.join(' or ')})`;
}

function rangeOf(prefix: Prefix, { unit, low, high }: NumberRange, params: SqlParams): string {
  const test = NUMBER_SQL[prefix](
    () => `${params.add(low)}::float8`,
    () => `${params.add(high)}::float8`,
  );
  return unit === null ? test : `${test} and ${unitSql(unit, params)}`;
}

/** Units are system, code and human unit, joined with U+0001; without a unit the whole is null. */
function unitSql(unit: UnitTest, params: SqlParams): string {
  const held = "coalesce(n.unit, '')";
  if (unit.by === 'code') return `starts_with(${held}, ${params.add(unitPrefix(unit.system, unit.code))})`;
  if (unit.by === 'system') return `split_part(${held}, e'\\x01', 1) = ${params.add(unit.system)}`;
  const name = params.add(unit.name);
  return `(split_part(${held}, e'\\x01', 2) = ${name} or split_part(${held}, e'\\x01', 3) = ${name})`;
}

/** Great circle by the haversine; the latitudes it can reach bound the index range. */
function nearSql(value: SearchValue & { kind: 'near' }, params: SqlParams): string {
  const reach = (value.metres / EARTH_RADIUS) * (180 / Math.PI) + 1e-6;
  const latitude = `${params.add(value.latitude)}::float8`;
  const longitude = `${params.add(value.longitude)}::float8`;
  const north = `power(sin(radians(n.low - ${latitude}) / 2), 2)`;
  const east = `power(sin(radians(n.high - ${longitude}) / 2), 2)`;
  const h = `${north} + cos(radians(${latitude})) * cos(radians(n.low)) * ${east}`;
  return `(n.low between ${params.add(value.latitude - reach)}::float8 and ${params.add(value.latitude + reach)}::float8
    and ${params.add(2 * EARTH_RADIUS)}::float8 * asin(least(1, sqrt(${h}))) <= ${params.add(value.metres)}::float8)`;
}
