/**
 * FHIR dates as bounds of half-open intervals of instants. A date without a time is a civil day where the services work
 * (Europe/London): it begins at midnight there, in summer an hour before midnight UTC.
 */
import { londonDate, londonDayStart } from '../fhir/london.ts';

const PARTIAL = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/;

/** First instant of a FHIR date, dateTime or instant as ISO UTC; null when absent or not a date. */
export function startOf(value: string | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  const match = PARTIAL.exec(value);
  if (match) return dayStart(Number(match[1]), Number(match[2] ?? 1), Number(match[3] ?? 1));
  return iso(Date.parse(value));
}

/**
 * First instant **after** a FHIR period end (R4: an end of `2012-02-03` includes that day), as ISO UTC; a full instant
 * ends at itself. Null when absent or not a date.
 */
export function endOf(value: string | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  const match = PARTIAL.exec(value);
  if (!match) return iso(Date.parse(value));
  const [year, month, day] = [Number(match[1]), match[2], match[3]];
  if (month === undefined) return dayStart(year + 1, 1, 1);
  return day === undefined ? dayStart(year, Number(month) + 1, 1) : dayStart(year, Number(month), Number(day) + 1);
}

/** The London day of a date or instant, `YYYY-MM-DD`; null when it names no day. */
export function civilDay(value: string | null | undefined): string | null {
  if (value === null || value === undefined || /^\d{4}(-\d{2})?$/.test(value)) return null;
  const at = startOf(value);
  return at === null ? null : londonDate(at);
}

/** Months and days may run over: the 32nd of January is the first of February. */
function dayStart(year: number, month: number, day: number): string | null {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const civil = Number.isFinite(date.getTime()) ? date.toISOString() : null;
  // Past the last year of the calendar nothing is civil any more.
  return civil === null || civil.startsWith('+') ? civil : londonDayStart(civil.slice(0, 10));
}

/** An ISO instant moved by days (86,400 s each). */
export function plusDays(instant: string, days: number): string {
  return new Date(Date.parse(instant) + days * 86_400_000).toISOString();
}

/** The earlier of two instants; null is open. */
export function earlier(a: string | null, b: string | null): string | null {
  if (a === null) return b;
  if (b === null) return a;
  return a < b ? a : b;
}

/** The later of two instants; null is open. */
export function later(a: string | null, b: string | null): string | null {
  if (a === null) return b;
  if (b === null) return a;
  return a > b ? a : b;
}

function iso(millis: number): string | null {
  return Number.isFinite(millis) ? new Date(millis).toISOString() : null;
}
