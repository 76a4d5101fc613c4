/** The address in `Bundle.entry.request.url` or a request line: what a path under the base means (R4 http.html). */
import { relativeTo } from './references.ts';
import { isResourceType } from './resource-types.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface EntryUrl {
  /** Null at system level. */
  type: string | null;
  id: string | null;
  /** Version of a vread. */
  vid: string | null;
  /** `.../_history` at instance, type or system level (vid null). */
  history: boolean;
  /** `.../_search`. */
  search: boolean;
  /** Operation name with its `$`, e.g. `$everything`, or `metadata`. */
  operation: string | null;
  /** Compartment search `Patient/1/Observation`: the type searched, or `*`. */
  within: string | null;
  /** Raw text after `?`, still percent-encoded; empty without one. */
  query: string;
}

/** The capabilities interaction: like an operation it is known by its name. */
export const METADATA = 'metadata';

const ID = /^[A-Za-z0-9\-.]{1,64}$/;
const OPERATION = /^\$[A-Za-z][A-Za-z0-9-]*$/;

/** What may follow `Type` or `Type/id` or nothing: an operation, `_history` or `_search`. */
function applyTail(url: EntryUrl, tail: readonly string[]): boolean {
  const [first = '', second] = tail;
  if (tail.length === 0) return true;
  if (first === '_history') {
    if (tail.length > 2 || (second !== undefined && (url.id === null || !ID.test(second)))) return false;
    url.history = second === undefined;
    url.vid = second ?? null;
    return true;
  }
  if (tail.length !== 1) return false;
  if (OPERATION.test(first)) url.operation = first;
  else if (first === '_search' && url.id === null) url.search = true;
  else if (url.id !== null && (first === '*' || isResourceType(first))) url.within = first;
  else return false;
  return true;
}

/** The steps of a path, decoded one by one: an encoded slash stays inside its step, where no rule allows it. */
function stepsOf(path: string): string[] | null {
  const plain = path.replace(/^\//, '').replace(/(?<=[^/])\/$/, '');
  if (!plain.includes('%')) return plain.split('/');
  try {
    return plain.split('/').map(decodeURIComponent);
  } catch {
    return null;
  }
}

/**
 * Reads an address relative to the FHIR base (one leading and one trailing slash tolerated; steps may be
 * percent-encoded, as `%24everything`) or absolute under one of `ownBases`.
 * Null when it is not an address of this API: unknown type, bad id, another server, a fragment, `..`.
 */
export function readAddress(text: string, ownBases: readonly string[] = []): EntryUrl | null {
  const own = relativeTo(text, ownBases);
  if (own.includes('#') || /\s/.test(own)) return null;
  const mark = own.indexOf('?');
  const path = mark === -1 ? own : own.slice(0, mark);
  const query = mark === -1 ? '' : own.slice(mark + 1);
  const url: EntryUrl = {
    type: null,
    id: null,
    vid: null,
    history: false,
    search: false,
    operation: null,
    within: null,
    query,
  };
  const steps = stepsOf(path);
  if (steps === null) return null;
  const first = steps[0] ?? '';
  if (first === '') return steps.length === 1 ? url : null;
  if (first.startsWith('_') || first.startsWith('$')) return applyTail(url, steps) ? url : null;
  if (first === METADATA && steps.length === 1) return { ...url, operation: METADATA };
  if (!isResourceType(first)) return null;
  url.type = first;
  const second = steps[1];
  if (second === undefined) return url;
  if (second.startsWith('_') || second.startsWith('$')) return applyTail(url, steps.slice(1)) ? url : null;
  if (!ID.test(second)) return null;
  url.id = second;
  return applyTail(url, steps.slice(2)) ? url : null;
}

/** Whether a method means anything at an address, e.g. PUT needs `Type/id` or `Type?criteria`. */
function fits(method: Method, url: EntryUrl): boolean {
  const plain = !url.history && url.vid === null && !url.search && url.operation === null && url.within === null;
  if (method === 'GET') return !url.search;
  if (method === 'HEAD') return !url.search && url.operation === null;
  if (method === 'POST')
    return url.operation !== null || url.search || (plain && url.type !== null && url.id === null && url.query === '');
  return plain && url.type !== null && (url.id === null) !== (url.query === '');
}

/**
 * Reads `Bundle.entry.request.url` for its method (R4 http.html#transaction). Null when the address is none of this
 * API's or the method means nothing there: POST wants `Type`, `_search` or an operation; PUT, PATCH and DELETE want
 * either `Type/id` or `Type?criteria`.
 */
export function parseEntryUrl(method: Method, text: string, ownBases: readonly string[] = []): EntryUrl | null {
  const url = readAddress(text, ownBases);
  return url !== null && fits(method, url) ? url : null;
}
