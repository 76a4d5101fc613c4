/**
 * Identity of what an assessment yields (domain.md 2.6): a deterministic identifier (response id + linkId path) says
 * which answer a resource came from, and a second one keeps the hash of the content as the service wrote it. Content
 * that no longer has that hash was edited by people. Identifiers and not tags: they survive every client's update, are
 * searchable, and need no code system.
 */
import { createHash } from 'node:crypto';
import type { Identifier, Json, JsonObject, Reference, Resource } from '../fhir/types.ts';
import { idSystem } from './canon.ts';
import { canonicalText, isObject, objectsAt, textAt } from './shape.ts';

export const EXTRACT = idSystem('extract');
export const EXTRACT_HASH = idSystem('extract-hash');
export const EXTRACT_PROPOSAL = idSystem('extract-proposal');

/** One resource an assessment yields. */
export interface Extracted {
  /** Identifier value: `<response id>/<linkId path>`. */
  key: string;
  resource: Resource;
}

/** Types nobody edits by hand: a change of the answer amends them. All others belong to people once written. */
const MACHINE_OWNED: ReadonlySet<string> = new Set(['Observation', 'RiskAssessment']);
export const isMachineOwned = (resource: Resource): boolean => MACHINE_OWNED.has(resource.resourceType);

/** Identifier value for an answer; repetitions by their element id when the client gives one, else by position. */
export function keyOf(responseId: string, linkId: string, repetition?: { item: JsonObject; index: number }): string {
  if (repetition === undefined) return `${responseId}/${linkId}`;
  return `${responseId}/${linkId}/${textAt(repetition.item, 'id') ?? repetition.index + 1}`;
}

/** The transaction-local address of an extracted resource: the same key always gives the same urn. */
export function urnOf(key: string): string {
  const hex = createHash('sha256').update(key).digest('hex');
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Reference to another resource of the same extraction. */
export const toExtracted = (key: string): Reference => ({ reference: urnOf(key) });

export const identifierValue = (resource: Resource, system: string): string | undefined =>
  textAt(
    objectsAt(resource, 'identifier').find((identifier) => identifier.system === system),
    'value',
  );

/** Replaces references by a map, everywhere in a resource. */
export function withReferences<T extends Json>(value: T, map: ReadonlyMap<string, string>): T;
export function withReferences(value: Json, map: ReadonlyMap<string, string>): Json {
  if (Array.isArray(value)) return value.map((part) => withReferences(part, map));
  if (!isObject(value)) return value;
  const out: JsonObject = {};
  for (const [name, part] of Object.entries(value)) {
    if (part === undefined) continue;
    out[name] = name === 'reference' && typeof part === 'string' ? (map.get(part) ?? part) : withReferences(part, map);
  }
  return out;
}

/**
 * Hash of what a resource says: without id, meta and narrative (the server's), without this hash, and for
 * machine-owned types without status, which follows from the comparison itself.
 * @param urns stored reference -> urn, so that a stored resource hashes as it was written
 */
export function contentHash(resource: Resource, urns: ReadonlyMap<string, string> = new Map()): string {
  const { id: _id, meta: _meta, text: _text, identifier: _identifier, ...content } = resource;
  const identifier = objectsAt(resource, 'identifier').filter((one) => one.system !== EXTRACT_HASH);
  const spoken: JsonObject = { ...content, identifier };
  if (isMachineOwned(resource)) delete spoken.status;
  return createHash('sha256')
    .update(canonicalText(withReferences(spoken, urns)))
    .digest('hex')
    .slice(0, 32);
}

/** The resource with its hash identifier renewed. */
export function sealed(resource: Resource, urns?: ReadonlyMap<string, string>): Resource {
  const identifier: Identifier[] = objectsAt(resource, 'identifier').filter((one) => one.system !== EXTRACT_HASH);
  return { ...resource, identifier: [...identifier, { system: EXTRACT_HASH, value: contentHash(resource, urns) }] };
}

/** Gives a resource its identity: the extract identifier and the hash. */
export function extracted(key: string, resource: Resource): Extracted {
  return { key, resource: sealed({ ...resource, identifier: [{ system: EXTRACT, value: key }] }) };
}
