/**
 * FHIR dates as half-open ranges of instants (R4 datatypes.html#dateTime, search.html#date). Ranges are ISO UTC texts of
 * one form (`YYYY-MM-DDTHH:MM:SS.sssZ`), so that texts compare as instants. Dates without a zone are taken in UTC.
 */
import { isObject } from './resource.ts';
import type { JsonObject, Period } from './types.ts';

export type Precision = 'year' | 'month' | 'day' | 'minute' | 'second' | 'millisecond';

export interface DateRange {
  /** Inclusive. */
  low: string;
  /** Exclusive. */
  high: string;
  precision: Precision;
}

export interface OpenRange {
  /** Inclusive; null = open. */
  low: string | null;
  /** Exclusive; null = open. */
  high: string | null;
}

const DATE_TIME =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:Z|([+-])(\d\d):(\d\d))?)?)?)?$/;
const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** First and last instants of FHIR's calendar (years 0001 to 9999); ranges beyond are cut there. */
const FIRST = Date.parse('0001-01-01T00:00:00.000Z');
const LAST = Date.parse('9999-12-31T23:59:59.999Z');

interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** Digits after the point. */
  fraction: string;
  /** Minutes east of UTC; null = no zone given. */
  zone: number | null;
  precision: Precision;
}

/** Days of a month (1 to 12) in the Gregorian calendar. */
function daysIn(year: number, month: number): number {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return (DAYS[month - 1] ?? 0) + (leap ? 1 : 0);
}

/** Minutes east of UTC, `+14:00` and `-14:00` at most (R4 regex); NaN beyond. */
function zoneOf(
  text: string,
  sign: string | undefined,
  hours: string | undefined,
  minutes: string | undefined,
): number | null {
  if (sign === undefined) return text.endsWith('Z') ? 0 : null;
  const total = Number(hours) * 60 + Number(minutes);
  if (Number(minutes) > 59 || total > 14 * 60) return Number.NaN;
  return sign === '-' ? -total : total;
}

function precisionOf(found: readonly (string | undefined)[]): Precision {
  if (found[7] !== undefined) return 'millisecond';
  if (found[6] !== undefined) return 'second';
  if (found[4] !== undefined) return 'minute';
  if (found[3] !== undefined) return 'day';
  return found[2] === undefined ? 'year' : 'month';
}

/** A date, dateTime or instant on the real calendar; null otherwise. Second 60 is taken, hour 24 is not (R4 regex). */
function read(text: string): Parts | null {
  const found: readonly (string | undefined)[] | null = DATE_TIME.exec(text);
  if (found === null) return null;
  const [, year, month = '01', day = '01', hour = '00', minute = '00', second = '00', fraction = ''] = found;
  const parts: Parts = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    fraction,
    zone: zoneOf(text, found[8], found[9], found[10]),
    precision: precisionOf(found),
  };
  const calendar = parts.year > 0 && parts.day > 0 && parts.day <= daysIn(parts.year, parts.month);
  const clock = parts.hour < 24 && parts.minute < 60 && parts.second <= 60;
  return calendar && clock && !Number.isNaN(parts.zone) ? parts : null;
}

const hasTime = ({ precision }: Parts): boolean =>
  precision === 'minute' || precision === 'second' || precision === 'millisecond';

/** FHIR `date`: year, year-month or full date on the real calendar. */
export function isDate(text: string): boolean {
  const parts = read(text);
  return parts !== null && !hasTime(parts);
}

/** FHIR `dateTime`: a `date`, or with time, seconds and zone. */
export function isDateTime(text: string): boolean {
  const parts = read(text);
  return parts !== null && (!hasTime(parts) || (parts.precision !== 'minute' && parts.zone !== null));
}

/** FHIR `instant`: full date, time with seconds, zone. */
export function isInstant(text: string): boolean {
  const parts = read(text);
  return parts !== null && hasTime(parts) && parts.precision !== 'minute' && parts.zone !== null;
}

