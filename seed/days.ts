/** Days and times of the seed, all relative to the day it is made for. Civil dates and clock times of Europe/London. */
import { addDays, type CivilDate, dayNumber, isWorkingDay } from '../src/care/clock.ts';

const CLOCK = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', hour: '2-digit', minute: '2-digit' });

/** The instant of a London clock time, written with its offset: `2026-06-08T11:00:00+01:00`. `time`: `HH:MM`. */
export function londonInstant(date: CivilDate, time: string): string {
  const summer = `${date}T${time}:00+01:00`;
  return CLOCK.format(new Date(summer)) === time ? summer : `${date}T${time}:00+00:00`;
}

/** The given day, or the next (with `step` -1 the last) working day. */
export function workingDay(date: CivilDate, step: 1 | -1 = 1): CivilDate {
  let day = date;
  while (!isWorkingDay(day)) day = addDays(day, step);
  return day;
}

/** Monday = 1 .. Sunday = 7. 1970-01-01 was a Thursday. */
export const weekdayOf = (date: CivilDate): number => ((((dayNumber(date) + 3) % 7) + 7) % 7) + 1;

/** The next Sunday on which British clocks change, from `from` on: the last Sunday of March or October. */
export function nextClockChange(from: CivilDate): CivilDate {
  for (let day = from; ; day = addDays(day, 1)) {
    const [, month, date] = day.split('-');
    const isLastWeek = Number(date) > 24;
    if ((month === '03' || month === '10') && isLastWeek && weekdayOf(day) === 7) return day;
  }
}
