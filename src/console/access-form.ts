/** What officers type, checked: an NHS number with a reason, and the filters of a look. Pure. */
import { isNhsNumber, unspacedNhsNumber } from '../fhir/identifiers.ts';
import { londonDayStart } from '../fhir/london.ts';
import { MAX_REASON } from '../oversight/ask-access-record.ts';
import { nextDay, shownDay } from './times.ts';

export interface FieldError {
  /** Id of the field the summary links to. */
  field: string;
  text: string;
}

const MIN_REASON = 15;
/** A run of digits that may be somebody's number; numbers belong into their own field, where they are encrypted. */
const TEN_DIGITS = /(?:\d[\s-]?){10}/;

export interface LookForm {
  nhsNumber: string;
  reason: string;
  errors: FieldError[];
}

/** The look form; `errors` is empty when it may be asked. The number comes back unspaced. */
export function readLookForm(typedNumber: string, typedReason: string): LookForm {
  const nhsNumber = unspacedNhsNumber(typedNumber);
  const reason = typedReason.replace(/\s+/g, ' ').trim();
  const errors = [...problem('nhs-number', numberProblem(nhsNumber)), ...problem('reason', reasonProblem(reason))];
  return { nhsNumber: errors.some(({ field }) => field === 'nhs-number') ? typedNumber : nhsNumber, reason, errors };
}

function problem(field: string, text: string | null): FieldError[] {
  return text === null ? [] : [{ field, text }];
}

function numberProblem(number: string): string | null {
  if (number === '') return 'Enter an NHS number';
  if (!/^[0-9]{10}$/.test(number)) return 'NHS number must be 10 digits, like 999 000 1006';
  return isNhsNumber(number) ? null : 'This is not a valid NHS number: check each digit';
}

function reasonProblem(reason: string): string | null {
  if (reason === '') return 'Enter the reason for looking';
  if ([...reason].length < MIN_REASON) return `Reason must be ${MIN_REASON} characters or more`;
  if ([...reason].length > MAX_REASON) return `Reason must be ${MAX_REASON} characters or fewer`;
  return TEN_DIGITS.test(reason) ? 'Reason must not include an NHS number or other long number' : null;
}

/** The reason alone. */
export function readReason(typed: string): { reason: string; errors: FieldError[] } {
  const reason = typed.replace(/\s+/g, ' ').trim();
  return { reason, errors: problem('reason', reasonProblem(reason)) };
}

const MAX_WORDS = 2_000;

/** Words an officer writes into a case: enough to be understood later, and no long number. */
export function readWords(typed: string, field: string, least: number): { words: string; errors: FieldError[] } {
  const words = typed.replace(/[^\S\n]+/g, ' ').trim();
  const length = [...words].length;
  const text =
    length < least
      ? `Write ${least} characters or more`
      : length > MAX_WORDS
        ? `Write ${MAX_WORDS} characters or fewer`
        : TEN_DIGITS.test(words)
          ? 'Do not include an NHS number or other long number'
          : null;
  return { words, errors: problem(field, text) };
}

/** Whatever holds fields by name: an address or a form. */
export interface Fields {
  get(name: string): string | null;
}

export interface DateParts {
  day: string;
  month: string;
  year: string;
}

export interface Filters {
  from: DateParts;
  to: DateParts;
  /** Opaque key of a person, '' = everyone. */
  person: string;
  /** Place in the sequence, or null for the newest. */
  before: number | null;
  /** Instants `[from, until)` in UTC of the London days; null = open or not understood. */
  range: { from: string | null; until: string | null };
  errors: FieldError[];
  /** In words, for the heading of the result; null = no filter on dates. */
  words: string | null;
}

/** Filters as they stand in the address of a look. Dates are days in London, both included. */
export function readFilters(query: Fields): Filters {
  const from = partsOf(query, 'from');
  const to = partsOf(query, 'to');
  const first = dateOf(from);
  const last = dateOf(to);
  const errors = [
    ...problem('from-day', first === 'bad' ? 'From date must be a real date, like 27 3 2026' : null),
    ...problem('to-day', last === 'bad' ? 'To date must be a real date, like 27 3 2026' : null),
  ];
  if (errors.length === 0 && first !== null && last !== null && last < first) {
    errors.push({ field: 'to-day', text: 'To date must be the same as or after the from date' });
  }
  const good = errors.length === 0;
  const before = query.get('before') ?? '';
  return {
    from,
    to,
    person: query.get('person') ?? '',
    before: /^[1-9]\d{0,14}$/.test(before) ? Number(before) : null,
    range: {
      from: good && first !== null ? londonDayStart(first) : null,
      until: good && last !== null ? londonDayStart(nextDay(last)) : null,
    },
    errors,
    words: good ? rangeWords(first, last) : null,
  };
}

function rangeWords(first: string | null, last: string | null): string | null {
  if (first !== null && last !== null) return `${shownDay(first)} to ${shownDay(last)}`;
  if (first !== null) return `from ${shownDay(first)}`;
  return last === null ? null : `up to ${shownDay(last)}`;
}

/** The three parts of a date as they were typed. */
export function partsOf(query: Fields, name: string): DateParts {
  // The date component names its fields `from[day]`; links of ours say `from-day`.
  const part = (one: string): string =>
    (query.get(`${name}[${one}]`) || query.get(`${name}-${one}`) || '').trim().slice(0, 10);
  return { day: part('day'), month: part('month'), year: part('year') };
}

/** `YYYY-MM-DD`, null when nothing was typed, `bad` for no date. */
export function dateOf({ day, month, year }: DateParts): string | null {
  if (day === '' && month === '' && year === '') return null;
  if (!/^\d{1,2}$/.test(day) || !/^\d{1,2}$/.test(month) || !/^(19|20)\d{2}$/.test(year)) return 'bad';
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const noon = new Date(`${date}T12:00:00Z`);
  return Number.isNaN(noon.getTime()) || noon.toISOString().slice(0, 10) !== date ? 'bad' : date;
}

/** One London day of a form, `YYYY-MM-DD`; null when nothing was typed, with the error when it is no date. */
export function readDay(form: Fields, name: string): { day: string | null; errors: FieldError[] } {
  const date = dateOf(partsOf(form, name));
  if (date === 'bad')
    return { day: null, errors: [{ field: `${name}-day`, text: 'Enter a real date, like 27 3 2026' }] };
  return { day: date, errors: [] };
}

/** The filters as a query string for links; never more than what was typed. */
export function filterQuery(filters: Filters, change: { before?: number; person?: string } = {}): string {
  const query = new URLSearchParams();
  for (const [name, parts] of [
    ['from', filters.from],
    ['to', filters.to],
  ] as const) {
    for (const part of ['day', 'month', 'year'] as const) {
      if (parts[part] !== '') query.set(`${name}-${part}`, parts[part]);
    }
  }
  const person = change.person ?? filters.person;
  if (person !== '') query.set('person', person);
  if (change.before !== undefined) query.set('before', String(change.before));
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
