/** The fixed part of the oracle's worlds: directory, two women with numbers, a fetus with its link, agreements. */
import type { Resource } from '../../src/fhir/types.ts';
import { MATERNITY, PEOPLE, TEAMS, VISITING } from './people.ts';

export const CANON = 'https://tandem.example/fhir';
export const SNOMED = 'http://snomed.info/sct';
export const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
export const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
export const NOW = new Date('2026-06-08T09:00:00Z');

export const at = (days: number): string => new Date(NOW.getTime() + days * 86_400_000).toISOString();
export const local = (name: string) => `${CANON}/CodeSystem/${name}`;
export const concept = (system: string, code: string) => ({ coding: [{ system, code }] });
export const ref = (reference: string) => ({ reference });

const PART = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';
export const TYPES = [
  'Patient',
  'RelatedPerson',
  'ServiceRequest',
  'Task',
  'Observation',
  'Appointment',
  'Encounter',
  'EpisodeOfCare',
  'CareTeam',
  'QuestionnaireResponse',
  'CarePlan',
  'Flag',
  'Consent',
  'DocumentReference',
];
interface Terms {
  types?: string[];
  end?: number | undefined;
  status?: string;
}

export function agreement(pair: readonly string[], purpose: string, label: string, terms: Terms = {}): Resource {
  const { types = TYPES, end, status = 'executed' } = terms;
  const party = (role: string, service: string | undefined) => ({
    role: concept(PART, role),
    reference: [ref(service ?? '')],
  });
  const control = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: purpose }];
  return {
    resourceType: 'Contract',
    meta: { profile: [`${CANON}/StructureDefinition/JV-SharingAgreement`] },
    status,
    applies: { start: at(-300), ...(end === undefined ? {} : { end: at(end) }) },
    term: [
      {
        offer: { party: [party('CST', pair[0]), party('IRCP', pair[1])] },
        // Within one service only R needs an agreement.
        securityLabel: [
          { classification: { system: CONFIDENTIALITY, code: pair[0] === pair[1] ? 'R' : label }, control },
        ],
        asset: [{ type: types.map((one) => concept('http://hl7.org/fhir/resource-types', one)) }],
      },
    ],
  };
}

/** Who is supervised by whom (R-06 g). */
const SUPERVISED: Readonly<Record<string, string>> = { 'mw-1': 'mw-2', 'hv-1': 'tl-1', 'nn-1': 'hv-2' };

/** What every world has: the directory, two women with numbers, a fetus with its link, an earlier pregnancy. */
export function ground(memberships: readonly { start: string; end?: string }[]): Resource[] {
  const patient = (id: string, value: string) => ({
    resourceType: 'Patient', id, managingOrganization: ref(MATERNITY),
    ...(value === '' ? {} : { identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value }] }),
  }); // biome-ignore format: one patient
  const episode = (id: string, value: string, start: number, status: string) => ({
    resourceType: 'EpisodeOfCare', id, status, identifier: [{ system: `${CANON}/Id/pregnancy`, value }], type: [concept(SNOMED, '714089006')],
    patient: ref('Patient/p1'), managingOrganization: ref(MATERNITY), team: [ref('CareTeam/mw-a')], period: { start: at(start), ...(status === 'finished' ? { end: at(start + 200) } : {}) },
  }); // biome-ignore format: one episode
  const people = PEOPLE.filter((one) => one.kind === 'staff');
  const teams = TEAMS.map((team, i) => ({
    resourceType: 'CareTeam', id: team.slice(9), status: 'active', managingOrganization: [ref(team.includes('/mw') ? MATERNITY : VISITING)],
    participant: people.filter((_one, n) => n % TEAMS.length === i || n % 3 === i).map((one, n) => ({ member: ref(`PractitionerRole/${one.id}`), period: memberships[(n + i) % memberships.length] ?? {} })),
  })); // biome-ignore format: one team
  return [
    ...people.map((one) => ({
      resourceType: 'PractitionerRole', id: one.id, organization: ref(one.service ?? ''),
      ...(one.id in SUPERVISED ? { extension: [{ url: `${CANON}/StructureDefinition/supervisor`, valueReference: ref(`PractitionerRole/${SUPERVISED[one.id]}`) }] } : {}),
    })), // biome-ignore format: one person each
    ...teams,
    { resourceType: 'HealthcareService', id: 'north', providedBy: ref(VISITING) },
    patient('p1', '9990001006'),
    patient('p2', '9990001014'),
    patient('u1', ''),
    {
      resourceType: 'RelatedPerson', id: 'mum', patient: ref('Patient/u1'), relationship: [concept('http://terminology.hl7.org/CodeSystem/v3-RoleCode', 'NMTHF')],
      identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990001006' }],
    }, // biome-ignore format: one link
    { resourceType: 'RelatedPerson', id: 'danny', patient: ref('Patient/p1') },
    episode('m1', 'PREG-1', -500, 'finished'),
    episode('m2', 'PREG-2', -60, 'active'),
    { resourceType: 'Questionnaire', id: 'q' },
    { resourceType: 'Slot', id: 's' },
    { resourceType: 'Account', id: 'x', subject: ref('Patient/p1') },
  ];
}

/** Where the two services really share: agreements both for people and systems, sharing explained, one team of both. */
export const shared: Resource[] = [
  { ...agreement([MATERNITY, VISITING], 'TREAT', 'R'), id: 'people' },
  { ...agreement([MATERNITY, VISITING], 'COC', 'N'), id: 'systems' },
  {
    resourceType: 'Consent', id: 'explained', status: 'active', patient: ref('Patient/p1'), managingOrganization: ref(MATERNITY),
    scope: concept('http://terminology.hl7.org/CodeSystem/consentscope', 'patient-privacy'), policy: [{ uri: `${CANON}/policy/joint-visit-sharing` }],
    provision: { type: 'permit', actor: [{ reference: ref(VISITING) }] },
  }, // biome-ignore format: one consent
  {
    resourceType: 'CareTeam', id: 'both', status: 'active', subject: ref('Patient/p1'), identifier: [{ system: `${CANON}/Id/pregnancy`, value: 'PREG-2' }],
    managingOrganization: [ref(MATERNITY)],
    participant: ['mw-1', 'hv-1', 'nn-1', 'sw-1', 'tl-1'].map((one) => ({ member: ref(`PractitionerRole/${one}`), period: { start: at(-50) } })),
  }, // biome-ignore format: one team
];
