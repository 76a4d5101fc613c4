/** The directory for pages: lists by kind and name, one entry whole, and an entry as the columns of its file. */
import { NMC_NUMBER, ODS_ORGANIZATION, SDS_USER } from '../fhir/identifiers.ts';
import { parseJson } from '../fhir/json.ts';
import { refuse } from '../fhir/outcome.ts';
import { asResource, isObject } from '../fhir/resource.ts';
import type { Json, JsonObject, Resource } from '../fhir/types.ts';
import { supervisorOf } from '../governance/duty.ts';
import { nextPage } from '../record/next-page.ts';
import { read } from '../record/read.ts';
import { search } from '../record/search.ts';
import type { Context, Door } from '../record/types.ts';
import { directoryByReference, type StoredResource } from '../store/models/directory.ts';
import { kindWordOf, placeWordOf } from './build-places.ts';
import { LOCATION_ID, SERVICE_ID, STAFF_NUMBER, TEAM_ID } from './columns.ts';
import { ROLE_CODES } from './role-codes.ts';
import { identitiesOf, objects } from './workspace.ts';

export const LISTED = ['organisations', 'services', 'locations', 'teams', 'people', 'roles', 'duty'] as const;
export type Listed = (typeof LISTED)[number];

export const TYPES: Readonly<Record<Listed, string>> = {
  organisations: 'Organization',
  services: 'HealthcareService',
  locations: 'Location',
  teams: 'CareTeam',
  people: 'Practitioner',
  roles: 'PractitionerRole',
  duty: 'Slot',
};

export interface DirectoryPage {
  entries: Resource[];
  /** Token of the next page, or null. */
  next: string | null;
}

/** A page of one kind, found by name where the kind has one. Under the rules, and in the trail, like any search. */
export async function listDirectory(
  door: Door,
  context: Context,
  { kind, name, page }: { kind: Listed; name: string; page: string | null },
): Promise<DirectoryPage> {
  const type = TYPES[kind];
  const text =
    page === null
      ? await search(door, context, { type, query: queryOf(kind, name, context.now), lenient: false })
      : await nextPage(door, context, page);
  const bundle = asResource(parseJson(Buffer.from(text, 'utf8')).root);
  const entries = objects(bundle.entry).flatMap(({ resource }) => (isObject(resource) ? [asResource(resource)] : []));
  const link = objects(bundle.link).find(({ relation }) => relation === 'next')?.url;
  return {
    entries: entries.filter((one) => one.resourceType === type && isListed(one, kind, name)),
    next: typeof link === 'string' ? (new URL(link).searchParams.get('_page') ?? null) : null,
  };
}

function queryOf(kind: Listed, name: string, now: Date): string {
  const query = new URLSearchParams({ _count: kind === 'teams' ? '200' : '50' });
  if (kind === 'duty') {
    query.set('identifier', 'https://tandem.example/fhir/Id/duty|');
    query.set('start', `ge${now.toISOString().slice(0, 10)}`);
    query.set('_sort', 'start');
  } else if (kind === 'teams') query.set('subject:missing', 'true');
  else if (kind === 'roles') {
    if (name !== '') query.set('practitioner:Practitioner.name', name);
  } else {
    query.set('_sort', kind === 'people' ? 'family' : 'name');
    if (name !== '') query.set('name:contains', name);
  }
  return query.toString();
}

/** R4 finds no care team by name, so that is done here; a family's team is no team of the directory. */
function isListed(resource: Resource, kind: Listed, name: string): boolean {
  if (kind !== 'teams') return true;
  return (
    resource.subject === undefined &&
    String(resource.name ?? '')
      .toLowerCase()
      .includes(name.toLowerCase())
  );
}

/** One entry. @throws Outcome 404 */
export async function readDirectory(door: Door, context: Context, kind: Listed, id: string): Promise<Resource> {
  const { text } = await read(door, context, TYPES[kind], id);
  const resource = asResource(parseJson(Buffer.from(text, 'utf8')).root);
  if (kind === 'teams' && resource.subject !== undefined)
    throw refuse(404, 'not-found', 'This is no team of the directory');
  return resource;
}

/** Names of what an entry points to, by reference: names of the directory are no secret of anybody who may read it. */
export async function namesIn(door: Door, resource: Resource): Promise<Map<string, string>> {
  const found = await namedBy(door, [resource]);
  return new Map([...found].map(([reference, one]) => [reference, labelOf(one)]));
}

async function namedBy(door: Door, resources: readonly Resource[]): Promise<Map<string, Resource>> {
  const references = new Set<string>();
  const collect = (value: Json | undefined): void => {
    if (Array.isArray(value)) for (const one of value) collect(one);
    if (!isObject(value)) return;
    if (typeof value.reference === 'string' && DIRECTORY.test(value.reference)) references.add(value.reference);
    for (const one of Object.values(value)) collect(one);
  };
  for (const resource of resources) collect(resource);
  const stored: StoredResource[] = await directoryByReference(door.pool, [...references].slice(0, 500));
  return new Map(
    stored.map(({ type, id, body }) => [`${type}/${id}`, asResource(parseJson(Buffer.from(body, 'utf8')).root)]),
  );
}

