/**
 * The two state machines of domain.md 1.3 as tables: state -> FHIR statuses and the events it allows. The tables are
 * the only definition; an event a state does not allow is an Outcome 422 that names the allowed ones.
 */
import { refuse } from '../fhir/outcome.ts';

export type ReferralState =
  | 'held'
  | 'received'
  | 'opened'
  | 'accepted'
  | 'triaged'
  | 'scheduled'
  | 'visited'
  | 'plan-agreed'
  | 'closed'
  | 'rejected'
  | 'redirected'
  | 'sent-outside'
  | 'declined-by-family'
  | 'withdrawn'
  | 'moved-out'
  | 'pregnancy-ended';

export type ReferralEvent =
  | 'release'
  | 'open'
  | 'accept'
  | 'triage'
  | 'book'
  | 'visit-finished'
  | 'visit-not-in'
  | 'visit-cancelled'
  | 'visit-in-error'
  | 'agree-plan'
  | 'close'
  | 'reject'
  | 'redirect'
  | 'send-outside'
  | 'decline'
  | 'withdraw'
  | 'move-out'
  | 'end-pregnancy';

/** One state: what FHIR says while in it, and where each allowed event leads. */
export interface ReferralRow {
  serviceRequest: 'active' | 'completed' | 'revoked';
  task: string;
  next: Partial<Record<ReferralEvent, ReferralState>>;
}

/** Ways out that stay open as long as a referral is alive (stop events, moves, the family's own decision). */
const LEAVE: ReferralRow['next'] = {
  redirect: 'redirected',
  'send-outside': 'sent-outside',
  decline: 'declined-by-family',
  withdraw: 'withdrawn',
  'move-out': 'moved-out',
  'end-pregnancy': 'pregnancy-ended',
};

const row = (serviceRequest: ReferralRow['serviceRequest'], task: string, next: ReferralRow['next']): ReferralRow => ({
  serviceRequest,
  task,
  next,
});

export const REFERRAL: Readonly<Record<ReferralState, ReferralRow>> = {
  held: row('active', 'on-hold', { release: 'received', withdraw: 'withdrawn', 'end-pregnancy': 'pregnancy-ended' }),
  received: row('active', 'requested', { open: 'opened', ...LEAVE }),
  opened: row('active', 'received', { accept: 'accepted', reject: 'rejected', ...LEAVE }),
  accepted: row('active', 'accepted', { triage: 'triaged', ...LEAVE }),
  triaged: row('active', 'in-progress', { triage: 'triaged', book: 'scheduled', ...LEAVE }),
  scheduled: row('active', 'in-progress', {
    'visit-finished': 'visited',
    'visit-not-in': 'triaged',
    'visit-cancelled': 'triaged',
    'visit-in-error': 'triaged',
    ...LEAVE,
  }),
  visited: row('active', 'in-progress', {
    'agree-plan': 'plan-agreed',
    'visit-in-error': 'scheduled',
    close: 'closed',
    ...LEAVE,
  }),
  'plan-agreed': row('active', 'in-progress', { 'agree-plan': 'plan-agreed', close: 'closed', ...LEAVE }),
  closed: row('completed', 'completed', {}),
  rejected: row('active', 'rejected', {
    redirect: 'redirected',
    'send-outside': 'sent-outside',
    withdraw: 'withdrawn',
    'end-pregnancy': 'pregnancy-ended',
  }),
  redirected: row('active', 'cancelled', {}),
  'sent-outside': row('active', 'in-progress', {
    close: 'closed',
    withdraw: 'withdrawn',
    'end-pregnancy': 'pregnancy-ended',
  }),
  'declined-by-family': row('revoked', 'cancelled', {}),
  withdrawn: row('revoked', 'cancelled', {}),
  'moved-out': row('revoked', 'cancelled', {}),
  'pregnancy-ended': row('revoked', 'cancelled', {}),
};

export type VisitState =
  | 'proposed'
  | 'pending'
  | 'booked'
  | 'arrived'
  | 'in-progress'
  | 'finished'
  | 'not-in'
  | 'cancelled';

export type VisitEvent = 'first-accepted' | 'all-accepted' | 'arrive' | 'start' | 'finish' | 'not-in' | 'cancel';

export interface VisitRow {
  appointment: string;
  /** Encounter.status while in this state; null = there is none yet (or `cancelled`, if one was planned). */
  encounter: string | null;
  /** Where this leaves the referral. */
  referral: ReferralState;
  next: Partial<Record<VisitEvent, VisitState>>;
}

export const VISIT: Readonly<Record<VisitState, VisitRow>> = {
  proposed: {
    appointment: 'proposed',
    encounter: null,
    referral: 'triaged',
    next: { 'first-accepted': 'pending', 'all-accepted': 'booked', cancel: 'cancelled' },
  },
  pending: {
    appointment: 'pending',
    encounter: null,
    referral: 'triaged',
    next: { 'all-accepted': 'booked', cancel: 'cancelled' },
  },
  booked: {
    appointment: 'booked',
    encounter: 'planned',
    referral: 'scheduled',
    next: { arrive: 'arrived', 'not-in': 'not-in', cancel: 'cancelled' },
  },
  arrived: {
    appointment: 'arrived',
    encounter: 'arrived',
    referral: 'scheduled',
    next: { start: 'in-progress', 'not-in': 'not-in', cancel: 'cancelled' },
  },
  'in-progress': {
    appointment: 'arrived',
    encounter: 'in-progress',
    referral: 'scheduled',
    next: { finish: 'finished' },
  },
  finished: { appointment: 'fulfilled', encounter: 'finished', referral: 'visited', next: {} },
  'not-in': { appointment: 'noshow', encounter: 'cancelled', referral: 'triaged', next: {} },
  cancelled: { appointment: 'cancelled', encounter: 'cancelled', referral: 'triaged', next: {} },
};

const isKey = <K extends string>(table: Readonly<Record<K, unknown>>, name: string): name is K =>
  Object.hasOwn(table, name);

/** True for a word that is a referral state. */
export const isReferralState = (word: string | undefined): word is ReferralState =>
  word !== undefined && isKey(REFERRAL, word);

function following<S extends string>(machine: string, next: Record<string, S | undefined>, from: S, event: string): S {
  const to = Object.hasOwn(next, event) ? next[event] : undefined;
  if (to !== undefined) return to;
  const allowed = Object.keys(next);
  const ways = allowed.length === 0 ? 'nothing more can happen to it' : `allowed: ${allowed.join(', ')}`;
  throw refuse(
    422,
    'business-rule',
    `the ${machine} is "${from}", so "${event.slice(0, 40)}" is not possible; ${ways}`,
  );
}

/** The state a referral reaches by an event. Throws Outcome 422 naming the allowed events. */
export const nextReferral = (from: ReferralState, event: string): ReferralState =>
  following('referral', REFERRAL[from].next, from, event);

/** The state a joint visit reaches by an event. Throws Outcome 422 naming the allowed events. */
export const nextVisit = (from: VisitState, event: string): VisitState =>
  following('visit', VISIT[from].next, from, event);

/**
 * The visit state FHIR statuses stand for. `arrived` and `in-progress` share Appointment `arrived`; the Encounter tells
 * them apart. Undefined for `entered-in-error` and statuses we never write.
 */
export function visitStateOf(appointment: string | undefined, encounter: string | undefined): VisitState | undefined {
  if (appointment === 'arrived') return encounter === 'in-progress' ? 'in-progress' : 'arrived';
  for (const [state, known] of Object.entries(VISIT)) {
    if (known.appointment === appointment && isKey(VISIT, state)) return state;
  }
  return undefined;
}
