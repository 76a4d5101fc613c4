/** Twins, a birth to be matched, and pregnancies that ended (domain.md 1.3 rule 2, 3.5, R-51). */
import { confidentiality, localConcept, reference, V3_ACT } from '../../src/care/canon.ts';
import { addDays } from '../../src/care/clock.ts';
import { nhsNumber, relatedPerson } from '../../src/care/family.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { londonInstant } from '../days.ts';
import { MATERNITY } from '../directory/places.ts';
import { ofBaby } from '../family/after-birth.ts';
import { care } from '../family/care.ts';
import { babyId, type Family, motherOf, spareNumber } from '../family/model.ts';
import { type Special, type Steps, the } from './table.ts';

const TWINS = [{ letter: 'A' }, { letter: 'B' }] as const;

/** Born yesterday: the mother is matched, each baby is only proposed to a fetus until a midwife confirms. */
function proposedMatch(family: Family, plain: Resource[]): Steps {
  const born = addDays(family.today, -1);
  const babies = [0, 1].flatMap((n) => [
    ...newborn(family, n === 0 ? 0 : 1, born),
    ...ofBaby(family, `${family.id}-born-${n + 1}`, born),
  ]);
  return [[...plain, ...babies, ...family.babies.map(({ letter }, n) => matchTask(family, letter, n))]];
}

function newborn(family: Family, n: 0 | 1, born: string): Resource[] {
  const id = `${family.id}-born-${n + 1}`;
  const link = relatedPerson({ patient: reference(`Patient/${id}`), relationship: 'NMTH', name: family.name });
  return [
    {
      resourceType: 'Patient',
      id,
      identifier: [nhsNumber(spareNumber(family, n), '08')],
      active: true,
      name: [{ use: 'official', family: family.name.family, given: [`Twin ${n + 1}`] }],
      gender: n === 0 ? 'female' : 'male',
      birthDate: born,
      multipleBirthInteger: n + 1,
      managingOrganization: reference(MATERNITY),
    },
    { ...link, id: `${id}-mother` },
  ];
}

function matchTask(family: Family, letter: string, n: number): Resource {
  return {
    resourceType: 'Task',
    id: `${family.id}-match-${letter.toLowerCase()}`,
    status: 'requested',
    intent: 'proposal',
    priority: 'urgent',
    code: localConcept('jv-task', 'match-baby'),
    description: 'Confirm which baby this is',
    focus: reference(`Patient/${babyId(family, letter)}`),
    for: motherOf(family),
    authoredOn: londonInstant(addDays(family.today, -1), '18:05'),
    owner: reference(family.midwifeTeam),
    input: [{ type: { text: 'Proposed baby' }, valueReference: reference(`Patient/${family.id}-born-${n + 1}`) }],
  };
}

/** Ended while the referral was held: the health visiting service was never told (story S1). */
function heldLoss(family: Family, plain: Resource[]): Steps {
  const open = plain.map((one) => (one.id === `${family.id}-referral` ? held(one) : one));
  return [open, ended(family, plain)];
}

const held = (one: Resource): Resource =>
  one.resourceType === 'Task'
    ? { ...one, status: 'on-hold', businessStatus: localConcept('referral-state', 'held') }
    : { ...one, status: 'active' };

/** What ends with a pregnancy: the referral and the pregnancy itself; first a resource that was not there before. */
function ended(family: Family, plain: Resource[], ...more: Resource[]): Resource[] {
  const condition = the(plain, `Condition/${family.id}-pregnancy`);
  const inactive = {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'inactive' }],
  };
  return [
    note(family),
    { ...condition, clinicalStatus: inactive },
    the(plain, `ServiceRequest/${family.id}-referral`),
    the(plain, `Task/${family.id}-referral`),
    ...more,
  ];
}

/** Who recorded the ending, and when; it names no cause. */
function note(family: Family): Resource {
  return {
    resourceType: 'Provenance',
    id: `${family.id}-ended`,
    target: [reference(`Condition/${family.id}-pregnancy`)],
    recorded: londonInstant(addDays(family.today, -3), '15:20'),
    agent: [{ who: reference(family.midwife), onBehalfOf: reference(MATERNITY) }],
  };
}