const DIRECTORY =
  /^(?:Organization|HealthcareService|Location|CareTeam|Practitioner|PractitionerRole|Schedule)\/[A-Za-z0-9.-]{1,64}$/;

/** What people call an entry. */
export function labelOf(resource: Resource): string {
  const { name, practitioner, code } = resource;
  if (typeof name === 'string') return name;
  if (resource.resourceType === 'PractitionerRole') {
    const person =
      isObject(practitioner) && typeof practitioner.display === 'string' ? practitioner.display : 'Somebody';
    return `${person}, ${roleWord(code, resource.specialty)?.label ?? 'role'}`;
  }
  const [human] = objects(name);
  const given = Array.isArray(human?.given) ? human.given : [];
  const words = [...given, human?.family].filter((one) => typeof one === 'string').join(' ');
  return words === '' ? `${resource.resourceType}/${resource.id}` : words;
}

function roleWord(code: Json | undefined, specialty: Json | undefined) {
  const same = (a: Json | undefined, b: Json | undefined) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
  const [own] = objects(code);
  const exact = ROLE_CODES.find(
    (one) => same(one.code, own) && same(one.specialty === undefined ? undefined : [one.specialty], specialty),
  );
  const [coding] = objects(own?.coding);
  const text = typeof own?.text === 'string' ? own.text : null;
  return (
    exact ??
    ROLE_CODES.find((one) => one.code.text !== undefined && one.code.text === text) ??
    ROLE_CODES.find((one) => objects(one.code.coding)[0]?.code === coding?.code && coding !== undefined) ??
    null
  );
}

/** An entry as the columns of its file; null when it has no identifier by which a file could name it. */
export async function valuesOf(door: Door, kind: Listed, resource: Resource): Promise<Map<string, string> | null> {
  const first = await namedBy(door, [resource]);
  const second = await namedBy(door, [...first.values()]);
  const at = (reference: string) => first.get(reference) ?? second.get(reference) ?? null;
  const values = VALUES[kind](resource, at);
  const [key] = values;
  return key?.[1] === undefined || key[1] === '' ? null : new Map(values.map(([name, value]) => [name, value ?? '']));
}

type At = (reference: string) => Resource | null;
type Values = [name: string, value: string | undefined][];

const ref = (value: Json | undefined): string =>
  isObject(value) && typeof value.reference === 'string' ? value.reference : '';
const text = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
const idOf = (resource: Resource | null, system: string): string | undefined =>
  text(objects(resource?.identifier).find((one) => one.system === system)?.value);
const contact = (resource: Resource, system: string): string | undefined =>
  text(objects(resource.telecom).find((one) => one.system === system && one.use === 'work')?.value);
const key = (resource: Resource | null): string | undefined =>
  resource === null ? undefined : identitiesOf(resource)[0]?.value;

const VALUES: Readonly<Record<Listed, (resource: Resource, at: At) => Values>> = {
  organisations: (one, at) => [
    ['ods_code', idOf(one, ODS_ORGANIZATION)],
    ['name', text(one.name)],
    ['part_of', idOf(at(ref(one.partOf)), ODS_ORGANIZATION)],
    ['phone', contact(one, 'phone')],
  ],
  services: (one, at) => [
    ['service_id', idOf(one, SERVICE_ID)],
    ['name', text(one.name)],
    ['part_of', idOf(at(ref(at(ref(one.providedBy))?.partOf)), ODS_ORGANIZATION)],
    ['kind', kindWordOf(one)],
    ['phone', contact(one, 'phone')],
  ],
  locations: (one, at) => [
    ['location_id', idOf(one, LOCATION_ID)],
    ['name', text(one.name)],
    ['service_id', idOf(at(ref(one.managingOrganization)), SERVICE_ID)],
    ['kind', placeWordOf(one)],
  ],
  teams: (one, at) => [
    ['team_id', idOf(one, TEAM_ID)],
    ['name', text(one.name)],
    ['service_id', idOf(at(ref(objects(one.managingOrganization)[0])), SERVICE_ID)],
  ],
  people: (one) => {
    const name = objects(one.name).find(({ use }) => use === 'official') ?? objects(one.name)[0];
    const given = Array.isArray(name?.given) ? name.given.join(' ') : '';
    return [
      ['staff_number', idOf(one, STAFF_NUMBER)],
      ['family_name', text(name?.family)],
      ['given_name', given],
      ['sds_user_id', idOf(one, SDS_USER)],
      ['nmc_pin', idOf(one, NMC_NUMBER)],
      ['phone', contact(one, 'phone')],
      ['email', contact(one, 'email')],
    ];
  },
  roles: (one, at) => {
    const period: JsonObject = isObject(one.period) ? one.period : {};
    return [
      ['role_id', key(one)],
      ['staff_number', idOf(at(ref(one.practitioner)), STAFF_NUMBER)],
      ['role', roleWord(one.code, one.specialty)?.word],
      ['service_id', key(at(ref(one.organization)))],
      ['start', text(period.start)],
      ['end', text(period.end)],
      ['supervisor', key(at(supervisorOf(one) ?? ''))],
    ];
  },
  duty: () => [],
};
