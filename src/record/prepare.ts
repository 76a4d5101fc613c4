/** The steps before a write is decided: what is meant, what is there, and whether the caller's precondition holds. */
import { applyFhirPathPatch } from '../fhir/fhirpath-patch.ts';
import { markUntraced } from '../fhir/identifiers.ts';
import type { JsonDocument } from '../fhir/json.ts';
import { changeMeta, type MetaChange, type MetaParts } from '../fhir/meta.ts';
import { Outcome, type OutcomeIssue, refuse } from '../fhir/outcome.ts';
import { applyJsonPatch } from '../fhir/patch.ts';
import type { Resource } from '../fhir/types.ts';
import { gate } from '../governance/gates.ts';
import type { Action } from '../governance/types.ts';
import { type Db, readCurrent } from '../store/reads.ts';
import type { DecidableRow, ResourceRow } from '../store/rows.ts';
import { requireAnswers } from './answers.ts';
import { findByCriteria } from './conditional.ts';
import { ask, decideWrite, parseStored, reach } from './decide.ts';
import { effectIssues } from './definition-effect.ts';
import { ID, requireId, requireType, requireValid } from './document.ts';
import { entryOf, withRows } from './entry.ts';
import { mayReadHistory } from './family-group.ts';
import { newId } from './ids.ts';
import { withKeptLabels } from './kept-labels.ts';
import { requireMayUnlabel } from './label-removal.ts';
import { withMaskedParts } from './masked-parts.ts';
import type { Change } from './plan.ts';
import type { Probe } from './probes.ts';
import { checkGeneration, refused, sameRecord, unknown } from './refusal.ts';
import { requireNotShipped } from './shipped.ts';
import { dutyIssues } from './sound-bookings.ts';
import type { Context, Door, ResourceDocument } from './types.ts';

/** Where a write goes: an id, or criteria that must mean at most one resource. */
export type Target = { id: string } | { criteria: string };

/** What a patch does: a document of the two kinds of patch, or a change of labels. */
export type Patch = { kind: 'json' | 'fhirpath'; document: JsonDocument } | { kind: MetaChange; parts: MetaParts };

export interface Writing {
  door: Door;
  context: Context;
  db: Db;
  /** Resources of the same transaction: definitions that arrive with what they define. */
  beside?: readonly Resource[];
  /** Collects what conditions on a new Patient's number met (probes.ts). */
  probes?: Probe[];
}

/** `hidden`: the recorded refusal of a row that must look as if it were not there. */
type Current = Pick<Change, 'current' | 'before'> & { hidden: Outcome | null };
const NOTHING: Current = { current: null, before: null, hidden: null };

/** What a second person confirmed (two-persons.ts): neither of the two may write it alone, so the gate asks for sight. */
export const CONFIRMED = '$confirm';

/** What somebody leaves open is handed on by her team's lead, who writes none of it by hand (directory/reassign.ts). */
export const REASSIGNED = '$reassign';
const BY_SIGHT: readonly (string | undefined)[] = [CONFIRMED, REASSIGNED];

/** Refuses at the gate before anything is read. */
export async function pass(writing: Writing, action: Action & Change['interaction'], type: string): Promise<void> {
  const { door, context } = writing;
  const asked = BY_SIGHT.includes(context.operation) ? 'read' : action;
  const closed = gate(context.principal, ask(door, context, asked, type));
  if (closed !== null) throw await refused(door, entryOf(context, action), closed);
}

/** Validates a body that is about to be written, by the definitions and by the guards of its type; gives the warnings. */
export async function check(
  writing: Writing,
  document: ResourceDocument,
  current: DecidableRow | null = null,
): Promise<OutcomeIssue[]> {
  const warnings = [
    ...untraced(document.resource),
    ...(await requireValid(writing.door, document)),
    ...(await requireAnswers(writing, document)),
    ...(await effectIssues(writing, document)),
    ...(await dutyIssues(writing.db, document.resource)),
  ];
  const guards = writing.door.guards.get(document.resource.resourceType);
  if (guards === undefined) return warnings;
  const body = current?.row.body ?? null;
  const previous = body === null ? null : parseStored(body).resource;
  for (const guard of guards) await guard(document.resource, writing.context, previous);
  return warnings;
}

