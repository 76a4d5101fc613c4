/** What every handler of the FHIR door receives: the HTTP request, parsed and authenticated. */
import type { IncomingHttpHeaders } from 'node:http';
import type { EntryUrl } from '../../fhir/entry-url.ts';
import { refuse } from '../../fhir/outcome.ts';
import type { Target } from '../../record/prepare.ts';
import type { Context, Door, Shown } from '../../record/types.ts';
import type { Answer } from '../answer.ts';
import type { Preferences } from '../negotiate.ts';
import type { Operation } from './dispatch.ts';

export interface FhirRequest {
  method: string;
  url: EntryUrl;
  headers: IncomingHttpHeaders;
  prefer: Preferences;
  context: Context;
  /** The same request by the directory as it is now: for what is left to do when part of it is committed already. */
  renew(): Promise<Context>;
  operations: readonly Operation[];
  /** CapabilityStatement text. */
  metadata(): string;
  /** The answer is fetched later: the token its ids are kept under. */
  later?: string;
  /** Reads the body once, within its limits. */
  body(): Promise<Buffer>;
}

export type FhirHandler = (door: Door, request: FhirRequest) => Promise<Answer>;

/** The type of the address; every address that reaches a type-level handler has one. */
export function typeOf(request: FhirRequest): string {
  const { type } = request.url;
  if (type === null) throw refuse(404, 'not-found', 'The address names no resource type');
  return type;
}

export function idOf(request: FhirRequest): string {
  const { id } = request.url;
  if (id === null) throw refuse(404, 'not-found', 'The address names no resource');
  return id;
}

/** By id, or by criteria after `?` (conditional interactions). */
export function targetOf(request: FhirRequest): Target {
  const { id, query } = request.url;
  if (id !== null) {
    noParameters(request);
    return { id };
  }
  if (query === '') throw refuse(400, 'invalid', 'Name a resource by id, or say which by search criteria after ?');
  return { criteria: query };
}

/** @throws Outcome 400 for parameters that would mean nothing: a write takes only those of the form of its answer */
export function noParameters({ url }: FhirRequest): void {
  if (url.query === '') return;
  for (const name of new URLSearchParams(url.query).keys()) {
    if (name === '_format' || name === '_pretty') continue;
    throw refuse(400, 'not-supported', `${name.slice(0, 40)} means nothing on a write; criteria belong to /[type]?...`);
  }
}

/** One header's text; a repeated one is refused, for it could mean two things. */
export function header(request: FhirRequest, name: string): string | null {
  const value = request.headers[name];
  if (Array.isArray(value)) throw refuse(400, 'invalid', `The header ${name} may stand only once`);
  return value ?? null;
}

/** ETag, Last-Modified and Location of one version (R4 http.html#versioning). */
export function versionHeaders(door: Door, shown: Shown, location = false): Record<string, string> {
  return {
    ETag: `W/"${shown.version}"`,
    'Last-Modified': shown.updated.toUTCString(),
    ...(location ? { Location: `${door.base}/${shown.type}/${shown.id}/_history/${shown.version}` } : {}),
  };
}

/** Conditional read: does the client have this version? If-None-Match wins over If-Modified-Since (RFC 9110 13.1.3). */
export function unchanged(request: FhirRequest, shown: Pick<Shown, 'version' | 'updated'>): boolean {
  const noneMatch = header(request, 'if-none-match');
  if (noneMatch !== null) {
    return noneMatch
      .split(',')
      .some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === `"${shown.version}"`);
  }
  const at = Date.parse(header(request, 'if-modified-since') ?? '');
  return !Number.isNaN(at) && Math.floor(shown.updated.getTime() / 1000) * 1000 <= at;
}
