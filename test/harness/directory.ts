/**
 * The smallest directory in which the demo's people have their standing: one trust, two services in it, teams, the
 * people of the token command and a few more, and the agreement between the services. The tests' own, so that the seed
 * can change without them.
 */
import { codeSystem, profile, reference, snomed } from '../../src/care/canon.ts';
import { SERVICE_TYPE } from '../../src/care/family.ts';
import { SDS_USER } from '../../src/fhir/identifiers.ts';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { DEMO_IDENTITIES, DEMO_ORGANIZATIONS, DEMO_TEAMS } from '../../src/identity/identities.ts';

export const { trust: TRUST, maternity: MATERNITY, healthVisiting: HEALTH_VISITING } = DEMO_ORGANIZATIONS;
export const HV_SERVICE = 'HealthcareService/hv-north';
export const TEAM = { ...DEMO_TEAMS, south: 'CareTeam/hv-team-south' };
/** Every membership and agreement of the fixtures began this day, unless a test says otherwise. */
export const SINCE = '2020-01-01';

interface Person {
  id: string;
  name: string;
  service: string;
  team: string | null;
  code: JsonObject;
}

const words = (text: string): JsonObject => ({ text });
const coded = (code: string, display: string): JsonObject => ({ coding: [snomed(code, display)] });
const CODES: Readonly<Record<string, JsonObject>> = {
  midwife: coded('158999002', 'Community midwife'),
  'health-visitor': coded('1052581000000109', 'Health visitor'),
  'nursery-nurse': coded('224578004', 'Nursery nurse'),
  safeguarding: words('Safeguarding nurse'),
  'team-lead': words('Team lead'),
  admin: coded('224608005', 'Administrative healthcare staff'),
  'service-lead': words('Service lead'),
  'ig-officer': words('Privacy officer'),
  'caldicott-guardian': words('Caldicott Guardian'),
  'sar-officer': words('Subject access officer'),
  sysadmin: words('System administrator'),
};

const DEMO_STAFF: Person[] = [...DEMO_IDENTITIES.values()]
  .filter((one) => one.kind === 'staff')
  .map((one) => ({
    id: one.subject,
    name: one.name,
    service: one.org ?? TRUST,
    team: one.team,
    code: CODES[one.role] ?? words(one.role),
  }));

/** `mw-other` and `hv-south` care for other families; `hv-none` belongs to no team; `gp-none` to nobody's. */
const MORE: Person[] = [
  { id: 'mw-other', name: 'Olive', service: MATERNITY, team: null, code: CODES.midwife ?? {} },
  { id: 'hv-south', name: 'Sana', service: HEALTH_VISITING, team: TEAM.south, code: CODES['health-visitor'] ?? {} },
  { id: 'hv-none', name: 'Nell', service: HEALTH_VISITING, team: null, code: CODES['health-visitor'] ?? {} },
];

const PEOPLE = [...DEMO_STAFF, ...MORE];
const idOf = (address: string): string => address.slice(address.indexOf('/') + 1);

function organization(address: string, name: string, partOf: string | null): Resource {
  return {
    resourceType: 'Organization',
    id: idOf(address),
    active: true,
    name,
    ...(partOf === null ? {} : { partOf: reference(partOf) }),
  };
}

function healthcareService(address: string, kind: keyof typeof SERVICE_TYPE, by: string): Resource {
  const type = [SERVICE_TYPE[kind]];
  return {
    resourceType: 'HealthcareService',
    id: idOf(address),
    active: true,
    providedBy: reference(by),
    type,
    name: kind,
  };
}

function practitioner({ id, name }: Person): Resource {
  const userId = [...DEMO_IDENTITIES.values()].find((one) => one.subject === id)?.userId ?? null;
  return {
    resourceType: 'Practitioner',
    id,
    ...(userId === null ? {} : { identifier: [{ system: SDS_USER, value: userId }] }),
    active: true,
    name: [{ given: [name], family: 'Fixture' }],
  };
}

