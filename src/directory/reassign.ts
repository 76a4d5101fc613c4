/**
 * Handing on what somebody leaves open, many at once and all or nothing. Who may: each item is decided by the rules as a
 * change by the one who asks; the lead of the service may hand on what she may see. Whoever takes over is active in the
 * same service. Drafts stay their author's: a text is finished or entered in error, never signed under another name.
 */
import { refuse } from '../fhir/outcome.ts';
import { isObject } from '../fhir/resource.ts';
import type { JsonObject, Resource } from '../fhir/types.ts';
import { isClinical } from '../governance/standing.ts';
import { parseStored } from '../record/decide.ts';
import { entryOf } from '../record/entry.ts';
import { REASSIGNED } from '../record/prepare.ts';
import { audited, notFound, unknown } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { resourcesByReference } from '../store/models/directory.ts';
import { type RoleLine, rolesByReference } from '../store/models/roles.ts';
import { inTransaction } from '../store/transaction.ts';
import { applyChanges, type Writable } from './apply.ts';
import { isPerson, namesOf } from './open-work.ts';
import { objects } from './workspace.ts';

export interface Handover {
  /** Whose it is (`PractitionerRole/..`), and who takes over. */
  from: string;
  to: string;
  /** `Task/..`, `CareTeam/..`, `EpisodeOfCare/..`, `ServiceRequest/..`, `Appointment/..`. */
  items: readonly string[];
  reason: string;
}

/** One transaction writes them. */
export const MOST_ITEMS = 500;

interface Parties {
  from: { role: string; practitioner: string | null };
  to: { role: string; practitioner: string | null };
  at: string;
}

/** How many were handed on. @throws Outcome 422 what cannot be, with the item; 403 and 404 as the rules say; then none is */
export function reassign(door: Door, context: Context, asked: Handover): Promise<number> {
  const detail = `$reassign to ${asked.to}; reason: ${asked.reason.slice(0, 300)}`;
  const entry = { ...entryOf(context, 'operation'), detail, entities: [asked.from, ...asked.items.slice(0, 100)] };
  return audited(door, entry, async () => {
    const { from, to } = await partiesOf(door, context, asked);
    const names = { from: nameOf(from), to: nameOf(to), at: context.now.toISOString() };
    const stored = await resourcesByReference(door.pool, asked.items);
    if (stored.length !== asked.items.length) throw await notFound(door, entry);
    const changes = stored.map((one): Writable => {
      const resource = handedOn(parseStored(one.body).resource, names);
      // In the words an unknown id gets: whose it is must not show before the rules have been asked.
      if (resource === null) throw unknown();
      return { ...one, resource };
    });
    const writing = context.principal.role === 'team-lead' ? { ...context, operation: REASSIGNED } : context;
    await inTransaction(door.pool, (client) => applyChanges(door, writing, client, changes));
    await door.audit.write(entry);
    return changes.length;
  });
}

const nameOf = ({ role, practitioner }: RoleLine) => ({ role, practitioner });

async function partiesOf(
  door: Door,
  context: Context,
  { from, to, items, reason }: Handover,
): Promise<{ from: RoleLine; to: RoleLine }> {
  const wrong = (text: string) => refuse(422, 'business-rule', text, 'Parameters.parameter');
  if (context.principal.kind === 'family') throw unknown();
  if (context.principal.kind !== 'staff')
    throw refuse(403, 'forbidden', 'Staff hand on what colleagues leave open (R-05)');
  if (reason.trim().length < 5) throw refuse(400, 'required', 'Say why, in five characters or more: reason');
  if (items.length === 0 || items.length > MOST_ITEMS) throw wrong(`Name 1 to ${MOST_ITEMS} items`);
  if (new Set(items).size !== items.length) throw wrong('Name each item once');
  const lines = await rolesByReference(door.pool, [from, to]);
  const [leaver, next] = [from, to].map((role) => lines.find((one) => one.role === role));
  if (leaver === undefined || next === undefined) throw wrong('The directory does not know one of the two roles');
  if (leaver.service !== context.principal.service)
    throw refuse(403, 'forbidden', 'What a colleague leaves open is handed on within her service (R-05)');
  if (from === to) throw wrong('They are the same role');
  if (!isNow(next, context.now)) throw wrong('Whoever takes over has no active role now');
  if (next.service !== leaver.service)
    throw wrong('Whoever takes over is of the same service; another service gets a referral');
  if (next.kind === null || !isClinical(next.kind)) throw wrong('Whoever takes over has a clinical role');
  return { from: leaver, to: next };
}

function isNow({ active, from, until }: RoleLine, now: Date): boolean {
  const at = now.toISOString();
  return active && (from === null || from <= at) && (until === null || at < until);
}

/** The resource with one person in the place of the other; null when it is nothing that is handed on, or not hers. */
function handedOn(resource: Resource, parties: Parties): Resource | null {
  const { from } = parties;
  const isHers = (value: unknown) => namesOf(value).some((name) => isPerson(from, name));
  switch (resource.resourceType) {
    case 'Task':
      return isHers(resource.owner) ? { ...resource, owner: put(resource.owner, parties) } : null;
    case 'EpisodeOfCare':
      return isHers(resource.careManager) ? { ...resource, careManager: put(resource.careManager, parties) } : null;
    case 'ServiceRequest':
      return changed(resource, 'performer', isHers, (one) => put(one, parties));
    case 'Appointment':
      return changed(
        resource,
        'participant',
        ({ actor }) => isHers(actor),
        (one) => ({ ...one, actor: put(one.actor, parties) }),
      );
    case 'CareTeam':
      return resource.subject === undefined ? null : careTeam(resource, parties);
    default:
      return null;
  }
}

function changed(
  resource: Resource,
  name: string,
  isIt: (one: JsonObject) => boolean,
  change: (one: JsonObject) => JsonObject,
): Resource | null {
  const all = objects(resource[name]);
  return all.some(isIt) ? { ...resource, [name]: all.map((one) => (isIt(one) ? change(one) : one)) } : null;
}

/** Her time ends now and the other's begins: who cared when stays to be seen. */
function careTeam(resource: Resource, { from, to, at }: Parties): Resource | null {
  const all = objects(resource.participant);
  const open = (one: JsonObject) => {
    const { end } = isObject(one.period) ? one.period : {};
    return (
      namesOf(one.member).some((name) => isPerson(from, name)) &&
      !(typeof end === 'string' && Date.parse(end) <= Date.parse(at))
    );
  };
  const hers = all.filter(open);
  if (hers.length === 0) return null;
  const next = hers.map((one) => ({
    ...one,
    member: { reference: namesOf(one.member)[0]?.startsWith('Practitioner/') ? (to.practitioner ?? to.role) : to.role },
    period: { start: at },
  }));
  const ended = all.map((one) =>
    open(one) ? { ...one, period: { ...(isObject(one.period) ? one.period : {}), end: at } } : one,
  );
  return { ...resource, participant: [...ended, ...next] };
}

/** A reference of the same kind to the other person; its display was about the first. */
function put(value: unknown, { to }: Parties): JsonObject {
  const [name = ''] = namesOf(value);
  return { reference: name.startsWith('Practitioner/') ? (to.practitioner ?? to.role) : to.role };
}
