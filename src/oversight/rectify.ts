/**
 * Rectification: nothing is overwritten. A correction is a new version with a note beside it; what is kept
 * although she disputes it gets her statement; what stands in the wrong record is marked as an error there and written
 * anew where it belongs. The note or statement is a Communication of its own, decided by the rules like its item, and the
 * item points to it. Whoever had the item is told as of every stop event (R-49, Article 19).
 */
import { refuse } from '../fhir/outcome.ts';
import { isObject } from '../fhir/resource.ts';
import type { Coding, JsonObject, Resource, StoredResource } from '../fhir/types.ts';
import { CANON, CONFIDENTIALITY } from '../governance/vocabulary.ts';
import { type CallerWrite, readResource, writeResources } from '../record/as-caller.ts';
import { reach } from '../record/decide.ts';
import { entryOf } from '../record/entry.ts';
import { audited } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { readCurrent } from '../store/reads.ts';
import { leavingOf } from './sar/cut.ts';

/** Extensions of an item that point to what was said about it (events/stop-reasons.ts reads them too). */
const AMENDMENT = `${CANON}/StructureDefinition/amendment`;
const STATEMENT = `${CANON}/StructureDefinition/statement`;
const LEAST_WORDS = 10;
const NOTE = 'urn:uuid:00000000-0000-4000-8000-000000000030';
const MOVED = 'urn:uuid:00000000-0000-4000-8000-000000000032';

export interface Item {
  type: string;
  id: string;
}

export interface Rectified {
  item: StoredResource;
  /** `Communication/..` with the note or the statement. */
  note: string;
}

/** A corrected version with the reason beside it. @throws Outcome as an update of hers, 412 when it has changed since */
export function rectify(
  door: Door,
  context: Context,
  asked: Item & { resource: Resource; note: string; version: string },
): Promise<Rectified> {
  const { type, id, note } = asked;
  return step(door, context, asked, '$rectify', async () => {
    const { resourceType, id: given } = asked.resource;
    if (resourceType !== type || (given !== undefined && given !== id))
      throw refuse(422, 'business-rule', `The corrected resource is ${type}/${id} itself`, 'resource');
    const stored = await readResource(door, context, type, id);
    // What was said before about it stays with it.
    const resource = { ...asked.resource, resourceType, id, ...pointing(stored, asked.resource, AMENDMENT) };
    const about = await noteAbout(door, context, { item: stored, words: note, sender: authorOf(context) });
    return written(door, context, { resource, about, version: asked.version });
  });
}

/** Her own words beside what is kept. @throws Outcome as a read of hers */
export function attachStatement(door: Door, context: Context, asked: Item & { statement: string }): Promise<Rectified> {
  const { type, id, statement } = asked;
  return step(door, context, { ...asked, note: statement }, '$attach-statement', async () => {
    const item = await readResource(door, context, type, id);
    const resource: Resource & { id: string } = { ...item, ...pointing(item, item, STATEMENT) };
    const about = await noteAbout(door, context, { item, words: statement, sender: subjectOf(item) });
    // Whoever may see it may keep her words beside it; what stands in it stays as it is (domain.md 5.3).
    const acting = { ...context, operation: '$attach-statement' };
    return written(door, acting, { resource, about, version: item.meta.versionId });
  });
}

/** Out of the wrong record into the right one, in one commit. @throws Outcome as both writes of hers, 422 */
export function moveToPatient(
  door: Door,
  context: Context,
  asked: Item & { patient: string; note: string },
): Promise<Rectified> {
  const { type, id, patient, note } = asked;
  return step(door, context, asked, '$move-to-patient', async () => {
    const item = await readResource(door, context, type, id);
    if (subjectOf(item) === null) throw refuse(422, 'business-rule', `A ${type} is not moved: it names no one person`);
    if (subjectOf(item) === patient) throw refuse(422, 'business-rule', 'It stands in this record already', 'patient');
    // Nothing of the other woman comes along: only who acted professionally is still named.
    const { id: _id, meta: _meta, ...rest } = leavingOf(item, ['text'], { released: new Set([]), withheld: new Set() });
    const security = item.meta.security === undefined ? {} : { meta: { security: item.meta.security } };
    const moved: Resource = { ...rest, resourceType: type, ...security, [subjectName(item)]: { reference: patient } };
    moved.extension = [...extensionsOf(rest), { url: AMENDMENT, valueReference: { reference: NOTE } }];
    const about = await noteAbout(door, context, { item, words: note, sender: authorOf(context) });
    const error: Resource & { id: string } = { ...item, ...inError(item) };
    const writes: CallerWrite[] = [
      { method: 'POST', fullUrl: MOVED, resource: moved },
      {
        method: 'POST',
        fullUrl: NOTE,
        resource: { ...about, subject: { reference: patient }, about: [{ reference: MOVED }] },
      },
      { method: 'PUT', resource: error, ifMatch: item.meta.versionId },
    ];
    const [made, said] = await writeResources(door, context, writes);
    if (made === undefined || said === undefined) throw new Error('a move gave no resources');
    return { item: made, note: `Communication/${said.id}` };
  });
}

