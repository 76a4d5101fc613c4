/** A small HTTP client for journeys: what came back, as it came, and a few ways to look into it. */
import type { Json, JsonObject, Resource } from '../../src/fhir/types.ts';

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON, or an empty object when there is none. */
  json: JsonObject;
}

export type Extra = Readonly<Record<string, string>>;
/** A resource, or a text or bytes that go out as they are. */
export type Body = Resource | JsonObject | JsonObject[] | string | Buffer;

export interface Client {
  get(path: string, headers?: Extra): Promise<Reply>;
  head(path: string, headers?: Extra): Promise<Reply>;
  post(path: string, body?: Body, headers?: Extra): Promise<Reply>;
  put(path: string, body: Body, headers?: Extra): Promise<Reply>;
  patch(path: string, body: Body, headers?: Extra): Promise<Reply>;
  delete(path: string, headers?: Extra): Promise<Reply>;
  /** A search by form. */
  form(path: string, form: string, headers?: Extra): Promise<Reply>;
  /** Any method; `authorization` of the client stands unless given. */
  send(method: string, path: string, body?: Body, headers?: Extra): Promise<Reply>;
}

export const FHIR = 'application/fhir+json';
export const JSON_PATCH = { 'content-type': 'application/json-patch+json' };

/** A client on `base`; `authorization` null sends none. Absolute addresses are used as they are (page links). */
export function clientOn(base: string, authorization: string | null): Client {
  const send: Client['send'] = async (method, path, body, headers = {}) => {
    const url = path.startsWith('http') ? path : path.startsWith('?') || path === '' ? base + path : `${base}/${path}`;
    const payload =
      body === undefined || typeof body === 'string' ? body : Buffer.isBuffer(body) ? body.toString('latin1') : null;
    const response = await fetch(url, {
      method,
      headers: {
        ...(authorization === null ? {} : { authorization }),
        ...(body === undefined ? {} : { 'content-type': FHIR }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: Buffer.isBuffer(body) ? new Uint8Array(body) : (payload ?? JSON.stringify(body)) }),
      redirect: 'manual',
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parse(text) };
  };
  return {
    send,
    get: (path, headers) => send('GET', path, undefined, headers),
    head: (path, headers) => send('HEAD', path, undefined, headers),
    post: (path, body, headers) => send('POST', path, body, headers),
    put: (path, body, headers) => send('PUT', path, body, headers),
    patch: (path, body, headers) => send('PATCH', path, body, headers),
    delete: (path, headers) => send('DELETE', path, undefined, headers),
    form: (path, form, headers) =>
      send('POST', path, form, { 'content-type': 'application/x-www-form-urlencoded', ...headers }),
  };
}

function parse(text: string): JsonObject {
  if (!text.startsWith('{')) return {};
  const value: unknown = JSON.parse(text);
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands at a path such as `entry.0.resource.id`; undefined when nothing does. */
export function at(value: Json | undefined, path: string): Json | undefined {
  let here = value;
  for (const step of path.split('.')) {
    if (Array.isArray(here)) here = here[Number(step)];
    else if (isObject(here)) here = here[step];
    else return undefined;
  }
  return here;
}

/** The text at a path. @throws Error when there is none */
export function textAt(value: Json | undefined, path: string): string {
  const found = at(value, path);
  if (typeof found === 'string') return found;
  throw new Error(`no text at ${path} in ${JSON.stringify(value)?.slice(0, 400)}`);
}

/** `Bundle.entry`, or none. */
export function entries(reply: Reply): JsonObject[] {
  const list = reply.json.entry;
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/** Resources of a Bundle. */
export function resources(reply: Reply): Resource[] {
  return entries(reply).flatMap(({ resource }) => (isObject(resource) && isResource(resource) ? [resource] : []));
}

function isResource(value: JsonObject): value is Resource {
  return typeof value.resourceType === 'string';
}

/** `Type/id` of a Bundle's entries of a search mode (default matches), in order. */
export function found(reply: Reply, mode = 'match'): string[] {
  return entries(reply)
    .filter((entry) => at(entry, 'search.mode') === mode)
    .map((entry) => `${textAt(entry, 'resource.resourceType')}/${textAt(entry, 'resource.id')}`);
}

/** Address of the link of a relation, or null. */
export function link(reply: Reply, relation: string): string | null {
  const links = Array.isArray(reply.json.link) ? reply.json.link : [];
  const one = links.find((candidate) => at(candidate, 'relation') === relation);
  return one === undefined ? null : textAt(one, 'url');
}

/** Every page of a search from its first reply on. */
export async function pages(client: Client, first: Reply): Promise<Reply[]> {
  const all = [first];
  for (let next = link(first, 'next'); next !== null; ) {
    const reply = await client.get(next);
    all.push(reply);
    next = link(reply, 'next');
  }
  return all;
}

/** The first issue of an OperationOutcome in short: `code at expression`. */
export function issue(reply: Reply): string {
  const expression = at(reply.json, 'issue.0.expression.0');
  const code = String(at(reply.json, 'issue.0.code'));
  return expression === undefined ? code : `${code} at ${String(expression)}`;
}

/** A transaction or batch of resources, each POSTed, or PUT when it has an id. */
export function bundleOf(type: 'batch' | 'transaction', list: readonly Resource[]): Resource {
  return {
    resourceType: 'Bundle',
    type,
    entry: list.map((resource) => ({
      resource,
      request:
        resource.id === undefined
          ? { method: 'POST', url: resource.resourceType }
          : { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
    })),
  };
}
