/**
 * Opening a record with a reason: the rules are asked what they would say if the grant stood, and
 * only a grant that would open something is written, with its facts and its audit record in one commit.
 */
import { auditColumns } from '../audit/entry.ts';
import type { AuditEntry } from '../audit/types.ts';
import { type Outcome, refuse } from '../fhir/outcome.ts';
import { decide } from '../governance/decide.ts';
import type { Decision } from '../governance/decision-types.ts';
import { gate } from '../governance/gates.ts';
import {
  GRANT_RULE,
  type GrantKind,
  grantEnd,
  grantFacts,
  holderOf,
  mayOpen,
  reviewDue,
} from '../governance/grants.ts';
import type { Principal, Purpose } from '../governance/types.ts';
import { insertGrant } from '../store/access-grants.ts';
import { currentPregnancy } from '../store/people.ts';
import { readCurrent } from '../store/reads.ts';
import type { DecidableRow } from '../store/rows.ts';
import { inTransaction } from '../store/transaction.ts';
import { writeRows } from '../store/write.ts';
import { ask, reach } from './decide.ts';
import { entryOf, withRows } from './entry.ts';
import { requireFreshSignIn } from './fresh-sign-in.ts';
import { caresFor } from './grant-rules.ts';
import { heldIn } from './handles.ts';
import { newId } from './ids.ts';
import { audited, checkGeneration, notFound, refused } from './refusal.ts';
import { isUntold } from './trace.ts';
import type { Context, Door } from './types.ts';

export { FEWEST_WORDS, GRANT_REASONS } from '../governance/grants.ts';

export interface GrantAsk {
  kind: Exclude<GrantKind, 'emergency'>;
  /** A handle of `$trace`, or `Patient/..` of somebody whose address is known. */
  target: { handle: string } | { patient: string };
  reason: string;
  words: string;
}

export interface Granted {
  id: string;
  patient: string;
  until: Date;
  reviewDue: Date | null;
}

/** What is being written, once it is known about whom. */
export interface Opening {
  kind: GrantKind;
  holder: string;
  givenBy: string;
  reason: string;
  words: string;
}

/** Opens a record for the caller. @throws Outcome 403 by the rules, 404 for whom nobody may know of, 400 bad handle */
export function openRecord(door: Door, context: Context, asked: GrantAsk): Promise<Granted> {
  const entry = grantEntry(context, asked.kind, asked.reason);
  return audited(door, entry, async () => {
    const holder = await requireHolder(door, context, asked.kind, entry);
    if (asked.kind === 'break-glass') requireFreshSignIn(door, context);
    const found = await targetOf(door, context, asked.target, entry);
    const opening = { kind: asked.kind, holder, givenBy: holder, reason: asked.reason, words: asked.words };
    const seen = withRows(entry, [found.row]);
    const refusal = await wouldRefuse(door, context, asked.kind, found);
    if (refusal !== null) throw await refused(door, seen, refusal);
    return writeGrant(door, context, opening, { found, entry: seen });
  });
}

export function grantEntry(context: Context, kind: GrantKind, reason: string): AuditEntry {
  return { ...entryOf(context, 'operation'), detail: `${kind}:${reason}`, rules: [GRANT_RULE[kind]] };
}

/** R-19, before anybody is looked for: a refusal by role tells nothing about who is here. */
async function requireHolder(door: Door, context: Context, kind: GrantKind, entry: AuditEntry): Promise<string> {
  const { principal } = context;
  const closed = gate(principal, ask(door, context, 'read', 'Patient'));
  if (closed !== null) throw await refused(door, entry, closed);
  const holder = holderOf(principal);
  if (holder !== null && mayOpen(principal.role, kind)) return holder;
  throw await refused(door, entry, byRole(kind, principal));
}

export function byRole(kind: GrantKind, { kind: who }: Pick<Principal, 'kind'>): Decision {
  const rules = kind === 'break-glass' || kind === 'emergency' ? ['R-19'] : [GRANT_RULE[kind], 'R-05'];
  const text = 'This way in is for registered clinical roles; your role does not have it.';
  return { ...DENIED, rules, reason: 'role', text, concealed: who === 'family' };
}

const DENIED: Decision = {
  permit: false,
  rules: [],
  reason: null,
  text: '',
  explanation: null,
  masks: [],
  concealed: false,
  wayIn: null,
};

/**
 * Whom it is about. By address, or by the handle of a refusal, only where a plain read would have told the way in; else
 * like nobody at all: a write about any address is refused with a handle, so holding one confirms nobody.
 */
