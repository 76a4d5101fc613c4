/** The files of an import: their kinds, the columns of each, and by what identifier a line is known again. */
import { ODS_ORGANIZATION, SDS_ROLE_PROFILE } from '../fhir/identifiers.ts';
import { CANON } from '../governance/vocabulary.ts';

export interface Column {
  name: string;
  required: boolean;
  /** What stands in it, for the documentation and the page. */
  words: string;
}

export interface Identity {
  system: string;
  value: string;
}

/** In the order in which they are read: later ones name what earlier ones made. */
export const KINDS = ['organisations', 'services', 'locations', 'teams', 'people', 'roles', 'members', 'duty'] as const;
export type Kind = (typeof KINDS)[number];

const needed = (name: string, words: string): Column => ({ name, required: true, words });
const free = (name: string, words: string): Column => ({ name, required: false, words });

export const COLUMNS: Readonly<Record<Kind, readonly Column[]>> = {
  organisations: [
    needed('ods_code', 'ODS code'),
    needed('name', 'name'),
    free('part_of', 'ODS code of the organisation it is part of'),
    free('phone', 'phone number'),
  ],
  services: [
    needed('service_id', 'your own id of the service'),
    needed('name', 'name'),
    needed('part_of', 'ODS code of the organisation'),
    free('kind', 'maternity or health-visiting; empty for others'),
    free('phone', 'phone number'),
  ],
  locations: [
    needed('location_id', 'your own id of the place'),
    needed('name', 'name'),
    needed('service_id', 'service that runs it'),
    free('kind', 'area, building, ward or room'),
  ],
  teams: [needed('team_id', 'your own id of the team'), needed('name', 'name'), needed('service_id', 'its service')],
  people: [
    needed('staff_number', 'staff number, as in the HR system'),
    needed('family_name', 'family name'),
    needed('given_name', 'given name'),
    free('sds_user_id', 'SDS user id, 12 digits: what she signs in with'),
    free('nmc_pin', 'NMC PIN'),
    free('phone', 'work phone number'),
    free('email', 'work email'),
  ],
  roles: [
    needed('role_id', 'SDS role profile id (12 digits), or your own id of the role'),
    needed('staff_number', 'whose role it is'),
    needed('role', 'what she is, e.g. midwife, health-visitor, admin, or an SDS job role such as R0680'),
    needed('service_id', 'your own id of the service, or the ODS code of an organisation for roles over all of it'),
    needed('start', 'first day, like 2026-12-01'),
    free('end', 'last day, like 2026-12-01'),
    free('supervisor', 'id of the role of the supervisor of a student'),
  ],
  members: [
    needed('team_id', 'the team'),
    needed('role_id', 'the role that is in it'),
    needed('start', 'first day'),
    free('end', 'last day'),
  ],
  duty: [
    needed('team_id', 'the team she is on duty for'),
    needed('role_id', 'her role'),
    needed('start', 'date and time, e.g. 2026-12-01T07:30, in UK time'),
    needed('end', 'date and time'),
  ],
};

export const SERVICE_ID = `${CANON}/Id/service`;
export const LOCATION_ID = `${CANON}/Id/location`;
export const TEAM_ID = `${CANON}/Id/team`;
export const STAFF_NUMBER = `${CANON}/Id/staff-number`;
const ROLE_ID = `${CANON}/Id/role`;
export const DUTY_ID = `${CANON}/Id/duty`;

/** Identifier systems by which a resource of the directory is known again, strongest first. */
export const KEY_SYSTEMS: Readonly<Record<string, readonly string[]>> = {
  Organization: [ODS_ORGANIZATION, SERVICE_ID],
  HealthcareService: [SERVICE_ID, 'https://fhir.nhs.uk/Id/dos-service-id'],
  Location: [LOCATION_ID, 'https://fhir.nhs.uk/Id/ods-site-code'],
  CareTeam: [TEAM_ID],
  Practitioner: [STAFF_NUMBER, 'https://fhir.nhs.uk/Id/sds-user-id', 'https://fhir.hl7.org.uk/Id/nmc-number'],
  PractitionerRole: [SDS_ROLE_PROFILE, ROLE_ID],
  Schedule: [DUTY_ID],
  Slot: [DUTY_ID],
};

/** What a Bundle may hold. The duty list comes as a file, or by plain writes of the team's own service (5.3). */
export const BUNDLE_TYPES: readonly string[] = Object.keys(KEY_SYSTEMS).filter(
  (type) => type !== 'Schedule' && type !== 'Slot',
);

/** Twelve digits are an SDS role profile (domain.md 3.2); anything else is the service's own. */
export function roleIdentity(value: string): Identity {
  return { system: /^\d{12}$/.test(value) ? SDS_ROLE_PROFILE : ROLE_ID, value };
}

/** An organisation's ODS code, in capitals as it is stored. */
export function odsIdentity(value: string): Identity {
  return { system: ODS_ORGANIZATION, value: value.toUpperCase() };
}
