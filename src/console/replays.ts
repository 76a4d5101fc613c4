/** Replays: what recorded requests would have met under a proposed agreement or other rules. Starting, progress, result. */
import type { DataClass, Role } from '../governance/types.ts';
import { readRegister, type ServiceNames, serviceNames } from '../oversight/agreements.ts';
import { proposals } from '../oversight/proposals.ts';
import { MAX_DAYS, type Replay, type ReplayAsk, readReplay, readReplays, startReplay } from '../oversight/replay.ts';
import type { ChangeKind, ReplayChange, ReplayCount } from '../oversight/replay-count.ts';
import type { Context } from '../record/types.ts';
import { type FieldError, readReason } from './access-form.ts';
import { classWords, REPLAY_CLASSES } from './agreement-words.ts';
import type { Page } from './pages.ts';
import { shownTime } from './times.ts';
import type { Visit } from './visit.ts';
import { reasonWords, roleWords, STAFF_ROLES, typeWords } from './words.ts';

const PATH = '/console/replays';

interface Typed {
  kind: 'proposal' | 'revoked' | 'rules';
  proposal: string;
  revoked: string;
  grace: string;
  lapse: string;
  role: string;
  dataClass: string;
  days: string;
  reason: string;
}

export async function replaysPage(visit: Visit, context: Context): Promise<Page> {
  const get = (name: string) => visit.query.get(name) ?? '';
  const typed = typedIn((name) => (name === 'days' && get(name) === '' ? '7' : get(name)));
  const kind = typed.proposal !== '' ? 'proposal' : typed.revoked !== '' ? 'revoked' : typed.kind;
  return listed(visit, context, { status: 200, typed: { ...typed, kind }, errors: [] });
}

export async function replayPosted(visit: Visit, context: Context): Promise<Page> {
  const typed = typedIn((name) => (visit.form.get(name) ?? '').trim());
  const { asked, errors } = await askedIn(visit, context, typed);
  if (asked === null || errors.length > 0) return listed(visit, context, { status: 422, typed, errors });
  return { redirect: `${PATH}/${await startReplay(visit.deps.door, context, asked)}` };
}

