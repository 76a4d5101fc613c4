/**
 * Who is who, as directory resources say (house.md section 4). `member` is the reference a row is found by. Role is
 * decided by job, speciality and service together: an SDS job role alone cannot tell a health visitor from a community
 * nurse (domain.md, "commonly got wrong").
 */
import type { Json, Resource } from '../fhir/types.ts';
import { dutyRows, supervisorOf } from './duty.ts';
import { type Code, codes, isTo, object, objects, ref, refs, text, unique } from './elements.ts';
import { earlier, endOf, later, startOf } from './instants.ts';
import type { Role } from './types.ts';
import { local, SNOMED } from './vocabulary.ts';

export type DirectoryRow =
  | {
      kind: 'role';
      /** `PractitionerRole/..` */
      member: string;
      practitioner: string | null;
      service: string | null;
      healthcareServices: string[];
      role: Role | null;
      /** `PractitionerRole/..` of her supervisor (R-06 g, R-40). */
      supervisor: string | null;
      name: string | null;
      active: boolean;
      from: string | null;
      until: string | null;
    }
  | { kind: 'membership'; member: string; team: string; active: boolean; from: string | null; until: string | null }
  /** A person on the duty list of a team, and when (duty.ts). */
  | { kind: 'duty'; member: string; team: string; schedule: string; active: boolean }
  | { kind: 'duty-slot'; member: string; team: string; from: string; until: string }
  /** Keyed hash of her own NHS number: never the number. */
  | { kind: 'own-record'; member: string; key: string }
  | { kind: 'team'; member: string; name: string | null; service: string | null; active: boolean }
  | { kind: 'person'; member: string; name: string | null; active: boolean }
  | { kind: 'organization'; member: string; name: string | null; partOf: string | null; active: boolean }
  | { kind: 'healthcare-service'; member: string; name: string | null; service: string | null; active: boolean };

/** Directory rows of one resource; none for other types, for a family's care team, or before it has an id. */
export function directoryOf(resource: Resource): DirectoryRow[] {
  if (resource.id === undefined) return [];
  const member = `${resource.resourceType}/${resource.id}`;
  const active = resource.active !== false;
  const name = text(resource.name);
  switch (resource.resourceType) {
    case 'PractitionerRole':
      return [roleRow(resource, member, active)];
    case 'CareTeam':
      return resource.subject === undefined ? teamRows(resource, member) : [];
    case 'Schedule':
    case 'Slot':
      return dutyRows(resource);
    case 'Practitioner':
      return [{ kind: 'person', member, name: personName(resource.name), active }];
    case 'Organization':
      return [{ kind: 'organization', member, name, partOf: ref(resource.partOf), active }];
    case 'HealthcareService':
      return [{ kind: 'healthcare-service', member, name, service: ref(resource.providedBy), active }];
    default:
      return [];
  }
}

function roleRow(resource: Resource, member: string, active: boolean): DirectoryRow {
  const period = object(resource.period);
  return {
    kind: 'role',
    member,
    practitioner: ref(resource.practitioner),
    service: ref(resource.organization),
    healthcareServices: refs(resource.healthcareService),
    role: roleOf(resource),
    supervisor: supervisorOf(resource),
    name: text(object(resource.practitioner)?.display),
    active,
    from: startOf(text(period?.start)),
    until: endOf(text(period?.end)),
  };
}

/** A team of the directory: itself, and everyone's membership for as long as both periods run. */
function teamRows(resource: Resource, member: string): DirectoryRow[] {
  const active = resource.status === 'active';
  const whole = object(resource.period);
  const rows: DirectoryRow[] = objects(resource.participant).flatMap((participant) => {
    const period = object(participant.period);
    const from = later(startOf(text(period?.start)), startOf(text(whole?.start)));
    const until = earlier(endOf(text(period?.end)), endOf(text(whole?.end)));
    return refs(participant.member)
      .filter((one) => isTo(one, 'PractitionerRole', 'Practitioner'))
      .map((one): DirectoryRow => ({ kind: 'membership', member: one, team: member, active, from, until }));
  });
  return [
    { kind: 'team', member, name: text(resource.name), service: ref(resource.managingOrganization), active },
    ...rows,
  ];
}

