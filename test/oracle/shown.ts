/**
 * What is shown of a row that may be shown, element by element, straight from domain.md (5.3 "S", R-16, R-17, R-23 to R-25,
 * the oracle's own reading, over whole resources. It shares no code with the service.
 */
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { refusalOf } from './oracle.ts';
import type { Person } from './people.ts';
import { find, kindOf, type Loose, loose, subjectsOf, type World } from './reading.ts';
import { authorsTeams, teamsOf, tiesOf } from './ties.ts';

export interface Shown {
  /** As a read gives it. */
  read: Resource;
  /** As it stands in lists: of somebody handled with care the name is missing there. */
  listed: Resource;
  /** What it can be found by. */
  found: Resource;
  /** Search parameters that find it by nothing, though the element stands there: what they share is hidden. */
  mute: string[];
}

const WORDS_OF_PLACE: Readonly<Record<string, string[]>> = {
  Patient: ['address', 'telecom', 'generalPractitioner', 'contact', 'link', 'photo'],
  RelatedPerson: ['address', 'telecom', 'photo'],
  Appointment: ['comment', 'description', 'patientInstruction', 'supportingInformation', 'participant:Location'],
  Encounter: ['location', 'hospitalization'],
  ServiceRequest: ['locationReference', 'locationCode', 'note', 'patientInstruction'],
  Task: ['location', 'description', 'note'],
  CarePlan: ['note'],
};

/** 5.3 "S": who gets a summary of which kind, and what a summary is without. */
export const SUMMARY_FOR: Readonly<Record<string, readonly string[]>> = {
  demographics: ['social-worker', 'partner'],
  referral: ['gp', 'admin', 'mother'],
  schedule: ['partner'],
  visit: ['social-worker', 'admin', 'partner'],
  'assessment-copy': ['nursery-nurse', 'gp', 'partner'],
  plan: ['gp', 'social-worker', 'partner'],
  'safeguarding-flag': ['gp', 'system'],
  documents: ['nursery-nurse', 'partner'],
  consent: ['social-worker'],
};
const NOT_IN_SUMMARY: Readonly<Record<string, string[]>> = {
  Patient: ['address', 'telecom', 'generalPractitioner', 'contact', 'link', 'photo'],
  RelatedPerson: ['address', 'telecom', 'photo'],
  ServiceRequest: ['note', 'reasonCode', 'reasonReference', 'supportingInfo'],
  Task: ['description', 'note', 'reasonCode', 'reasonReference', 'input', 'output'],
  Encounter: ['reasonCode', 'reasonReference', 'diagnosis', 'hospitalization'],
  EpisodeOfCare: ['diagnosis', 'referralRequest'],
  CareTeam: ['reasonCode', 'reasonReference', 'note'],
  Appointment: ['comment', 'description', 'reasonCode', 'reasonReference', 'supportingInformation'],
  QuestionnaireResponse: ['item'],
  CarePlan: ['note', 'addresses', 'supportingInfo'],
  Flag: ['code'],
  DocumentReference: ['content.attachment.data', 'description'],
  Consent: ['sourceReference', 'verification'],
};
const TRIMMED: Readonly<Record<string, Readonly<Record<string, string[]>>>> = {
  admin: { Appointment: ['reasonCode', 'reasonReference', 'supportingInformation'] },
  // "Date only": that something is on that day, not with whom, where or what for.
  partner: {
    Appointment: [
      ...['Practitioner', 'PractitionerRole', 'RelatedPerson', 'Location', 'HealthcareService', 'Device'].map(
        (type) => `participant:${type}`,
      ),
      ...[
        'serviceType',
        'serviceCategory',
        'specialty',
        'appointmentType',
        'slot',
        'identifier',
        'basedOn',
        'priority',
      ],
      ...['cancelationReason', 'requestedPeriod', 'minutesDuration', 'extension'],
    ],
    Encounter: [
      ...['participant', 'type', 'serviceType', 'serviceProvider', 'episodeOfCare', 'basedOn', 'appointment', 'class'],
      ...['classHistory', 'identifier', 'priority', 'length', 'partOf', 'extension', 'account'],
    ],
    EpisodeOfCare: ['type', 'team', 'careManager', 'managingOrganization', 'identifier', 'account', 'extension'],
    CareTeam: [
      ...['participant', 'name', 'category', 'managingOrganization', 'telecom', 'identifier', 'encounter', 'extension'],
    ],
  },
  'nursery-nurse': { CarePlan: ['note', 'addresses', 'supportingInfo'] },
};
/** 5.3 "exists", "ask clinician first": that there is a flag, and not even its kind, its labels or who raised it. */
const EXISTS_FOR = ['nursery-nurse', 'admin'];
const NOT_IN_EXISTS = [
  ...['category', 'code', 'identifier', 'period', 'encounter', 'author', 'extension', 'modifierExtension'],
  ...['meta.security', 'meta.tag', 'meta.profile', 'meta.source', 'meta.extension'],
];
export const OUTSIDE_PREGNANCY = ['admin', 'nursery-nurse', 'social-worker', 'partner'];
export const SEES_OTHERS = ['midwife', 'health-visitor', 'safeguarding'];

