/** What $validate is asked: a bare resource, or Parameters with `resource`, `mode`, `profile` (R4 resource-operation-validate). */
import { refuse } from '../fhir/outcome.ts';
import { asResource, isObject } from '../fhir/resource.ts';
import type { JsonObject, Resource } from '../fhir/types.ts';

export type Mode = 'create' | 'update' | 'delete' | 'profile';

export interface Asked {
  /** Null when the request brings none: an instance as it is stored is meant. */
  resource: Resource | null;
  mode: Mode | null;
  profile: string | null;
}

const MODES: readonly string[] = ['create', 'update', 'delete', 'profile'] satisfies Mode[];
const FORM = new Set(['_format', '_pretty']);

function isMode(value: string): value is Mode {
  return MODES.includes(value);
}

function modeOf(value: unknown): Mode {
  if (typeof value === 'string' && isMode(value)) return value;
  throw refuse(400, 'value', `mode is one of ${MODES.join(', ')}`);
}

function once(given: unknown, name: string): void {
  if (given !== null) throw refuse(400, 'invalid', `${name} may be given only once`);
}

/** The URL's parameters. @throws Outcome 400 for one that means nothing here, or is given twice */
function fromQuery(query: string): Asked {
  const asked: Asked = { resource: null, mode: null, profile: null };
  for (const [name, value] of new URLSearchParams(query)) {
    if (FORM.has(name)) continue;
    if (name === 'mode') {
      once(asked.mode, name);
      asked.mode = modeOf(value);
    } else if (name === 'profile') {
      once(asked.profile, name);
      asked.profile = value;
    } else throw refuse(400, 'not-supported', `$validate takes mode and profile, not ${name.slice(0, 40)}`);
  }
  return asked;
}

function addPart(asked: Asked, part: JsonObject): void {
  const { name } = part;
  if (name === 'resource' && part.resource !== undefined) {
    once(asked.resource, name);
    asked.resource = asResource(part.resource);
  } else if (name === 'mode') {
    once(asked.mode, name);
    asked.mode = modeOf(part.valueCode);
  } else if (name === 'profile') {
    const profile = part.valueUri ?? part.valueCanonical ?? part.valueUrl;
    if (typeof profile !== 'string') throw refuse(400, 'value', 'profile is a uri', 'Parameters.parameter.value');
    once(asked.profile, name);
    asked.profile = profile;
  } else {
    const told = typeof name === 'string' ? name.slice(0, 40) : 'nameless';
    throw refuse(
      400,
      'not-supported',
      `$validate takes resource, mode and profile, not ${told}`,
      'Parameters.parameter',
    );
  }
}

/**
 * Reads URL and body together. Parameters may themselves be what is to be validated: then they are wrapped, or the URL
 * names their type.
 * @throws Outcome 400 for what is given twice or not understood
 */
export function readAsked(body: Resource | null, query: string, type: string | null): Asked {
  const asked = fromQuery(query);
  if (body === null) return asked;
  const parts = Array.isArray(body.parameter) ? body.parameter.filter(isObject) : [];
  const wrapped = parts.some(({ name }) => name === 'resource' || name === 'mode' || name === 'profile');
  if (body.resourceType !== 'Parameters' || (type === 'Parameters' && !wrapped)) return { ...asked, resource: body };
  for (const part of parts) addPart(asked, part);
  return asked;
}
