/**
 * Who waits for whom (domain.md 1.4, 4.8): news that did not reach its own addressee, told at once to who sent it and to
 * the team leads of both services, until somebody says how it was settled; and referrals nobody has accepted yet,
 * as the rules show them to her.
 */

import { auditEntry } from '../audit/entry.ts';
import type { AuditEntry } from '../audit/types.ts';
import { refuse } from '../fhir/outcome.ts';
import { isObject } from '../fhir/resource.ts';
import type { StoredResource } from '../fhir/types.ts';
import type { DenyReason } from '../governance/decision-types.ts';
import { usualPurpose } from '../governance/purposes.ts';
import type { Role } from '../governance/types.ts';
import { searchResources } from '../record/as-caller.ts';
import { entryOf } from '../record/entry.ts';
import { audited, notFound, refused } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { namesOf } from '../store/models/alerts.ts';
import { phonesOf } from '../store/models/desk-work.ts';
import { type Asker, notArrivedFor, settleNotArrived } from '../store/models/waits.ts';
import { inTransaction } from '../store/transaction.ts';
import { recordInside } from './officer.ts';

/** Whose work referrals are (domain.md 5.3 "referral, triage"): they see both lists. */
export const WAITERS: readonly Role[] = [
  ...(['midwife', 'health-visitor', 'hospital-midwife', 'nursery-nurse', 'perinatal-mental-health'] as const),
  ...(['safeguarding', 'student', 'team-lead', 'admin'] as const),
];

export interface Side {
  service: string;
  phones: string[];
}

export interface NotArrivedView {
  reference: string;
  at: Date;
  type: string;
  reason: DenyReason | null;
  from: Side | null;
  to: Side | null;
  sender: string | null;
  /** `ServiceRequest/17`, for who sent it alone: leads ask her. */
  focus: string | null;
}

export interface Unaccepted {
  /** When it was asked for, and until when it has to be triaged. */
  since: string | null;
  due: string | null;
  isUrgent: boolean;
  /** `received` = it arrived; `opened` = somebody looked at it. */
  state: 'received' | 'opened' | 'other';
  from: string | null;
  to: string | null;
  who: string | null;
}

const LISTED = 100;
export const SETTLE_WORDS = 3;

export function startEntry(context: Context, detail: string): AuditEntry {
  return { ...entryOf(context, 'operation'), detail };
}

/** Who is asked for: what she sent herself, and as a team lead what her service sent or waits for. */
export function askerOf({ principal }: Context): Asker {
  const { practitionerRole = '', practitioner = '', role, service } = principal;
  const selves = [practitionerRole, practitioner, principal.subject].filter((one) => one !== '');
  return { selves, leads: role === 'team-lead' ? (service ?? null) : null };
}

/** Both lists, oldest first. @throws Outcome 403 for other roles */
export function readWaits(
  door: Door,
  context: Context,
): Promise<{ notArrived: NotArrivedView[]; unaccepted: Unaccepted[] }> {
  const entry = startEntry(context, 'waits');
  return audited(door, entry, async () => {
    await requireWaiter(door, context, entry);
    const [notArrived, unaccepted] = await Promise.all([notArrivedViews(door, context), unacceptedFor(door, context)]);
    await door.audit.write({ ...entry, rules: ['R-36'] });
    return { notArrived, unaccepted };
  });
}

async function requireWaiter(door: Door, { principal }: Context, entry: AuditEntry): Promise<void> {
  if (principal.kind === 'staff' && WAITERS.includes(principal.role)) return;
  const text = 'This list is for those who send and take referrals.';
  const no = { permit: false, rules: ['R-05'], reason: 'role' as const, text, explanation: null };
  throw await refused(door, entry, { ...no, masks: [], concealed: principal.kind === 'family', wayIn: null });
}

async function notArrivedViews(door: Door, context: Context): Promise<NotArrivedView[]> {
  const found = await notArrivedFor(door.pool, askerOf(context), LISTED);
  const services = found.flatMap(({ from, to }) => [from, to]).filter((one) => one !== null);
  const phones = await phonesOf(door.pool, [...new Set(services)]);
  const side = (service: string | null) => (service === null ? null : { service, phones: phones.get(service) ?? [] });
  return found.map(({ reference, at, body, focus, from, to, sender, mine }) => {
    const { reason } = auditEntry({ at: at.toISOString(), body, patients: [] });
    const [type = ''] = focus.split('/');
    const sides = { from: side(from), to: side(to) };
    return { reference, at, type, reason, sender, focus: mine ? focus : null, ...sides };
  });
}

