/** A body on its way in: parsed, checked, given the server's own id and meta, and put into its stored text. */

import type { Issue } from '../definitions/types.ts';
import { normalIdentifier } from '../fhir/identifiers.ts';
import { parseJson, stringifyJson } from '../fhir/json.ts';
import { Outcome, type OutcomeIssue, refuse } from '../fhir/outcome.ts';
import { eachReference } from '../fhir/references.ts';
import { asResource, isObject } from '../fhir/resource.ts';
import type { Json, JsonObject, Resource } from '../fhir/types.ts';
import type { Door, ResourceDocument } from './types.ts';

/** R4 id: 1 to 64 of letters, digits, dash and dot. */
export const ID = /^[A-Za-z0-9\-.]{1,64}$/;

/**
 * References to ourselves become relative, so that the same person is found however she was named.
 * @throws Outcome 400 for anything that is not one JSON resource (json.ts names line and column)
 */
export function parseBody(door: Pick<Door, 'base'>, bytes: Buffer): ResourceDocument {
  if (bytes.length === 0) throw refuse(400, 'structure', 'The body is empty; send a FHIR resource as JSON');
  const { root, numbers } = parseJson(bytes);
  const resource = asResource(root);
  if (bytes.includes(door.base)) relativise(resource, door.base);
  if (bytes.includes('https://fhir.nhs.uk/Id/ods-')) normaliseOds(resource);
  return { resource, numbers };
}

/** Puts ODS identifiers right in place: the mis-spelt system, codes in small letters (domain.md 3.2). */
function normaliseOds(value: Json): void {
  if (Array.isArray(value)) for (const item of value) normaliseOds(item);
  if (!isObject(value)) return;
  const { system, value: code } = value;
  if (typeof system === 'string' && typeof code === 'string' && system.startsWith('https://fhir.nhs.uk/Id/ods-')) {
    Object.assign(value, normalIdentifier({ system, value: code }));
    return;
  }
  for (const name in value) normaliseOds(value[name] ?? null);
}

/** Makes references under our own base relative, in place. */
export function relativise(resource: Resource, base: string): void {
  eachReference(resource, (reference) => {
    if (reference.reference?.startsWith(`${base}/`)) reference.reference = reference.reference.slice(base.length + 1);
  });
}

/** @throws Outcome 400 when the body is of another type than the URL says (R4 http.html#create) */
export function requireType(resource: Resource, type: string): void {
  if (resource.resourceType === type) return;
  throw refuse(400, 'invalid', `The URL says ${type} but the body is another type`, 'resourceType');
}

/** @throws Outcome 400 unless the body carries exactly this id (R4 http.html#update) */
export function requireId(resource: Resource, id: string): void {
  if (resource.id === id) return;
  const what = resource.id === undefined ? 'The body has no id' : 'The id in the body differs from the one in the URL';
  throw refuse(400, 'invalid', `${what}; an update carries the id of its URL`, `${resource.resourceType}.id`);
}

/**
 * Full validation before a write. Warnings are returned, errors thrown together.
 * @throws Outcome 400 for what breaks the structure of FHIR, 422 for what breaks its rules; every issue has its path
 */
export async function requireValid(door: Door, document: ResourceDocument): Promise<OutcomeIssue[]> {
  const issues = await findingsOf(door, document, []);
  const errors = issues.filter((issue) => issue.severity === 'error' || issue.severity === 'fatal');
  if (errors.length === 0) return issues;
  const structural = errors.some((issue) => issue.code === 'structure');
  throw new Outcome(structural ? 400 : 422, errors.slice(0, 50));
}

/** What the definitions find; a very large resource is looked at in a thread of its own, so that nobody else waits. */
export async function findingsOf(door: Door, document: ResourceDocument, profiles: string[]): Promise<Issue[]> {
  const { resource, numbers } = document;
  const soon = door.definitions.validateSoon(resource, { profiles, numbers });
  if (soon !== null) return soon;
  const text = numbers.size === 0 ? JSON.stringify(resource) : stringifyJson(resource, numbers);
  const found = await door.live.apart.validate(text, profiles);
  return found ?? [tooLarge(resource.resourceType)];
}

const tooLarge = (type: string): Issue => ({
  severity: 'error',
  code: 'too-costly',
  diagnostics: 'This resource is too large for all its rules to be checked; send it in parts.',
  expression: type,
});

/**
 * The stored form: id and meta first, the server's versionId and lastUpdated, the client's profile, security, tag and
 * source kept; everything else as it came, numbers with their own spelling.
 */
export function stamp(document: ResourceDocument, id: string, version: number, updated: Date): string {
  const { resource, numbers } = document;
  const meta: JsonObject = isObject(resource.meta) ? resource.meta : {};
  const { versionId: _v, lastUpdated: _l, ...kept } = meta;
  const { resourceType, id: _id, meta: _meta, ...rest } = resource;
  const stamped: Resource = {
    resourceType,
    id,
    meta: { versionId: String(version), lastUpdated: updated.toISOString(), ...kept },
    ...rest,
  };
  if (numbers.size === 0) return JSON.stringify(stamped);
  // The texts of the root's own numbers hang on the tree that came in.
  return stringifyJson(stamped, {
    size: numbers.size,
    get: (parent, key) => numbers.get(parent === stamped ? resource : parent, key),
  });
}
