/** The FHIR door's request lifecycle: address, token, purpose, interaction, answer; refusals without a name counted. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readAddress } from '../../fhir/entry-url.ts';
import { Outcome, refuse } from '../../fhir/outcome.ts';
import type { Purpose } from '../../governance/types.ts';
import { recordUnrecorded } from '../../record/refusal.ts';
import { type Caller, type Context, type Door, StaleStanding } from '../../record/types.ts';
import { type Answer, answerOf, send } from '../answer.ts';
import { readBody } from '../body.ts';
import { preferences, requireJsonAccepted } from '../negotiate.ts';
import { dispatch, notAllowed, type Operation } from './dispatch.ts';
import type { FhirRequest } from './request.ts';

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
  let answer: Answer;
  try {
    answer = await answerTo(deps, request, path, requestId);
  } catch (error) {
    answer = answerOf(error, requestId, deps.door.log);
  }
  send(response, answer, request.method === 'HEAD');
}

async function answerTo(deps: FhirDeps, request: IncomingMessage, path: string, requestId: string): Promise<Answer> {
  const method = request.method ?? 'GET';
  const query = path.includes('?') ? path.slice(path.indexOf('?') + 1) : '';
  requireJsonAccepted(request.headers, query.includes('_format') ? new URLSearchParams(query).get('_format') : null);
  if (path === '/metadata' || path.startsWith('/metadata?')) {
    if (method !== 'GET' && method !== 'HEAD') throw notAllowed('metadata is read with GET', ['GET', 'HEAD']);
    return { status: 200, body: deps.metadata() };
  }
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
  const url = readAddress(path.startsWith('/') ? path.slice(1) : path);
  if (url === null) {
    throw refuse(
      404,
      'not-found',
      'This address is not one of the FHIR API: /[type], /[type]/[id], _history, _search, $operation',
    );
  }
  const handler = dispatch(method, url, deps.operations);
  const stated = deps.purposeOf(caller, textHeader(request, 'x-purpose-of-use'));
  let cached: Promise<Buffer> | null = null;
  const body = () => {
    cached ??= readBody(request, { maxBytes: deps.bodyLimit, timeout: deps.bodyTimeout });
    return cached;
  };
  const prefer = preferences(request.headers);
  const contextAt = async (fresh: boolean): Promise<Context> => {
    const standing = await deps.standing(caller, { purpose: stated, now, fresh });
    return { ...standing, caller, requestId, address, now };
  };
  for (let attempt = 1; ; attempt += 1) {
    const context = await contextAt(attempt > 1);
    const inner: FhirRequest = {
      method,
      url,
      headers: request.headers,
      prefer,
      context,
      renew: () => contextAt(true),
      operations: deps.operations,
      body,
    };
    try {
      return await handler(deps.door, inner);
    } catch (error) {
      if (!(error instanceof StaleStanding)) throw error;
      if (attempt >= MAX_REPEATS) throw directoryInMotion();
    }
  }
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
