/** Days and times of a file: days as ISO dates, times in Europe/London unless they carry a zone of their own. */
import { londonDate } from '../fhir/london.ts';
import type { Period } from '../fhir/types.ts';
import { fault, type Line } from './build-places.ts';
import type { Workspace } from './workspace.ts';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const BRITISH = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/;
const TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/;

/** `2026-12-01`, also of `01/12/2026` as spreadsheets write it; null when it is no day of the calendar. */
export function dayOf(text: string): string | null {
  const british = BRITISH.exec(text);
  const day = british === null ? text : `${british[3]}-${british[2]?.padStart(2, '0')}-${british[1]?.padStart(2, '0')}`;
  return DAY.test(day) && isDay(day) ? day : null;
}

function isDay(day: string): boolean {
  const at = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day);
}

/** An instant in UTC; null for what is no time, or for one that the clocks skip. */
export function instantOf(text: string): string | null {
  const match = TIME.exec(text);
  if (match === null || !isDay(match[1] ?? '') || Number(match[2]) > 23 || Number(match[3]) > 59) return null;
  const written = `${match[1]}T${match[2]}:${match[3]}:${match[4] ?? '00'}`;
  if (match[5] !== undefined) return iso(`${written}${match[5]}`);
  // Winter time first, then summer time an hour earlier: of the hour that comes twice the later one is meant.
  const [winter, summer] = [iso(`${written}Z`), iso(`${written}+01:00`)];
  return [winter, summer].find((one) => one !== null && clockOf(one) === `${match[1]} ${match[2]}:${match[3]}`) ?? null;
}

const CLOCK = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/London',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

function clockOf(instant: string): string {
  return `${londonDate(instant)} ${CLOCK.format(new Date(instant))}`;
}

function iso(text: string): string | null {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

/** The columns `start` and `end` of a line; null when they are no period, with the faults. */
export function periodOf(workspace: Workspace, line: Line): Period | null {
  const [from, to] = [line.get('start'), line.get('end')];
  const [start, end] = [dayOf(from), to === '' ? undefined : dayOf(to)];
  if (start === null) fault(workspace, line, 'start', 'This is no day. Write it as 2026-12-01.');
  if (end === null) fault(workspace, line, 'end', 'This is no day. Write it as 2026-12-01, or nothing.');
  if (start === null || end === null) return null;
  if (end !== undefined && end < start) {
    fault(workspace, line, 'end', 'The last day is before the first day.');
    return null;
  }
  return end === undefined ? { start } : { start, end };
}