function personName(value: Json | undefined): string | null {
  const names = objects(value);
  const best = names.find((one) => one.use === 'official') ?? names[0];
  if (best === undefined) return null;
  const given = Array.isArray(best.given) ? best.given.filter((one) => typeof one === 'string') : [];
  return text(best.text) ?? text([...given, best.family].filter((one) => typeof one === 'string').join(' '));
}

/** Specialities that say more than the occupation does (domain.md 3.7). */
const BY_SPECIALTY: Readonly<Record<string, Role>> = {
  '1326421000000106': 'safeguarding',
  '310134006': 'social-worker',
  '901221000000102': 'perinatal-mental-health',
};

/** Occupations of domain.md 3.7. School and community nurses have no role here: it cannot be told from the code. */
const BY_OCCUPATION: Readonly<Record<string, Role>> = {
  '1052581000000109': 'health-visitor',
  '158999002': 'midwife',
  '309453006': 'midwife',
  '309454000': 'student',
  '939111000000107': 'student',
  '224578004': 'nursery-nurse',
  '11935004': 'hospital-midwife',
  '62247001': 'gp',
  '394572006': 'admin',
  '224608005': 'admin',
  '56542007': 'admin',
};

/** SDS job roles (domain.md 4.6), accepted by their code whatever the system: the national one is retired. */
const BY_JOB_ROLE: Readonly<Record<string, Role>> = {
  R0680: 'midwife',
  R0640: 'midwife',
  R0650: 'midwife',
  R0660: 'midwife',
  R0670: 'midwife',
  R8016: 'midwife',
  R8017: 'midwife',
  R0380: 'student',
  R1490: 'nursery-nurse',
  R9535: 'safeguarding',
  R9520: 'social-worker',
  R8008: 'admin',
  R8009: 'admin',
  R8010: 'admin',
  R0001: 'ig-officer',
  R5105: 'caldicott-guardian',
  R1984: 'sar-officer',
};

/** Roles for which no code is known (domain.md 3.7: then a text), by the exact words in `code.text`, in lower case. */
const BY_WORDS: Readonly<Record<string, Role>> = {
  'hospital midwife': 'hospital-midwife',
  'safeguarding nurse': 'safeguarding',
  'team lead': 'team-lead',
  'service lead': 'service-lead',
  'privacy officer': 'ig-officer',
  'caldicott guardian': 'caldicott-guardian',
  'subject access officer': 'sar-officer',
  'system administrator': 'sysadmin',
};

const BY_LOCAL: Readonly<Record<string, Role>> = {
  midwife: 'midwife',
  'health-visitor': 'health-visitor',
  'family-nurse': 'health-visitor',
};

/** The one role of a PractitionerRole, or null when its codes name none; words and specialities say more than codes. */
export function roleOf(resource: Resource): Role | null {
  return rolesNamed(resource).flat()[0] ?? null;
}

/** The different roles its words, its specialities and its codes name, each by themselves; the first says most. */
export function rolesNamed(resource: Resource): Role[][] {
  const words = objects(resource.code).flatMap((one) => BY_WORDS[text(one.text)?.toLowerCase() ?? ''] ?? []);
  const specialty = codes(resource.specialty).flatMap((one) =>
    one.system === SNOMED ? (BY_SPECIALTY[one.code] ?? []) : [],
  );
  const coded = codes(resource.code).flatMap((one) => roleOfCode(one) ?? []);
  return [words, specialty, coded].map((roles) => unique(roles));
}

function roleOfCode(one: Code): Role | null {
  if (one.system === SNOMED) return BY_OCCUPATION[one.code] ?? null;
  if (one.system === local('practitioner-role')) return BY_LOCAL[one.code] ?? null;
  return BY_JOB_ROLE[one.code.split(':').at(-1) ?? ''] ?? null;
}
