/**
 * "Who has viewed my record" for the mother herself (Q14 of domain.md 6.2, R-14): the service and the month, never a
 * person, never a role outside her two services, never that something restricted was read or exists. The full list is an
 * output of subject access, after its review. Switching the list off is one action and leaves an ordinary message.
 */
import { refuse } from '../fhir/outcome.ts';
import { decide } from '../governance/decide.ts';
import { gate } from '../governance/gates.ts';
import { scopesAllow } from '../governance/scopes.ts';
import type { Role } from '../governance/types.ts';
import { ask } from '../record/decide.ts';
import { entryOf, withDecision, withRows } from '../record/entry.ts';
import { audited, notFound, refused, unknown } from '../record/refusal.ts';
import { findPerson, type TraceAsk } from '../record/trace.ts';
import type { Context, Door } from '../record/types.ts';
import { isOnlineViewOff, monthsViewed, switchOnlineView, type ViewedMonth } from '../store/models/own-access.ts';
import { sealDurable } from '../store/seal.ts';
import { inTransaction } from '../store/transaction.ts';
import { recordInside } from './officer.ts';

export const VIEWERS = ['your midwifery team', 'your health visiting team', 'governance check'] as const;
export type Viewer = (typeof VIEWERS)[number];

export interface OwnAccess {
  /** London `YYYY-MM`, newest first, with who viewed in the order of VIEWERS; null = not available. */
  months: { month: string; who: Viewer[] }[] | null;
}

export const NOT_AVAILABLE = 'This list is not available at the moment. Ask your midwife or health visitor about it.';

const MIDWIFERY: readonly Role[] = ['midwife', 'hospital-midwife'];
const HEALTH_VISITING: readonly Role[] = ['health-visitor', 'nursery-nurse'];
const GOVERNANCE: readonly Role[] = ['ig-officer', 'caldicott-guardian', 'sar-officer'];
/** Roles that both services have: named by the service they work in. */
const OF_EITHER: readonly Role[] = ['admin', 'team-lead', 'service-lead', 'student'];

/** @throws Outcome 404 for everybody but the mother whose record it is */
export function ownAccessList(door: Door, context: Context, id: string): Promise<OwnAccess> {
  const patient = `Patient/${id}`;
  const entry = { ...entryOf(context, 'operation'), entities: ['AuditEvent'], rules: ['R-14'], detail: '$who-viewed' };
  return audited(door, entry, async () => {
    const { principal } = context;
    const isHers = principal.kind === 'family' && principal.role === 'mother' && principal.patient === patient;
    const closed = gate(principal, ask(door, context, 'read', 'Patient'));
    if (!isHers || closed !== null || !scopesAllow(principal, 'search', 'AuditEvent'))
      throw await notFound(door, entry);
    await sealDurable(door.pool);
    const isOff = await isOnlineViewOff(door.pool, patient);
    const months = isOff ? null : byMonth(await monthsViewed(door.broadPool, patient));
    await door.audit.write({ ...entry, patients: [patient] });
    return { months };
  });
}

function byMonth(rows: readonly ViewedMonth[]): NonNullable<OwnAccess['months']> {
  const months = new Map<string, Set<Viewer>>();
  for (const row of rows) {
    const viewer = viewerOf(row);
    if (viewer === null) continue;
    const seen = months.get(row.month) ?? new Set<Viewer>();
    months.set(row.month, seen.add(viewer));
  }
  return [...months]
    .sort(([a], [b]) => (a < b ? 1 : -1))
    .map(([month, seen]) => ({ month, who: VIEWERS.filter((one) => seen.has(one)) }));
}

/** The words for one view, or null for a role that is never told. */
export function viewerOf({ role, serviceRoles }: Pick<ViewedMonth, 'role' | 'serviceRoles'>): Viewer | null {
  if (GOVERNANCE.includes(role)) return 'governance check';
  const works = OF_EITHER.includes(role) ? serviceRoles : [role];
  if (works.some((one) => MIDWIFERY.includes(one))) return 'your midwifery team';
  if (works.some((one) => HEALTH_VISITING.includes(one))) return 'your health visiting team';
  return null;
}

const SWITCHERS: readonly Role[] = ['midwife', 'health-visitor', 'safeguarding'];
const OFFICERS: readonly Role[] = ['ig-officer', 'caldicott-guardian'];

/**
 * Switches a family's list off or on again: a clinician who may read her record, or an officer.
 * @throws Outcome 403 for other roles, 404 no such person
 */
export function setOnlineView(
  door: Door,
  context: Context,
  asked: { person: TraceAsk; off: boolean; words: string },
): Promise<void> {
  const detail = `$online-view ${asked.off ? 'off' : 'on'}; reason: ${asked.words.slice(0, 300)}`;
  const entry = { ...entryOf(context, 'operation'), detail, rules: ['R-14'] };
  return audited(door, entry, async () => {
    const { principal, now } = context;
    if (principal.kind === 'family') throw unknown();
    if (![...SWITCHERS, ...OFFICERS].includes(principal.role))
      throw refuse(403, 'forbidden', 'The list is switched by her care team or by privacy officers (R-14)');
    const found = await findPerson(door, context, asked.person);
    if (found === null) throw await notFound(door, entry);
    const seen = withRows(entry, [found.row]);
    if (!OFFICERS.includes(principal.role)) {
      const decision = decide(principal, ask(door, context, 'read', 'Patient'), { ...found, now });
      if (!decision.permit) throw await refused(door, withDecision(seen, decision), decision);
    }
    const by = principal.practitionerRole ?? principal.subject;
    await inTransaction(door.pool, async (client) => {
      await switchOnlineView(client, `Patient/${found.row.id}`, asked.off ? { by, at: now } : null);
      await recordInside(client, seen);
    });
  });
}
