/** Reading FHIR JSON without trust: every function answers with nothing where the shape is not as R4 says. */
import { isObject } from '../fhir/resource.ts';
import type { Json, JsonObject, Resource } from '../fhir/types.ts';

/** Reads the resource a relative reference (`Type/id`) names, or null when it is not there. */
export type Lookup = (reference: string) => Resource | null;

export interface Code {
  system: string;
  code: string;
}

/** The objects of a repeating or single element; anything else is left out. */
export function objects(value: Json | undefined): JsonObject[] {
  if (Array.isArray(value)) return value.filter(isObject);
  return isObject(value) ? [value] : [];
}

/** The first object of an element, or null. */
export function object(value: Json | undefined): JsonObject | null {
  return objects(value)[0] ?? null;
}

/** A string element, or null when absent, empty or of another shape. */
export function text(value: Json | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The strings of a repeating or single element. */
export function texts(value: Json | undefined): string[] {
  if (Array.isArray(value)) return value.filter((one): one is string => typeof one === 'string' && one !== '');
  const one = text(value);
  return one === null ? [] : [one];
}

/** All codings of CodeableConcept elements (one or many); a missing system is the empty string. */
export function codes(value: Json | undefined): Code[] {
  return objects(value).flatMap((concept) => codings(concept.coding));
}

/** Coding elements (one or many); a missing system is the empty string. */
export function codings(value: Json | undefined): Code[] {
  return objects(value).flatMap((coding) => {
    const code = text(coding.code);
    return code === null ? [] : [{ system: text(coding.system) ?? '', code }];
  });
}

/** True when one of `found` has this system and one of these codes. */
export function hasCode(found: readonly Code[], system: string, ...wanted: readonly string[]): boolean {
  return found.some((one) => one.system === system && wanted.includes(one.code));
}

const LITERAL = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[^/]+)?$/;

/**
 * `Type/id` of a relative reference, without its version; null for anything else. An absolute reference names a record
 * of another server, even when it ends like one of ours (our own base is made relative before facts are read).
 */
export function literal(reference: Json | undefined): string | null {
  if (typeof reference !== 'string') return null;
  const match = LITERAL.exec(reference);
  return match ? `${match[1]}/${match[2]}` : null;
}

/** `Type/id` of Reference elements, one or many, in order, without duplicates. */
export function refs(value: Json | undefined): string[] {
  const found: string[] = [];
  for (const one of objects(value)) {
    const reference = literal(one.reference);
    if (reference !== null && !found.includes(reference)) found.push(reference);
  }
  return found;
}

/** The first literal reference of an element, or null. */
export function ref(value: Json | undefined): string | null {
  return refs(value)[0] ?? null;
}

/** True when a relative reference is to one of these types. */
export function isTo(reference: string, ...types: readonly string[]): boolean {
  const slash = reference.indexOf('/');
  return types.includes(reference.slice(0, slash));
}

/** Values without duplicates, in order of first appearance. */
export function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

/** `Type/id` of a resource, or null before it has an id. */
export function referenceTo(resource: Resource): string | null {
  return resource.id === undefined ? null : `${resource.resourceType}/${resource.id}`;
}

/** Canonical of the questionnaire a response answers, without its version. */
export function questionnaireOf(resource: Resource): string | null {
  const canonical = text(resource.questionnaire);
  return canonical === null ? null : (canonical.split('|')[0] ?? null);
}

/** True when `meta.profile` names this profile (version ignored). */
export function claims(resource: Resource, profile: string): boolean {
  return texts(resource.meta?.profile).some((one) => one.split('|')[0] === profile);
}
