/** "Who looked at this record": an IG officer gives an NHS number and a reason, and reads who, when, why and what kind. */
import { type AccessAnswer, askAccessRecord } from '../oversight/ask-access-record.ts';
import { enterAccessRecord } from '../oversight/console-door.ts';
import { exportAccessRecord } from '../oversight/export-access.ts';
import type { Context } from '../record/types.ts';
import { type FieldError, type Filters, filterQuery, readFilters, readLookForm } from './access-form.ts';
import { accessView } from './access-view.ts';
import { message, type Page } from './pages.ts';
import { keepLook, type Look } from './session.ts';
import type { Visit } from './visit.ts';

const PATH = '/console/access-record';
const EVENTS_PER_PAGE = 20;

/** The empty form. */
export async function lookForm(visit: Visit, context: Context): Promise<Page> {
  await enterAccessRecord(visit.deps.door, context);
  return form(200, { nhsNumber: '', reason: '', errors: [] });
}

/** Keeps number and reason in the session and goes to the look, so that neither is ever part of an address. */
export async function startLook(visit: Visit, context: Context): Promise<Page> {
  await enterAccessRecord(visit.deps.door, context);
  const asked = readLookForm(visit.form.get('nhs-number') ?? '', visit.form.get('reason') ?? '');
  if (asked.errors.length > 0 || visit.session === null) return form(422, asked);
  const look = keepLook(visit.session, asked);
  return { redirect: `${PATH}/${look.id}` };
}

function form(status: number, context: { nhsNumber: string; reason: string; errors: FieldError[] }): Page {
  return { status, template: 'access-form', context };
}

/** One page of a look. Every page is a look of its own in the trail, recorded before it is shown. */
export async function lookPage(visit: Visit, context: Context): Promise<Page> {
  const look = visit.session?.looks.get(visit.look);
  if (look === undefined) {
    await enterAccessRecord(visit.deps.door, context);
    return message(
      404,
      'This look has ended',
      ['Looks belong to one person and one sign-in. Enter the NHS number and the reason again.'],
      { href: PATH, text: 'Look at another record' },
    );
  }
  const filters = readFilters(visit.query);
  const party = filters.person === '' ? null : look.people.get(filters.person)?.party;
  if (filters.errors.length > 0 || party === undefined) {
    await enterAccessRecord(visit.deps.door, context);
    const errors = party === undefined ? [{ field: 'person', text: 'Select a person from the list' }] : [];
    return result(422, { look, filters: { ...filters, errors: [...filters.errors, ...errors] }, answer: null });
  }
  const { nhsNumber, reason } = look;
  const { from, until } = filters.range;
  const question = { nhsNumber, reason, from, until, party, before: filters.before, count: EVENTS_PER_PAGE };
  const answer = await askAccessRecord(visit.deps.door, context, question);
  return result(200, { look, filters, answer });
}

/** The look as a file, with its own reason: what is shown here under the same filters. */
export async function lookFile(visit: Visit, context: Context): Promise<Page> {
  const look = visit.session?.looks.get(visit.look);
  if (look === undefined) return lookPage(visit, context);
  const get = (name: string) => visit.form.get(name) ?? '';
  const filters = readFilters({ get });
  const party = filters.person === '' ? null : look.people.get(filters.person)?.party;
  if (filters.errors.length > 0 || party === undefined) {
    await enterAccessRecord(visit.deps.door, context);
    return message(422, 'The file was not made', [
      'Its dates or its person were not understood. Go back and try again.',
    ]);
  }
  const { nhsNumber, reason } = look;
  const file = await exportAccessRecord(
    visit.deps.door,
    context,
    { nhsNumber, reason, ...filters.range, party },
    {
      format: get('format') === 'ndjson' ? 'ndjson' : 'csv',
      bom: get('bom') === 'yes',
      reason,
      sample: null,
      period: filters.words ?? 'all',
    },
  );
  return { file };
}

function result(status: number, parts: { look: Look; filters: Filters; answer: AccessAnswer | null }): Page {
  const { look, filters, answer } = parts;
  const path = `${PATH}/${look.id}`;
  const view = accessView(answer ?? NO_ANSWER, look);
  return {
    status,
    template: 'access-result',
    context: {
      view,
      asked: answer !== null,
      filters,
      errors: filters.errors,
      filtered: filters.words !== null || filters.person !== '',
      person: look.people.get(filters.person) ?? null,
      people: [...look.people].map(([key, { name }]) => ({ key, name })),
      path,
      newest: filters.before === null ? null : path + filterQuery(filters),
      older: answer?.next === null || answer === null ? null : path + filterQuery(filters, { before: answer.next }),
      personLinks: Object.fromEntries(
        view.people.map(({ key }) => [key, path + filterQuery(filters, { person: key })]),
      ),
    },
  };
}

const NO_ANSWER: AccessAnswer = {
  found: 0,
  linked: 0,
  events: [],
  next: null,
  tallies: [],
  bounded: false,
  names: new Map(),
};
