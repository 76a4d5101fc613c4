/** What a principal's role and directory entries let a relationship reach, before any row is looked at. */
import { isWrite } from './role-views.ts';
import type { Ask, Principal, RelationshipKind, Role } from './types.ts';

/** reads of existing data go on this long after a care-team period or episode closed as planned. */
export const READ_GRACE_DAYS = 14;

/**
 * Relationships held by a whole service: a referral offered to it (R-06 c), attendance at its unit (R-06 f). Once
 * somebody has accepted, the family is her team's, and no longer everybody's (R-13 read the safer way).
 */
export const SERVICE_KINDS: readonly RelationshipKind[] = ['referral', 'attendance'];

/** Clinical and care roles: refused by id they are told the way in; everyone else hears nothing (5.1). */
const CLINICAL: readonly Role[] = [
  'midwife',
  'health-visitor',
  'hospital-midwife',
  'nursery-nurse',
  'perinatal-mental-health',
  'safeguarding',
  'gp',
  'social-worker',
  'student',
  'team-lead',
];

/** registered clinical roles; nursery nurses, social workers and students read N only. */
const REGISTERED: readonly Role[] = [
  'midwife',
  'health-visitor',
  'hospital-midwife',
  'perinatal-mental-health',
  'gp',
  'team-lead',
];

/** Matrix 5.3, last row: who may break glass (R-19: never admin, IG, system clients, students). */
const GLASS: readonly Role[] = [
  'midwife',
  'health-visitor',
  'hospital-midwife',
  'perinatal-mental-health',
  'safeguarding',
  'gp',
  'team-lead',
];

export function isClinical(role: Role): boolean {
  return CLINICAL.includes(role);
}

export function isRegistered(role: Role): boolean {
  return REGISTERED.includes(role);
}

/** the roles that may claim a relationship or break glass. */
export function mayBreakGlass(role: Role): boolean {
  return GLASS.includes(role);
}

const LIVE: readonly RelationshipKind[] = [
  'care-team',
  'episode',
  'referral-accepted',
  'appointment',
  'task',
  'attendance',
  'self-claim',
  'registered',
];

/**
 * The kinds of relationship that count for this request. Supervision reads only (R-06 g); a grant counts only for the
 * purpose it was given for, and under BTG nothing else does.
 */
export function kindsFor(principal: Principal, ask: Ask): RelationshipKind[] {
  if (ask.purpose === 'BTG') return mayBreakGlass(principal.role) ? ['break-glass'] : [];
  const kinds = isWrite(ask.action) ? [...LIVE] : [...LIVE, 'supervision' as const];
  return ask.purpose === 'ETREAT' && mayBreakGlass(principal.role) ? [...kinds, 'break-glass'] : kinds;
}

/**
 * The parties through which a relationship of this kind reaches the principal. A service is a party of a person only
 * where the rule says "the user's service"; for a system client it is the only one.
 */
export function partiesFor(principal: Principal, kind: RelationshipKind): string[] {
  const service = principal.service === undefined ? [] : [principal.service];
  if (principal.kind === 'system') return service;
  const personal = principal.parties.filter((one) => !one.startsWith('Organization/'));
  return SERVICE_KINDS.includes(kind) ? [...personal, ...service] : personal;
}

/** The parties under which she is an author; a system client is one under its own name too. */
export function selvesOf(principal: Principal): string[] {
  return principal.kind === 'system' ? [...principal.parties, `Client/${principal.clientId}`] : principal.parties;
}
