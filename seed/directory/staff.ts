/** Practitioners, their roles, and the teams they stand in (domain.md 3.4, 3.7). */
import { local, profile, reference, snomed } from '../../src/care/canon.ts';
import { addDays, type CivilDate } from '../../src/care/clock.ts';
import { SDS_USER } from '../../src/fhir/identifiers.ts';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { DEMO_IDENTITIES } from '../../src/identity/identities.ts';
import { landline } from '../people.ts';
import { HEALTH_VISITING, HV_SERVICE, MATERNITY, MATERNITY_SERVICE } from './places.ts';
import { STAFF, type StaffMember, TEAMS, type Trade } from './staff-list.ts';

type Coded = { code: JsonObject; specialty?: JsonObject };
const words = (text: string): Coded => ({ code: { text } });
const coded = (code: string, display: string, specialty?: JsonObject): Coded => ({
  code: { coding: [snomed(code, display)] },
  ...(specialty === undefined ? {} : { specialty: { coding: [specialty] } }),
});

/** SNOMED where domain.md 3.7 has a code, else the words the directory reads (governance/directory.ts). */
const CODES: Readonly<Record<Trade, Coded>> = {
  midwife: coded('158999002', 'Community midwife'),
  'hospital-midwife': {
    code: { coding: [snomed('309453006', 'Registered midwife')], text: 'Hospital midwife' },
  },
  'student-midwife': coded('309454000', 'Student midwife'),
  'health-visitor': coded('1052581000000109', 'Health visitor'),
  'family-nurse': {
    code: { coding: [snomed('1052581000000109', 'Health visitor'), local('practitioner-role', 'family-nurse')] },
  },
  'nursery-nurse': coded('224578004', 'Nursery nurse'),
  safeguarding: {
    ...words('Safeguarding nurse'),
    specialty: { coding: [snomed('1326421000000106', 'Safeguarding children team')] },
  },
  perinatal: {
    ...words('Perinatal mental health practitioner'),
    specialty: { coding: [snomed('901221000000102', 'Perinatal mental health service')] },
  },
  admin: coded('224608005', 'Administrative healthcare staff'),
  'team-lead': words('Team lead'),
  'service-lead': words('Service lead'),
  'ig-officer': words('Privacy officer'),
  caldicott: words('Caldicott Guardian'),
  'sar-officer': words('Subject access officer'),
  sysadmin: words('System administrator'),
  interpreter: words('Interpreter'),
};

/** Everyone was in post well before anything in the seed happened. */
const inPostSince = (today: CivilDate): CivilDate => addDays(today, -400);

/** 9998 opens no range in use that we know of: twelve digits, plainly made up. The demo's people have theirs by name. */
const userIdOf = ({ id }: StaffMember, n: number): string =>
  [...DEMO_IDENTITIES.values()].find(({ subject }) => subject === id)?.userId ??
  `9998${String(n + 101).padStart(8, '0')}`;

function practitioner(one: StaffMember, n: number, today: CivilDate): Resource {
  const training = {
    code: { text: 'Joint visit training' },
    period: { start: addDays(today, -75) },
    issuer: reference(one.organization),
  };
  return {
    resourceType: 'Practitioner',
    id: one.id,
    meta: { profile: [profile('JV-Practitioner')] },
    identifier: [{ system: SDS_USER, value: userIdOf(one, n) }],
    active: true,
    name: [{ use: 'official', family: one.family, given: [one.given] }],
    telecom: [{ system: 'phone', value: landline(100 + n), use: 'work' }],
    ...(one.address === undefined ? {} : { address: [{ use: 'home', ...one.address }] }),
    ...(one.trained ? { qualification: [training] } : {}),
  };
}

function practitionerRole(one: StaffMember, today: CivilDate): Resource {
  const { code, specialty } = CODES[one.trade];
  const service =
    one.organization === MATERNITY ? MATERNITY_SERVICE : one.organization === HEALTH_VISITING ? HV_SERVICE : null;
  const claims = service !== null && Array.isArray(code.coding);
  return {
    resourceType: 'PractitionerRole',
    id: one.id,
    ...(claims ? { meta: { profile: [profile('JV-PractitionerRole')] } } : {}),
    active: true,
    period: { start: inPostSince(today) },
    practitioner: { reference: `Practitioner/${one.id}`, display: `${one.given} ${one.family}` },
    organization: reference(one.organization),
    code: [code],
    ...(specialty === undefined ? {} : { specialty: [specialty] }),
    ...(service === null ? {} : { healthcareService: [reference(service)] }),
  };
}

const TEAM_NAMES: Readonly<Record<string, [name: string, service: string]>> = {
  [TEAMS.midwives]: ['Brinnington midwives', MATERNITY],
  [TEAMS.midwives2]: ['Continuity team 2', MATERNITY],
  [TEAMS.midwives3]: ['Continuity team 3', MATERNITY],
  [TEAMS.healthVisitors]: ['Brinnington and north health visitors', HEALTH_VISITING],
  [TEAMS.healthVisitorsSouth]: ['South health visitors', HEALTH_VISITING],
};

/** A team of the directory has no subject; its participants are its list, each for a time (the duty list of 1.8). */
function team(address: string, today: CivilDate): Resource {
  const [name, service] = TEAM_NAMES[address] ?? ['', MATERNITY];
  const participant = STAFF.filter((one) => one.team === address).map((one) => ({
    member: reference(`PractitionerRole/${one.id}`),
    period: one.todayOnly === true ? { start: today, end: addDays(today, 1) } : { start: inPostSince(today) },
  }));
  return {
    resourceType: 'CareTeam',
    id: address.slice('CareTeam/'.length),
    status: 'active',
    name,
    participant,
    managingOrganization: [reference(service)],
  };
}

export const practitioners = (today: CivilDate): Resource[] => STAFF.map((one, n) => practitioner(one, n, today));
export const practitionerRoles = (today: CivilDate): Resource[] => STAFF.map((one) => practitionerRole(one, today));
export const teams = (today: CivilDate): Resource[] => Object.values(TEAMS).map((address) => team(address, today));
