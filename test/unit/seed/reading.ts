/** The whole seed of a day as one flat list, and how the tests of it read a resource. */
import { directory, families } from '../../../seed/index.ts';
import { isObject } from '../../../src/fhir/resource.ts';
import type { Json, JsonObject, Resource } from '../../../src/fhir/types.ts';

const made = new Map<string, Map<string, Resource>>();

/** As it stands when everything has been written: the last version of each. Made once per day. */
export function seedOf(day: string): Map<string, Resource> {
  const known = made.get(day) ?? freshSeedOf(day);
  made.set(day, known);
  return known;
}

export function freshSeedOf(day: string): Map<string, Resource> {
  const written = [...directory(day), ...[...families(day)].flat()].flat();
  return new Map(written.map((one) => [`${one.resourceType}/${one.id}`, one]));
}

export const ofType = (seed: ReadonlyMap<string, Resource>, type: string): Resource[] =>
  [...seed.values()].filter((one) => one.resourceType === type);

export const list = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
export const inside = (value: Json | undefined, key: string): Json | undefined =>
  isObject(value) ? value[key] : undefined;
export const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

/** `Type/id` of every actor of an Appointment. */
export const actors = (appointment: Resource): string[] =>
  list(appointment.participant).map((one) => text(inside(one.actor, 'reference')));

/** Codes of a CodeableConcept or of a list of them. */
export const codes = (value: Json | undefined): string[] =>
  (Array.isArray(value) ? value : [value]).flatMap((one) =>
    list(inside(one, 'coding')).map((coding) => text(coding.code)),
  );

/** Every string in a JSON tree under one of the names. */
export function strings(value: Json | undefined, name: string, found: string[] = []): string[] {
  if (Array.isArray(value)) for (const one of value) strings(one, name, found);
  else if (isObject(value)) {
    for (const [key, one] of Object.entries(value)) {
      if (key === name && typeof one === 'string') found.push(one);
      else strings(one, name, found);
    }
  }
  return found;
}
