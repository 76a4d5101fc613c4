/**
 * Who may see content inside a request for a person's own record: the officers of such requests and
 * the Caldicott Guardian, and the one health professional the request names. The request is the way in; relationship,
 * agreement, objection and restriction of use do not decide here, her own record and a declared interest do.
 */
import { consentFor, not, TRUE, tagged } from './compose.ts';
import { conflictPiece } from './conflict-rule.ts';
import type { Decision, DenyReason } from './decision-types.ts';
import { evaluate, type World } from './evaluate.ts';
import type { RowRule } from './rule-types.ts';
import { isRegistered } from './standing.ts';
import type { Ask, Principal, Role } from './types.ts';
import { wordsFor } from './words.ts';

const OFFICERS: readonly Role[] = ['sar-officer', 'caldicott-guardian'];

/** Roles whose people keep requests for a record. */
export function keepsRequests(role: Role): boolean {
  return OFFICERS.includes(role);
}

/** Health professionals who may give the opinion on serious harm: registered clinicians and safeguarding. */
export function mayJudgeHarm(role: Role): boolean {
  return isRegistered(role) || role === 'safeguarding';
}

/** What a request lets a person into. */
export interface InsideRequest {
  /** `PractitionerRole/..` named in the request, or null. */
  professional: string | null;
}

/** The refusal of a row inside a request, or null. V is shown to the Guardian and the named professional only. */
export function refusalInside(principal: Principal, ask: Ask, world: World, inside: InsideRequest): Decision | null {
  const named = isNamed(principal, inside);
  if (principal.kind !== 'staff' || !(named || keepsRequests(principal.role))) return deny('role', ['R-26']);
  const key = principal.ownRecordKey;
  if (key !== undefined && evaluate(consentFor('own-record', [key]), world)) return deny('own-record', ['R-11']);
  if (!evaluate(conflictPiece(principal, ask).rule, world)) return deny('conflict', ['R-12']);
  if (!evaluate(testData(ask), world)) return deny('test-data', ['R-48']);
  const seesAll = named || principal.role === 'caldicott-guardian';
  return seesAll || evaluate({ op: 'label', atMost: 'R' }, world) ? null : deny('label', ['R-13']);
}

/** The named professional, while her role is still one that may judge. */
export function isNamed(principal: Principal, { professional }: InsideRequest): boolean {
  return professional !== null && principal.practitionerRole === professional && mayJudgeHarm(principal.role);
}

function testData({ mode }: Ask): RowRule {
  if (mode === 'demo') return TRUE;
  return mode === 'training' ? tagged('HTEST') : not(tagged('HTEST'));
}

function deny(reason: DenyReason, rules: string[]): Decision {
  const text = wordsFor(reason);
  return { permit: false, rules, reason, text, explanation: null, masks: [], concealed: false, wayIn: null };
}