/** FHIR `time`: `hh:mm:ss` with optional fraction, no zone; 24:00 is not one. */
export function isTime(text: string): boolean {
  return TIME.test(text);
}

function epoch(year: number, month: number, day: number, rest: number): number {
  // Date.UTC reads years 0 to 99 as 1900 to 1999
  return new Date(0).setUTCFullYear(year, month - 1, day) + rest;
}

function iso(ms: number): string {
  return new Date(Math.min(Math.max(ms, FIRST), LAST)).toISOString();
}

/** Length in ms of the last digit of a fraction; a millisecond is the finest a range can say. */
function fractionStep(fraction: string): number {
  return 10 ** Math.max(0, 3 - fraction.length);
}

function rangeOf(parts: Parts): DateRange {
  const { year, month, day, hour, minute, second, fraction, precision } = parts;
  const ms = Number(`${fraction}000`.slice(0, 3));
  const clock = ((hour * 60 + minute - (parts.zone ?? 0)) * 60 + second) * 1000 + ms;
  const low = epoch(year, month, day, clock);
  let high = low;
  if (precision === 'year') high = epoch(year + 1, 1, 1, 0);
  else if (precision === 'month') high = epoch(year, month + 1, 1, 0);
  else if (precision === 'day') high = low + 86_400_000;
  else if (precision === 'minute') high = low + 60_000;
  else high = low + (precision === 'second' ? 1000 : fractionStep(fraction));
  return { low: iso(low), high: iso(high), precision };
}

/**
 * The range of a FHIR date, dateTime or instant as resources hold it; null when it is none (unreal date, time without
 * zone or seconds). `2023-02` is all of February; `...:05Z` is one second; `.25` is ten milliseconds.
 */
export function dateRange(text: string): DateRange | null {
  const parts = read(text);
  if (parts === null || (hasTime(parts) && (parts.zone === null || parts.precision === 'minute'))) return null;
  return rangeOf(parts);
}

/**
 * The range of a date in a search value, without its prefix (R4 search.html#date). Beyond `dateRange` it takes minutes
 * without seconds, times without a zone (UTC, the server's zone) and a `+` that URL decoding turned into a space.
 */
export function searchDateRange(text: string): DateRange | null {
  // the length keeps hostile texts away from a pattern that could retry long
  const spaced = text.length <= 64 && /^[^ ]+T[^ ]+ \d\d:\d\d$/.test(text);
  const parts = read(spaced ? text.replace(' ', '+') : text);
  return parts === null ? null : rangeOf(parts);
}

/** The range of a Period: from the start of `start` to the end of `end`, open where absent. Null when empty, bad or reversed. */
export function periodRange(period: Period): OpenRange | null {
  const { start, end } = period;
  if (start === undefined && end === undefined) return null;
  const first = typeof start === 'string' ? dateRange(start) : null;
  const last = typeof end === 'string' ? dateRange(end) : null;
  if ((start !== undefined && first === null) || (end !== undefined && last === null)) return null;
  if (first !== null && last !== null && first.low >= last.high) return null;
  return { low: first?.low ?? null, high: last?.high ?? null };
}

/** The outer range of a Timing: its events and its bounds period together; null when it names neither. */
export function timingRange(timing: JsonObject): OpenRange | null {
  const ranges: OpenRange[] = [];
  const { event, repeat } = timing;
  for (const item of Array.isArray(event) ? event : []) {
    const range = typeof item === 'string' ? dateRange(item) : null;
    if (range !== null) ranges.push(range);
  }
  const bounds = isObject(repeat) && isObject(repeat.boundsPeriod) ? periodRange(repeat.boundsPeriod) : null;
  if (bounds !== null) ranges.push(bounds);
  const lows = ranges.flatMap(({ low }) => low ?? []).toSorted();
  const highs = ranges.flatMap(({ high }) => high ?? []).toSorted();
  if (ranges.length === 0) return null;
  return {
    low: lows.length < ranges.length ? null : (lows[0] ?? null),
    high: highs.length < ranges.length ? null : (highs.at(-1) ?? null),
  };
}