/** What this person is shown of a resource she may read. */
export function shownTo(world: World, person: Person, resource: Resource, now: number): Shown {
  const shown = maskedFor(world, person, resource, now);
  if (resource.resourceType !== 'Group') return shown;
  const { member: _member, ...found } = familyOf(world, person, shown.found, now);
  return {
    ...shown,
    read: familyOf(world, person, shown.read, now),
    listed: familyOf(world, person, shown.listed, now),
    found,
  };
}

/** 3.5: of a family those whom she may see, and no number that tells of others; nobody finds a family by a member. */
function familyOf(world: World, person: Person, group: Resource, now: number): Resource {
  const { member, quantity: _quantity, text: _text, ...rest } = loose(group);
  const seen = (member ?? []).filter((one: Loose) => {
    const other = find(world, one.entity.reference);
    return other !== undefined && refusalOf(world, person, other, now) === null;
  });
  return { ...rest, ...(seen.length === 0 ? {} : { member: seen }) };
}

function maskedFor(world: World, person: Person, resource: Resource, now: number): Shown {
  const always = removals(world, person, resource, now);
  const flagged = isFlagged(world, resource) && person.role !== 'mother' ? WORDS_OF_PLACE[resource.resourceType] : null;
  const opened = flagged === null || flagged === undefined || isOpened(world, person, resource, now);
  const read = without(resource, opened || !flagged ? always : [...(always ?? []), ...flagged]);
  const found = without(resource, flagged ? [...(always ?? []), ...flagged] : always);
  const isDateOnly = person.role === 'partner';
  const mute =
    resource.resourceType === 'Appointment' && (flagged || isDateOnly)
      ? ['actor', ...(isDateOnly ? ['part-status'] : [])]
      : [];
  if (!isHandled(world, resource) || !isFar(world, person, resource, now)) return { read, listed: read, found, mute };
  const names = resource.resourceType === 'Patient' ? ['name'] : NAMED_IN;
  const listed = without(resource, [
    ...(opened || !flagged ? (always ?? []) : [...(always ?? []), ...flagged]),
    ...names,
  ]);
  return {
    read,
    listed,
    found: without(resource, [...(flagged ? [...(always ?? []), ...flagged] : (always ?? [])), ...names]),
    mute,
  };
}

/** Where references call her by name. */
const NAMED_IN = ['subject.display', 'patient.display', 'for.display', 'participant.actor.display'];

/** a colleague or somebody known, by the labels of her own record. */
const isHandled = (world: World, resource: Resource): boolean => isMarked(world, resource, ['EMP', 'CEL']);

/** No team of hers, no episode, no accepted referral: whatever she asks for. */
function isFar(world: World, person: Person, resource: Resource, now: number): boolean {
  if (person.kind !== 'staff') return false;
  const near = tiesOf(world, { ...person, purpose: 'TREAT' }, now).filter(({ kind }) =>
    ['care-team', 'episode', 'accepted'].includes(kind),
  );
  // Both lists: of a V record and of a colleague.
  const listed = world
    .map(loose)
    .filter((one) => one.resourceType === 'Named' && one.holder === `PractitionerRole/${person.id}`);
  return !subjectsOf(world, resource).every((subject) =>
    [...near, ...listed].some(({ patient }) => patient === subject),
  );
}

/** Paths that are gone whoever the woman is; null = nothing is masked. */
function removals(world: World, person: Person, resource: Resource, now: number): string[] | null {
  const { role } = person;
  const type = resource.resourceType;
  const kind = kindOf(world, resource);
  const lists: (string[] | null)[] = [];
  const isStatus = role === 'team-lead' && kind === 'working-copy';
  if (SUMMARY_FOR[kind]?.includes(role) || isStatus) lists.push(NOT_IN_SUMMARY[type] ?? []);
  if (kind === 'safeguarding-flag' && EXISTS_FOR.includes(role)) lists.push(NOT_IN_EXISTS);
  const trims = TRIMMED[role]?.[type];
  if (trims) lists.push(trims);
  if (role === 'partner' && WORDS_OF_PLACE[type]) lists.push(WORDS_OF_PLACE[type]);
  if (type === 'Patient' && OUTSIDE_PREGNANCY.includes(role) && isUnborn(resource))
    lists.push(['extension:fetalStatus']);
  const isApart = !SEES_OTHERS.includes(role) || (role === 'midwife' && !isByHerTeam(world, person, resource, now));
  if (kind === 'confidential' && type === 'QuestionnaireResponse' && isApart) lists.push(['item:third']);
  return lists.length === 0 ? null : lists.flat().filter((one) => one !== null);
}

