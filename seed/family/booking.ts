/** What the midwife records at booking and at the dating scan, and what she agreed about sharing (1.2, 1.3 rule 5). */
import { CANON, localConcept, reference, snomed, V3_ACT, V3_PARTICIPATION } from '../../src/care/canon.ts';
import { addDays, TERM_DAYS } from '../../src/care/clock.ts';
import { eddObservation, pregnancyCondition } from '../../src/care/pregnancy.ts';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { londonInstant, workingDay } from '../days.ts';
import { HEALTH_VISITING, MATERNITY } from '../directory/places.ts';
import { type Family, motherOf } from './model.ts';

/** Pregnancy, EDD by last period and (once there was one) by scan, the booking contact. */
export function booking(family: Family): Resource[] {
  const patient = motherOf(family);
  const performer = reference(family.midwife);
  const lmp = addDays(family.eddByLmp, -TERM_DAYS);
  const byLmp = eddObservation({ patient, from: { lmp }, on: family.booked, performer });
  // Who comes from elsewhere brings her scan along: it is recorded at booking.
  const on = [family.scanned ?? '', family.booked].sort()[1] ?? family.booked;
  const scan = family.scanned === null ? [] : [eddObservation({ patient, from: { scan: family.edd }, on, performer })];
  return [
    { ...pregnancyCondition(patient, performer, family.booked), id: `${family.id}-pregnancy` },
    { ...byLmp, id: `${family.id}-edd-lmp` },
    ...scan.map((one) => ({ ...one, id: `${family.id}-edd-scan` })),
    bookingContact(family),
  ];
}

function bookingContact(family: Family): Resource {
  const day = workingDay(family.booked, -1);
  const period = { start: londonInstant(day, '10:00'), end: londonInstant(day, '11:00') };
  return {
    resourceType: 'Encounter',
    id: `${family.id}-booking`,
    status: 'finished',
    class: { system: V3_ACT, code: 'AMB' },
    type: [{ coding: [snomed('424525001', 'Antenatal care')], text: 'Booking appointment' }],
    subject: motherOf(family),
    episodeOfCare: [reference(`EpisodeOfCare/${family.id}-mat`)],
    participant: [{ type: PRIMARY, period, individual: reference(family.midwife) }],
    period,
    location: [{ location: reference(`Location/area-${family.area.id}`) }],
    serviceProvider: reference(MATERNITY),
  };
}

const PRIMARY = [{ coding: [{ system: V3_PARTICIPATION, code: 'PPRF' }] }];

/** Her word on sharing: a Consent, or the Task to explain or to ask again (1.3 rule 5). */
export function sharing(family: Family): Resource[] {
  const said = family.spec.sharing ?? 'explained';
  if (said === 'not-yet-asked') return [sharingTask(family, 'explain-sharing', 'Explain sharing at the next contact')];
  const consent = consentOf(family, said === 'objected');
  if (said === 'explained') return [consent];
  return [consent, sharingTask(family, 'revisit-sharing', 'Ask about sharing again later in the pregnancy')];
}

/**
 * Domain.md 5.4. Explained and not objected to is a permit to both services, for what either writes goes to the other; an
 * objection is a denial to the one that did not record it.
 */
export function consentOf(family: Family, isObjection: boolean): Resource {
  const role = { coding: [{ system: V3_PARTICIPATION, code: 'IRCP' }] };
  const services = isObjection ? [HEALTH_VISITING] : [HEALTH_VISITING, MATERNITY];
  return sharingConsent(family, {
    type: isObjection ? 'deny' : 'permit',
    actor: services.map((service) => ({ role, reference: reference(service) })),
  });
}

export function sharingConsent(family: Family, provision: JsonObject, id = `${family.id}-sharing`): Resource {
  return {
    resourceType: 'Consent',
    id,
    status: 'active',
    scope: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }],
    },
    category: [{ coding: [{ system: V3_ACT, code: 'IRDSCL' }] }],
    patient: motherOf(family),
    dateTime: londonInstant(workingDay(family.booked, -1), '10:40'),
    performer: [motherOf(family)],
    organization: [reference(MATERNITY)],
    policy: [{ uri: `${CANON}/policy/joint-visit-sharing` }],
    verification: [{ verified: true, verifiedWith: motherOf(family), verificationDate: workingDay(family.booked, -1) }],
    provision,
  };
}

function sharingTask(family: Family, code: 'explain-sharing' | 'revisit-sharing', description: string): Resource {
  return {
    resourceType: 'Task',
    id: `${family.id}-${code}`,
    status: 'requested',
    intent: 'order',
    code: localConcept('jv-task', code),
    description,
    for: motherOf(family),
    authoredOn: londonInstant(workingDay(family.booked, -1), '10:45'),
    requester: reference(family.midwife),
    owner: reference(family.midwife),
  };
}
