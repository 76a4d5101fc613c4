/** Who cares for a woman now, for grants that presuppose it: earlier pregnancies, a restricted address. */
import { evaluate } from '../governance/evaluate.ts';
import { relatedBy } from '../governance/relationship-rules.ts';
import type { Principal, RelationshipKind } from '../governance/types.ts';
import type { DecidableRow } from '../store/rows.ts';

const CARE: readonly RelationshipKind[] = [
  'care-team',
  'episode',
  'referral-accepted',
  'attendance',
  'task',
  'appointment',
];
/** R-16 "named care team": by person or team, not by somebody's diary. */
const TEAM: readonly RelationshipKind[] = ['care-team', 'episode'];

/** A live relationship, without grace: who only reads on after an ending opens nothing new. */
export function caresFor(
  principal: Principal,
  found: Pick<DecidableRow, 'row' | 'relationships' | 'consents' | 'agreements'>,
  now: Date,
  kind: 'history' | 'unmask',
): boolean {
  return evaluate(relatedBy(principal, kind === 'unmask' ? TEAM : CARE, 0, 'any'), { ...found, now });
}