/** An NHS number without verification status is stored as not traced, and its sender told. */
function untraced(resource: Resource): OutcomeIssue[] {
  return markUntraced(resource).map((at) => ({
    severity: 'information',
    code: 'informational',
    diagnostics: 'The NHS number came without verification status; it is stored as 02, present but not traced',
    expression: `Patient.identifier[${at}]`,
  }));
}

/** create: a fresh id, or what `If-None-Exist` already finds (then nothing is to be written). */
export async function prepareCreate(
  writing: Writing,
  type: string,
  document: ResourceDocument,
  ifNoneExist: string | null,
): Promise<Change | { existing: string }> {
  await pass(writing, 'create', type);
  requireType(document.resource, type);
  if (ifNoneExist !== null) {
    const existing = await findByCriteria(writing, type, ifNoneExist, 'create');
    if (existing !== null) return { existing };
  }
  const warnings = await check(writing, document);
  const id = newId(writing.context.now);
  return { type, id, interaction: 'create', document, current: null, before: null, warnings };
}

/** update: the row as it is, or a new one under the client's id where that is allowed (R4 http.html#upsert). */
export async function prepareUpdate(
  writing: Writing,
  type: string,
  target: Target,
  request: { document: ResourceDocument; ifMatch: string | null; onlyNew?: boolean; unmatched?: boolean },
): Promise<Change> {
  const { ifMatch, onlyNew = false } = request;
  await pass(writing, 'update', type);
  requireType(request.document.resource, type);
  const found = 'id' in target ? null : await idOfCriteria(writing, type, target.criteria);
  const id = 'id' in target ? target.id : (found ?? request.document.resource.id ?? newId(writing.context.now));
  const unmatched = 'id' in target ? request.unmatched === true : found === null;
  if ('id' in target || request.document.resource.id !== undefined) requireId(request.document.resource, id);
  requireNotShipped(writing.door, type, id);
  if (!ID.test(id)) throw refuse(400, 'value', 'An id has 1 to 64 letters, digits, dashes and dots', `${type}.id`);
  const { current, before, hidden } = await fetchCurrent(writing, 'update', type, id);
  asUnknown(hidden, () => {
    requireVersion(current, ifMatch);
    if (onlyNew && current !== null && !current.row.deleted) throw alreadyThere();
    if (unmatched && current !== null && !current.row.deleted) throw taken(type);
    if (current === null && 'id' in target) requireOwnIds(writing, type);
  });
  const body = current?.row.body ?? null;
  const whole = withMaskedParts(writing.context, request.document, before, body);
  requireWhole(whole.resource);
  const document = withKeptLabels(writing.context, whole, body);
  const warnings = await check(writing, document, current);
  return { type, id, interaction: 'update', document, current, before, warnings };
}

/** Conditional update: one match is it, none makes a new one (with the client's id if it gave one), several are refused. */
function idOfCriteria(writing: Writing, type: string, criteria: string): Promise<string | null> {
  // Finding nothing it creates, and a person out of sight is not registered twice.
  return findByCriteria(writing, type, criteria, 'create');
}

/** The criteria say that it is another one: written there, the record of somebody else would be lost. */
function taken(type: string): Outcome {
  return refuse(409, 'conflict', 'The condition matches nothing, and another resource has this id', `${type}.id`);
}

function alreadyThere(): Outcome {
  return refuse(412, 'conflict', 'If-None-Match: * does not hold: the resource is already there');
}

/** Client-chosen ids are for systems: people's software gets its ids from the server. */
function requireOwnIds(writing: Writing, type: string): void {
  const { role, kind } = writing.context.principal;
  if (kind === 'system' || role === 'steward') return;
  throw refuse(405, 'not-supported', `There is no such ${type}; create it with POST, and the server gives it an id`);
}

/** patch: applied to the current version; the result is checked like any update. */
export async function preparePatch(
  writing: Writing,
  type: string,
  target: Target,
  request: { patch: Patch; ifMatch: string | null },
): Promise<Change> {
  await pass(writing, 'patch', type);
  const id = 'id' in target ? target.id : await findByCriteria(writing, type, target.criteria, 'patch');
  const { current, before, hidden } = id === null ? NOTHING : await fetchCurrent(writing, 'patch', type, id);
  if (id === null || current === null) throw hidden ?? unknown();
  // Tests and copies of a patch would tell what the masks hide.
  if (before !== null && before.masks.length > 0)
    throw refuse(403, 'forbidden', `Only part of this ${type} is shown to you, so you cannot patch it`);
  requireVersion(current, request.ifMatch);
  if (current.row.deleted || current.row.body === null) throw refuse(410, 'deleted', 'This resource was deleted');
  const stored = parseStored(current.row.body);
  await requireMayUnlabel(writing, current.row, request.patch);
  const after = patched(writing, current.row, stored, request.patch);
  const warnings = await check(writing, after, current);
  return { type, id, interaction: 'patch', document: after, current, before, warnings };
}

