/**
 * Gates: what a request cannot get past, whatever rows it touches. They look at the principal and the ask alone
 * (house.md section 5). Order of the refusals, R-15 (production), R-19, R-03, scopes, R-27, R-33, R-26, R-05.
 */
import { CLASS_OF_TYPE } from './data-classes.ts';
import type { Decision, DenyReason } from './decision-types.ts';
import { mayAskFor } from './purposes.ts';
import { isConceivable, isWrite, writesConformance } from './role-views.ts';
import { scopesAllow } from './scopes.ts';
import type { Ask, Principal } from './types.ts';
import { NO_SUCH_RECORD, wordsFor } from './words.ts';

/** What to do instead of DELETE on clinical types. */
export const ENTERED_IN_ERROR =
  'Records of care are not deleted. Set the status to entered-in-error (PUT with If-Match); the history is kept.';

/** Types that can be somebody's unfinished draft (`DRAFT_TAG`). */
export const DRAFT_TYPES: readonly string[] = ['QuestionnaireResponse', 'Composition', 'DocumentReference'];

/** The refusal of a request by principal and ask alone, or null when rows may be looked at. */
export function gate(principal: Principal, ask: Ask): Decision | null {
  return (
    identified(principal, ask) ??
    separated(ask) ??
    familyOpen(principal, ask) ??
    purposeGate(principal, ask) ??
    scopeGate(principal, ask) ??
    auditGate(principal, ask) ??
    deleteGate(principal, ask) ??
    roleGate(principal, ask)
  );
}

/** a system client synchronises; what a person asks for carries that person (vector 32). */
function identified(principal: Principal, ask: Ask): Decision | null {
  if (principal.subject === '' || principal.clientId === '') return deny('no-authn', ['R-01'], { status: 401 });
  if (principal.kind === 'staff' && principal.practitionerRole === undefined && principal.practitioner === undefined) {
    return deny('no-authn', ['R-01'], { status: 401 });
  }
  const isPersonal = principal.role === 'system' && ask.purpose !== 'COC' && ask.purpose !== 'HTEST';
  if (!isPersonal) return null;
  // R-19 speaks first: a system client cannot break glass, with or without a person's claims.
  if (ask.purpose === 'BTG') return deny('role', ['R-19']);
  return deny('no-authn', ['R-01'], { status: 401 });
}

/** test purposes only in training, nothing else there. The steward exists in the demo only. */
function separated(ask: Ask): Decision | null {
  return (ask.purpose === 'HTEST') === (ask.mode === 'training') ? null : deny('test-data', ['R-48']);
}

/** in production, family audiences wait for a configured sign-in. They write nothing but their feedback (1.6). */
function familyOpen(principal: Principal, ask: Ask): Decision | null {
  if (principal.role === 'steward' && ask.mode !== 'demo') return deny('role', ['R-05']);
  if (principal.kind !== 'family') return null;
  const isFeedback = ask.action === 'create' && ask.type === 'QuestionnaireResponse';
  return ask.mode === 'production' || (isWrite(ask.action) && !isFeedback) ? hidden('role', ['R-15']) : null;
}

/** the purpose must be one the role may have. */
function purposeGate(principal: Principal, ask: Ask): Decision | null {
  if (mayAskFor(principal.role, ask.purpose)) return null;
  if (ask.purpose === 'BTG') return deny('role', ['R-19']);
  return principal.kind === 'family' ? hidden('purpose', ['R-03']) : deny('purpose', ['R-02', 'R-03']);
}

/** 4.7: scopes cap. */
function scopeGate(principal: Principal, ask: Ask): Decision | null {
  if (scopesAllow(principal, ask.action, ask.type)) return null;
  return principal.kind === 'family' ? hidden('role', ['R-05']) : deny('role', ['R-05']);
}

/** the trail is written by the service alone; reading it goes through its own door. */
function auditGate(principal: Principal, ask: Ask): Decision | null {
  if (ask.type !== 'AuditEvent' || !isWrite(ask.action)) return null;
  return deny('role', ['R-27'], {
    status: 405,
    text: `Audit records are written by the service and never changed (role ${principal.role}).`,
  });
}

/** system clients delete slots, subscriptions and their own drafts; the demo's loading client anything. */
function deleteGate(principal: Principal, ask: Ask): Decision | null {
  if (ask.action !== 'delete' || principal.role === 'steward') return null;
  const isOwnKind = ask.type === 'Slot' || ask.type === 'Subscription';
  // Whether it is her own draft, the row says.
  if (principal.kind === 'system' && (isOwnKind || DRAFT_TYPES.includes(ask.type ?? ''))) return null;
  return deleteRefused();
}

/** 405 with the recipe. */
export function deleteRefused(): Decision {
  return deny('role', ['R-33'], { status: 405, text: ENTERED_IN_ERROR });
}

/** the matrix must have a cell for some class of the type. Family audiences see nothing instead of a no. */
function roleGate(principal: Principal, ask: Ask): Decision | null {
  if (principal.role === 'student' && !principal.flags.includes('supervised')) return deny('role', ['R-40']);
  if (ask.type === null || principal.kind === 'family') return null;
  if (isConceivable(principal.role, ask.action, ask.type)) return null;
  if (isWrite(ask.action) && writesConformance(principal) && CLASS_OF_TYPE.get(ask.type) === 'conformance') return null;
  return deny('role', principal.role === 'ig-officer' ? ['R-26', 'R-05'] : ['R-05']);
}

function deny(reason: DenyReason, rules: string[], more: { status?: 401 | 405; text?: string } = {}): Decision {
  return {
    permit: false,
    rules,
    reason,
    text: more.text ?? wordsFor(reason),
    explanation: null,
    masks: [],
    concealed: false,
    wayIn: null,
    ...(more.status === undefined ? {} : { status: more.status }),
  };
}

function hidden(reason: DenyReason, rules: string[]): Decision {
  return { ...deny(reason, rules), text: NO_SUCH_RECORD, concealed: true };
}