/** A PractitionerRole of the fixtures; tests end it with `period`. */
export function practitionerRole(id: string, period: JsonObject = { start: SINCE }): Resource {
  const one = PEOPLE.find((person) => person.id === id);
  if (one === undefined) throw new Error(`nobody in the fixtures is called ${id}`);
  return {
    resourceType: 'PractitionerRole',
    id,
    active: true,
    period,
    practitioner: { reference: `Practitioner/${id}`, display: one.name },
    organization: reference(one.service),
    code: [one.code],
  };
}

/** A team of the directory with its members; `end` ends a member's time. */
export function team(address: string, members: readonly { id: string; end?: string }[] = membersOf(address)): Resource {
  const service = address === TEAM.midwives ? MATERNITY : HEALTH_VISITING;
  return {
    resourceType: 'CareTeam',
    id: idOf(address),
    status: 'active',
    name: idOf(address),
    ...(members.length === 0
      ? {}
      : {
          participant: members.map(({ id, end }) => ({
            member: reference(`PractitionerRole/${id}`),
            period: { start: SINCE, ...(end === undefined ? {} : { end }) },
          })),
        }),
    managingOrganization: [reference(service)],
  };
}

function membersOf(address: string): { id: string }[] {
  return PEOPLE.filter((one) => one.team === address).map(({ id }) => ({ id }));
}

const SHARED = [
  ...['Patient', 'RelatedPerson', 'Group', 'ServiceRequest', 'Task', 'Observation', 'Condition', 'Appointment'],
  ...['Encounter', 'EpisodeOfCare', 'CareTeam', 'QuestionnaireResponse', 'RiskAssessment', 'CarePlan', 'Goal'],
  ...['Flag', 'Consent', 'DocumentReference', 'Communication', 'Procedure'],
];

function term(from: string, to: string, label: 'N' | 'R', purposes: readonly string[]): JsonObject {
  const V3 = 'http://terminology.hl7.org/CodeSystem/v3';
  const party = (role: string, service: string): JsonObject => ({
    role: { coding: [{ system: `${V3}-ParticipationType`, code: role }] },
    reference: [reference(service)],
  });
  return {
    securityLabel: [
      {
        classification: { system: `${V3}-Confidentiality`, code: label },
        control: purposes.map((code) => ({ system: `${V3}-ActReason`, code })),
      },
    ],
    offer: { party: [party('CST', from), party('IRCP', to)] },
    asset: [{ type: SHARED.map((code) => ({ coding: [{ system: 'http://hl7.org/fhir/resource-types', code }] })) }],
  };
}

/** The sharing protocol between the two services, both ways: people up to R for direct care, systems N. */
export function agreement(more: JsonObject = {}): Resource {
  const pairs: [string, string][] = [
    [MATERNITY, HEALTH_VISITING],
    [HEALTH_VISITING, MATERNITY],
  ];
  return {
    resourceType: 'Contract',
    id: 'sharing',
    meta: { profile: [profile('JV-SharingAgreement')] },
    status: 'executed',
    applies: { start: SINCE },
    term: pairs.flatMap(([from, to]) => [
      term(from, to, 'R', ['TREAT', 'ETREAT', 'CAREMGT']),
      term(from, to, 'N', ['COC', 'PATADMIN']),
    ]),
    ...more,
  };
}

/** Everything, in the order in which it can be written; each list is one transaction. */
export function directory(): Resource[][] {
  return [
    [
      organization(TRUST, 'Sampleport Trust (synthetic)', null),
      organization(MATERNITY, 'Community midwifery service', TRUST),
      organization(HEALTH_VISITING, 'Health visiting service', TRUST),
      healthcareService('HealthcareService/mw-community', 'maternity', MATERNITY),
      healthcareService(HV_SERVICE, 'health-visiting', HEALTH_VISITING),
      ...PEOPLE.map(practitioner),
      ...PEOPLE.map(({ id }) => practitionerRole(id)),
    ],
    [...Object.values(TEAM).map((address) => team(address)), agreement()],
  ];
}

export const JV_SERVICE = codeSystem('jv-service');
