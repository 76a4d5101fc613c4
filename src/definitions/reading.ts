/** Reading JSON elements without trusting their shape: rules run on whatever a client sent. */
import type { Json, JsonObject } from '../fhir/types.ts';
import { isObject } from './run.ts';

/** The element is there, with a value or with extensions only (FHIRPath `exists()`). */
export function has(value: JsonObject, name: string): boolean {
  return present(value[name]) || present(value[`_${name}`]);
}

function present(item: Json | undefined): boolean {
  return item !== undefined && item !== null && !(Array.isArray(item) && item.length === 0);
}

/** Some type of the choice element `name[x]` is there. */
export function hasChoice(value: JsonObject, name: string): boolean {
  return choiceValue(value, name) !== undefined;
}

/** The JSON name in use of the choice element `name[x]`, without a leading underscore. */
export function choiceName(value: JsonObject, name: string): string | undefined {
  for (const key in value) {
    const bare = key.charCodeAt(0) === 95 ? key.slice(1) : key;
    if (!bare.startsWith(name) || !present(value[key])) continue;
    const next = bare.charCodeAt(name.length);
    if (next >= 65 && next <= 90) return bare;
  }
  return undefined;
}

/** The value of the choice element `name[x]`, whatever its type. */
export function choiceValue(value: JsonObject, name: string): Json | undefined {
  const key = choiceName(value, name);
  return key === undefined ? undefined : (value[key] ?? value[`_${key}`]);
}

/** The objects of a list element; a single object counts as a list of one. */
export function objects(value: JsonObject, name: string): JsonObject[] {
  const item = value[name];
  if (Array.isArray(item)) return item.filter(isObject);
  return isObject(item) ? [item] : [];
}

/** How many items an element has. */
export function count(value: JsonObject, name: string): number {
  const item = value[name] ?? value[`_${name}`];
  if (item === undefined || item === null) return 0;
  return Array.isArray(item) ? item.length : 1;
}

export function object(value: JsonObject, name: string): JsonObject | undefined {
  const item = value[name];
  return isObject(item) ? item : undefined;
}

export function text(value: JsonObject, name: string): string | undefined {
  const item = value[name];
  return typeof item === 'string' ? item : undefined;
}

export function number(value: JsonObject, name: string): number | undefined {
  const item = value[name];
  return typeof item === 'number' ? item : undefined;
}

/** A CodeableConcept element (or list of them) holds one of these codes of the system. */
export function hasCoding(value: JsonObject, name: string, system: string, codes: readonly string[]): boolean {
  return objects(value, name).some((concept) =>
    objects(concept, 'coding').some(
      (coding) => coding.system === system && typeof coding.code === 'string' && codes.includes(coding.code),
    ),
  );
}

/** No value twice. */
export function distinct(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}

const ZONE = /(?:Z|[+-][0-9]{2}:[0-9]{2})$/;

/**
 * False only when `start` is certainly after `end`. With time zones on both sides instants are compared; otherwise the
 * digits both have (`2020-01-15` to `2020-01` is fine: the end covers its whole month). A day has no zone: beside an
 * instant it may be the day the instant is written in or that of UTC.
 */
export function inOrder(start: string, end: string): boolean {
  const [from, until] = [instantOf(start), instantOf(end)];
  if (from !== null && until !== null) return from <= until;
  return inDigits(start, end) || inDigits(dayOf(start, from), dayOf(end, until));
}

function inDigits(start: string, end: string): boolean {
  const shared = Math.min(start.length, end.length, 10);
  return start.slice(0, shared) <= end.slice(0, shared);
}

function instantOf(text: string): number | null {
  const at = ZONE.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

function dayOf(text: string, instant: number | null): string {
  return instant === null ? text : new Date(instant).toISOString();
}
