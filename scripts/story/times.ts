/** Times of the story, as instants with offset and as people in London read them. */
import { londonInstant } from '../../seed/days.ts';
import type { CivilDate } from '../../src/care/clock.ts';

export interface Time {
  start: string;
  end: string;
}

/** Minutes of a joint visit (domain.md 1.5). */
const VISIT_MINUTES = 90;

/** The times of one visit on a day, as instants with offset. */
export function timeAt(day: CivilDate, hour: string): Time {
  const start = londonInstant(day, hour);
  const minutes = Number(hour.slice(0, 2)) * 60 + Number(hour.slice(3)) + VISIT_MINUTES;
  const end = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  return { start, end: londonInstant(day, end) };
}

const DAY_AND_TIME = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/London',
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
/** `Tue 19 Jan, 09:30` */
export const shortTime = (instant: string): string => DAY_AND_TIME.format(new Date(instant));

const TIME = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', timeStyle: 'medium' });
/** `09:14:03` */
export const clockTime = (instant: string): string => TIME.format(new Date(instant));