export async function targetOf(
  door: Door,
  context: Context,
  target: GrantAsk['target'],
  entry: AuditEntry,
): Promise<DecidableRow> {
  const { patient, traced } = 'handle' in target ? heldIn(door, context, target.handle) : { ...target, traced: false };
  const id = patient.slice('Patient/'.length);
  const { found, generation } = await readCurrent(door.pool, 'Patient', id, reach(context));
  checkGeneration(context, generation);
  if (found === null || found.row.deleted) throw await notFound(door, entry);
  if (traced) {
    if (isUntold(found)) throw await contact(door, withRows(entry, [found.row]));
    return found;
  }
  const plain = decide(context.principal, asking(door, context, usual(context)), { ...found, now: context.now });
  if (!plain.permit && plain.concealed) throw await refused(door, withRows(entry, [found.row]), plain);
  return found;
}

/** nobody opens label V for herself. Only who traced her hears this: the woman has been confirmed to her. */
async function contact(door: Door, entry: AuditEntry): Promise<Outcome> {
  const text = `Nobody opens this record for herself. Call: ${door.safeguardingContact}`;
  return refused(door, entry, { ...DENIED, rules: ['R-18'], reason: 'label', text });
}

const usual = ({ purpose }: Context): Purpose => (purpose === 'BTG' || purpose === 'ETREAT' ? 'TREAT' : purpose);

function asking(door: Door, context: Context, purpose: Purpose) {
  return ask(door, { now: context.now, purpose }, 'read', 'Patient');
}

/** The decision on the woman's own record as if the grant stood; null = it would be permitted. */
async function wouldRefuse(
  door: Door,
  context: Context,
  kind: GrantKind,
  found: DecidableRow,
): Promise<Decision | null> {
  const { principal, now } = context;
  const patient = `Patient/${found.row.id}`;
  if (kind === 'history' || kind === 'unmask') {
    const cares = caresFor(principal, found, now, kind);
    const seen = decide(principal, asking(door, context, usual(context)), { ...found, now });
    if (!seen.permit) return { ...seen, concealed: false };
    const text = 'Only who cares for her now may open this: a care team, an episode or an accepted referral is needed.';
    return cares ? null : { ...DENIED, rules: [GRANT_RULE[kind]], reason: 'no-relationship', text };
  }
  if (kind === 'self-claim' && found.consents.some((one) => one.kind === 's-flag')) {
    const text = 'This needs break-glass: the address is restricted, and a claim is not enough.';
    return { ...DENIED, rules: ['R-07', 'R-16'], reason: 's-flag', text, wayIn: 'break-glass' };
  }
  const holder = holderOf(principal) ?? '';
  const facts = grantFacts(kind, { id: '', patient, holder, pregnancy: null, at: now, until: grantEnd(kind, now) });
  const world = { ...found, now, relationships: [...found.relationships, ...facts.relationships] };
  const decision = decide(principal, asking(door, context, kind === 'break-glass' ? 'BTG' : 'TREAT'), world);
  return decision.permit ? null : { ...decision, concealed: false };
}

/** The grant, what the rules read of it, and its record: one commit. */
export async function writeGrant(
  door: Door,
  context: Context,
  opening: Opening,
  about: { found: DecidableRow; entry: AuditEntry },
): Promise<Granted> {
  const { now } = context;
  const { kind, holder } = opening;
  const patient = `Patient/${about.found.row.id}`;
  const [id, until, due] = [newId(now), grantEnd(kind, now), reviewDue(kind, now)];
  const pregnancy = await currentPregnancy(door.pool, patient, now);
  const facts = grantFacts(kind, { id, patient, holder, pregnancy, at: now, until });
  const written = { sources: [], agreements: [], kin: [], pregnancies: [], directory: [], touches: [] };
  await inTransaction(door.pool, async (client) => {
    await insertGrant(client, { ...opening, id, patient, at: now, until, reviewDue: due });
    const audit = [auditColumns({ ...about.entry, status: 201 })];
    await writeRows(client, { rows: [], facts: { ...written, ...facts, generation: false }, audit });
  });
  door.wake();
  return { id, patient, until, reviewDue: due };
}

/** @throws Outcome 400 when a code is not of the list, or the words say too little */
export function requireReason(reasons: readonly string[], reason: string, words: string, fewest: number): void {
  if (reasons.length > 0 && !reasons.includes(reason))
    throw refuse(400, 'value', `reason must be one of: ${reasons.join(', ')}`, 'Parameters.parameter');
  if (words.trim().length < fewest)
    throw refuse(400, 'value', `text must say why, in at least ${fewest} characters`, 'Parameters.parameter');
}