/** A miscarriage at 10+0 is recorded on the fetus: fetal demise, never `deceased` (3.5). */
const demised = (family: Family, resources: Resource[], letter: string): Resource =>
  setStatus(the(resources, `Patient/${babyId(family, letter)}`));

const setStatus = (patient: Resource): Resource => ({
  ...patient,
  extension: (Array.isArray(patient.extension) ? patient.extension : []).map((one) =>
    Object.assign({}, one, { valueCode: 'fetal-demise' }),
  ),
});

/**
 * Ended by termination after the health visitor had accepted: she learns `ended` and no more. Cause, place and date are
 * R + SEX, of the treating service alone; her service's part of the care ended with the referral.
 */
function termination(family: Family, plain: Resource[]): Steps {
  const day = addDays(family.today, -3);
  const open = [
    ...plain
      .filter((one) => one.id !== `${family.id}-referral` && one.resourceType !== 'EpisodeOfCare')
      .filter(notTeam),
    ...care(family, {}, true),
    ...plain.filter((one) => one.id === `${family.id}-referral`).map(accepted),
  ];
  const procedure: Resource = {
    resourceType: 'Procedure',
    id: `${family.id}-procedure`,
    meta: { security: [confidentiality('R'), { system: V3_ACT, code: 'SEX' }] },
    status: 'completed',
    code: { text: 'Termination of pregnancy' },
    subject: motherOf(family),
    performedDateTime: day,
    performer: [{ actor: reference(family.midwife), onBehalfOf: reference(MATERNITY) }],
    recorder: reference(family.midwife),
  };
  return [open, ended(family, plain, procedure, ...care(family, { visiting: day }, true))];
}

const notTeam = (one: Resource): boolean => one.resourceType !== 'CareTeam';
const accepted = (one: Resource): Resource =>
  one.resourceType === 'Task'
    ? { ...one, status: 'accepted', businessStatus: localConcept('referral-state', 'accepted') }
    : { ...one, status: 'active' };

export const BABIES: readonly Special[] = [
  {
    id: 'fam-001',
    shows: 'twins, joint visit booked',
    spec: {
      area: 'brinnington',
      gestation: 152,
      state: 'scheduled',
      babies: TWINS,
      healthVisitor: 'hv-helen',
      visit: { kind: 'joint-visit', state: 'booked', day: 3, time: '11:30' },
    },
  },
  {
    id: 'fam-002',
    shows: 'twins born yesterday, each baby proposed to a fetus and not yet confirmed (`match-baby`)',
    spec: {
      area: 'adswood',
      gestation: 259,
      state: 'visited',
      pathway: 'hv-28-week',
      babies: TWINS,
      midwife: 'mw-priya',
    },
    steps: proposedMatch,
  },
  {
    id: 'fam-003',
    shows: 'loss of one twin: nothing is cancelled, the visit stands',
    spec: {
      area: 'offerton',
      gestation: 150,
      state: 'scheduled',
      babies: [{ letter: 'A' }, { letter: 'B', status: 'fetal-demise' }],
      visit: { kind: 'joint-visit', state: 'booked', day: 6, time: '11:30' },
    },
  },
  {
    id: 'fam-004',
    shows: 'loss at 10+0 while the referral was held: health visiting was never told',
    spec: { area: '4', gestation: 73, state: 'pregnancy-ended', midwife: 'mw-priya' },
    steps: (family, plain) => {
      const [open = [], after = []] = heldLoss(family, plain);
      return [open, [...after, demised(family, plain, 'A')]];
    },
  },
  {
    id: 'fam-005',
    shows: 'termination after the referral was accepted: outside maternity only `ended` (R-51)',
    spec: { area: '5', gestation: 108, state: 'pregnancy-ended', midwife: 'mw-priya', healthVisitor: 'hv-helen' },
    steps: termination,
  },
];
