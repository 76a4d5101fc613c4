/** Requests for a record: the list with its clocks, opening one, one request with its steps, and its copies. */
import { printedNhsNumber } from '../fhir/identifiers.ts';
import { londonDate } from '../fhir/london.ts';
import { collect } from '../oversight/sar/collect.ts';
import { NEWS } from '../oversight/sar/letter.ts';
import { copyFile, newsFile, release } from '../oversight/sar/release.ts';
import {
  enterForm,
  listRequests,
  openRequest,
  type RequestRow,
  type RequestView,
  readRequest,
  type SarJob,
} from '../oversight/sar/requests.ts';
import { ACTS, LEAST, nameProfessional, stepRequest } from '../oversight/sar/steps.ts';
import type { Context } from '../record/types.ts';
import { type FieldError, type Fields, readDay, readLookForm, readWords } from './access-form.ts';
import { ASKED } from './asked.ts';
import { message, type Page } from './pages.ts';
import { ASKERS, clockWords, endingWords, lineWords, NEWS_WORDS, pointWords } from './request-words.ts';
import { shownDay, shownTime } from './times.ts';
import type { Visit } from './visit.ts';
import { roleWords } from './words.ts';

const LIST = '/console/subject-access';

export async function requestsPage(visit: Visit, context: Context): Promise<Page> {
  const rows = await listRequests(visit.deps.door, context);
  const mayOpen = ['sar-officer', 'caldicott-guardian'].includes(context.principal.role);
  const mayEnter = context.principal.role !== 'ig-officer';
  return { status: 200, template: 'requests', context: { requests: rows.map(rowOf), mayOpen, mayEnter } };
}

function rowOf({ job, clock }: RequestRow) {
  return {
    reference: job.reference,
    reason: job.reason,
    received: shownDay(job.received),
    state: endingWords(job.ending) ?? clockWords(clock),
    due: job.ended === null ? shownDay(clock.due) : null,
    late: job.ended === null && clock.left < 0,
  };
}

export async function requestForm(visit: Visit, context: Context): Promise<Page> {
  await enterForm(visit.deps.door, context);
  return form(200, new Map(), []);
}

function form(status: number, typed: Fields, errors: FieldError[]): Page {
  const fields = [
    'nhs-number',
    'reason',
    'asker',
    'received-day',
    'received-month',
    'received-year',
    'accesses',
    'versions',
  ];
  const values = Object.fromEntries(
    [...fields, 'handover'].map((name) => [
      name,
      typed.get(name.replace(/-(day|month|year)$/, '[$1]')) || typed.get(name) || '',
    ]),
  );
  return { status, template: 'request-open', context: { values, errors, askers: ASKERS } };
}

export async function requestPosted(visit: Visit, context: Context): Promise<Page> {
  const get = (name: string): string => visit.form.get(name) ?? '';
  const typed: Fields = { get };
  const { nhsNumber, reason, errors } = readLookForm(get('nhs-number'), get('reason'));
  const received = readDay(typed, 'received');
  const handover = readWords(get('handover'), 'handover', 3);
  const asker = ASKERS.find(({ value }) => value === get('asker'))?.value;
  errors.push(...received.errors, ...handover.errors);
  if (received.day === null && received.errors.length === 0)
    errors.push({ field: 'received-day', text: 'Enter the date on which the request came in' });
  else if (received.day !== null && received.day > londonDate(context.now))
    errors.push({ field: 'received-day', text: 'The date must be today or in the past' });
  if (asker === undefined) errors.push({ field: 'asker', text: 'Select who asks' });
  if (asker !== undefined && asker !== 'self' && get('accesses') === 'yes')
    errors.push({ field: 'accesses', text: 'The list of who looked is given to the person herself alone' });
  if (errors.length > 0 || asker === undefined || received.day === null) {
    await enterForm(visit.deps.door, context);
    return form(422, typed, errors);
  }
  const reference = await openRequest(visit.deps.door, context, {
    ...{ nhsNumber, reason, asker, received: received.day, handover: handover.words },
    ...{ wantsAccesses: get('accesses') === 'yes', wantsVersions: get('versions') === 'yes' },
  });
  return { redirect: `${LIST}/${reference}` };
}

export async function requestPage(visit: Visit, context: Context): Promise<Page> {
  return shown(200, await readRequest(visit.deps.door, context, visit.look), []);
}

