/** A family as resources, in the order in which a reader meets them. */
import type { CivilDate } from '../../src/care/clock.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { booking, sharing } from './booking.ts';
import { care, referral } from './care.ts';
import { identity } from './identity.ts';
import { type FamilySpec, familyOf } from './model.ts';

/** Everything of one family, to be written in one transaction. */
export function buildFamily(spec: FamilySpec, today: CivilDate): Resource[] {
  const family = familyOf(spec, today);
  return [...identity(family), ...booking(family), ...sharing(family), ...care(family), ...referral(family)];
}
