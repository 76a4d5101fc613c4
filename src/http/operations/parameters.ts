/** Parameters of an operation: from the address, or from a Parameters body (R4 operations.html#executing). */
import { refuse } from '../../fhir/outcome.ts';
import { isObject } from '../../fhir/resource.ts';
import type { JsonObject, Resource } from '../../fhir/types.ts';
import { parseBody } from '../../record/document.ts';
import type { Door, ResourceDocument } from '../../record/types.ts';
import type { Operation } from '../fhir/dispatch.ts';
import type { FhirRequest } from '../fhir/request.ts';
import { JSON_BODIES, requireContentType } from '../negotiate.ts';

/** The Parameters body of a POST with the spelling of its numbers, or null when there is none. @throws Outcome 400, 415 */
export async function parametersDocument(door: Door, request: FhirRequest): Promise<ResourceDocument | null> {
  const bytes = request.method === 'POST' ? await request.body() : Buffer.alloc(0);
  if (bytes.length === 0) return null;
  requireContentType(request.headers, JSON_BODIES);
  const document = parseBody(door, bytes);
  if (document.resource.resourceType === 'Parameters') return document;
  throw refuse(400, 'invalid', 'The body of this operation is a Parameters resource', 'resourceType');
}

/** The same without the spelling. */
export async function parametersBody(door: Door, request: FhirRequest): Promise<Resource | null> {
  return (await parametersDocument(door, request))?.resource ?? null;
}

/**
 * The query of an operation whose parameters are all primitive, those of the body added as if they stood in the address.
 * @throws Outcome 400 for a parameter of a body that is not primitive
 */
export async function operationQuery(door: Door, request: FhirRequest): Promise<string> {
  const body = await parametersBody(door, request);
  if (body === null) return request.url.query;
  const query = new URLSearchParams(request.url.query);
  for (const part of Array.isArray(body.parameter) ? body.parameter : []) {
    const name = isObject(part) && typeof part.name === 'string' ? part.name : '';
    const value = isObject(part) ? Object.entries(part).find(([key]) => key.startsWith('value'))?.[1] : undefined;
    if (name === '' || value === undefined || value === null || typeof value === 'object')
      throw refuse(400, 'value', 'Each parameter here has a name and a simple value', 'Parameters.parameter');
    query.append(name, String(value));
  }
  return query.toString();
}

/** An operation on the whole service, by POST: what it is told has no place in an address. */
export function systemLevel(name: string, handler: Operation['handler']): Operation {
  return { name, type: null, level: 'system', methods: ['POST'], handler };
}

/** An answer of Parameters; R4 wants no empty list. */
export function parametersAnswer(status: number, parameter: readonly JsonObject[]): { status: number; body: string } {
  const body = { resourceType: 'Parameters', ...(parameter.length === 0 ? {} : { parameter }) };
  return { status, body: JSON.stringify(body) };
}
