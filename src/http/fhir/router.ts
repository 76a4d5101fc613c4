/** The FHIR door's request lifecycle: address, token, purpose, interaction, answer; refusals without a name counted. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readAddress } from '../../fhir/entry-url.ts';
import { Outcome, refuse } from '../../fhir/outcome.ts';
import { readXml } from '../../fhir/xml-read.ts';
import type { Purpose } from '../../governance/types.ts';
import { withBanner } from '../../record/banner.ts';
import { recordUnrecorded } from '../../record/refusal.ts';
import { hasMoved } from '../../record/standing.ts';
import { type Caller, type Context, type Door, StaleStanding } from '../../record/types.ts';
import { type Answer, answerOf, send, shaped } from '../answer.ts';
import { readBody } from '../body.ts';
import { allowOrigin, preflight } from '../cors.ts';
import { type Form, formOf, isXmlBody, JSON_BODIES, preferences } from '../negotiate.ts';
import { capabilities, dispatch, type Operation, offeredAt } from './dispatch.ts';
import { isLong, laterAddress, laterHandler, stateHandler } from './later.ts';
import type { FhirHandler, FhirRequest } from './request.ts';

export interface FhirDeps {
  door: Door;
  /** Verifies the bearer token. @throws Outcome 401 */
  authenticate(authorization: string | undefined, now: Date): Caller;
  /** The declared purpose, or null. @throws Outcome 400, 403 */
  purposeOf(caller: Caller, header: string | undefined): Purpose | null;
  /** Who the caller is now, by the directory. @throws Outcome 401 when she is nobody any more */
  standing(
    caller: Caller,
    request: { purpose: Purpose | null; now: Date; fresh: boolean },
  ): Promise<Pick<Context, 'principal' | 'purpose' | 'generation' | 'agreements'>>;
  /** Counts a refusal that has no name to put on it (house.md section 4, anonymous failures). */
  anonymous(refusal: { address: string | null; status: number; reason: string; now: Date }): void;
  operations: readonly Operation[];
  /** CapabilityStatement text. */
  metadata(): string;
  bodyLimit: number;
  bodyTimeout: number;
  /** Origins of pages that may use the API. */
  origins: readonly string[];
}

const REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;
/** Directory changes seen in the middle of a request repeat it; more than a few in a row is a storm. */
const MAX_REPEATS = 5;

/** Answers one request under the FHIR base; `path` is the part of the URL after it. */
export async function serveFhir(
  deps: FhirDeps,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const given = request.headers['x-request-id'];
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
  response.setHeader('X-Request-Id', requestId);
  const { origin } = request.headers;
  if (origin !== undefined) allowOrigin(deps.origins, origin, response);
  const answer = await shapedAnswer(deps, request, path, requestId);
  await send(response, answer, { head: request.method === 'HEAD', encodings: textHeader(request, 'accept-encoding') });
}

/** The answer in the form asked for; when that itself is what is wrong, or writing it fails, in JSON. */
async function shapedAnswer(
  deps: FhirDeps,
  request: IncomingMessage,
  path: string,
  requestId: string,
): Promise<Answer> {
  let form: Form = { format: 'json', pretty: false };
  const { shapes } = deps.door.definitions;
  try {
    form = formOf(request.headers, path.includes('?') ? path.slice(path.indexOf('?') + 1) : '');
    const answer = await answerTo(deps, request, path, requestId);
    form = answer.form ?? form;
    return shaped(answer, form, shapes);
  } catch (error) {
    return shaped(answerOf(error, requestId, deps.door.log), form, shapes);
  }
}

async function answerTo(deps: FhirDeps, request: IncomingMessage, path: string, requestId: string): Promise<Answer> {
  const method = request.method ?? 'GET';
  if (/^\/metadata\/?(?:\?|$)/.test(path)) return metadata(deps, method, path);
  if (method === 'OPTIONS') return options(deps, request, path);
  const now = deps.door.clock();
  const address = request.socket.remoteAddress ?? null;
  const caller = identify(deps, request, address, now);
  try {
    return await perform(deps, request, { path, method, requestId, address, now, caller });
  } catch (error) {
    // Whatever was refused before an interaction could record itself: wrong address, body, purpose, a leaver's token.
    await recordUnrecorded(deps.door, error, { caller, requestId, address, now });
    throw error;
  }
}

function metadata(deps: FhirDeps, method: string, path: string): Answer {
  if (method === 'OPTIONS') return { status: 204, headers: { Allow: 'GET, HEAD, OPTIONS' } };
  return capabilities(method, path.split('?')[1] ?? '', deps.metadata);
}

