/**
 * a colleague who is a patient (EMP) and a known person (CEL) are handled with care, not restricted: the diary goes
 * on. In lists her name, her unborn child's too, is for her team and for who is named; others see that somebody is there,
 * and do not find her by it.
 */
import { any, consentFor, not, TRUE } from './compose.ts';
import type { Mask } from './decision-types.ts';
import type { Carrier } from './mask-tables.ts';
import { relatedBy } from './relationship-rules.ts';
import type { RowRule } from './rule-types.ts';
import { READ_GRACE_DAYS } from './standing.ts';
import type { Principal, RelationshipKind } from './types.ts';

const NEAR: readonly RelationshipKind[] = [
  'care-team',
  'episode',
  'referral-accepted',
  'registered',
  'named',
  'handler',
];

/** Where a name can be searched for, by type. */
export const NAMES: Readonly<Record<string, Carrier>> = {
  Patient: { remove: ['name'], params: ['name', 'family', 'given', 'phonetic'] },
};

/** What a list leaves out: the name itself, and what references call her. */
export function nameMask(type: string): Mask {
  const own = NAMES[type]?.remove ?? ['subject.display', 'patient.display', 'for.display', 'participant.actor.display'];
  return { rule: 'R-43', remove: [...own, 'text', 'contained'], params: [] };
}

/** The name may stand in a list for this principal: nobody handled with care, or one of hers. */
export function nameInLists(principal: Principal): RowRule {
  if (principal.kind !== 'staff') return TRUE;
  return any(not(consentFor('handled', [])), relatedBy(principal, NEAR, READ_GRACE_DAYS, 'any'));
}
