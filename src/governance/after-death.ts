/**
 * when a person has died, her record narrows to the care team and to those who look after it: safeguarding, the
 * supervision of her practitioners, broken glass. An appointment, a Task, a claim or an offered referral opens it no more.
 * When a pregnancy has ended with no living fetus or baby, what belongs to it narrows alike; where she attends now she is
 * cared for, so a ward keeps it (R-06 f). Earlier and later pregnancies are as they were.
 */
import { all, any, consentFor, FALSE, not, ofService, TRUE } from './compose.ts';
import { brokenGlass, bySealedList, relatedBy, servicesOf, supervision } from './relationship-rules.ts';
import { isWrite } from './role-views.ts';
import type { Piece } from './row-rules.ts';
import type { RowRule } from './rule-types.ts';
import { kindsFor, READ_GRACE_DAYS } from './standing.ts';
import type { Ask, Principal, RelationshipKind } from './types.ts';

/** `registered`: whoever registers her puts the care team in place (a day). */
const CARE_TEAM: readonly RelationshipKind[] = ['care-team', 'episode', 'registered'];

export function deceasedPiece(principal: Principal, ask: Ask): Piece {
  const usable = kindsFor(principal, ask).filter((kind) => CARE_TEAM.includes(kind));
  const named = bySealedList(principal, ask);
  const team = relatedBy(principal, usable, isWrite(ask.action) ? 0 : READ_GRACE_DAYS, 'any');
  const kept = principal.kind === 'system' ? ofService(servicesOf(principal)) : FALSE;
  const safeguarding = principal.role === 'safeguarding' ? TRUE : FALSE;
  const others = any(kept, safeguarding, supervision(principal, ask, 'any'), brokenGlass(principal, ask));
  const ward = kindsFor(principal, ask).includes('attendance')
    ? relatedBy(principal, ['attendance'], isWrite(ask.action) ? 0 : READ_GRACE_DAYS, 'any')
    : FALSE;
  const living = all(isAlive(), any(not(hasEnded()), ward));
  return { name: 'deceased', rules: ['R-41'], rule: any(living, team, named, others) };
}

/** The pregnancy that the row belongs to has ended with no living fetus or baby. */
export function hasEnded(): RowRule {
  return { op: 'consent', kind: 'ended', parties: [], ofPregnancy: true };
}

/** Nobody the row is about is known to have died; family audiences see nothing of who has. */
export function isAlive(): RowRule {
  return not(consentFor('deceased', []));
}
