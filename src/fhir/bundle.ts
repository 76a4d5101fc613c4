/** Batch and transaction Bundles: checked shape and order of work. */

import { type EntryUrl, type Method, parseEntryUrl } from './entry-url.ts';
import { Outcome, type OutcomeIssue, refuse } from './outcome.ts';
import { parseReference } from './references.ts';
import { isObject } from './resource.ts';
import type { Json, JsonObject, Resource } from './types.ts';

export interface BundleEntry {
  /** Place in Bundle.entry. */
  index: number;
  fullUrl: string | null;
  method: Method;
  /** `request.url` as it came, for messages and response locations. */
  address: string;
  url: EntryUrl;
  resource: Resource | null;
  ifMatch: string | null;
  ifNoneMatch: string | null;
  ifModifiedSince: string | null;
  ifNoneExist: string | null;
  /** Ours, never in a Bundle: what the criteria find is a refusal in these words (409), not the answer. */
  refuseExisting?: string;
}

export interface BundleRequest {
  type: 'batch' | 'transaction';
  /** In the order of the Bundle. In a batch a bad entry is its own refusal; a transaction has none. */
  entries: (BundleEntry | { index: number; refusal: Outcome })[];
}

export interface BundleLimits {
  ownBases?: readonly string[];
  /** Most entries taken; 413 above it. Default 1,000. */
  maxEntries?: number;
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);

function isMethod(text: unknown): text is Method {
  return typeof text === 'string' && METHODS.has(text);
}

function isResource(value: JsonObject): value is Resource {
  return typeof value.resourceType === 'string';
}

/** An optional string; anything else there is a refusal. */
function optionalText(holder: JsonObject, key: string, path: string): string | null {
  const value = holder[key];
  if (value === undefined) return null;
  if (typeof value === 'string' && value !== '') return value;
  throw refuse(400, 'value', `${key} must be a non-empty string.`, `${path}.${key}`);
}

function requestParts(
  entry: JsonObject,
  path: string,
  ownBases: readonly string[],
): [JsonObject, Method, EntryUrl, string] {
  const { request } = entry;
  if (!isObject(request)) throw refuse(400, 'required', 'The entry has no request.', `${path}.request`);
  const { method } = request;
  if (!isMethod(method)) {
    throw refuse(
      400,
      'value',
      'request.method must be GET, HEAD, POST, PUT, PATCH or DELETE.',
      `${path}.request.method`,
    );
  }
  const address = optionalText(request, 'url', `${path}.request`);
  if (address === null) throw refuse(400, 'required', 'The entry has no request.url.', `${path}.request.url`);
  const url = parseEntryUrl(method, address, ownBases);
  if (url === null) {
    throw refuse(400, 'value', `request.url is no address this server knows for ${method}.`, `${path}.request.url`);
  }
  return [request, method, url, address];
}

function entryResource(entry: JsonObject, method: Method, url: EntryUrl, path: string): Resource | null {
  const at = `${path}.resource`;
  const { resource } = entry;
  const carries = method === 'POST' || method === 'PUT' || method === 'PATCH';
  if (resource === undefined) {
    if (carries && url.operation === null && !url.search)
      throw refuse(400, 'required', `${method} needs a resource.`, at);
    return null;
  }
  if (!isObject(resource) || !isResource(resource)) throw refuse(400, 'structure', 'This is not a resource.', at);
  if (!carries) throw refuse(400, 'invalid', `${method} takes no resource.`, at);
  if (url.operation !== null || url.search) return resource;
  if (method !== 'PATCH' && resource.resourceType !== url.type) {
    throw refuse(400, 'invalid', `The resource is not a ${url.type}, which request.url names.`, `${at}.resourceType`);
  }
  if (method === 'PUT' && url.id !== null && resource.id !== url.id) {
    throw refuse(400, 'invalid', 'The id of the resource is not the id in request.url.', `${at}.id`);
  }
  return resource;
}

/** Bundle invariants bdl-5 and bdl-8 and the agreement of fullUrl with the id (R4 bundle.html). */
function checkFullUrl(fullUrl: string, method: Method, resource: Resource | null, path: string): void {
  const parsed = parseReference(fullUrl);
  if (parsed?.kind !== 'urn' && parsed?.kind !== 'absolute') {
    throw refuse(400, 'value', 'fullUrl must be an absolute URL, urn:uuid or urn:oid.', `${path}.fullUrl`);
  }
  if (parsed.kind === 'urn') return;
  if (parsed.version !== null)
    throw refuse(400, 'value', 'fullUrl must not name a version (bdl-8).', `${path}.fullUrl`);
  if (method === 'PUT' && parsed.id !== null && resource?.id !== undefined && parsed.id !== resource.id) {
    throw refuse(400, 'invalid', 'fullUrl and the id of the resource disagree.', `${path}.fullUrl`);
  }
}

