/** Replays: what recorded requests would have met under a proposed agreement or other rules. Starting, progress, result. */
import { readRegister, type ServiceNames, serviceNames } from '../oversight/agreements.ts';
import { proposals } from '../oversight/proposals.ts';
import {
  MAX_DAYS,
  type Replay,
  type ReplayAsk,
  readReplay,
  readReplays,
  startReplay,
  stopReplay,
} from '../oversight/replay.ts';
import type { ChangeAbout, ChangeKind, ReplayChange, ReplayCount } from '../oversight/replay-count.ts';
import { MAX_RECORDS } from '../oversight/replay-run.ts';
import { MAX_SEARCHES } from '../oversight/replay-search.ts';
import type { Context } from '../record/types.ts';
import type { FieldError } from './access-form.ts';
import { classWords } from './agreement-words.ts';
import type { Page } from './pages.ts';
import {
  type ReplayForm,
  readReplayForm,
  replayChoices,
  replayReason,
  settingsIn,
  settingsWords,
} from './replay-form.ts';
import { shownTime } from './times.ts';
import type { Visit } from './visit.ts';
import { reasonWords, roleWords, typeWords } from './words.ts';

const PATH = '/console/replays';

export async function replaysPage(visit: Visit, context: Context): Promise<Page> {
  const typed = readReplayForm(visit.query);
  const kind = typed.proposal !== '' ? 'proposal' : typed.revoked !== '' ? 'revoked' : typed.kind;
  const days = typed.days === '' ? '7' : typed.days;
  return listed(visit, context, { status: 200, typed: { ...typed, kind, days }, errors: [] });
}

export async function replayPosted(visit: Visit, context: Context): Promise<Page> {
  const typed = readReplayForm({ get: (name) => visit.form.get(name) ?? null });
  const { asked, errors } = await askedIn(visit, context, typed);
  if (asked === null || errors.length > 0) return listed(visit, context, { status: 422, typed, errors });
  return { redirect: `${PATH}/${await startReplay(visit.deps.door, context, asked)}` };
}

async function choices(visit: Visit, context: Context) {
  const { door } = visit.deps;
  const waiting = await proposals(door, context);
  const agreements = await readRegister(door, context);
  return {
    proposals: waiting
      .filter(({ kind, title }) => kind === 'resource' && title.includes('Contract'))
      .map(({ id, title, words }) => ({ value: id, text: `${title}: ${words}`.slice(0, 90) })),
    agreements: agreements
      .filter(({ state }) => state === 'in-force' || state === 'ending')
      .map(({ id, title }) => ({ value: `Contract/${id}`, text: title })),
  };
}

async function askedIn(
  visit: Visit,
  context: Context,
  typed: ReplayForm,
): Promise<{ asked: ReplayAsk | null; errors: FieldError[] }> {
  const { reason, errors } = replayReason(typed);
  const days = Number(typed.days);
  if (!/^\d{1,3}$/.test(typed.days) || days < 1 || days > MAX_DAYS)
    errors.unshift({ field: 'days', text: `Days must be a number from 1 to ${MAX_DAYS}` });
  const common = { days, words: reason };
  if (typed.kind === 'rules') {
    const { settings, errors: faults } = settingsIn(typed);
    const asked = { ...common, agreement: null, settings, about: settingsWords(typed) };
    return { asked, errors: [...faults, ...errors] };
  }
  const isProposal = typed.kind === 'proposal';
  const found = await choices(visit, context);
  const chosen = (isProposal ? found.proposals : found.agreements).find(
    ({ value }) => value === (isProposal ? typed.proposal : typed.revoked),
  );
  if (chosen === undefined) {
    const fault = { field: typed.kind, text: isProposal ? 'Select a proposal' : 'Select an agreement' };
    return { asked: null, errors: [fault, ...errors] };
  }
  const agreement = isProposal ? { proposal: chosen.value } : { revoked: chosen.value };
  const about = isProposal ? `Proposal: ${chosen.text}` : `Without the agreement: ${chosen.text}`;
  return { asked: { ...common, agreement, settings: null, about }, errors };
}

async function listed(
  visit: Visit,
  context: Context,
  { status, typed, errors }: { status: number; typed: ReplayForm; errors: FieldError[] },
): Promise<Page> {
  const [found, replays] = [await choices(visit, context), await readReplays(visit.deps.door, context)];
  return {
    status,
    template: 'replays',
    context: {
      ...replayChoices(typed),
      ...{ typed, errors, maxDays: MAX_DAYS, most: MAX_RECORDS.toLocaleString('en-GB') },
      proposals: [{ value: '', text: 'Select a proposal' }, ...found.proposals],
      agreements: [{ value: '', text: 'Select an agreement' }, ...found.agreements],
      replays: replays.map(({ id, asked, askedName, at, state }) => ({
        ...{ id, about: asked.about, days: asked.days, by: askedName },
        at: shownTime(at),
        state: STATES[state],
      })),
    },
  };
}

const STATES: Readonly<Record<Replay['state'], string>> = {
  running: 'Runs',
  done: 'Done',
  failed: 'Failed: start it again',
  stopped: 'Stopped',
};
const KINDS: Readonly<Record<ChangeKind, string>> = {
  refused: 'Would be refused',
  permitted: 'Would be permitted',
  masked: 'Other parts would be hidden',
  found: 'Would be found by a search',
  lost: 'Would no longer be found by a search',
};

export async function replayPage(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const [replay, names] = [await readReplay(door, context, visit.look), await serviceNames(door)];
  const { id, asked, result, state, askedName, stoppedBy, done, total } = replay;
  return {
    status: 200,
    template: 'replay',
    context: {
      ...{ id, asked, askedName, stoppedBy, done, total, result },
      running: state === 'running',
      state: STATES[state],
      at: shownTime(replay.at),
      oldest: result?.oldest == null ? null : shownTime(result.oldest),
      mostSearches: MAX_SEARCHES.toLocaleString('en-GB'),
      counts: (result?.counts ?? []).map((one) => countWords(one, names)),
      sample: (result?.sample ?? []).map((one) => changeWords(one, names)),
      percent: total === 0 ? 0 : Math.min(100, Math.round((100 * done) / total)),
    },
  };
}

/** The only step there is: to stop it. */
export async function replayStepped(visit: Visit, context: Context): Promise<Page> {
  await stopReplay(visit.deps.door, context, visit.look);
  return { redirect: `${PATH}/${visit.look}` };
}

function countWords({ kind, count, ...one }: ReplayCount, names: ServiceNames) {
  return { ...about(one, names), kind: KINDS[kind], count };
}

function changeWords({ kind, seq, at, type, reason, ...one }: ReplayChange, names: ServiceNames) {
  const why = reason === null ? '' : reasonWords(reason);
  return { ...about(one, names), kind: KINDS[kind], seq, at: shownTime(at), type: typeWords(type), why };
}

function about({ from, service, role, dataClass }: ChangeAbout, names: ServiceNames) {
  const named = (one: string | null) => (one === null ? 'No service' : (names.get(one) ?? one));
  return { from: named(from), service: named(service), role: roleWords(role), what: classWords(dataClass) };
}
