/** The trust, its two services, the ten areas and the neighbours: who is where (domain.md 1.1, 3.4). */
import { codeSystem, idSystem, reference } from '../../src/care/canon.ts';
import { SERVICE_TYPE } from '../../src/care/family.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { DEMO_ORGANIZATIONS } from '../../src/identity/identities.ts';
import { landline } from '../people.ts';

export const TRUST = DEMO_ORGANIZATIONS.trust;
export const MATERNITY = DEMO_ORGANIZATIONS.maternity;
export const HEALTH_VISITING = DEMO_ORGANIZATIONS.healthVisiting;
export const OUTSIDE = 'Organization/outside-hv-service';
export const PERINATAL = 'Organization/perinatal-service';
export const MATERNITY_SERVICE = 'HealthcareService/mw-community';
export const HV_SERVICE = 'HealthcareService/hv-north';
export const LABOUR_WARD = 'Location/labour-ward';
export const HUB = 'Location/hub-brinnington';

export interface Area {
  /** Last part of `Location/area-<id>`. */
  id: string;
  name: string;
  /** One of the three areas of the pilot (domain.md 1.1). */
  pilot: boolean;
  /** Postcode district of the invented area ZZ. */
  district: string;
  hvTeam: string;
}

const HV_TEAM = 'CareTeam/hv-team-brinnington';
const HV_TEAM_SOUTH = 'CareTeam/hv-team-south';

/** The pilot's three areas by name; the public account names no others. */
export const AREAS: readonly Area[] = [
  { id: 'adswood', name: 'Adswood', pilot: true, district: 'ZZ1', hvTeam: HV_TEAM },
  { id: 'brinnington', name: 'Brinnington', pilot: true, district: 'ZZ2', hvTeam: HV_TEAM },
  { id: 'offerton', name: 'Offerton', pilot: true, district: 'ZZ3', hvTeam: HV_TEAM },
  ...[4, 5, 6, 7, 8, 9, 10].map((n) => ({
    id: String(n),
    name: `Area ${n}`,
    pilot: false,
    district: `ZZ${n}`,
    hvTeam: n < 9 ? HV_TEAM : HV_TEAM_SOUTH,
  })),
];

/** @throws Error for an area the seed does not have */
export function areaOf(id: string): Area {
  const found = AREAS.find((area) => area.id === id);
  if (found === undefined) throw new Error(`no area ${id}`);
  return found;
}

const idOf = (address: string): string => address.slice(address.indexOf('/') + 1);
const phone = (n: number) => [{ system: 'phone', value: landline(n), use: 'work' }];

function organization(address: string, name: string, partOf: string | null, n: number): Resource {
  const id = idOf(address);
  return {
    resourceType: 'Organization',
    id,
    identifier: [{ system: idSystem('organization'), value: id }],
    active: true,
    name,
    telecom: phone(n),
    ...(partOf === null ? {} : { partOf: reference(partOf) }),
  };
}

function healthcareService(address: string, kind: 'maternity' | 'health-visiting', name: string): Resource {
  const maternity = kind === 'maternity';
  return {
    resourceType: 'HealthcareService',
    id: idOf(address),
    active: true,
    providedBy: reference(maternity ? MATERNITY : HEALTH_VISITING),
    type: [SERVICE_TYPE[kind]],
    name,
    telecom: phone(maternity ? 12 : 13),
    coverageArea: AREAS.map((area) => reference(`Location/area-${area.id}`)),
  };
}

const PLACE_KIND = 'http://terminology.hl7.org/CodeSystem/location-physical-type';

function location(id: string, name: string, physical: 'area' | 'bu' | 'wa', manager: string): Resource {
  return {
    resourceType: 'Location',
    id,
    status: 'active',
    name,
    mode: 'instance',
    physicalType: { coding: [{ system: PLACE_KIND, code: physical }] },
    managingOrganization: reference(manager),
  };
}

/** Organizations first: everything else names them. */
export function places(): Resource[] {
  return [
    organization(TRUST, 'Sampleport NHS Foundation Trust (synthetic)', null, 1),
    organization('Organization/council', 'Sampleport Council (synthetic)', null, 2),
    organization(MATERNITY, 'Community midwifery service', TRUST, 3),
    organization(HEALTH_VISITING, 'Health visiting service', TRUST, 4),
    organization(PERINATAL, 'Perinatal mental health service', TRUST, 5),
    organization(OUTSIDE, 'Health visiting of a neighbouring council (synthetic)', null, 6),
    ...[1, 2, 3, 4].map((n) =>
      organization(`Organization/gp-practice-${n}`, `Sample Medical Practice ${n}`, null, 20 + n),
    ),
    ...AREAS.map((area) => location(`area-${area.id}`, area.name, 'area', HEALTH_VISITING)),
    location('labour-ward', 'Labour ward', 'wa', MATERNITY),
    location('hub-brinnington', 'Brinnington family hub', 'bu', 'Organization/council'),
    healthcareService(MATERNITY_SERVICE, 'maternity', 'Community midwifery'),
    healthcareService(HV_SERVICE, 'health-visiting', 'Health visiting'),
  ];
}

/** The local system of joint-visit services, for schedules. */
export const JV_SERVICE = codeSystem('jv-service');