function typedIn(get: (name: string) => string): Typed {
  const kind = (['proposal', 'revoked', 'rules'] as const).find((one) => one === get('kind')) ?? 'proposal';
  const text = (name: string) => get(name).slice(0, 100);
  return {
    ...{ kind, proposal: text('proposal'), revoked: text('revoked'), grace: text('grace'), lapse: text('lapse') },
    ...{ role: text('role'), dataClass: text('class'), days: text('days'), reason: get('reason') },
  };
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

async function askedIn(visit: Visit, context: Context, typed: Typed) {
  const { reason, errors } = readReason(typed.reason);
  const found = await choices(visit, context);
  const fault = (field: string, text: string) => errors.unshift({ field, text });
  const days = Number(typed.days);
  if (!/^\d{1,3}$/.test(typed.days) || days < 1 || days > MAX_DAYS)
    fault('days', `Days must be a number from 1 to ${MAX_DAYS}`);
  const common = { days, words: reason };
  if (typed.kind === 'rules') {
    const settings = settingsIn(typed, fault);
    const asked: ReplayAsk = { ...common, agreement: null, settings, about: settingsWords(settings) };
    return { asked, errors };
  }
  const list = typed.kind === 'proposal' ? found.proposals : found.agreements;
  const chosen = list.find(({ value }) => value === typed[typed.kind === 'proposal' ? 'proposal' : 'revoked']);
  if (chosen === undefined) {
    fault(typed.kind, typed.kind === 'proposal' ? 'Select a proposal' : 'Select an agreement');
    return { asked: null, errors };
  }
  const agreement = typed.kind === 'proposal' ? { proposal: chosen.value } : { revoked: chosen.value };
  const about = typed.kind === 'proposal' ? `Proposal: ${chosen.text}` : `Without the agreement: ${chosen.text}`;
  const asked: ReplayAsk = { ...common, agreement, settings: null, about };
  return { asked, errors };
}

type Settings = NonNullable<ReplayAsk['settings']>;

function settingsIn(typed: Typed, fault: (field: string, text: string) => void): Settings {
  const number = (field: 'grace' | 'lapse'): number | null => {
    if (typed[field] === '') return null;
    if (/^\d{1,3}$/.test(typed[field]) && Number(typed[field]) <= 365) return Number(typed[field]);
    fault(field, 'Days must be a number from 0 to 365');
    return null;
  };
  const [role, dataClass] = [
    STAFF_ROLES.find((one) => one === typed.role),
    REPLAY_CLASSES.find((one) => one === typed.dataClass),
  ];
  if ((role === undefined) !== (dataClass === undefined))
    fault('class', 'Select both a role and a kind of record, or neither');
  const closed = role === undefined || dataClass === undefined ? null : { role, dataClass };
  const settings = { graceDays: number('grace'), lapseDays: number('lapse'), closed };
  if (typed.grace === '' && typed.lapse === '' && closed === null) fault('grace', 'Change at least one rule');
  return settings;
}

function settingsWords({ graceDays, lapseDays, closed }: Settings): string {
  return [
    ...(graceDays === null ? [] : [`${graceDays} days of reading after care ended`]),
    ...(lapseDays === null ? [] : [`${lapseDays} days of reading on after an agreement ended`]),
    ...(closed === null ? [] : [`${roleWords(closed.role)}: no ${classWords(closed.dataClass)}`]),
  ].join('; ');
}

async function listed(
  visit: Visit,
  context: Context,
  { status, typed, errors }: { status: number; typed: Typed; errors: FieldError[] },
): Promise<Page> {
  const [found, replays] = [await choices(visit, context), await readReplays(visit.deps.door, context)];
  const none = { value: '', text: 'None' };
  return {
    status,
    template: 'replays',
    context: {
      typed,
      errors,
      maxDays: MAX_DAYS,
      proposals: [{ value: '', text: 'Select a proposal' }, ...found.proposals],
      agreements: [{ value: '', text: 'Select an agreement' }, ...found.agreements],
      roles: [none, ...STAFF_ROLES.map((value: Role) => ({ value, text: roleWords(value) }))],
      classes: [none, ...REPLAY_CLASSES.map((value: DataClass) => ({ value, text: classWords(value) }))],
      replays: replays.map((one) => ({
        id: one.id,
        about: one.asked.about,
        days: one.asked.days,
        by: one.askedName,
        at: shownTime(one.at),
        state: STATES[one.state],
      })),
    },
  };
}

const STATES: Readonly<Record<Replay['state'], string>> = {
  running: 'Runs',
  done: 'Done',
  failed: 'Failed',
  ended: 'Stopped: start it again',
};
const KINDS: Readonly<Record<ChangeKind, string>> = {
  refused: 'Would be refused',
  permitted: 'Would be permitted',
  masked: 'Other parts would be hidden',
};

export async function replayPage(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const [replay, names] = [await readReplay(door, context, visit.look), await serviceNames(door)];
  const { id, asked, result, state, askedName, done, total } = replay;
  return {
    status: 200,
    template: 'replay',
    context: {
      ...{ id, asked, askedName, done, total },
      running: state === 'running',
      state: STATES[state],
      at: shownTime(replay.at),
      result,
      counts: (result?.counts ?? []).map((one) => countWords(one, names)),
      sample: (result?.sample ?? []).map((one) => changeWords(one, names)),
      percent: total === 0 ? 0 : Math.min(100, Math.round((100 * done) / total)),
    },
  };
}

function countWords({ kind, service, role, dataClass, count }: ReplayCount, names: ServiceNames) {
  return { ...about({ service, role, dataClass }, names), kind: KINDS[kind], count };
}

function changeWords({ kind, seq, at, type, reason, ...one }: ReplayChange, names: ServiceNames) {
  const why = reason === null ? '' : reasonWords(reason);
  return { ...about(one, names), kind: KINDS[kind], seq, at: shownTime(at), type: typeWords(type), why };
}

function about({ service, role, dataClass }: Pick<ReplayCount, 'service' | 'role' | 'dataClass'>, names: ServiceNames) {
  return {
    service: service === null ? 'No service' : (names.get(service) ?? service),
    role: roleWords(role),
    what: classWords(dataClass),
  };
}