/** 5.3: a midwife reads what was said of others where her team wrote it. */
function isByHerTeam(world: World, person: Person, resource: Resource, now: number): boolean {
  const author = String(loose(resource).author?.reference);
  const mine = teamsOf(world, person, now);
  const theirs = authorsTeams(world, resource, now);
  return author === `PractitionerRole/${person.id}` || theirs.some((team) => mine.includes(team));
}

const isUnborn = (resource: Resource): boolean =>
  (loose(resource).extension ?? []).some((one: Loose) => one.url.endsWith('fetalStatus'));

/** PDS restricted the address of a woman this is about. */
const isFlagged = (world: World, resource: Resource): boolean => isMarked(world, resource, ['R']);

function isMarked(world: World, resource: Resource, codes: readonly string[]): boolean {
  const subjects = subjectsOf(world, resource);
  return world.some(
    (one) =>
      one.resourceType === 'Patient' &&
      // What is marked on the unborn child's own record is said of its mother.
      subjectsOf(world, one).some((subject) => subjects.includes(subject)) &&
      loose(one).meta?.security?.some(({ code }: Loose) => codes.includes(code)) === true,
  );
}

function isOpened(world: World, person: Person, resource: Resource, now: number): boolean {
  return subjectsOf(world, resource).every((subject) =>
    world
      .map(loose)
      .some(
        (one) =>
          one.resourceType === 'Grant' &&
          one.kind === 'unmask' &&
          one.patient === subject &&
          one.holder === `PractitionerRole/${person.id}` &&
          Date.parse(one.at) <= now &&
          now < Date.parse(one.until),
      ),
  );
}

const SUBSETTED = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };

/** A copy without the paths; narrative and what is contained always go with a mask, and a tag says that it is a part. */
export function without(resource: Resource, paths: readonly string[] | null): Resource {
  if (paths === null) return resource;
  const copy: JsonObject = JSON.parse(JSON.stringify(resource));
  for (const path of [...paths, 'text', 'contained']) remove(copy, path);
  const kept = resource.contained === undefined ? copy : (inner(copy) as JsonObject);
  const meta: Loose = kept.meta ?? {};
  const tag = [...(meta.tag ?? []).filter((one: Loose) => one.code !== 'SUBSETTED'), SUBSETTED];
  return { ...kept, resourceType: resource.resourceType, meta: { ...meta, tag } };
}

function remove(copy: Loose, path: string): void {
  if (path === 'content.attachment.data') for (const one of copy.content ?? []) delete one.attachment.data;
  else if (path.startsWith('participant:'))
    keep(copy, 'participant', (one) => !one.actor?.reference?.startsWith(`${path.slice(12)}/`));
  else if (path === 'extension:fetalStatus') keep(copy, 'extension', (one) => !one.url.endsWith('fetalStatus'));
  else if (path === 'item:third') keep(copy, 'item', (one) => one.linkId !== 'jvc.third-party');
  else if (path === 'participant.actor.display') for (const one of copy.participant ?? []) delete one.actor?.display;
  else if (path.startsWith('meta.')) delete copy.meta?.[path.slice(5)];
  else if (path.endsWith('.display')) delete copy[path.split('.')[0] ?? '']?.display;
  else delete copy[path];
}

function keep(copy: Loose, name: string, isKept: (one: Loose) => boolean): void {
  const left = (copy[name] ?? []).filter(isKept);
  if (left.length === 0) delete copy[name];
  else copy[name] = left;
}

/** Without what points into what was contained, and what is then empty. */
function inner(value: Loose): Loose {
  if (Array.isArray(value)) {
    const left = value.map(inner).filter((one) => one !== undefined);
    return left.length === 0 ? undefined : left;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (typeof value.reference === 'string' && value.reference.startsWith('#')) return undefined;
  const left = Object.entries(value)
    .map(([name, one]) => [name, inner(one)])
    .filter(([, one]) => one !== undefined);
  return left.length === 0 ? undefined : Object.fromEntries(left);
}