export async function requestStepped(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const reference = visit.look;
  const get = (name: string): string => visit.form.get(name) ?? '';
  const version = Number(get('version'));
  const wanted = get('act');
  const back: Page = { redirect: `${LIST}/${reference}` };
  if (wanted === 'collect') {
    const whole = await collect(door, context, reference);
    return whole
      ? back
      : message(200, 'There is more to collect', ['This record is large. Go back and collect the rest.'], {
          href: `${LIST}/${reference}`,
          text: 'Back to the request',
        });
  }
  if (wanted === 'name')
    await nameProfessional(door, context, { reference, professional: get('professional'), version });
  else if (wanted === 'release') await release(door, context, { reference, version });
  else {
    const act = ACTS.find((one) => one === wanted);
    const { words, errors } = readWords(get(`${act}-words`), `${act}-words`, LEAST[act ?? 'note']);
    const day = readDay({ get }, `${act}`);
    errors.push(...day.errors);
    if (act === undefined || !Number.isSafeInteger(version) || errors.length > 0)
      return shown(422, await readRequest(door, context, reference), errors);
    await stepRequest(door, context, { reference, act, words, version, onDate: day.day });
  }
  return back;
}

/** The copies: a file of the browser, never shown in it. */
export async function copyPosted(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const reference = visit.look;
  const news = NEWS.find((one) => one === visit.form.get('kind'));
  const kind = visit.form.get('kind') === 'fhir' ? 'fhir' : 'pdf';
  const { name, type, bytes } =
    news === undefined
      ? await copyFile(door, context, { reference, kind })
      : await newsFile(door, context, { reference, kind: news });
  return { file: { name, type, text: bytes } };
}

function shown(status: number, view: RequestView, errors: FieldError[]): Page {
  const { job, clock, counts, lines } = view;
  const did = (kind: string) => lines.some((line) => line.kind === kind);
  const paused = clock.paused;
  const live = job.ended === null;
  return {
    status,
    template: 'request',
    context: {
      errors,
      back: view.isKeeper ? { href: LIST, text: 'Requests for a record' } : { href: ASKED, text: 'Asked of you' },
      ...{ reference: job.reference, version: job.version, reason: job.reason, handover: job.handover },
      asker: askerWords(job),
      numbers: view.nhsNumbers.map(printedNhsNumber),
      received: shownDay(job.received),
      state: endingWords(job.ending) ?? clockWords(clock),
      due: live ? shownDay(clock.due) : null,
      late: live && clock.left < 0,
      wants: [...(job.wantsAccesses ? ['who looked'] : []), ...(job.wantsVersions ? ['earlier versions'] : [])],
      professional: view.professional,
      professionals: view.professionals.map(({ party, name, role }) => ({
        value: party,
        text: `${name}, ${roleWords(role)}`,
      })),
      points: live ? view.points.map(({ point, n }) => pointWords(point, n)) : [],
      counts: { ...counts, all: counts.open + counts.second + counts.returned + counts.done },
      collecting: job.place !== '',
      lines: lines.map((line) => ({ ...line, at: shownTime(line.at), did: lineWords(line.kind) })),
      broken: view.broken,
      stricter: view.stricter,
      news: view.isKeeper ? NEWS.filter(did).map((kind) => ({ kind, text: NEWS_WORDS[kind] })) : [],
      may: {
        steps: live && view.isKeeper,
        collect: live && view.isKeeper && did('verify') && (job.asker === 'self' || did('authority')),
        verify: live && view.isKeeper && !did('verify'),
        authority: live && view.isKeeper && job.asker !== 'self' && !did('authority'),
        pause: live && view.isKeeper && !paused,
        resume: live && view.isKeeper && paused,
        extend: live && view.isKeeper && !did('extend'),
        interest: live && job.asker !== 'self',
        opinion: live && view.mayJudge && job.collected !== null,
        note: live,
        release: live && view.isKeeper && view.points.length === 0,
        restore: view.isKeeper && (job.ending === 'withdrawn' || job.ending === 'refused'),
        recheck: job.ending === 'released' && view.mayRecheck,
        items: live || view.isKeeper,
        copies: job.ending === 'released' && view.isKeeper,
      },
    },
  };
}

function askerWords(job: SarJob): string {
  const asker = ASKERS.find(({ value }) => value === job.asker)?.text ?? '';
  return job.child ? `${asker}, for the record of a child` : asker;
}
