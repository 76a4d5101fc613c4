/**
 * what a mother or partner may see. Nothing sensitive, nothing unreleased, nothing of anybody else;
 * a partner only what the mother permits. Refusals are never told from absence.
 */
import { isAlive } from './after-death.ts';
import { all, consentForEvery, FALSE, inTypes, not, TRUE, tagged } from './compose.ts';
import type { Piece } from './row-rules.ts';
import type { RowRule } from './rule-types.ts';
import { isSealed } from './sealed.ts';
import type { Ask, Principal } from './types.ts';
import { SENSITIVE_TAGS } from './vocabulary.ts';

/** The pieces of a family audience; the role matrix comes beside them. */
export function familyPieces(principal: Principal, ask: Ask): Piece[] {
  return [
    { name: 'relationship', rules: ['R-15'], rule: subjectRule(principal, ask) },
    { name: 'deceased', rules: ['R-41'], rule: isAlive() },
    { name: 'family', rules: ['R-14'], rule: familySafe() },
  ];
}

function subjectRule(principal: Principal, ask: Ask): RowRule {
  // off in production until a sign-in for parents is configured.
  if (principal.patient === undefined || ask.mode === 'production') return FALSE;
  const own: RowRule = { op: 'subject', in: [principal.patient] };
  if (principal.role === 'mother') return own;
  if (principal.role !== 'partner' || principal.relatedPerson === undefined) return FALSE;
  return all(own, consentForEvery('permit', [principal.relatedPerson]));
}

/** never safeguarding, abuse, confidential or third-party content, R or V, or what is not released. */
function familySafe(): RowRule {
  return all(
    { op: 'label', atMost: 'N' },
    not(isSealed()),
    { op: 'released' },
    not(tagged(...SENSITIVE_TAGS)),
    // The related persons of a record are third parties to each other.
    not(inTypes('RelatedPerson', 'Person', 'Group')),
    TRUE,
  );
}
