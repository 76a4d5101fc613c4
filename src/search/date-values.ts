/** Dates as half-open ranges of UTC instants: of elements (date, dateTime, instant, Period, Timing) and of searches. */
import { isObject } from '../fhir/resource.ts';
import type { Json, JsonObject } from '../fhir/types.ts';
import type { SearchParam } from './types.ts';
import type { Index } from './values.ts';

/** ISO instants, low inclusive, high exclusive; null = open. */
interface Range {
  low: string | null;
  high: string | null;
}

const DATE = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/;

/** The range a date, dateTime or instant covers at its own precision, or null when it is none. */
function dateRange(text: string): { low: string; high: string } | null {
  const match = DATE.exec(text);
  if (match === null) return null;
  const [, year = '', month, day, hour, minute, second, fraction, zone] = match;
  const y = Number(year);
  const m = month === undefined ? 0 : Number(month) - 1;
  const d = day === undefined ? 1 : Number(day);
  if (y < 1 || m > 11 || m < 0 || d < 1 || d > new Date(Date.UTC(y < 100 ? y + 400 : y, m + 1, 0)).getUTCDate())
    return null;
  if (hour === undefined)
    return calendarRange(y, m, d, month === undefined ? 'year' : day === undefined ? 'month' : 'day');
  const h = Number(hour);
  const min = Number(minute);
  const s = Number(second ?? 0);
  if (h > 23 || min > 59 || s > 60) return null;
  const ms = fraction === undefined ? 0 : Math.trunc(Number(`0.${fraction}`) * 1000);
  const low = utc(y, m, d) + ((h * 60 + min) * 60 + s) * 1000 + ms - offset(zone);
  const step = second === undefined ? 60_000 : fraction === undefined ? 1000 : 1;
  return { low: new Date(low).toISOString(), high: new Date(low + step).toISOString() };
}

function calendarRange(
  y: number,
  m: number,
  d: number,
  precision: 'year' | 'month' | 'day',
): { low: string; high: string } {
  const low = utc(y, m, d);
  const high = precision === 'year' ? utc(y + 1, 0, 1) : precision === 'month' ? utc(y, m + 1, 1) : utc(y, m, d + 1);
  return { low: new Date(low).toISOString(), high: new Date(high).toISOString() };
}

/** Date.UTC without its twentieth-century guess for years below 100. */
function utc(y: number, m: number, d: number): number {
  return new Date(0).setUTCFullYear(y, m, d);
}

function offset(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

/** Ranges of date elements; a Timing is the outer bound of its events and bounds. */
export function dateIndex(param: SearchParam): Index {
  const { code } = param;
  return (value, out) => {
    const range = rangeOf(value);
    if (range !== null) out.dates.push({ code, low: range.low, high: range.high });
  };
}

function rangeOf(value: Json): Range | null {
  if (typeof value === 'string') return dateRange(value);
  if (!isObject(value)) return null;
  if (value.event !== undefined || value.repeat !== undefined) return timingRange(value);
  return periodRange(value);
}

function periodRange(period: JsonObject): Range | null {
  const start = typeof period.start === 'string' ? dateRange(period.start) : null;
  const end = typeof period.end === 'string' ? dateRange(period.end) : null;
  if (start === null && end === null) return null;
  // A period that ends before it starts is refused on write (per-1); an old one is found by no date.
  if (start !== null && end !== null && start.low >= end.high) return null;
  return { low: start?.low ?? null, high: end?.high ?? null };
}

function timingRange(timing: JsonObject): Range | null {
  const ranges: Range[] = [];
  if (Array.isArray(timing.event)) {
    for (const event of timing.event) {
      const range = typeof event === 'string' ? dateRange(event) : null;
      if (range !== null) ranges.push(range);
    }
  }
  const bounds = isObject(timing.repeat) ? timing.repeat.boundsPeriod : undefined;
  const period = isObject(bounds) ? periodRange(bounds) : null;
  if (period !== null) ranges.push(period);
  const [first, ...rest] = ranges;
  if (first === undefined) return null;
  return rest.reduce(
    (outer, range) => ({ low: earlier(outer.low, range.low), high: later(outer.high, range.high) }),
    first,
  );
}

const earlier = (a: string | null, b: string | null): string | null =>
  a === null || b === null ? null : a < b ? a : b;
const later = (a: string | null, b: string | null): string | null => (a === null || b === null ? null : a > b ? a : b);

/**
 * The range a searched date covers. `now` widens it for `ap`: by a tenth of the distance between it and now
 * (R4 search, "Prefixes"). Null when the text is no date.
 */
export function searchDate(text: string, now: Date | null): { low: string; high: string } | null {
  const range = dateRange(text);
  if (range === null || now === null) return range;
  const low = Date.parse(range.low);
  const high = Date.parse(range.high);
  const distance = Math.max(Math.abs(now.getTime() - low), Math.abs(now.getTime() - high)) / 10;
  return { low: iso(low - distance), high: iso(high + distance) };
}

const iso = (millis: number): string => new Date(Math.round(millis)).toISOString();
