/** FHIR over HTTP as one of the actors: nothing of the service's own code stands between the story and the wire. */
import { at, isObject, objectsAt, textAt } from '../../src/care/shape.ts';
import type { Json, JsonObject } from '../../src/fhir/types.ts';
import { StoryFailure } from './screen.ts';

export interface Actor {
  /** As printed: `Priya`, `HV system`. */
  name: string;
  token: string;
  /** Header X-Purpose-Of-Use, where the token does not say it. */
  purpose?: string;
}

export interface Answer {
  status: number;
  /** The resource; an empty object when there was no body. */
  body: JsonObject;
  /** `W/"3"` */
  etag: string;
  request: string;
}

export interface CallOptions {
  body?: JsonObject;
  ifMatch?: string;
}

/** One FHIR service. */
export interface Fhir {
  base: string;
  call(actor: Actor, method: string, path: string, options?: CallOptions): Promise<Answer>;
}

const TIMEOUT_MS = 15_000;

/** @param base FHIR base, without trailing slash */
export function fhirAt(base: string): Fhir {
  return {
    base,
    call: async (actor, method, path, options = {}) => {
      const headers: Record<string, string> = {
        authorization: `Bearer ${actor.token}`,
        accept: 'application/fhir+json',
        ...(actor.purpose === undefined ? {} : { 'x-purpose-of-use': actor.purpose }),
        ...(options.body === undefined
          ? {}
          : { 'content-type': 'application/fhir+json', prefer: 'return=representation' }),
        ...(options.ifMatch === undefined ? {} : { 'if-match': options.ifMatch }),
      };
      const request = `${method} /${path}`;
      const init = { method, headers, signal: AbortSignal.timeout(TIMEOUT_MS) };
      const body = options.body === undefined ? {} : { body: JSON.stringify(options.body) };
      const response = await fetch(path === '' ? base : `${base}/${path}`, { ...init, ...body }).catch(
        (error: unknown) => {
          throw new StoryFailure(`${request}: no answer (${error instanceof Error ? error.message : 'unknown'})`);
        },
      );
      const text = await response.text();
      return { status: response.status, body: parsed(text), etag: response.headers.get('etag') ?? '', request };
    },
  };
}

function parsed(text: string): JsonObject {
  if (text === '') return {};
  const value: Json = JSON.parse(text);
  return isObject(value) ? value : {};
}

/** The answer, when its status is one of these. @throws StoryFailure with what came instead, in the service's words */
export function expectStatus(answer: Answer, ...wanted: number[]): Answer {
  if (wanted.includes(answer.status)) return answer;
  throw new StoryFailure(
    `${answer.request}: expected ${wanted.join(' or ')}, got ${answer.status}: ${diagnostics(answer)}`,
  );
}

/** What an OperationOutcome says. */
export function diagnostics(answer: Answer): string {
  const issues = objectsAt(answer.body, 'issue').map((issue) =>
    [textAt(issue, 'diagnostics') ?? textAt(issue, 'details', 'text') ?? '', textAt(issue, 'expression', 0) ?? '']
      .join(' ')
      .trim(),
  );
  return issues.filter((one) => one !== '').join('; ') || JSON.stringify(answer.body).slice(0, 300);
}

/** Holds, or the story stops here. */
export function expect(holds: boolean, words: string): void {
  if (!holds) throw new StoryFailure(words);
}

/** A text that must be there. */
export function need(from: Json | undefined, ...path: (string | number)[]): string {
  const found = textAt(from, ...path);
  if (found === undefined) throw new StoryFailure(`the answer has no ${path.join('.')}`);
  return found;
}

/** `Type/id` of a stored resource. */
export const addressOf = (resource: JsonObject): string => `${need(resource, 'resourceType')}/${need(resource, 'id')}`;

/** The resources of a Bundle. */
export const resourcesOf = (bundle: JsonObject): JsonObject[] =>
  objectsAt(bundle, 'entry').flatMap((entry) => {
    const resource = at(entry, 'resource');
    return isObject(resource) ? [resource] : [];
  });

/** `Type/id` of each entry of a transaction response, in order. */
export const locationsOf = (bundle: JsonObject): string[] =>
  objectsAt(bundle, 'entry').map((entry) => {
    const match = /([A-Z][A-Za-z]+\/[A-Za-z0-9.-]+)(?:\/_history\/\d+)?$/.exec(
      textAt(entry, 'response', 'location') ?? '',
    );
    return match?.[1] ?? '';
  });

/** The resource of an output parameter of an operation. */
export function output(parameters: JsonObject, name: string): JsonObject {
  const found = objectsAt(parameters, 'parameter').find((one) => one.name === name);
  const resource = at(found, 'resource');
  if (!isObject(resource)) throw new StoryFailure(`the operation gave no ${name}`);
  return resource;
}

type Value = string | { ref: string } | { instant: string } | JsonObject[];

/** A Parameters body; repeat a name by repeating its pair. A text becomes valueCode or valueString by its looks. */
export function parameters(...pairs: [name: string, value: Value][]): JsonObject {
  return {
    resourceType: 'Parameters',
    parameter: pairs.map(([name, value]): JsonObject => {
      if (Array.isArray(value)) return { name, part: value };
      if (typeof value === 'string')
        return /^[a-z0-9-]+$/.test(value) ? { name, valueCode: value } : { name, valueString: value };
      if ('ref' in value) return { name, valueReference: { reference: value.ref } };
      return { name, valueInstant: value.instant };
    }),
  };
}

/** Asks again until it holds. @throws StoryFailure when it does not in time */
export async function until<T>(what: string, ask: () => Promise<T | undefined>, withinMs = 10_000): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new StoryFailure(`waited ${withinMs / 1_000} s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
