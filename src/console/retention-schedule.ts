/** The retention schedule: how long each kind of record is kept, changes that two people make, and what they would do. */

import { Outcome } from '../fhir/outcome.ts';
import {
  answerSchedule,
  askSchedule,
  certificateFile,
  countSchedule,
  readSchedule,
  recountSchedule,
  type ScheduleChange,
  type ScheduleView,
} from '../oversight/retention-schedule.ts';
import type { Context } from '../record/types.ts';
import { type FieldError, readWords } from './access-form.ts';
import type { Page } from './pages.ts';
import { RULES } from './retention.ts';
import { shownTime } from './times.ts';
import type { Visit } from './visit.ts';

const PAGE = '/console/retention/schedule';

export async function schedulePage(visit: Visit, context: Context): Promise<Page> {
  return shown(200, await readSchedule(visit.deps.door, context), [], visit);
}

export async function schedulePosted(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const get = (name: string): string => visit.form.get(name) ?? '';
  const reference = get('reference').slice(0, 20);
  switch (get('act')) {
    case 'ask':
      return asked(visit, context);
    case 'count':
      await countSchedule(door, context, reference);
      break;
    case 'recount':
      await recountSchedule(door, context, reference);
      break;
    case 'agree':
    case 'refuse':
      await answerSchedule(door, context, { reference, agreed: get('act') === 'agree' });
      break;
    default:
      return shown(422, await readSchedule(door, context), [], visit);
  }
  return { redirect: PAGE };
}

async function asked(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const get = (name: string): string => visit.form.get(name) ?? '';
  const { words, errors } = readWords(get('words'), 'words', 15);
  const years = get('years').trim();
  if (!(get('kind') in RULES)) errors.unshift({ field: 'kind', text: 'Select a kind of record' });
  if (!/^[1-9]\d{0,2}$/.test(years)) errors.push({ field: 'years', text: 'Enter a number of years, like 30' });
  if (errors.length > 0) return shown(422, await readSchedule(door, context), errors, visit);
  try {
    await askSchedule(door, context, { kind: get('kind'), years: Number(years), words });
  } catch (error) {
    if (!(error instanceof Outcome) || error.status !== 422) throw error;
    return shown(422, await readSchedule(door, context), [{ field: 'years', text: error.message }], visit);
  }
  return { redirect: PAGE };
}

/** A signed certificate, saved by the browser: a compact JWS over what was destroyed, removed or set. */
export async function certificatePosted(visit: Visit, context: Context): Promise<Page> {
  const reference = /^(?:DES|TRR|RSC)-[0-9A-F]{10}$/.exec(visit.form.get('reference') ?? '')?.[0] ?? '';
  const text = await certificateFile(visit.deps.door, context, reference);
  return { file: { name: `${reference}.jws`, type: 'application/jose', text } };
}

function shown(status: number, { schedule, changes }: ScheduleView, errors: FieldError[], visit: Visit): Page {
  return {
    status,
    template: 'retention-schedule',
    context: {
      errors,
      schedule: schedule.map(({ kind, years, source, setBy }) => ({
        kind: RULES[kind] ?? kind,
        kept: years === null ? 'Kept: no source gives years, so none are set' : `${years} years`,
        source: setBy === null ? source : `${source}; set by ${setBy}`,
      })),
      kinds: schedule
        .filter(({ years }) => years !== null)
        .map(({ kind }) => ({ value: kind, text: RULES[kind] ?? kind, checked: visit.form.get('kind') === kind })),
      typed: { years: visit.form.get('years') ?? '', words: visit.form.get('words') ?? '' },
      changes: changes.map(changeOf),
      waiting: changes.some(waits),
    },
  };
}

function waits({ approved, refusedBy }: ScheduleChange): boolean {
  return approved === null && refusedBy === null;
}

function changeOf(one: ScheduleChange) {
  const before = one.before === null ? 'no years' : `${one.before} years`;
  return {
    reference: one.reference,
    what: `${RULES[one.kind] ?? one.kind}: ${one.years} years, before ${before}`,
    by: one.askedBy,
    words: one.words,
    state: stateOf(one),
    waits: waits(one),
    counted: one.counted === null ? null : shownTime(one.counted.toISOString()),
    counts: [
      { what: 'Records looked at', n: one.looked },
      { what: 'Past their time now', n: one.dueNow },
      { what: 'Past their time then', n: one.dueThen },
      { what: 'That would become due', n: one.newlyDue },
      { what: 'That would be kept longer', n: one.noLonger },
      { what: 'That would become due, and are held', n: one.held },
    ],
    certified: one.certificate !== null,
  };
}

function stateOf({ approvedBy, refusedBy, certificate }: ScheduleChange): string {
  if (refusedBy !== null) return `Not agreed by ${refusedBy}`;
  if (approvedBy === null) return 'Waits for a second person';
  return `Agreed by ${approvedBy}${certificate === null ? '; its certificate is signed in the night' : ', with a certificate'}`;
}