/** Referrals that arrived and that nobody accepted, as far as she may see them; recorded as the search it is. */
async function unacceptedFor(door: Door, signedIn: Context): Promise<Unaccepted[]> {
  const context = inCare(signedIn);
  const params = { code: 'triage-referral', status: 'requested,received', _sort: 'authored-on' };
  const tasks = (await searchResources(door, context, 'Task', params)).slice(0, LISTED);
  const parties = [...new Set(tasks.flatMap((task) => [referenceIn(task.requester), referenceIn(task.owner)]))];
  const known = parties.filter((one) => one !== null);
  const [named, teams, people] = await Promise.all([
    namesOf(door.pool, known),
    teamNames(door, context, known),
    patientNames(door, context, tasks),
  ]);
  const nameOf = (one: string | null) => {
    if (one === null) return null;
    return teams.get(one) ?? named[known.indexOf(one)] ?? one;
  };
  return tasks.map((task) => ({
    since: typeof task.authoredOn === 'string' ? task.authoredOn : null,
    due: dueIn(task),
    isUrgent: task.priority !== undefined && task.priority !== 'routine',
    state: stateIn(task),
    from: nameOf(referenceIn(task.requester)),
    to: nameOf(referenceIn(task.owner)),
    who: people.get(referenceIn(task.for) ?? '') ?? null,
  }));
}

/** How many such referrals she may see. */
export async function unacceptedCount(door: Door, context: Context): Promise<number> {
  const params = { code: 'triage-referral', status: 'requested,received', _elements: 'id' };
  return (await searchResources(door, inCare(context), 'Task', params)).length;
}

/** Her work in the service is for the purpose of her role, whatever she signed in to the console for. */
function inCare(context: Context): Context {
  return { ...context, purpose: usualPurpose(context.principal) ?? context.purpose };
}

function referenceIn(value: unknown): string | null {
  return isObject(value) && typeof value.reference === 'string' ? value.reference : null;
}

function dueIn({ restriction }: StoredResource): string | null {
  const period = isObject(restriction) ? restriction.period : null;
  return isObject(period) && typeof period.end === 'string' ? period.end.slice(0, 10) : null;
}

function stateIn({ businessStatus }: StoredResource): Unaccepted['state'] {
  const codings = isObject(businessStatus) && Array.isArray(businessStatus.coding) ? businessStatus.coding : [];
  const code = codings.filter(isObject).map((one) => one.code)[0];
  return code === 'received' || code === 'opened' ? code : 'other';
}

async function teamNames(door: Door, context: Context, parties: readonly string[]): Promise<Map<string, string>> {
  const ids = parties.flatMap((one) => (one.startsWith('CareTeam/') ? [one.slice('CareTeam/'.length)] : []));
  if (ids.length === 0) return new Map();
  const teams = await searchResources(door, context, 'CareTeam', { _id: ids.join(','), _elements: 'name' });
  return new Map(teams.flatMap(({ id, name }) => (typeof name === 'string' ? [[`CareTeam/${id}`, name]] : [])));
}

/** Names as she may see them: what a mask takes out is not there. */
async function patientNames(
  door: Door,
  context: Context,
  tasks: readonly StoredResource[],
): Promise<Map<string, string>> {
  const ids = [...new Set(tasks.flatMap((task) => referenceIn(task.for)?.split('/')[1] ?? []))];
  if (ids.length === 0) return new Map();
  const people = await searchResources(door, context, 'Patient', { _id: ids.join(','), _elements: 'name' });
  return new Map(people.flatMap((one) => (nameIn(one) === null ? [] : [[`Patient/${one.id}`, nameIn(one) ?? '']])));
}

function nameIn({ name }: StoredResource): string | null {
  const [first] = Array.isArray(name) ? name.filter(isObject) : [];
  if (first === undefined) return null;
  if (typeof first.text === 'string') return first.text;
  const given = Array.isArray(first.given) ? first.given.filter((one) => typeof one === 'string') : [];
  const words = [...given, first.family].filter((one) => typeof one === 'string' && one !== '');
  return words.length === 0 ? null : words.join(' ');
}

/** Says how news that did not arrive was settled. @throws Outcome 403, 404 not on her list, 409 a colleague was faster */
export function settleWait(door: Door, context: Context, reference: string, words: string): Promise<void> {
  const entry = startEntry(context, `not-arrived-settled ${reference.slice(0, 20)}`);
  return audited(door, entry, async () => {
    await requireWaiter(door, context, entry);
    const found = (await notArrivedFor(door.pool, askerOf(context), LISTED)).find((one) => one.reference === reference);
    if (found === undefined) throw await notFound(door, entry);
    const { principal, now } = context;
    const by = { at: now, party: principal.practitionerRole ?? principal.subject, name: principal.name, words };
    await inTransaction(door.pool, async (client) => {
      if (!(await settleNotArrived(client, found.focus, by)))
        throw refuse(409, 'conflict', 'A colleague has settled this already.');
      await recordInside(client, { ...entry, rules: ['R-36'], entities: [found.focus] });
    });
  });
}
