/** A family as resources, in the order in which a reader meets them. */
import type { Resource } from '../../src/fhir/types.ts';
import { afterBirth, maternityEnd } from './after-birth.ts';
import { assessment } from './assessment.ts';
import { booking, sharing } from './booking.ts';
import { care, referral } from './care.ts';
import { identity } from './identity.ts';
import type { Family } from './model.ts';
import { visitOf } from './visit.ts';

/** Everything of one family as it stands on the day of the seed, to be written in one transaction. */
export function buildFamily(family: Family, partnerId?: string): Resource[] {
  const end = maternityEnd(family);
  return [
    ...identity(family, partnerId),
    ...booking(family),
    ...sharing(family),
    ...care(family, end === null ? {} : { maternity: end }),
    ...referral(family),
    ...visits(family),
    ...afterBirth(family),
  ];
}

function visits(family: Family): Resource[] {
  const { visit, state } = family.spec;
  if (visit === undefined) return [];
  const met = visit.kind === 'joint-visit' && visit.state === 'finished';
  return [...visitOf(family, visit), ...(met ? assessment(family, visit, state !== 'visited') : [])];
}
