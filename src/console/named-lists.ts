/** Named lists: who is named for a woman, naming somebody (a second person confirms), ending it. No content. */
import { isNhsNumber, unspacedNhsNumber } from '../fhir/identifiers.ts';
import { Outcome } from '../fhir/outcome.ts';
import { endNaming, LISTS, type NamedLine, namedPeople, nameSomebody } from '../oversight/named-lists.ts';
import { enterDesk } from '../oversight/officer.ts';
import { peopleMeant } from '../oversight/people-meant.ts';
import type { Context } from '../record/types.ts';
import { type DateParts, type FieldError, type Fields, partsOf, readDay, readReason } from './access-form.ts';
import type { Page } from './pages.ts';
import { shownTime } from './times.ts';
import type { Visit } from './visit.ts';

const WORDS: Readonly<Record<(typeof LISTS)[number], string>> = {
  V: 'Very restricted record: who may open it',
  EMP: 'A colleague who is a patient: who handles it',
  CEL: 'A known person: who handles it',
};

interface Typed {
  number: string;
  born: DateParts;
  reason: string;
  errors: FieldError[];
}

interface Asked extends Typed {
  person: { nhsNumber: string; birthDate: string; family: null };
}

const NOBODY: Typed = { number: '', born: { day: '', month: '', year: '' }, reason: '', errors: [] };

export async function namedListsPage(visit: Visit, context: Context): Promise<Page> {
  await enterDesk(visit.deps.door, context);
  return page(200, context, NOBODY, null);
}

export async function namedListsPosted(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const asked = askedIn(fieldsOf(visit));
  if (asked.errors.length > 0) {
    await enterDesk(door, context);
    return page(422, context, asked, null);
  }
  const act = visit.form.get('act');
  try {
    if (act === 'end') await endNaming(door, context, visit.form.get('named') ?? '', asked.reason);
    if (act === 'name') return await named(visit, context, asked);
    return page(200, context, asked, await namedPeople(door, context, asked.person, asked.reason));
  } catch (error) {
    if (!(error instanceof Outcome) || ![404, 422].includes(error.status)) throw error;
    const text = error.status === 404 ? 'No record has this number and date of birth' : error.message;
    const field = error.status === 404 ? 'nhs-number' : 'who';
    return page(error.status, context, { ...asked, errors: [{ field, text }] }, null);
  }
}

async function named(visit: Visit, context: Context, asked: Asked): Promise<Page> {
  const { door } = visit.deps;
  const { day, errors } = readDay(fieldsOf(visit), 'until');
  const list = LISTS.find((one) => one === visit.form.get('list'));
  const people = await peopleMeant(door, context, (visit.form.get('who') ?? '').trim());
  const [one, ...more] = people.filter(({ who }) => who.startsWith('PractitionerRole/'));
  const wrong: FieldError[] = [
    ...errors,
    ...(day === null && errors.length === 0 ? [{ field: 'until-day', text: 'Enter the last day' }] : []),
    ...(list === undefined ? [{ field: 'list', text: 'Select a list' }] : []),
    ...(one === undefined ? [{ field: 'who', text: 'The directory knows nobody of this name' }] : []),
    ...(more.length > 0
      ? [{ field: 'who', text: `Say which one: ${people.map(({ name, who }) => `${name} (${who})`).join(', ')}` }]
      : []),
  ];
  if (wrong.length > 0 || one === undefined || list === undefined || day === null) {
    const lines = await namedPeople(door, context, asked.person, asked.reason);
    return page(422, context, { ...asked, errors: wrong }, lines);
  }
  const { person, reason: words } = asked;
  const pending = await nameSomebody(door, context, { person, list, holder: one.who, from: null, until: day, words });
  return { redirect: `/console/proposals/${pending}` };
}

const fieldsOf = (visit: Visit): Fields => ({ get: (name) => visit.form.get(name) ?? null });

function askedIn(form: Fields): Asked {
  const number = unspacedNhsNumber(form.get('nhs-number') ?? '');
  const { reason, errors } = readReason(form.get('reason') ?? '');
  const born = readDay(form, 'born');
  const wrong = isNhsNumber(number) ? [] : [{ field: 'nhs-number', text: 'Enter a valid NHS number of 10 digits' }];
  const missing =
    born.day === null && born.errors.length === 0 ? [{ field: 'born-day', text: 'Enter her date of birth' }] : [];
  return {
    number,
    born: partsOf(form, 'born'),
    reason,
    errors: [...wrong, ...born.errors, ...missing, ...errors],
    person: { nhsNumber: number, birthDate: born.day ?? '', family: null },
  };
}

function page(status: number, { principal, now }: Context, typed: Typed, lines: readonly NamedLine[] | null): Page {
  const mine = LISTS.filter((one) => one !== 'V' || principal.role === 'caldicott-guardian');
  return {
    status,
    template: 'named-lists',
    context: {
      ...typed,
      lists: mine.map((value) => ({ value, text: WORDS[value] })),
      lines: lines === null ? null : lines.map((line) => lineOf(line, now)),
    },
  };
}

function lineOf(line: NamedLine, now: Date) {
  const over = line.endedAt ?? (line.until.getTime() <= now.getTime() ? line.until : null);
  return {
    id: line.id,
    list: LISTS.find((one) => one === line.list) ?? line.list,
    who: line.holderName ?? line.holder,
    words: line.words,
    from: shownTime(line.from),
    until: shownTime(new Date(line.until.getTime() - 1)).day,
    over: over === null ? null : shownTime(over).day,
  };
}
