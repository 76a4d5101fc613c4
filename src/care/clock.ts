/**
 * The pathway clock of domain.md 1.2 and rules 6 and 7 of 1.3. Pure; dates are civil dates `YYYY-MM-DD` of
 * Europe/London, so a visit at 23:30 UTC in summer belongs to the next day, as the family would say.
 */
import { londonDate } from '../fhir/london.ts';
import { refuse } from '../fhir/outcome.ts';

/** `YYYY-MM-DD`. */
export type CivilDate = string;

/** Length of pregnancy by convention: EDD by LMP = LMP + 280 d. */
export const TERM_DAYS = 280;
const DAY_MS = 86_400_000;
const CIVIL = /^\d{4}-\d{2}-\d{2}$/;

export type WindowEdge = '25+0' | '25+6';
/** Per-service setting of rule 6. */
export type NotifyRule = 'dating-scan-or-12+0' | '12+0' | 'immediate';

export interface DateWindow {
  /** First and last day, both inside. */
  start: CivilDate;
  end: CivilDate;
}

/** Days since 1970-01-01 of a civil date. Throws Outcome 422 for anything that is not a real date. */
export function dayNumber(date: CivilDate): number {
  const ms = CIVIL.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== date) {
    throw refuse(422, 'value', `"${date.slice(0, 32)}" is not a date of the form YYYY-MM-DD`);
  }
  return ms / DAY_MS;
}

/** The civil date `days` after `date` (before, when negative). */
export function addDays(date: CivilDate, days: number): CivilDate {
  return new Date((dayNumber(date) + days) * DAY_MS).toISOString().slice(0, 10);
}

/** Whole days from one civil date to another. */
export const daysBetween = (from: CivilDate, to: CivilDate): number => dayNumber(to) - dayNumber(from);

/** The date an instant has in Europe/London. */
export function civilDate(instant: Date): CivilDate {
  return londonDate(instant);
}

/** EDD of a last menstrual period (domain.md 1.2). */
export const eddFromLmp = (lmp: CivilDate): CivilDate => addDays(lmp, TERM_DAYS);

/** Completed days of pregnancy on a date: 280 - (EDD - date). May be negative or beyond term. */
export const gestationDays = (edd: CivilDate, on: CivilDate): number => TERM_DAYS - daysBetween(on, edd);

/** `20+3` for 143 days. Throws Outcome 422 for a negative gestation: the EDD cannot be right. */
export function formatGestation(days: number): string {
  if (!Number.isInteger(days) || days < 0) throw refuse(422, 'value', 'gestation is before the start of the pregnancy');
  return `${Math.floor(days / 7)}+${days % 7}`;
}

/** Days of a gestation written `20+3`. Throws Outcome 422 when it is not so written. */
export function parseGestation(text: string): number {
  const match = /^(\d{1,2})\+([0-6])$/.exec(text);
  if (!match) throw refuse(422, 'value', 'gestation is written weeks+days, for example 20+3');
  return Number(match[1]) * 7 + Number(match[2]);
}

/** The civil date on which a pregnancy reaches a gestation, e.g. `12+0`. */
export const dateOfGestation = (edd: CivilDate, gestation: string): CivilDate =>
  addDays(edd, parseGestation(gestation) - TERM_DAYS);

/** The joint visit window, 20+0 to 25+6 (or 25+0, configurable: the public account is ambiguous). */
export function jointWindow(edd: CivilDate, upperEdge: WindowEdge = '25+6'): DateWindow {
  return { start: dateOfGestation(edd, '20+0'), end: dateOfGestation(edd, upperEdge) };
}

/** The ordinary health visitor antenatal contact: first at 28+0 (metric C1), at the latest by the EDD. */
export const antenatalContactWindow = (edd: CivilDate): DateWindow => ({
  start: dateOfGestation(edd, '28+0'),
  end: edd,
});

export interface ReleaseQuestion {
  /** Absent when nobody has recorded one yet. */
  edd?: CivilDate;
  /** True when an EDD by ultrasound is recorded: the dating scan has been. */
  datingScan: boolean;
  priority: 'routine' | 'urgent';
  safeguarding: boolean;
  today: CivilDate;
  rule?: NotifyRule;
  upperEdge?: WindowEdge;
}

