/** Times as an officer in England reads them: Europe/London, 24 hours, with the stored UTC instant beside it. */
import { londonDayStart } from '../fhir/london.ts';

const LONG = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/London',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
});
const CLOCK = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/London',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

export interface ShownTime {
  /** `3 Mar 2026` */
  day: string;
  /** `09:14:04` */
  time: string;
  /** ISO UTC, for machines. */
  instant: string;
  /** `2026-03-03 09:14:04.123 UTC` */
  utc: string;
}

export function shownTime(instant: string | Date): ShownTime {
  const at = new Date(instant);
  const iso = at.toISOString();
  return {
    day: LONG.format(at),
    time: CLOCK.format(at),
    instant: iso,
    utc: `${iso.slice(0, 10)} ${iso.slice(11, -1)} UTC`,
  };
}

/** `3 Mar 2026` of a London date `2026-03-03`. */
export function shownDay(date: string): string {
  return LONG.format(new Date(londonDayStart(date)));
}

/** The London date after one, `YYYY-MM-DD`. */
export function nextDay(date: string): string {
  const noon = new Date(`${date}T12:00:00Z`);
  noon.setUTCDate(noon.getUTCDate() + 1);
  return noon.toISOString().slice(0, 10);
}

const MONTH = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', month: 'long', year: 'numeric' });

/** `March 2026` of `2026-03`. */
export function shownMonth(month: string): string {
  return MONTH.format(new Date(`${month}-15T12:00:00Z`));
}
