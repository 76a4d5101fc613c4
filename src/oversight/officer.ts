/** What every step on the officers' desk has in common: who may, that it is recorded with it, and what it never shows. */
import { auditColumns } from '../audit/entry.ts';
import type { AuditEntry } from '../audit/types.ts';
import type { Decision } from '../governance/decision-types.ts';
import type { Role } from '../governance/types.ts';
import { entryOf } from '../record/entry.ts';
import { audited, refused } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { type Interested, interestsIn } from '../store/models/interests.ts';
import { roleReferencesOf } from '../store/models/roles.ts';
import type { PoolClient } from '../store/pool.ts';
import { writeRows } from '../store/write.ts';
import { officersOnly } from './console-door.ts';

/** Who works on cases; a Caldicott Guardian may be the second person. */
const DESK: readonly Role[] = ['ig-officer', 'caldicott-guardian'];

/** The officer's own reference, as it stands in records and cases. */
export function officerOf(context: Context): string {
  return context.principal.practitionerRole ?? context.principal.subject;
}

/** The entry of one step on the desk; `detail` is one machine word. */
export function deskEntry(context: Context, detail: string, more: Partial<AuditEntry> = {}): AuditEntry {
  return { ...entryOf(context, 'operation'), entities: ['AuditEvent'], rules: ['R-26'], detail, ...more };
}

/** The officer's references under all her roles: what she did as a midwife is not hers to judge as an officer. */
export type Own = ReadonlySet<string>;

export async function ownOf(door: Door, context: Context): Promise<Own> {
  const { practitioner = null } = context.principal;
  const roles = practitioner === null ? [] : await roleReferencesOf(door.pool, practitioner);
  return new Set([officerOf(context), ...roles]);
}

/** True when one of these is the officer herself. */
export function isAbout(own: Own, parties: readonly (string | null)[]): boolean {
  return parties.some((party) => party !== null && own.has(party));
}

/** Nobody judges who looked at her own record, a relative's, or one she declared an interest in. */
export const OWN_INTEREST: Decision = {
  ...notYours('own-record', 'You have an interest in this record (R-11, R-12): a colleague has to look.'),
  rules: ['R-11', 'R-12'],
};

/** Of these people, those whose record is her own, a relative's, or one she declared an interest in. */
export function interestsOf(door: Door, context: Context, own: Own, patients: readonly string[]): Promise<Set<string>> {
  return interestsIn(door.pool, interested(context, own), [...new Set(patients)], context.now);
}

/** By what an interest of hers is found. */
export function interested({ principal }: Context, own: Own): Interested {
  const { practitioner, ownRecordKey } = principal;
  const parties = [...own, ...(practitioner === undefined ? [] : [practitioner])];
  return { key: ownRecordKey ?? null, parties };
}

/** Rows of a list without those about a record she has an interest in: on her lists they are not, and no count has them. */
export async function withoutInterests<T>(
  door: Door,
  context: Context,
  own: Own,
  { rows, about }: { rows: readonly T[]; about: (row: T) => readonly string[] },
): Promise<T[]> {
  const closed = await interestsOf(door, context, own, rows.flatMap(about));
  return rows.filter((row) => !about(row).some((patient) => closed.has(patient)));
}

/** @throws Outcome 403, recorded, when the officer has an interest in any of them */
export async function requireNoInterest(
  door: Door,
  context: Context,
  { entry, own }: { entry: AuditEntry; own: Own },
  patients: readonly string[],
): Promise<void> {
  if ((await interestsOf(door, context, own, patients)).size > 0) throw await refused(door, entry, OWN_INTEREST);
}

/** Runs a step for officers alone; every refusal and failure is recorded. @throws Outcome 403 for others */
export function onDesk<T>(door: Door, context: Context, entry: AuditEntry, work: (own: Own) => Promise<T>): Promise<T> {
  return audited(door, entry, async () => {
    const closed = DESK.includes(context.principal.role) ? null : officersOnly(door, context);
    if (closed !== null) throw await refused(door, entry, closed);
    return work(await ownOf(door, context));
  });
}

/** Lets officers pass to a page that shows nothing yet. @throws Outcome 403, recorded, for everyone else */
export function enterDesk(door: Door, context: Context): Promise<void> {
  const entry = deskEntry(context, 'desk-form');
  return onDesk(door, context, entry, () => door.audit.write(entry));
}

/** The record of a step in the commit of what it changes. */
export async function recordInside(client: PoolClient, entry: AuditEntry): Promise<void> {
  await writeRows(client, { rows: [], facts: null, audit: [auditColumns(entry)] });
}

/** A refusal told plainly: the page is no secret, what stands in it is. */
export function notYours(reason: 'conflict' | 'own-record', text: string): Decision {
  const rules = reason === 'conflict' ? ['R-12'] : ['R-11'];
  return { permit: false, rules, reason, text, explanation: null, masks: [], concealed: false, wayIn: null };
}