export interface Release {
  state: 'held' | 'received';
  priority: 'routine' | 'urgent';
  /** Day on which a held referral goes out by itself. */
  releaseOn?: CivilDate;
  /** Fixed by rule 7 when the window has closed. */
  pathway?: 'hv-28-week';
  /** Why, in words for the sender. */
  why: string;
}

/**
 * When the health visiting service hears of a referral (1.3 rules 6 and 7). Urgent, safeguarding and late ones go at
 * once. Throws Outcome 422 for a routine referral without an EDD: its hold could never end.
 */
export function releaseOf(question: ReleaseQuestion): Release {
  const { edd, today, rule = 'dating-scan-or-12+0' } = question;
  if (edd !== undefined && today > jointWindow(edd, question.upperEdge).end) {
    return { state: 'received', priority: 'urgent', pathway: 'hv-28-week', why: 'the joint visit window has closed' };
  }
  if (question.safeguarding) return { state: 'received', priority: 'urgent', why: 'safeguarding: sent at once' };
  if (question.priority === 'urgent') return { state: 'received', priority: 'urgent', why: 'urgent: sent at once' };
  if (rule === 'immediate') return { state: 'received', priority: 'routine', why: 'this service is told at once' };
  if (edd === undefined) {
    throw refuse(
      422,
      'required',
      'a routine referral needs an estimated date of delivery: record it, or mark it urgent',
    );
  }
  if (rule === 'dating-scan-or-12+0' && question.datingScan) {
    return { state: 'received', priority: 'routine', why: 'the dating scan is recorded' };
  }
  const releaseOn = dateOfGestation(edd, '12+0');
  if (today >= releaseOn) return { state: 'received', priority: 'routine', why: 'the pregnancy has reached 12+0' };
  return { state: 'held', priority: 'routine', releaseOn, why: `held until ${releaseOn} or the dating scan` };
}

/** Working days; holidays come from configuration and are never invented here. */
export interface WorkingCalendar {
  holidays: ReadonlySet<CivilDate>;
}

export const NO_HOLIDAYS: WorkingCalendar = { holidays: new Set() };

/** Monday to Friday and not a configured holiday. 1970-01-01 was a Thursday. */
export function isWorkingDay(date: CivilDate, calendar: WorkingCalendar = NO_HOLIDAYS): boolean {
  const weekday = (((dayNumber(date) + 4) % 7) + 7) % 7;
  return weekday !== 0 && weekday !== 6 && !calendar.holidays.has(date);
}

/** The date `count` working days after (before, when negative) a date; the date itself is not counted. */
export function addWorkingDays(date: CivilDate, count: number, calendar: WorkingCalendar = NO_HOLIDAYS): CivilDate {
  const step = count < 0 ? -1 : 1;
  let day = date;
  for (let left = Math.abs(count); left > 0; ) {
    day = addDays(day, step);
    if (isWorkingDay(day, calendar)) left -= 1;
  }
  return day;
}

// Civil dates order as text, so the earlier of two is the smaller string.
const earliest = (...dates: CivilDate[]): CivilDate => dates.sort()[0] ?? '';
const latest = (...dates: CivilDate[]): CivilDate => dates.sort().at(-1) ?? '';

/** min(10 working days after release, 5 working days before the window closes), never before the release itself. */
export function triageDue(released: CivilDate, window: DateWindow, calendar: WorkingCalendar = NO_HOLIDAYS): CivilDate {
  const byRelease = addWorkingDays(released, 10, calendar);
  const byWindow = addWorkingDays(window.end, -5, calendar);
  return latest(earliest(byRelease, byWindow), released);
}

/** When a delivered referral must have been opened: 4 hours for urgent ones, else the end of 2 working days. */
export function openDue(
  delivered: Date,
  priority: 'routine' | 'urgent',
  calendar: WorkingCalendar = NO_HOLIDAYS,
): { instant: string } | { date: CivilDate } {
  if (priority === 'urgent') return { instant: new Date(delivered.getTime() + 4 * 3_600_000).toISOString() };
  return { date: addWorkingDays(civilDate(delivered), 2, calendar) };
}
