/** The directory of the bench's area: two services of one trust, their teams and people, and the sharing agreement. */
import { profile, reference, snomed } from '../src/care/canon.ts';
import { ROLE_CODE, SERVICE_TYPE } from '../src/care/family.ts';
import type { JsonObject, Resource } from '../src/fhir/types.ts';
import { DEMO_ORGANIZATIONS, DEMO_TEAMS } from '../src/identity/identities.ts';

export const { maternity: MATERNITY, healthVisiting: HEALTH_VISITING, trust: TRUST } = DEMO_ORGANIZATIONS;

/** A resource under an id of its own choice. */
type Named = Resource & { id: string };

/** Team 0 of each service is the demo's own, with the people whose tokens the bench uses. */
export interface Crew {
  team: string;
  role: string;
}

type Side = 'hv' | 'mw';

/** The team and the practitioner of a service by number. */
export function crewOf(side: Side, number: number): Crew {
  if (number > 0) return { team: `CareTeam/${side}-team-${number}`, role: `PractitionerRole/${side}-${number}` };
  return side === 'hv'
    ? { team: DEMO_TEAMS.healthVisitors, role: 'PractitionerRole/hv-helen' }
    : { team: DEMO_TEAMS.midwives, role: 'PractitionerRole/mw-priya' };
}

/** Everything of the directory for so many teams per service, ids fixed, in an order without forward references. */
export function directory(teams: { hv: number; mw: number }): Named[] {
  return [
    organization(TRUST, 'Trust', null),
    organization(MATERNITY, 'Maternity service', TRUST),
    organization(HEALTH_VISITING, 'Health visiting service', TRUST),
    healthcareService('midwifery', MATERNITY, 'maternity'),
    healthcareService('health-visiting', HEALTH_VISITING, 'health-visiting'),
    ...Array.from({ length: teams.mw }, (_, i) => crew('mw', i)).flat(),
    ...Array.from({ length: teams.hv }, (_, i) => crew('hv', i)).flat(),
    agreement(),
  ];
}

function organization(ref: string, name: string, partOf: string | null): Named {
  return {
    ...identified('Organization', ref),
    active: true,
    name,
    ...(partOf === null ? {} : { partOf: reference(partOf) }),
  };
}

function healthcareService(id: string, provider: string, kind: keyof typeof SERVICE_TYPE): Named {
  const type = [SERVICE_TYPE[kind]];
  return { resourceType: 'HealthcareService', id, active: true, providedBy: reference(provider), type, name: id };
}

/** A team with one practitioner: the load is in the families, not in the rota. */
function crew(side: Side, number: number): Named[] {
  const { team, role } = crewOf(side, number);
  const organizationOf = reference(side === 'hv' ? HEALTH_VISITING : MATERNITY);
  const person = `Practitioner/${role.slice(role.indexOf('/') + 1)}`;
  const code = side === 'hv' ? ROLE_CODE['health-visitor'] : ROLE_CODE.midwife;
  const period = { start: '2024-01-01' };
  return [
    { ...identified('Practitioner', person), active: true, name: [{ family: `Team ${number}`, given: [side] }] },
    {
      ...identified('PractitionerRole', role),
      active: true,
      period,
      practitioner: reference(person),
      organization: organizationOf,
      code: [{ coding: [code] }],
      healthcareService: [reference(`HealthcareService/${side === 'hv' ? 'health-visiting' : 'midwifery'}`)],
    },
    {
      ...identified('CareTeam', team),
      status: 'active',
      name: `${side} team ${number}`,
      period,
      participant: [{ role: [{ coding: [code] }], member: reference(role), period }],
      managingOrganization: [organizationOf],
    },
  ];
}

function identified(type: string, ref: string): Named {
  return { resourceType: type, id: ref.slice(ref.indexOf('/') + 1) };
}

const SHARED =
  'Patient RelatedPerson Group ServiceRequest Observation Condition Appointment Encounter EpisodeOfCare CareTeam ' +
  'CarePlan Goal Task Consent DocumentReference RiskAssessment QuestionnaireResponse Flag';
const V3 = 'http://terminology.hl7.org/CodeSystem';

/** Both directions: people for treatment up to R, systems for coordination of care up to N. */
function agreement(): Named {
  return {
    resourceType: 'Contract',
    id: 'bench-agreement',
    meta: { profile: [profile('JV-SharingAgreement')] },
    status: 'executed',
    applies: { start: '2024-01-01' },
    term: [
      term(MATERNITY, HEALTH_VISITING, 'TREAT', 'R'),
      term(HEALTH_VISITING, MATERNITY, 'TREAT', 'R'),
      term(MATERNITY, HEALTH_VISITING, 'COC', 'N'),
      term(HEALTH_VISITING, MATERNITY, 'COC', 'N'),
    ],
  };
}

function term(from: string, to: string, purpose: string, label: string): JsonObject {
  const party = (who: string, code: string) => ({
    reference: [reference(who)],
    role: { coding: [{ system: `${V3}/v3-ParticipationType`, code }] },
  });
  return {
    securityLabel: [
      {
        classification: { system: `${V3}/v3-Confidentiality`, code: label },
        control: [{ system: `${V3}/v3-ActReason`, code: purpose }],
      },
    ],
    offer: { party: [party(from, 'CST'), party(to, 'IRCP')] },
    asset: [
      { type: SHARED.split(' ').map((code) => ({ coding: [{ system: 'http://hl7.org/fhir/resource-types', code }] })) },
    ],
  };
}

/** Antenatal care as a coding; here because encounters of both services bear it. */
export const ANTENATAL_CARE = snomed('424525001', 'Antenatal care');