function patched(writing: Writing, row: ResourceRow, stored: ResourceDocument, patch: Patch): ResourceDocument {
  if ('parts' in patch) {
    return changeMeta(stored.resource, patch.parts, patch.kind, stored.numbers);
  }
  const apply = patch.kind === 'json' ? applyJsonPatch : applyFhirPathPatch;
  const after = apply(stored.resource, patch.document.root, stored.numbers, patch.document.numbers);
  return withKeptLabels(writing.context, after, row.body);
}

/** delete: null when there is nothing to delete for this caller. */
export async function prepareDelete(
  writing: Writing,
  type: string,
  target: Target,
  ifMatch: string | null,
): Promise<Change | null> {
  await pass(writing, 'delete', type);
  const id = 'id' in target ? target.id : await findByCriteria(writing, type, target.criteria, 'delete');
  const { current, before, hidden } = id === null ? NOTHING : await fetchCurrent(writing, 'delete', type, id);
  asUnknown(hidden, () => requireVersion(current, ifMatch));
  if (id === null || current === null || current.row.deleted) return null;
  return { type, id, interaction: 'delete', document: null, current, before, warnings: [] };
}

/**
 * The row as it is, decided before anything about it can show: not its version, not what a patch would test.
 * @throws Outcome of the refusal (recorded)
 */
async function fetchCurrent(
  writing: Writing,
  action: Change['interaction'],
  type: string,
  id: string,
): Promise<Current> {
  const { door, context, db } = writing;
  const { found, generation } = await readCurrent(db, type, id, reach(context));
  checkGeneration(context, generation);
  if (found === null || found.row.deleted) return { current: found, before: null, hidden: null };
  const before = decideWrite(context, ask(door, context, action, type), { ...found, now: context.now });
  // Members a reader may not see are absent from what she reads: a patch could test for them, an update would lose them.
  if (before.permit && !mayReadHistory(context, found.row)) throw keptByAuthors();
  if (before.permit) return { current: found, before, hidden: null };
  const refusal = await refused(door, withRows(entryOf(context, action), [found.row]), before);
  if (!before.concealed) throw refusal;
  return { ...NOTHING, hidden: refusal };
}

function keptByAuthors(): Outcome {
  return refuse(403, 'forbidden', 'A family group is changed by those who wrote it; send them what is to change');
}

/** A hidden row is refused in the words an unknown id gets here (5.1, no existence oracle), and recorded once. */
function asUnknown(hidden: Outcome | null, check: () => void): void {
  if (hidden === null) {
    check();
    return;
  }
  try {
    check();
  } catch (error) {
    throw error instanceof Outcome ? sameRecord(hidden, error) : error;
  }
  throw hidden;
}

/** What was read with parts left out is never written back: the rest would be lost (R4 search.html#summary). */
function requireWhole({ resourceType, meta }: Resource): void {
  if (meta?.tag?.some(({ code }) => code === 'SUBSETTED') !== true) return;
  const diagnostics = 'This is only part of the resource (SUBSETTED); writing it back would lose the rest';
  throw refuse(422, 'business-rule', diagnostics, `${resourceType}.meta.tag`);
}

/** @throws Outcome 412 when If-Match names another version than the current one (R4 http.html#concurrency, H21) */
function requireVersion(current: DecidableRow | null, ifMatch: string | null): void {
  if (ifMatch === null) return;
  const wanted = /^(?:W\/)?"([^"]*)"$/.exec(ifMatch.trim())?.[1] ?? (ifMatch.trim() === '*' ? '*' : null);
  if (wanted === null) throw refuse(400, 'value', 'If-Match must look like W/"3"');
  const version = current === null ? null : String(current.row.version);
  if (version !== null && (wanted === '*' || wanted === version)) return;
  const state = version === null ? 'there is no such resource' : 'the resource has changed since';
  throw refuse(412, 'conflict', `If-Match does not hold: ${state}; read it again and repeat your change`);
}
