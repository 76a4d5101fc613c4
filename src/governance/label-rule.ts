/** The label rule: N by relationship, R for the registered of the care team and safeguarding, V by name. */
import { all, any, byAuthor, FALSE, inClasses, not, ofService, related, tagged } from './compose.ts';
import {
  brokenGlass,
  lateEntry,
  relatedBy,
  sealedGlass,
  servicesOf,
  supervision,
  WHOLE_RECORD,
} from './relationship-rules.ts';
import { classesSeen, isWrite } from './role-views.ts';
import type { Piece } from './row-rules.ts';
import type { RowRule } from './rule-types.ts';
import { isSealed } from './sealed.ts';
import { isClinical, isRegistered, kindsFor, READ_GRACE_DAYS, selvesOf } from './standing.ts';
import type { Ask, Principal, RelationshipKind } from './types.ts';

/**
 * N for everyone with a relationship, R for the registered of the care team and safeguarding, V by name: rows that
 * say so, and every row about a woman whose own record is V, whenever it was written. R-51: what is labelled SEX (how a
 * pregnancy ended, where and when) stays with the service that treated her.
 */
export function labelPiece(principal: Principal, ask: Ask): Piece {
  const treating = any(not(tagged('SEX')), ofService(servicesOf(principal)));
  const rule = all(
    treating,
    any(
      all(not(isSealed()), any(label('N'), restricted(principal, ask), existing(principal, ask))),
      named(principal, ask),
    ),
  );
  return { name: 'label', rules: ['R-13', 'R-51'], rule };
}

function restricted(principal: Principal, ask: Ask): RowRule {
  // Up to R, and only where the agreement piece let it through.
  if (principal.kind === 'system') return label('R');
  if (principal.role === 'safeguarding') return all(label('R'), beyondClaim(principal, ask));
  if (!isRegistered(principal.role)) return FALSE;
  const grace = isWrite(ask.action) ? 0 : READ_GRACE_DAYS;
  const kinds: RelationshipKind[] = ['care-team', 'episode', 'attendance', 'registered'];
  if (principal.role === 'team-lead' && !isWrite(ask.action)) kinds.push('supervision');
  const usable = kinds.filter((kind) => kindsFor(principal, ask).includes(kind));
  const personal = any(
    relatedBy(principal, usable, grace, 'row'),
    all(inClasses(WHOLE_RECORD), relatedBy(principal, usable, grace, 'any')),
    brokenGlass(principal, ask),
    principal.role === 'team-lead' ? supervision(principal, ask, 'row') : FALSE,
  );
  const workingCopy = inClasses(['working-copy']);
  const late = lateEntry(principal, ask, relatedBy(principal, usable, READ_GRACE_DAYS, 'row'));
  const own = all(workingCopy, byAuthor(selvesOf(principal)));
  return all(label('R'), any(own, all(not(workingCopy), any(personal, late))));
}

/** what somebody claimed for herself covers N alone; safeguarding reads R through every other relationship. */
function beyondClaim(principal: Principal, ask: Ask): RowRule {
  const kinds = kindsFor(principal, ask).filter((kind) => kind !== 'self-claim');
  const grace = isWrite(ask.action) ? 0 : READ_GRACE_DAYS;
  return any(
    relatedBy(principal, [...kinds, 'referral'], grace, 'any'),
    lateEntry(principal, ask, relatedBy(principal, kinds, READ_GRACE_DAYS, 'any')),
    supervision(principal, ask, 'any'),
    brokenGlass(principal, ask),
  );
}

/** 5.3 "exists": that there is a safeguarding flag is told to those who would otherwise call unwarned (R-25, H-07). */
function existing({ role }: Principal, ask: Ask): RowRule {
  if (isWrite(ask.action)) return FALSE;
  return all(inClasses(classesSeen(role, 'exists')), label('R'));
}

function named(principal: Principal, ask: Ask): RowRule {
  if (!isClinical(principal.role)) return FALSE;
  return any(related(principal.parties, ['named'], { pregnancy: 'any' }), sealedGlass(principal, ask));
}

/** The row's label is this or lower. */
export function label(atMost: 'N' | 'R'): RowRule {
  return { op: 'label', atMost };
}
