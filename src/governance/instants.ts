/** FHIR dates as bounds of half-open UTC intervals. A date without a time zone is read in UTC. */
import { londonDayStart } from '../fhir/london.ts';

const PARTIAL = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/;

/** First instant of a FHIR date, dateTime or instant as ISO UTC; null when absent or not a date. */
export function startOf(value: string | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  const match = PARTIAL.exec(value);
  if (match) return iso(Date.UTC(Number(match[1]), Number(match[2] ?? 1) - 1, Number(match[3] ?? 1)));
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
  const year = Number(match[1]);
  if (match[2] === undefined) return iso(Date.UTC(year + 1, 0, 1));
  const month = Number(match[2]);
  if (match[3] === undefined) return iso(Date.UTC(year, month, 1));
  return iso(Date.UTC(year, month - 1, Number(match[3]) + 1));
}

/**
 * As `startOf` for a date that two parties signed: a day without a time zone is a day of Europe/London, so that what ends
 * on the last day of June ends at that midnight and not an hour into July.
 */
export function civilStartOf(value: string | null | undefined): string | null {
  return civil(value, startOf(value));
}

/** As `endOf`, likewise. */
export function civilEndOf(value: string | null | undefined): string | null {
  return civil(value, endOf(value));
}

function civil(value: string | null | undefined, utc: string | null): string | null {
  return utc === null || !PARTIAL.test(value ?? '') ? utc : londonDayStart(utc.slice(0, 10));
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