/** What an address offers; says nothing about what is stored there, so it needs no token (preflights carry none). */
function options(deps: FhirDeps, request: IncomingMessage, path: string): Answer {
  const url = readAddress(path.startsWith('/') ? path.slice(1) : path);
  if (url === null) throw noAddress();
  const allow = [...offeredAt(url, deps.operations), 'OPTIONS'].join(', ');
  return { status: 204, headers: { Allow: allow, ...preflight(deps.origins, request.headers.origin) } };
}

/** A client that sends one relies on its being kept (R4 provenance.html#header). */
function noProvenance(): Outcome {
  return refuse(
    400,
    'not-supported',
    'X-Provenance is not taken; send the Provenance in a transaction with what it is about',
  );
}

function noAddress(): Outcome {
  return refuse(
    404,
    'not-found',
    'This address is not one of the FHIR API: /[type], /[type]/[id], _history, _search, $operation',
  );
}

interface Asked {
  path: string;
  method: string;
  requestId: string;
  address: string | null;
  now: Date;
  caller: Caller;
}

async function perform(deps: FhirDeps, request: IncomingMessage, asked: Asked): Promise<Answer> {
  const { path, method, requestId, address, now, caller } = asked;
  const prefer = preferences(request.headers);
  if (request.headers['x-provenance'] !== undefined) throw noProvenance();
  const { url, handler } = route(deps, method, path, prefer.async);
  const stated = deps.purposeOf(caller, textHeader(request, 'x-purpose-of-use'));
  const { headers, body } = incoming(deps, request);
  const contextAt = async (fresh: boolean): Promise<Context> => {
    const standing = await deps.standing(caller, { purpose: stated, now, fresh });
    return { ...standing, caller, requestId, address, now };
  };
  for (let attempt = 1; ; attempt += 1) {
    const context = await contextAt(attempt > 1);
    const inner: FhirRequest = {
      method,
      url,
      headers,
      prefer,
      context,
      renew: () => contextAt(true),
      operations: deps.operations,
      metadata: deps.metadata,
      body,
    };
    try {
      return await withBanner(deps.door, context, await handler(deps.door, inner));
    } catch (error) {
      // A gate refuses before any statement could tell that the directory has changed since.
      const isStale = error instanceof Outcome && attempt === 1 && (await hasMoved(deps.door, context, error.status));
      if (!isStale && !(error instanceof StaleStanding)) throw error;
      if (attempt >= MAX_REPEATS) throw directoryInMotion();
    }
  }
}

/** What is asked for at this address, now or later. @throws Outcome 404, 405 */
function route(deps: FhirDeps, method: string, path: string, later: boolean): Pick<FhirRequest, 'url'> & Handled {
  const job = laterAddress(path);
  const url = readAddress(job !== null ? '' : path.startsWith('/') ? path.slice(1) : path);
  if (url === null) throw noAddress();
  if (job !== null) return { url, handler: stateHandler(job) };
  const handler = dispatch(method, url, deps.operations);
  return { url, handler: later && isLong(method, url) ? laterHandler(handler) : handler };
}

interface Handled {
  handler: FhirHandler;
}

/** Headers and body as handlers take them: read once, and in JSON whatever it came as. */
function incoming(deps: FhirDeps, request: IncomingMessage): Pick<FhirRequest, 'headers' | 'body'> {
  const limits = { maxBytes: deps.bodyLimit, timeout: deps.bodyTimeout };
  let cached: Promise<Buffer> | null = null;
  if (!isXmlBody(request.headers)) {
    return {
      headers: request.headers,
      body: () => {
        cached ??= readBody(request, limits);
        return cached;
      },
    };
  }
  const { shapes } = deps.door.definitions;
  const read = async () => Buffer.from(readXml(await readBody(request, limits), shapes), 'utf8');
  const type = (request.headers['content-type'] ?? '').replace(/^[^;]*/, JSON_BODIES[0]);
  return {
    headers: { ...request.headers, 'content-type': type },
    body: () => {
      cached ??= read();
      return cached;
    },
  };
}

/** Nothing was done: the directory changed under every attempt. */
function directoryInMotion(): Outcome {
  const diagnostics =
    'The directory is being changed at this moment, so nobody can be sure who may see this; try again shortly';
  return new Outcome(503, [{ severity: 'error', code: 'transient', diagnostics }], { 'Retry-After': '1' });
}

function identify(deps: FhirDeps, request: IncomingMessage, address: string | null, now: Date): Caller {
  try {
    return deps.authenticate(request.headers.authorization, now);
  } catch (error) {
    if (error instanceof Outcome)
      deps.anonymous({ address, status: error.status, reason: error.issues[0]?.code ?? 'login', now });
    throw error;
  }
}

function textHeader(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}
