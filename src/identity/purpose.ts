/** Purpose of use as the request states it (house.md section 2, R-02). */
import { DENY_REASON, Outcome, type OutcomeIssue, refuse } from '../fhir/outcome.ts';
import type { Purpose } from '../governance/types.ts';
import type { Caller } from './caller.ts';

const SYSTEM = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';

/** The purposes of R-02; total by type. */
const PURPOSES: Readonly<Record<Purpose, true>> = {
  TREAT: true,
  ETREAT: true,
  BTG: true,
  COC: true,
  CAREMGT: true,
  PATADMIN: true,
  PUBHLTH: true,
  HQUALIMP: true,
  PATRQT: true,
  HLEGAL: true,
  HSYSADMIN: true,
  HTEST: true,
};

function isPurpose(code: string): code is Purpose {
  return Object.hasOwn(PURPOSES, code);
}

function unknownPurpose(): Outcome {
  const known = Object.keys(PURPOSES).join(', ');
  const issue: OutcomeIssue = {
    severity: 'error',
    code: 'forbidden',
    diagnostics: `The purpose of use is not one of ${known} (R-02).`,
    detail: { system: DENY_REASON, code: 'purpose' },
  };
  return new Outcome(403, [issue]);
}

function codeOf(text: string): Purpose {
  const code = text.startsWith(`${SYSTEM}|`) ? text.slice(SYSTEM.length + 1) : text;
  if (!isPurpose(code)) throw unknownPurpose();
  return code;
}

/**
 * The declared purpose: claim `purpose_of_use` or header `X-Purpose-Of-Use` (a v3-ActReason code, with or without its
 * system), or null when neither is there (R-02 then has a default for some roles).
 * Throws 400 when the header is repeated or contradicts the claim, 403 (`purpose`) when the code is none of R-02.
 */
export function purposeOf(caller: Caller, header: string | undefined): Purpose | null {
  const stated = header?.trim() ?? '';
  if (stated.includes(',')) throw refuse(400, 'invalid', 'X-Purpose-Of-Use must name one purpose of use.');
  const asked = stated === '' ? null : codeOf(stated);
  const claimed = caller.purposeClaim === null ? null : codeOf(caller.purposeClaim);
  if (asked !== null && claimed !== null && asked !== claimed) {
    throw refuse(400, 'conflict', `X-Purpose-Of-Use says ${asked}, but the token says ${claimed}.`);
  }
  return claimed ?? asked;
}