function step(
  door: Door,
  context: Context,
  { type, id, note }: Item & { note: string },
  name: string,
  work: () => Promise<Rectified>,
): Promise<Rectified> {
  const entry = { ...entryOf(context, 'operation'), entities: [`${type}/${id}`], detail: name, rules: ['R-30'] };
  return audited(door, entry, async () => {
    if (note.trim().length < LEAST_WORDS)
      throw refuse(400, 'required', `Say it in ${LEAST_WORDS} characters or more`, 'Parameters.parameter');
    const done = await work();
    await door.audit.write({ ...entry, entities: [`${done.item.resourceType}/${done.item.id}`, `${type}/${id}`] });
    return done;
  });
}

async function written(
  door: Door,
  context: Context,
  { resource, about, version }: { resource: Resource & { id: string }; about: Resource; version: string },
): Promise<Rectified> {
  const writes: CallerWrite[] = [
    { method: 'POST', fullUrl: NOTE, resource: about },
    { method: 'PUT', resource, ifMatch: version },
  ];
  const [note, item] = await writeResources(door, context, writes);
  if (note === undefined || item === undefined) throw new Error('a rectification gave no resources');
  return { item, note: `Communication/${note.id}` };
}

/** The words as a Communication about the item, as restricted as the item is. */
async function noteAbout(
  door: Door,
  context: Context,
  { item, words, sender }: { item: StoredResource; words: string; sender: string | null },
): Promise<Resource> {
  const { found } = await readCurrent(door.pool, item.resourceType, item.id, reach(context));
  const own: Coding[] = item.meta.security ?? [];
  const label = found?.row.label ?? 'N';
  const security = [
    ...own.map(
      ({ system, code }): Coding => ({
        ...(system === undefined ? {} : { system }),
        ...(code === undefined ? {} : { code }),
      }),
    ),
    ...(label === 'N' || own.some(({ code }) => code === label) ? [] : [{ system: CONFIDENTIALITY, code: label }]),
  ];
  const subject = subjectOf(item);
  return {
    resourceType: 'Communication',
    ...(security.length === 0 ? {} : { meta: { security } }),
    status: 'completed',
    ...(subject === null ? {} : { subject: { reference: subject } }),
    about: [{ reference: `${item.resourceType}/${item.id}` }],
    sent: context.now.toISOString(),
    ...(sender === null ? {} : { sender: { reference: sender } }),
    payload: [{ contentString: words }],
  };
}

function pointing(stored: Resource, next: Resource, url: string): { extension: JsonObject[] } {
  const said = (one: JsonObject) => one.url === AMENDMENT || one.url === STATEMENT;
  const own = extensionsOf(next).filter((one) => !said(one));
  const before = extensionsOf(stored).filter(said);
  return { extension: [...own, ...before, { url, valueReference: { reference: NOTE } }] };
}

function extensionsOf({ extension }: JsonObject): JsonObject[] {
  return Array.isArray(extension) ? extension.filter(isObject) : [];
}

function authorOf({ principal }: Context): string | null {
  return principal.practitionerRole ?? null;
}

function subjectName(item: Resource): 'subject' | 'patient' | 'for' {
  return isObject(item.subject) ? 'subject' : isObject(item.patient) ? 'patient' : 'for';
}

/** `Patient/..` it is about, or null. */
function subjectOf(item: Resource): string | null {
  const named = item[subjectName(item)];
  const reference = isObject(named) && typeof named.reference === 'string' ? named.reference : '';
  return reference.startsWith('Patient/') ? reference : null;
}

/** R4 says it in `status`, and of conditions and allergies in `verificationStatus` (con-5, ait-2: no clinical status then). */
function inError(item: Resource): JsonObject {
  const systems: Readonly<Record<string, string>> = {
    Condition: 'http://terminology.hl7.org/CodeSystem/condition-ver-status',
    AllergyIntolerance: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification',
  };
  const system = systems[item.resourceType];
  if (system === undefined) return { status: 'entered-in-error' };
  return { verificationStatus: { coding: [{ system, code: 'entered-in-error' }] }, clinicalStatus: undefined };
}
