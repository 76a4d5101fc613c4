/**
 * What somebody who leaves or is away has open, as the one who asks may see it: each list is a search under her own rules
 * and in the trail, so nothing shows here that she could not find herself. What she may not ask for is named as such.
 */
import { parseJson } from '../fhir/json.ts';
import { Outcome } from '../fhir/outcome.ts';
import { asResource, isObject } from '../fhir/resource.ts';
import type { Resource } from '../fhir/types.ts';
import { search } from '../record/search.ts';
import type { Context, Door } from '../record/types.ts';
import { objects } from './workspace.ts';

export const WORK_KINDS = ['tasks', 'families', 'episodes', 'referrals', 'appointments', 'drafts'] as const;
export type WorkKind = (typeof WORK_KINDS)[number];

export interface OpenItem {
  kind: WorkKind;
  /** `Task/..` and so on. */
  reference: string;
  version: string;
  /** `Patient/..` it is about, or null. */
  patient: string | null;
  resource: Resource;
}

export interface OpenWork {
  items: OpenItem[];
  /** Kinds the caller's role may not ask for. */
  closed: WorkKind[];
  /** Kinds with more than one list holds: reassign these, then ask again. */
  more: WorkKind[];
}

/** Of each kind at once. */
const MOST = 200;

interface Person {
  /** `PractitionerRole/..` */
  role: string;
  /** `Practitioner/..` */
  practitioner: string | null;
}

export async function openWork(door: Door, context: Context, person: Person): Promise<OpenWork> {
  const work: OpenWork = { items: [], closed: [], more: [] };
  const who = [person.role, person.practitioner].filter((one) => one !== null).join(',');
  const today = context.now.toISOString().slice(0, 10);
  const asked: [WorkKind, string, string][] = [
    ['tasks', 'Task', `owner=${who}&status=draft,requested,received,accepted,ready,in-progress,on-hold`],
    ['families', 'CareTeam', `participant=${who}&status=active,proposed,suspended`],
    ['referrals', 'ServiceRequest', `performer=${who}&status=draft,active,on-hold`],
    ['appointments', 'Appointment', `actor=${who}&date=ge${today}&status=proposed,pending,booked,waitlist`],
    ['drafts', 'QuestionnaireResponse', `author=${who}&status=in-progress`],
  ];
  for (const [kind, type, query] of asked)
    await ask(door, context, work, { kind, type, query, keep: isOpen(kind, person, context.now.getTime()) });
  await episodes(door, context, work, person);
  return work;
}

/** Episodes name their manager; the index knows her by her person alone, so those of her families are asked as well. */
async function episodes(door: Door, context: Context, work: OpenWork, person: Person): Promise<void> {
  const isHers = (one: Resource) => namesOf(one.careManager).some((name) => isPerson(person, name));
  const patients = [
    ...new Set(work.items.flatMap(({ kind, patient }) => (kind === 'families' && patient !== null ? [patient] : []))),
  ];
  const status = 'status=planned,waitlist,active,onhold';
  const asks = [
    ...(person.practitioner === null ? [] : [`care-manager=${person.practitioner}&${status}`]),
    ...(patients.length === 0 ? [] : [`patient=${patients.slice(0, MOST).join(',')}&${status}`]),
  ];
  for (const query of asks)
    await ask(door, context, work, { kind: 'episodes', type: 'EpisodeOfCare', query, keep: isHers });
}

interface Asking {
  kind: WorkKind;
  type: string;
  query: string;
  keep(resource: Resource): boolean;
}

async function ask(door: Door, context: Context, work: OpenWork, { kind, type, query, keep }: Asking): Promise<void> {
  let text: string;
  try {
    text = await search(door, context, { type, query: `${query}&_count=${MOST}`, lenient: false });
  } catch (error) {
    if (!(error instanceof Outcome) || error.status !== 403) throw error;
    if (!work.closed.includes(kind)) work.closed.push(kind);
    return;
  }
  const bundle = asResource(parseJson(Buffer.from(text, 'utf8')).root);
  if (objects(bundle.link).some(({ relation }) => relation === 'next')) work.more.push(kind);
  for (const { resource } of objects(bundle.entry)) {
    if (!isObject(resource) || typeof resource.resourceType !== 'string' || resource.resourceType !== type) continue;
    const one: Resource = { ...resource, resourceType: resource.resourceType };
    const reference = `${type}/${one.id}`;
    if (!keep(one) || work.items.some((item) => item.reference === reference)) continue;
    work.items.push({ kind, reference, version: one.meta?.versionId ?? '', patient: patientOf(one), resource: one });
  }
}

/** A family's team where her own time goes on; a team of the directory is no family. */
function isOpen(kind: WorkKind, person: Person, now: number): (resource: Resource) => boolean {
  if (kind !== 'families') return () => true;
  return ({ subject, participant }) =>
    subject !== undefined &&
    objects(participant).some(
      (one) => namesOf(one.member).some((name) => isPerson(person, name)) && !hasEnded(one.period, now),
    );
}

function hasEnded(period: unknown, now: number): boolean {
  return isObject(period) && typeof period.end === 'string' && Date.parse(period.end) <= now;
}

export function namesOf(value: unknown): string[] {
  return isObject(value) && typeof value.reference === 'string' ? [value.reference] : [];
}

export function isPerson({ role, practitioner }: Person, reference: string): boolean {
  return reference === role || reference === practitioner;
}

function patientOf({ subject, patient, for: about, participant }: Resource): string | null {
  const direct = [subject, patient, about].flatMap(namesOf)[0];
  const actors = objects(participant).flatMap(({ actor }) => namesOf(actor));
  return direct ?? actors.find((one) => one.startsWith('Patient/')) ?? null;
}
