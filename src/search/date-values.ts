/** Dates of elements and of search values as half-open ranges (fhir/dates.ts). */
import { dateRange, type OpenRange, periodRange, searchDateRange, timingRange } from '../fhir/dates.ts';
import { isObject } from '../fhir/resource.ts';
import type { Json } from '../fhir/types.ts';
import type { SearchParam } from './types.ts';
import type { Index } from './values.ts';

/** Ranges of date elements: date, dateTime, instant, Period, Timing (outer bound). What is no date adds nothing. */
export function dateIndex(param: SearchParam): Index {
  const { code } = param;
  return (value, out) => {
    const range = rangeOf(value);
    if (range !== null) out.dates.push({ code, low: range.low, high: range.high });
  };
}

function rangeOf(value: Json): OpenRange | null {
  if (typeof value === 'string') return dateRange(value);
  if (!isObject(value)) return null;
  return value.event === undefined && value.repeat === undefined ? periodRange(value) : timingRange(value);
}

/**
 * The range a searched date covers; null when the text is no date. `now` widens it for `ap`: by a tenth of the
 * distance between it and now (R4 search, "Prefixes").
 */
export function searchDate(text: string, now: Date | null): { low: string; high: string } | null {
  const range = searchDateRange(text);
  if (range === null) return null;
  if (now === null) return { low: range.low, high: range.high };
  const low = Date.parse(range.low);
  const high = Date.parse(range.high);
  const distance = Math.max(Math.abs(now.getTime() - low), Math.abs(now.getTime() - high)) / 10;
  return { low: iso(low - distance), high: iso(high + distance) };
}

/** Years 0001 to 9999, as everywhere. */
function iso(millis: number): string {
  const first = Date.parse('0001-01-01T00:00:00.000Z');
  const last = Date.parse('9999-12-31T23:59:59.999Z');
  return new Date(Math.min(Math.max(Math.round(millis), first), last)).toISOString();
}
