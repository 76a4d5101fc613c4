/**
 * The family of domain.md 3.5 as FHIR resources: pure builders, used by the seed, the story and the pages. Before birth
 * every finding has the mother as subject; the unborn baby is a Patient of its own for identity only.
 */
import type { CodeableConcept, JsonObject, Reference, Resource } from '../fhir/types.ts';
import { idSystem, localConcept, NHS_NUMBER, profile, snomed, V3_ROLE } from './canon.ts';
import type { CivilDate } from './clock.ts';

const UK = 'https://fhir.hl7.org.uk';
/** UK Core's URL; the IBCM one is accepted on input only. */
export const FETAL_STATUS = 'http://hl7.org/fhir/6.0/StructureDefinition/extension-Patient.fetalStatus';

export interface PersonName {
  family: string;
  given: string[];
}

export interface Mother {
  name: PersonName;
  birthDate: CivilDate;
  nhsNumber?: string;
  /** NHS number verification status `01`..`08`; `02` (present, not traced) when nobody said. */
  verification?: string;
  /** Local patient number of the service that registered her. */
  localId?: string;
  gender?: string;
  phone?: string;
  address?: { line: string[]; city?: string; postalCode?: string };
  language?: string;
  interpreter?: boolean;
  gp?: Reference;
  managingOrganization?: Reference;
}

/** An NHS number identifier with its verification status, always emitted (domain.md 3.3). */
export function nhsNumber(value: string, verification = '02'): JsonObject {
  return {
    extension: [
      {
        url: `${UK}/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus`,
        valueCodeableConcept: {
          coding: [{ system: `${UK}/CodeSystem/UKCore-NHSNumberVerificationStatusEngland`, code: verification }],
        },
      },
    ],
    system: NHS_NUMBER,
    value: value.replaceAll(' ', ''),
  };
}

/** The mother (or birthing parent) as Patient. */
export function motherPatient(mother: Mother): Resource {
  const identifier = [
    ...(mother.nhsNumber === undefined ? [] : [nhsNumber(mother.nhsNumber, mother.verification)]),
    ...(mother.localId === undefined ? [] : [{ system: idSystem('patient'), value: mother.localId }]),
  ];
  return {
    resourceType: 'Patient',
    ...(mother.interpreter === undefined ? {} : { extension: [interpreterRequired(mother.interpreter)] }),
    ...(identifier.length > 0 ? { identifier } : {}),
    active: true,
    name: [{ use: 'official', family: mother.name.family, given: mother.name.given }],
    ...(mother.phone === undefined ? {} : { telecom: [{ system: 'phone', value: mother.phone, use: 'mobile' }] }),
    ...(mother.gender === undefined ? {} : { gender: mother.gender }),
    birthDate: mother.birthDate,
    ...(mother.address === undefined ? {} : { address: [{ use: 'home', ...mother.address }] }),
    ...(mother.language === undefined
      ? {}
      : {
          communication: [
            { language: { coding: [{ system: 'urn:ietf:bcp:47', code: mother.language }] }, preferred: true },
          ],
        }),
    ...(mother.gp === undefined ? {} : { generalPractitioner: [mother.gp] }),
    ...(mother.managingOrganization === undefined ? {} : { managingOrganization: mother.managingOrganization }),
  };
}

const interpreterRequired = (valueBoolean: boolean): JsonObject => ({
  url: 'http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired',
  valueBoolean,
});

/** fetal-status codes of `patient-fetalstatus`. */
export type FetalStatus = 'potential-for-live-birth' | 'fetal-demise' | 'unknown';

/** One unborn baby: no NHS number, no birth date; commonly recorded under the mother's surname. */
export function unbornBaby(fetus: {
  pregnancy: string;
  /** `A`, `B`, ... : persists through birth, does not predict birth order. */
  letter: string;
  surname: string;
  multiple: boolean;
  status?: FetalStatus;
  managingOrganization?: Reference;
}): Resource {
  const surname = fetus.surname.toUpperCase();
  return {
    resourceType: 'Patient',
    meta: { profile: [profile('JV-UnbornBaby')] },
    extension: [{ url: FETAL_STATUS, valueCode: fetus.status ?? 'potential-for-live-birth' }],
    identifier: [{ system: idSystem('fetus'), value: `${fetus.pregnancy}-${fetus.letter}` }],
    active: true,
    name: [{ use: 'temp', text: `Baby ${surname}`, family: surname }],
    multipleBirthBoolean: fetus.multiple,
    ...(fetus.managingOrganization === undefined ? {} : { managingOrganization: fetus.managingOrganization }),
  };
}