function readEntry(value: Json | undefined, index: number, ownBases: readonly string[]): BundleEntry {
  const path = `Bundle.entry[${index}]`;
  if (!isObject(value)) throw refuse(400, 'structure', 'An entry must be an object.', path);
  const [request, method, url, address] = requestParts(value, path, ownBases);
  const resource = entryResource(value, method, url, path);
  const fullUrl = optionalText(value, 'fullUrl', path);
  if (fullUrl !== null) checkFullUrl(fullUrl, method, resource, path);
  const condition = (key: string): string | null => optionalText(request, key, `${path}.request`);
  return {
    index,
    fullUrl,
    method,
    address,
    url,
    resource,
    ifMatch: condition('ifMatch'),
    ifNoneMatch: condition('ifNoneMatch'),
    ifModifiedSince: condition('ifModifiedSince'),
    ifNoneExist: condition('ifNoneExist'),
  };
}

/** Says which entries share a fullUrl or, by PUT, PATCH or DELETE of one id, touch the same resource. */
function clashes(entries: readonly BundleEntry[]): OutcomeIssue[] {
  const issues: OutcomeIssue[] = [];
  const first = new Map<string, number>();
  const note = (key: string, index: number, what: string, element: string): void => {
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, index);
    else {
      const diagnostics = `${what} entry ${earlier}.`;
      issues.push({ severity: 'error', code: 'invalid', diagnostics, expression: `Bundle.entry[${index}]${element}` });
    }
  };
  for (const { index, fullUrl, method, url } of entries) {
    if (fullUrl !== null) note(`url ${fullUrl}`, index, 'The fullUrl is that of', '.fullUrl');
    const writes = method === 'PUT' || method === 'PATCH' || method === 'DELETE';
    if (writes && url.id !== null) note(`id ${url.type}/${url.id}`, index, 'Changes the same resource as', '');
  }
  return issues;
}

/**
 * Reads a batch or transaction. Throws an `Outcome`: 400 naming `Bundle.entry[i]...` (all bad entries of a transaction
 * at once), 413 `too-long` for more entries than allowed. Conditional entries that turn out to be one resource must
 * be refused by the caller when it knows their ids. Source: R4 http.html#transaction, bundle.html invariants.
 */
export function parseBundle(root: Json, limits: BundleLimits = {}): BundleRequest {
  if (!isObject(root) || root.resourceType !== 'Bundle') {
    throw refuse(400, 'structure', 'The body is not a Bundle.', 'Bundle');
  }
  const { type, entry } = root;
  if (type !== 'batch' && type !== 'transaction') {
    throw refuse(400, 'value', 'Bundle.type must be batch or transaction here.', 'Bundle.type');
  }
  if (entry !== undefined && (!Array.isArray(entry) || entry.length === 0)) {
    throw refuse(400, 'structure', 'Bundle.entry must be a list with at least one entry, or absent.', 'Bundle.entry');
  }
  const most = limits.maxEntries ?? 1000;
  if (entry && entry.length > most) throw refuse(413, 'too-long', `A Bundle may have ${most} entries.`, 'Bundle.entry');
  const entries = (entry ?? []).map((value, index) => {
    try {
      return readEntry(value, index, limits.ownBases ?? []);
    } catch (error) {
      if (error instanceof Outcome) return { index, refusal: error };
      throw error;
    }
  });
  if (type === 'transaction') refuseBadEntries(entries);
  return { type, entries };
}

function refuseBadEntries(entries: BundleRequest['entries']): void {
  const bad = entries.flatMap((entry) => ('refusal' in entry ? entry.refusal.issues : []));
  const issues = bad.length > 0 ? bad : clashes(readyEntries(entries));
  if (issues.length > 0) throw new Outcome(400, issues);
}

/** The entries that can be carried out. */
export function readyEntries(entries: BundleRequest['entries']): BundleEntry[] {
  return entries.filter((entry): entry is BundleEntry => !('refusal' in entry));
}

const RANK: Readonly<Record<Method, number>> = { DELETE: 0, POST: 1, PUT: 2, PATCH: 2, GET: 3, HEAD: 3 };

/** The entries in the order a transaction is carried out: DELETE, POST, PUT and PATCH, GET and HEAD; else as they came. */
export function transactionOrder(entries: readonly BundleEntry[]): BundleEntry[] {
  return entries.toSorted((a, b) => RANK[a.method] - RANK[b.method] || a.index - b.index);
}

export const JSON_PATCH = 'application/json-patch+json';

/** The JSON Patch that a Binary carries in a PATCH entry (R4 http.html#patch), or null: then it is a FHIRPath Patch. */
export function jsonPatchOf(resource: Resource | null): Buffer | null {
  if (resource?.resourceType !== 'Binary') return null;
  const { contentType, data } = resource;
  if (contentType === JSON_PATCH && typeof data === 'string') return Buffer.from(data, 'base64');
  throw refuse(400, 'value', `A Binary in a PATCH entry holds ${JSON_PATCH}.`, 'resource.contentType');
}
