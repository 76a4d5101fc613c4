/** What families said about sharing: no, not yet asked, no longer, and yes for a partner (1.3 rule 5, R-15, R-20). */
import { reference, V3_PARTICIPATION } from '../../src/care/canon.ts';
import { addDays } from '../../src/care/clock.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { londonInstant } from '../days.ts';
import { consentOf, sharingConsent } from '../family/booking.ts';
import type { Family } from '../family/model.ts';
import type { Special, Steps } from './table.ts';

/** Said yes at booking and no later: the first Consent ends, a second one denies; neither is edited. */
function objectedLater(family: Family, plain: Resource[]): Steps {
  const denied: Resource = {
    ...consentOf(family, true),
    id: `${family.id}-objection`,
    dateTime: londonInstant(addDays(family.today, -4), '11:00'),
  };
  return [plain, [denied, { ...consentOf(family, false), status: 'inactive' }]];
}

/** The mother's permit for her partner, beside the one for the other service. */
function partnerPermit(family: Family, plain: Resource[]): Steps {
  const role = { coding: [{ system: V3_PARTICIPATION, code: 'PRCP' }] };
  const actor = [{ role, reference: reference(`RelatedPerson/${family.id}-partner`) }];
  return [[...plain, sharingConsent(family, { type: 'permit', actor }, `${family.id}-partner`)]];
}

export const SHARING: readonly Special[] = [
  {
    id: 'fam-009',
    shows: 'objection at booking: no referral, asked again later',
    spec: { area: 'brinnington', gestation: 106, state: null, sharing: 'objected', midwife: 'mw-priya' },
  },
  {
    id: 'fam-010',
    shows: 'objection after the referral was accepted: health visiting reads nothing any more',
    spec: { area: 'adswood', gestation: 122, state: 'triaged', healthVisitor: 'hv-helen', midwife: 'mw-priya' },
    steps: objectedLater,
  },
  {
    id: 'fam-011',
    shows: 'sharing not yet asked (onboarded): own service only, a Task for the next contact',
    spec: { area: 'offerton', gestation: 119, state: null, sharing: 'not-yet-asked', midwife: 'mw-priya' },
  },
  {
    id: 'fam-035',
    shows: `partner with the mother's permit`,
    spec: {
      area: 'brinnington',
      gestation: 128,
      state: 'triaged',
      partner: { family: 'Modelley', given: ['Sam'] },
      midwife: 'mw-priya',
      healthVisitor: 'hv-helen',
    },
    steps: partnerPermit,
  },
];
