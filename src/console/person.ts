/** A person's work: opened as a case by name and reason, then everything she opened, as a picture and a table. */
import { londonDate } from '../fhir/london.ts';
import { openCase } from '../oversight/cases.ts';
import { enterDesk } from '../oversight/officer.ts';
import { peopleMeant } from '../oversight/people-meant.ts';
import { personTimeline, type TimelineRow } from '../oversight/person-timeline.ts';
import type { Context } from '../record/types.ts';
import { type FieldError, readFilters, readReason } from './access-form.ts';
import { type AccessKind, KINDS, kindOf } from './kinds.ts';
import type { Page } from './pages.ts';
import { pictureOf } from './picture.ts';
import { shownTime } from './times.ts';
import type { Visit } from './visit.ts';
import { explanationWords, interactionWords, labelWords, purposeWords, reasonWords, typeWords } from './words.ts';

export async function personForm(visit: Visit, context: Context): Promise<Page> {
  await enterDesk(visit.deps.door, context);
  return form(200, '', '', []);
}

function form(status: number, who: string, reason: string, errors: FieldError[]): Page {
  return { status, template: 'person', context: { who, reason, errors } };
}

export async function personPosted(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const who = (visit.form.get('who') ?? '').trim().slice(0, 100);
  const { reason, errors } = readReason(visit.form.get('reason') ?? '');
  if (who === '') errors.unshift({ field: 'who', text: 'Enter a person or system' });
  if (errors.length > 0) {
    await enterDesk(door, context);
    return form(422, who, reason, errors);
  }
  const people = await peopleMeant(door, context, who);
  const [person, ...more] = people;
  if (person === undefined || more.length > 0) {
    const several = people.map(({ name, who: one }) => `${name} (${one})`).join(', ');
    const text = person === undefined ? 'The directory knows nobody of this name' : `Say which one: ${several}`;
    return form(422, who, reason, [{ field: 'who', text }]);
  }
  const reference = await openCase(door, context, { person: person.who.replace(/^Client\//, '') }, reason);
  return { redirect: `/console/cases/${reference}/timeline` };
}

export async function timelinePage(visit: Visit, context: Context): Promise<Page> {
  const filters = readFilters(visit.query);
  const { people, rows, patients, full } = await personTimeline(visit.deps.door, context, visit.look, filters.range);
  return {
    status: filters.errors.length > 0 ? 422 : 200,
    template: 'timeline',
    context: {
      reference: visit.look,
      people,
      filters,
      errors: filters.errors,
      patients,
      full: full ? rows.length : null,
      view: { picture: pictureOf(rows.map(tallyOf)) },
      rows: rows.map(rowWords),
    },
  };
}

const HOUR = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', hour: '2-digit', hourCycle: 'h23' });

function tallyOf({ entry, explanation }: TimelineRow) {
  const { agent, at, interaction, outcome } = entry;
  return {
    ...{ party: agent.practitionerRole ?? '', kind: agent.kind, name: agent.name, role: agent.role, interaction },
    ...{ service: agent.service, explanation, requests: 1, last: new Date(at), failed: outcome !== 0 },
    hour: `${londonDate(at)} ${HOUR.format(new Date(at))}`,
  };
}

const COLOURS: Readonly<Record<AccessKind, string>> = {
  explained: 'blue',
  unexplained: 'yellow',
  other: 'aqua-green',
  sync: 'grey',
  check: 'purple',
  refused: 'red',
};

function rowWords(row: TimelineRow) {
  const { entry, explanation, families, seq } = row;
  const kind = kindOf(tallyOf(row));
  const types = [...new Set(entry.entities.map((one) => one.split('/')[0] ?? ''))].filter((one) => one !== '');
  return {
    seq,
    at: shownTime(entry.at),
    what: [interactionWords(entry.interaction), ...types.slice(0, 4).map(typeWords)].join(': '),
    label: entry.label === null ? null : labelWords(entry.label),
    families: families.length > 6 ? `${families.length} people` : families.map((n) => `Person ${n}`).join(', '),
    tag: { colour: COLOURS[kind], text: KINDS.find((one) => one.kind === kind)?.words ?? '' },
    why:
      entry.reason !== null ? reasonWords(entry.reason) : explanation === null ? null : explanationWords(explanation),
    purpose: entry.purpose === null ? null : purposeWords(entry.purpose),
    from: entry.agent.address,
  };
}
