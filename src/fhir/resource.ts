/** From JSON to a resource: the one place where a tree is trusted to have a `resourceType`. */
import { refuse } from './outcome.ts';
import type { Json, JsonObject, Resource } from './types.ts';

/** An object that is not an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isResource(value: JsonObject): value is Resource {
  return typeof value.resourceType === 'string' && value.resourceType !== '';
}

/** @throws Outcome 400 when the JSON is not an object with a resourceType */
export function asResource(value: Json): Resource {
  if (!isObject(value)) throw refuse(400, 'structure', 'The body must be one JSON object: a FHIR resource');
  if (!isResource(value)) {
    throw refuse(400, 'structure', 'The body has no resourceType; a FHIR resource names its type', 'resourceType');
  }
  return value;
}