/** v3-RoleCode relationships this house writes: mother and father of a fetus, gestational mother, and after birth. */
export type Relationship = 'NMTHF' | 'GESTM' | 'NFTHF' | 'NMTH' | 'NFTH' | 'DOMPART' | 'SPS' | 'SIB' | 'GRPRN';

/** A person related to a Patient. Partners and siblings are RelatedPersons unless clients themselves. */
export function relatedPerson(related: {
  patient: Reference;
  relationship: Relationship;
  name?: PersonName;
  phone?: string;
  /** The mother's own number, for the mother-of-fetus link. */
  nhsNumber?: string;
  start?: CivilDate;
}): Resource {
  return {
    resourceType: 'RelatedPerson',
    ...(related.nhsNumber === undefined ? {} : { identifier: [{ system: NHS_NUMBER, value: related.nhsNumber }] }),
    active: true,
    patient: related.patient,
    relationship: [{ coding: [{ system: V3_ROLE, code: related.relationship }] }],
    ...(related.name === undefined ? {} : { name: [{ family: related.name.family, given: related.name.given }] }),
    ...(related.phone === undefined ? {} : { telecom: [{ system: 'phone', value: related.phone }] }),
    ...(related.start === undefined ? {} : { period: { start: related.start } }),
  };
}

/**
 * The family Group: Patients only (R4 allows no RelatedPerson), and never a quantity: a count tells of members the
 * reader may not see.
 */
export function familyGroup(members: Reference[], localId?: string): Resource {
  return {
    resourceType: 'Group',
    ...(localId === undefined ? {} : { identifier: [{ system: idSystem('family'), value: localId }] }),
    active: true,
    type: 'person',
    actual: true,
    code: localConcept('group-kind', 'family'),
    member: members.map((entity) => ({ entity })),
  };
}

export type ServiceKind = 'maternity' | 'health-visiting';

/** Service types of domain.md 3.7. */
export const SERVICE_TYPE: Readonly<Record<ServiceKind, CodeableConcept>> = {
  maternity: { coding: [snomed('714089006', 'Community midwifery service')] },
  'health-visiting': { coding: [snomed('1078501000000104', 'Health visiting service')] },
};

/** One service's episode for one pregnancy; there are two per pregnancy, one for each service. */
export function episodeOfCare(episode: {
  kind: ServiceKind;
  pregnancy: string;
  patient: Reference;
  /** The service's own child Organization, never the trust. */
  organization: Reference;
  start: CivilDate;
  end?: CivilDate;
  careManager?: Reference;
  team?: Reference;
  referral?: Reference;
}): Resource {
  return {
    resourceType: 'EpisodeOfCare',
    identifier: [{ system: idSystem('pregnancy'), value: episode.pregnancy }],
    status: episode.end === undefined ? 'active' : 'finished',
    type: [SERVICE_TYPE[episode.kind]],
    patient: episode.patient,
    managingOrganization: episode.organization,
    period: { start: episode.start, ...(episode.end === undefined ? {} : { end: episode.end }) },
    ...(episode.referral === undefined ? {} : { referralRequest: [episode.referral] }),
    ...(episode.careManager === undefined ? {} : { careManager: episode.careManager }),
    ...(episode.team === undefined ? {} : { team: [episode.team] }),
  };
}

/** Practitioner roles in a care team (domain.md 3.7). */
export const ROLE_CODE = {
  midwife: snomed('158999002', 'Community midwife'),
  'health-visitor': snomed('1052581000000109', 'Health visitor'),
} as const;

export interface TeamMember {
  member: Reference;
  role: keyof typeof ROLE_CODE;
  start: CivilDate;
  end?: CivilDate;
}

/**
 * One CareTeam.participant; its period is what opens and ends access, so it is never absent. No onBehalfOf: R4 allows it
 * for a Practitioner only (ctm-1), and the service of a PractitionerRole is known.
 */
export function teamParticipant(member: TeamMember): JsonObject {
  return {
    role: [{ coding: [ROLE_CODE[member.role]] }],
    member: member.member,
    period: { start: member.start, ...(member.end === undefined ? {} : { end: member.end }) },
  };
}

/** The care team of one family in one pregnancy. */
export function careTeam(team: {
  name: string;
  patient: Reference;
  pregnancy: string;
  start: CivilDate;
  members: TeamMember[];
  organizations?: Reference[];
}): Resource {
  return {
    resourceType: 'CareTeam',
    identifier: [{ system: idSystem('pregnancy'), value: team.pregnancy }],
    status: 'active',
    name: team.name,
    subject: team.patient,
    period: { start: team.start },
    participant: team.members.map(teamParticipant),
    ...(team.organizations === undefined ? {} : { managingOrganization: team.organizations }),
  };
}
