/**
 * The demo identities, once: the token command signs for them, the seed writes the same people into the directory.
 * People and trades are those of domain.md 7.1, SDS job role codes those of 4.6; everything is invented. Never in
 * production. What a person may do comes from the directory at request time, not from here.
 */
import type { Purpose, Role } from '../governance/types.ts';

export interface DemoIdentity {
  /** As typed: `npm run --silent token -- <key>`. */
  key: string;
  kind: 'system' | 'staff' | 'family';
  name: string;
  role: Role;
  /** `sub` of the token. */
  subject: string;
  clientId: string;
  /** `PractitionerRole/..`, `Patient/..`, `RelatedPerson/..`; null for systems. */
  fhirUser: string | null;
  /** `Practitioner/..` behind the PractitionerRole. */
  practitioner: string | null;
  /** SDS user id in the directory, by which a sign-in finds her: invented, in no range in use that we know of. */
  userId: string | null;
  /** The service (or the trust) it belongs to; null for the family. */
  org: string | null;
  /** Team membership for the directory. */
  team: string | null;
  /** SDS job role code, where domain.md 4.6 has one. */
  roleCode: string | null;
  /** `Patient/..` in context. */
  patient: string | null;
  scopes: readonly string[];
  /** Claim `purpose_of_use`: only for roles without a default in R-02. */
  purpose: Purpose | null;
  acr: string | null;
}

/** One organisation with two services is the normal case (domain.md section 5). */
export const DEMO_ORGANIZATIONS = {
  trust: 'Organization/trust',
  maternity: 'Organization/maternity-service',
  healthVisiting: 'Organization/hv-service',
} as const;

export const DEMO_TEAMS = {
  midwives: 'CareTeam/mw-team-brinnington',
  healthVisitors: 'CareTeam/hv-team-brinnington',
} as const;

const ORG = DEMO_ORGANIZATIONS;
/** The app through which the demo people come. */
const APP = 'tandem-demo-app';

/** `n`: the last digits of the SDS user id. */
type Person = Pick<DemoIdentity, 'key' | 'name' | 'role' | 'org' | 'team' | 'roleCode'> & { id: string; n: number };

function staff(person: Person, purpose: Purpose | null = null): DemoIdentity {
  const { id, n, ...rest } = person;
  return {
    ...rest,
    kind: 'staff',
    subject: id,
    clientId: APP,
    fhirUser: `PractitionerRole/${id}`,
    practitioner: `Practitioner/${id}`,
    userId: `9998${String(n).padStart(8, '0')}`,
    patient: null,
    scopes: ['user/*.cruds'],
    purpose,
    acr: 'AAL3',
  };
}

/** Somebody of the trust who keeps the record's rules; her key is her role. */
function officer(one: Pick<Person, 'id' | 'n' | 'name' | 'roleCode'> & { key: Role }, purpose: Purpose): DemoIdentity {
  return staff({ ...one, role: one.key, org: ORG.trust, team: null }, purpose);
}

function system(key: string, name: string, org: string, role: Role = 'system'): DemoIdentity {
  return {
    key,
    kind: 'system',
    name,
    role,
    subject: key,
    clientId: key,
    fhirUser: null,
    practitioner: null,
    userId: null,
    org,
    team: null,
    roleCode: null,
    patient: null,
    scopes: ['system/*.cruds'],
    purpose: null,
    acr: null,
  };
}

function family(key: string, name: string, fhirUser: string, role: 'mother' | 'partner'): DemoIdentity {
  return {
    key,
    kind: 'family',
    name,
    role,
    subject: fhirUser.slice(fhirUser.indexOf('/') + 1),
    clientId: APP,
    fhirUser,
    practitioner: null,
    userId: null,
    org: null,
    team: null,
    roleCode: null,
    patient: 'Patient/aisha',
    scopes: ['patient/*.rs', 'patient/QuestionnaireResponse.c'],
    purpose: 'PATRQT',
    acr: 'P9',
  };
}

const MW = { org: ORG.maternity, team: DEMO_TEAMS.midwives };
const HV = { org: ORG.healthVisiting, team: DEMO_TEAMS.healthVisitors };

const LIST: readonly DemoIdentity[] = [
  system('epr', 'Maternity EPR', ORG.maternity),
  system('hv-system', 'Health visiting system', ORG.healthVisiting),
  staff({ key: 'midwife', id: 'mw-priya', n: 1, name: 'Priya', role: 'midwife', roleCode: 'R0680', ...MW }),
  staff({
    key: 'health-visitor',
    id: 'hv-helen',
    n: 2,
    name: 'Helen',
    role: 'health-visitor',
    roleCode: 'R0690',
    ...HV,
  }),
  staff({ key: 'nursery-nurse', id: 'nn-karl', n: 3, name: 'Karl', role: 'nursery-nurse', roleCode: 'R1490', ...HV }),
  staff({
    key: 'safeguarding',
    id: 'sg-moira',
    n: 4,
    name: 'Moira',
    role: 'safeguarding',
    roleCode: null,
    ...HV,
    team: null,
  }),
  staff({ key: 'team-lead', id: 'tl-hv', n: 38, name: 'Queenie', role: 'team-lead', roleCode: null, ...HV }),
  staff({ key: 'admin', id: 'ad-tom', n: 5, name: 'Tom', role: 'admin', roleCode: 'R8008', ...HV }),
  staff(
    { key: 'service-lead', id: 'sl-sue', n: 6, name: 'Sue', role: 'service-lead', roleCode: null, ...HV, team: null },
    'HQUALIMP',
  ),
  officer({ key: 'ig-officer', id: 'ig-imran', n: 7, name: 'Imran', roleCode: 'R0001' }, 'HSYSADMIN'),
  officer({ key: 'caldicott-guardian', id: 'cg-shah', n: 8, name: 'Dr Shah', roleCode: 'R5105' }, 'HLEGAL'),
  officer({ key: 'sar-officer', id: 'sar-1', n: 9, name: 'Sheila', roleCode: 'R1984' }, 'HLEGAL'),
  officer({ key: 'sysadmin', id: 'sy-uma', n: 10, name: 'Uma', roleCode: null }, 'HSYSADMIN'),
  family('mother', 'Aisha', 'Patient/aisha', 'mother'),
  family('partner', 'Danny', 'RelatedPerson/danny', 'partner'),
  system('steward', 'Data steward', ORG.trust, 'steward'),
];

/** By the name that is typed, in the order of the README. */
export const DEMO_IDENTITIES: ReadonlyMap<string, DemoIdentity> = new Map(LIST.map((one) => [one.key, one]));

/** The claims of the token contract for an identity, without times and `jti`. `issuer`: base URL of the service. */
export function demoClaims(identity: DemoIdentity, issuer: string, audience: string) {
  const { org, patient, acr, purpose, fhirUser } = identity;
  return {
    iss: issuer,
    sub: identity.subject,
    aud: audience,
    client_id: identity.clientId,
    scope: identity.scopes.join(' '),
    ...(fhirUser === null ? {} : { fhirUser }),
    ...(org === null ? {} : { org }),
    ...(patient === null ? {} : { patient: patient.slice('Patient/'.length) }),
    ...(acr === null ? {} : { acr }),
    ...(purpose === null ? {} : { purpose_of_use: purpose }),
  };
}
