/**
 * The clock of a request for a person's own record: one calendar month from the day it came in, three where it is
 * complex, and as many days more as it waited for her to say what she means. Days are London's; a month that has no such
 * day ends on its last one.
 */
import { londonDate } from '../../fhir/london.ts';

/** A London day, `YYYY-MM-DD`. */
export type Day = string;

export interface Pause {
  from: Day;
  /** Null while it lasts. */
  to: Day | null;
}

export interface Clock {
  /** Last day; while it waits for her, as if she answered today. */
  due: Day;
  paused: boolean;
  /** Days left until the last one; negative when it has passed. */
  left: number;
}

/** What of a request's log moves its clock. */
export interface ClockLine {
  kind: string;
  onDate: Day;
}

/** Where the clock of a request stands, by its log. */
export function clockIn(job: { received: Day; ended: Date | null }, lines: readonly ClockLine[], now: Date): Clock {
  const pauses: Pause[] = [];
  for (const { kind, onDate } of lines) {
    if (kind === 'pause') pauses.push({ from: onDate, to: null });
    const open = pauses.at(-1);
    if (kind === 'resume' && open !== undefined) open.to = onDate;
  }
  const complex = lines.some(({ kind }) => kind === 'extend');
  return clockOf({ received: job.received, complex, pauses, ended: job.ended }, now);
}

/** Months until the answer, and how many more where it is complex. */
const MONTHS = 1;
const MORE = 2;

/** Where the clock stands today. `received` and the pauses are London days, in order. */
export function clockOf(
  asked: { received: Day; complex: boolean; pauses: readonly Pause[]; ended: Date | null },
  now: Date,
): Clock {
  const today = londonDate(asked.ended ?? now);
  const waited = asked.pauses.reduce((sum, { from, to }) => sum + Math.max(0, daysBetween(from, to ?? today)), 0);
  const due = addDays(addMonths(asked.received, asked.complex ? MONTHS + MORE : MONTHS), waited);
  return { due, paused: asked.pauses.some(({ to }) => to === null), left: daysBetween(today, due) };
}

/** The day of the same number so many months later, or that month's last day. */
export function addMonths(day: Day, months: number): Day {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  const first = new Date(Date.UTC(year, month - 1 + months, 1, 12));
  const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0, 12)).getUTCDate();
  first.setUTCDate(Math.min(date, last));
  return first.toISOString().slice(0, 10);
}

/** The same day so many years later; 29 February becomes the 28th. */
export function addYears(day: Day, years: number): Day {
  return addMonths(day, years * 12);
}

export function addDays(day: Day, days: number): Day {
  const at = new Date(`${day}T12:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

export function daysBetween(from: Day, to: Day): number {
  return Math.round((Date.parse(`${to}T12:00:00Z`) - Date.parse(`${from}T12:00:00Z`)) / 86_400_000);
}
