/** Organisations, services, locations and teams out of the lines of a file. */
import type { JsonObject, Resource } from '../fhir/types.ts';
import { SNOMED } from '../governance/vocabulary.ts';
import { type Identity, LOCATION_ID, odsIdentity, SERVICE_ID, TEAM_ID } from './columns.ts';
import type { FileRecord } from './records.ts';
import { edit, find, type Need, referenceOf, type Target, type Workspace, withContact } from './workspace.ts';

const PLACE_KIND = 'http://terminology.hl7.org/CodeSystem/location-physical-type';
const PLACES: Readonly<Record<string, string>> = { area: 'area', building: 'bu', ward: 'wa', room: 'ro' };
/** Codes of domain.md 3.7, as an episode of each service has them. */
const SERVICE_KINDS: Readonly<Record<string, [code: string, display: string]>> = {
  maternity: ['714089006', 'Community midwifery service'],
  'health-visiting': ['1078501000000104', 'Health visiting service'],
};

export interface Line {
  record: FileRecord;
  where: string;
  get(column: string): string;
  /** Undefined when the file has no such column. */
  maybe(column: string): string | undefined;
}

export function lineOf(record: FileRecord): Line {
  return {
    record,
    where: `${record.kind} line ${record.line}`,
    get: (column) => record.values.get(column) ?? '',
    maybe: (column) => record.values.get(column),
  };
}

/** Says what is wrong in a column of a line. */
export function fault(workspace: Workspace, line: Line, column: string | null, text: string): void {
  workspace.faults.push({ where: line.where, column, text });
}

/** The resource a column names, or null with a fault that says what to do. */
export function named(workspace: Workspace, line: Line, column: string, need: Need): Target | null {
  const found = find(workspace, need.type, need, line.where);
  if (found === null)
    fault(
      workspace,
      line,
      column,
      `Nothing in the directory or in this import has the id ${need.value}. Add it first.`,
    );
  return found;
}

export const organizationOf = (value: string): Need => ({ type: 'Organization', ...odsIdentity(value) });
export const serviceOf = (value: string): Need => ({ type: 'Organization', ...serviceIdentity(value) });
export const teamOf = (value: string): Need => ({ type: 'CareTeam', system: TEAM_ID, value });
const serviceIdentity = (value: string): Identity => ({ system: SERVICE_ID, value });
const ref = (target: Target): JsonObject => ({ reference: referenceOf(target) });

export function buildOrganisation(workspace: Workspace, line: Line): Target | null {
  const parentCode = line.maybe('part_of');
  const parent =
    parentCode === undefined || parentCode === ''
      ? null
      : named(workspace, line, 'part_of', organizationOf(parentCode));
  if (parentCode === line.get('ods_code')) fault(workspace, line, 'part_of', 'An organisation is not part of itself.');
  return edit(workspace, organizationOf(line.get('ods_code')), line.where, (one) => {
    const { partOf, ...rest } = one;
    const kept = parentCode === undefined && partOf !== undefined ? { partOf } : {};
    const fresh = { ...rest, active: true, name: line.get('name'), ...kept };
    return withContact(parent === null ? fresh : { ...fresh, partOf: ref(parent) }, 'phone', line.maybe('phone'));
  });
}

/** A service is a child Organization, which agreements and consents name, and a HealthcareService (domain.md 3.4). */
export function buildService(workspace: Workspace, line: Line): Target | null {
  const trust = named(workspace, line, 'part_of', organizationOf(line.get('part_of')));
  const kind = line.maybe('kind');
  const type = kind === undefined || kind === '' ? null : SERVICE_KINDS[kind];
  if (type === undefined)
    fault(workspace, line, 'kind', `Not a kind of service: write maternity, health-visiting or nothing.`);
  if (trust === null) return null;
  const id = line.get('service_id');
  const common = (one: Resource): Resource =>
    withContact({ ...one, active: true, name: line.get('name') }, 'phone', line.maybe('phone'));
  const organization = edit(workspace, serviceOf(id), line.where, (one) => ({ ...common(one), partOf: ref(trust) }));
  edit(workspace, { type: 'HealthcareService', ...serviceIdentity(id) }, line.where, (one) => ({
    ...common(one),
    providedBy: ref(organization),
    ...(type === null || type === undefined
      ? {}
      : { type: [{ coding: [{ system: SNOMED, code: type[0], display: type[1] }] }] }),
  }));
  return organization;
}

export function buildLocation(workspace: Workspace, line: Line): Target | null {
  const service = named(workspace, line, 'service_id', serviceOf(line.get('service_id')));
  const kind = line.maybe('kind');
  const code = kind === undefined || kind === '' ? null : PLACES[kind];
  if (code === undefined)
    fault(workspace, line, 'kind', `Not a kind of place: write one of ${Object.keys(PLACES).join(', ')}.`);
  if (service === null) return null;
  const need = { type: 'Location', system: LOCATION_ID, value: line.get('location_id') };
  return edit(workspace, need, line.where, (one) => ({
    ...one,
    status: 'active',
    name: line.get('name'),
    mode: 'instance',
    ...(code === null || code === undefined ? {} : { physicalType: { coding: [{ system: PLACE_KIND, code }] } }),
    managingOrganization: ref(service),
  }));
}

export function buildTeam(workspace: Workspace, line: Line): Target | null {
  const service = named(workspace, line, 'service_id', serviceOf(line.get('service_id')));
  if (service === null) return null;
  return edit(workspace, teamOf(line.get('team_id')), line.where, (one) => ({
    ...one,
    status: 'active',
    name: line.get('name'),
    managingOrganization: [ref(service)],
  }));
}

/** The word of a service's kind as it stands in a file. */
export function kindWordOf({ type }: Resource): string | undefined {
  const codes = JSON.stringify(type ?? null);
  return Object.entries(SERVICE_KINDS).find(([, [code]]) => codes.includes(`"${code}"`))?.[0];
}

/** The word of a place's kind. */
export function placeWordOf({ physicalType }: Resource): string | undefined {
  const codes = JSON.stringify(physicalType ?? null);
  return Object.entries(PLACES).find(([, code]) => codes.includes(`"${code}"`))?.[0];
}
