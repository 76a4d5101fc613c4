/** Reading JSON that has passed validation: every reader narrows, none casts; absent or of another shape is empty. */
import { isObject } from '../fhir/resource.ts';
import type { Json, JsonObject } from '../fhir/types.ts';

/** The value at a path of element names and indexes; undefined when any step is missing. */
export function at(from: Json | undefined, ...path: (string | number)[]): Json | undefined {
  let value: Json | undefined = from;
  for (const step of path) {
    if (typeof step === 'number') value = Array.isArray(value) ? value[step] : undefined;
    else value = isObject(value) ? value[step] : undefined;
  }
  return value;
}

export function textAt(from: Json | undefined, ...path: (string | number)[]): string | undefined {
  const value = at(from, ...path);
  return typeof value === 'string' ? value : undefined;
}

export function objectsAt(from: Json | undefined, ...path: (string | number)[]): JsonObject[] {
  const value = at(from, ...path);
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** A deep copy of JSON, so that a builder never shares structure with what it read. */
export function copyOf<T extends Json>(value: T): T {
  return structuredClone(value);
}

/** JSON text with sorted keys and without undefined members: equal content has equal text. */
export function canonicalText(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value ?? null);
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalText(value[key])}`);
  return `{${members.join(',')}}`;
}

/** The code of a CodeableConcept or Coding list in one system; undefined when it has none. */
export function codeIn(concept: Json | undefined, system: string): string | undefined {
  return textAt(
    objectsAt(concept, 'coding').find((coding) => coding.system === system),
    'code',
  );
}

export { isObject };
