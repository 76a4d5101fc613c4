/**
 * The grant of two persons: the on-call safeguarding lead opens a record, up to label V, for sixty minutes to a
 * clinician she names. Neither can do it alone: the lead gets nothing by it, and the clinician cannot give it to herself.
 */
import type { AuditEntry } from '../audit/types.ts';
import { refuse } from '../fhir/outcome.ts';
import { decide } from '../governance/decide.ts';
import { gate } from '../governance/gates.ts';
import { grantEnd, grantFacts, mayOpen } from '../governance/grants.ts';
import type { Principal } from '../governance/types.ts';
import { onDutyNow } from '../store/people.ts';
import type { DecidableRow } from '../store/rows.ts';
import { readStanding } from '../store/standing.ts';
import { ask } from './decide.ts';
import { withRows } from './entry.ts';
import { requireFreshSignIn } from './fresh-sign-in.ts';
import { byRole, type Granted, grantEntry, writeGrant } from './grants.ts';
import { audited, refused } from './refusal.ts';
import { staffPrincipal } from './standing.ts';
import { findPerson, type TraceAsk } from './trace.ts';
import type { Context, Door } from './types.ts';

export interface EmergencyAsk {
  person: TraceAsk;
  /** `PractitionerRole/..` of the clinician who called. */
  holder: string;
  reason: string;
  words: string;
}

/** @throws Outcome 403 for anybody but safeguarding, 404 no such person, 422 the clinician may not hold it */
export function grantEmergency(door: Door, context: Context, asked: EmergencyAsk): Promise<Granted> {
  const entry = { ...grantEntry(context, 'emergency', asked.reason), recipient: asked.holder };
  return audited(door, entry, async () => {
    const { principal } = context;
    const closed = gate(principal, ask(door, context, 'search', 'Patient'));
    if (closed !== null) throw await refused(door, entry, closed);
    const givenBy = principal.practitionerRole;
    if (principal.role !== 'safeguarding' || givenBy === undefined)
      throw await refused(door, entry, byRole('emergency', principal));
    await requireOnCall(door, context, entry, givenBy);
    requireFreshSignIn(door, context);
    const holder = await holderNamed(door, context, asked.holder);
    const found = await findPerson(door, context, asked.person);
    if (found === null) throw refuse(404, 'not-found', 'No record has this number, date of birth and name');
    const seen = withRows(entry, [found.row]);
    requireOpening(door, context, holder, found);
    const opening = {
      kind: 'emergency' as const,
      holder: asked.holder,
      givenBy,
      reason: asked.reason,
      words: asked.words,
    };
    return writeGrant(door, context, opening, { found, entry: seen });
  });
}

/**
 * R-18 names the safeguarding lead on call: while anybody of the role stands on a duty list, it is she and nobody else.
 * In an hour that no list covers, whoever has the role may: a locked record harms (H-26), and the trail says who it was.
 */
async function requireOnCall(door: Door, context: Context, entry: AuditEntry, givenBy: string): Promise<void> {
  const onCall = await onDutyNow(door.pool, 'safeguarding', context.now);
  if (onCall.length === 0 || onCall.includes(givenBy)) return;
  const text = 'This is opened by the safeguarding lead who is on call now, by the duty list.';
  throw await refused(door, entry, { ...byRole('emergency', context.principal), rules: ['R-18'], text });
}

async function holderNamed(door: Door, { principal, now }: Context, reference: string): Promise<Principal> {
  const wrong = (why: string) => refuse(422, 'business-rule', why, 'Parameters.parameter');
  const holder = staffPrincipal(door, reference, await readStanding(door.pool, reference, ''), now);
  if (holder === null) throw wrong('The directory knows no active clinician of this reference');
  const isSelf = reference === principal.practitionerRole || holder.practitioner === principal.practitioner;
  if (isSelf) throw wrong('Two persons are needed: name the clinician who called, not yourself (R-18)');
  if (!mayOpen(holder.role, 'emergency')) throw wrong('This role cannot hold an emergency grant (R-19)');
  return holder;
}

/** What no grant opens (her own record, an objection) is refused now, not found out at the bedside. */
function requireOpening(door: Door, context: Context, holder: Principal, found: DecidableRow): void {
  const { now } = context;
  const patient = `Patient/${found.row.id}`;
  const party = holder.practitionerRole ?? '';
  const grant = { id: '', patient, holder: party, pregnancy: null, at: now, until: grantEnd('emergency', now) };
  const asked = ask(door, { now, purpose: 'BTG' }, 'read', 'Patient');
  const decision = decide(holder, asked, {
    ...found,
    now,
    relationships: grantFacts('emergency', grant).relationships,
  });
  if (!decision.permit) throw refuse(422, 'business-rule', `The grant would open nothing: ${decision.reason}`);
}
