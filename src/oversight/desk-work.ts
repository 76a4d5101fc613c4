/** Lists that officers work through: accesses to explain, break-glass and claims to review, referrals that did not arrive. */

import { REVIEW_DAYS, workingDaysAfter } from '../audit/case-rules.ts';
import { auditEntry } from '../audit/entry.ts';
import { refuse } from '../fhir/outcome.ts';
import type { DenyReason } from '../governance/decision-types.ts';
import { notFound, refused } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { markedAccess } from '../store/models/alerts.ts';
import { explainAccess, phonesOf, type StuckReferral, stuckReferrals } from '../store/models/desk-work.ts';
import { type Unreviewed, unreviewedGrants } from '../store/models/officer-questions.ts';
import { inTransaction } from '../store/transaction.ts';
import {
  deskEntry,
  isAbout,
  notYours,
  officerOf,
  onDesk,
  recordInside,
  requireNoInterest,
  withoutInterests,
} from './officer.ts';
import { type MarkedEvent, markedEvent } from './officer-desk.ts';

const LISTED = 100;
const OWN = notYours('conflict', 'It is about your own access: a colleague has to look at it.');

export interface ToReview extends Omit<Unreviewed, 'party' | 'patient'> {
  /** London date by which it must have been looked at. */
  due: string;
}

/** Break-glass and self-claimed access that nobody has settled, oldest first; what an officer did, or has an interest in, is left out. */
export function readReviews(door: Door, context: Context): Promise<ToReview[]> {
  const entry = deskEntry(context, 'reviews');
  return onDesk(door, context, entry, async (own) => {
    const waiting = await unreviewedGrants(door.pool, { from: null, until: null }, LISTED);
    await door.audit.write(entry);
    const open = await withoutInterests(door, context, own, { rows: waiting, about: ({ patient }) => [patient] });
    return open
      .filter(({ party }) => !isAbout(own, [party]))
      .map(({ party: _, patient: __, ...one }) => ({ ...one, due: workingDaysAfter(one.at, REVIEW_DAYS) }));
  });
}

/** One access that waits for an explanation, without whose record it was. @throws Outcome 404, 403 for her own */
export function readUnexplained(door: Door, context: Context, seq: number): Promise<MarkedEvent> {
  const entry = deskEntry(context, `access ${seq}`);
  return onDesk(door, context, entry, async (own) => {
    const found = await markedAccess(door.pool, 'unexplained', seq);
    if (found === null) throw await notFound(door, entry);
    if (isAbout(own, [found.party])) throw await refused(door, entry, OWN);
    await requireNoInterest(door, context, { entry, own }, found.patients);
    await door.audit.write(entry);
    return markedEvent(found);
  });
}

/** Takes an access off the list with what explains it. @throws Outcome 409 when a colleague was faster */
export async function explain(door: Door, context: Context, seq: number, words: string): Promise<void> {
  await readUnexplained(door, context, seq);
  const entry = deskEntry(context, `access-explained ${seq}`);
  const { name } = context.principal;
  await onDesk(door, context, entry, () =>
    inTransaction(door.pool, async (client) => {
      const kept = await explainAccess(client, { seq, party: officerOf(context), name, at: context.now, words });
      if (!kept) throw refuse(409, 'conflict', 'A colleague has explained this access already.');
      await recordInside(client, entry);
    }),
  );
}

export interface Stuck extends Pick<StuckReferral, 'reference' | 'at' | 'caseReference'> {
  type: string;
  reason: DenyReason | null;
  from: { service: string; phones: string[] } | null;
  to: { service: string; phones: string[] } | null;
}

/** Referrals that did not reach their addressee, with the telephone numbers of both services (R-04, 4.8). */
export function readStuck(door: Door, context: Context): Promise<Stuck[]> {
  const entry = deskEntry(context, 'referrals-not-arrived');
  return onDesk(door, context, entry, async (own) => {
    const all = await stuckReferrals(door.pool, LISTED);
    const found = await withoutInterests(door, context, own, { rows: all, about: ({ patients }) => patients });
    const parsed = found.map(({ body, from, to, patients: _, ...one }) => {
      const { entities, reason, agent } = auditEntry({ at: one.at.toISOString(), body, patients: [] });
      const [type = ''] = (entities[0] ?? '').split('/');
      return { ...one, type, reason, from, to: to ?? agent.service };
    });
    const services = parsed.flatMap(({ from, to }) => [from, to]).filter((one) => one !== null);
    const phones = await phonesOf(door.pool, [...new Set(services)]);
    await door.audit.write(entry);
    const side = (service: string | null) => (service === null ? null : { service, phones: phones.get(service) ?? [] });
    return parsed.map(({ from, to, ...one }) => ({ ...one, from: side(from), to: side(to) }));
  });
}
