/** What both OAuth endpoints share: form bodies, error answers (RFC 6749 5.2), the assertion, the audit record. */
import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import { ASSERTION_TYPE, type Authenticated, authenticateClient } from '../../identity/assertion.ts';
import { BARE_CHALLENGE } from '../../identity/faults.ts';
import type { KeyRing } from '../../identity/keys.ts';
import type { ClientRegister, IdentityLog, RegisteredClient, ReplayCache, TokenEntry } from '../../identity/ports.ts';
import type { Verifier } from '../../identity/verify.ts';
import type { FailureLimit } from './failures.ts';

export interface SmartDeps {
  /** Base URL of the service, e.g. `https://tandem.example.nhs.uk`; `iss` of the tokens issued. */
  issuer: string;
  keys: KeyRing;
  verifier: Verifier;
  clients: ClientRegister;
  replay: ReplayCache;
  /** Resolves when the record is durable; nothing is answered before. A rejection becomes 503. */
  recordToken(entry: TokenEntry): Promise<void>;
  log: IdentityLog;
  /** The one clock of a request; default: the machine's. */
  now?: () => Date;
}

export type OAuthError =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_scope'
  | 'unsupported_grant_type'
  | 'temporarily_unavailable';

/** What one OAuth request came to: the answer, and what its audit record says. */
export interface Verdict {
  status: number;
  body: Readonly<Record<string, unknown>>;
  headers?: Readonly<Record<string, string>>;
  /** Short reason for log and audit. */
  detail: string;
  client: RegisteredClient | null;
  /** Id claimed by a client that could not prove it; log only. */
  claimed?: string | null;
  jti?: string;
}

/** Everything one OAuth request is decided from. */
export interface Exchange {
  deps: SmartDeps;
  form: ReadonlyMap<string, string>;
  now: Date;
}

/** An OAuth error answer. Descriptions are our own words, never input. */
export function oauthError(error: OAuthError, description: string, detail: string): Verdict {
  const status = error === 'invalid_client' ? 401 : error === 'temporarily_unavailable' ? 503 : 400;
  const body = { error, error_description: description };
  return { status, body, detail, client: null, ...(status === 401 ? { headers: challenge() } : {}) };
}

function challenge(): Record<string, string> {
  return { 'WWW-Authenticate': BARE_CHALLENGE };
}

/** The form's fields, or null when it is no form or a field is repeated (RFC 6749 3.2: MUST NOT be included more than once). */
export function formOf(request: Request): ReadonlyMap<string, string> | null {
  const body: unknown = request.body;
  if (!request.is('application/x-www-form-urlencoded') || typeof body !== 'object' || body === null) return null;
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(body)) {
    if (typeof value !== 'string') return null;
    fields.set(name, value);
  }
  return fields;
}

/** Authenticates the client of a form, or gives the error answer. `endpoints`: URLs the assertion may be addressed to. */
export async function clientOf(
  exchange: Exchange,
  endpoints: readonly [string, ...string[]],
): Promise<Extract<Authenticated, { client: RegisteredClient }> | Verdict> {
  const { deps, form, now } = exchange;
  const assertion = form.get('client_assertion');
  if (form.get('client_assertion_type') !== ASSERTION_TYPE || assertion === undefined) {
    return oauthError('invalid_client', `A client_assertion of type ${ASSERTION_TYPE} is needed.`, 'assertion-missing');
  }
  const result = await authenticateClient(assertion, endpoints, deps, now);
  const named = form.get('client_id');
  if ('fault' in result) return refusedClient(result.fault, result.clientId);
  if (named !== undefined && named !== result.client.clientId) {
    return refusedClient('sub-mismatch', result.client.clientId);
  }
  return result;
}

/** One answer for every reason: which one it was is for the log and the audit record, not for a stranger. */
function refusedClient(fault: string, claimed: string | null): Verdict {
  return { ...oauthError('invalid_client', 'The client assertion is not accepted.', fault), claimed };
}

function entryOf(verdict: Verdict, response: Response, deps: SmartDeps, now: Date): TokenEntry {
  const { client, status } = verdict;
  const requestId = response.getHeader('X-Request-Id');
  return {
    at: now.toISOString(),
    requestId: typeof requestId === 'string' ? requestId : randomUUID(),
    interaction: 'token',
    action: 'E',
    outcome: status < 400 ? 0 : status < 500 ? 4 : 8,
    status,
    agent: {
      kind: client ? 'system' : 'anonymous',
      clientId: client?.clientId ?? null,
      issuer: client ? deps.issuer : null,
      subject: client?.clientId ?? null,
      name: client?.name ?? null,
      role: client ? 'system' : null,
      practitionerRole: null,
      service: client?.org ?? null,
      team: null,
      jti: verdict.jti ?? null,
      address: response.req.ip ?? null,
    },
    purpose: null,
    rules: [],
    reason: status === 401 ? 'no-authn' : status === 429 ? 'rate-limit' : null,
    explanation: null,
    entities: [],
    label: null,
    patients: [],
    query: null,
    recipient: null,
    detail: verdict.detail,
  };
}

function send(response: Response, verdict: Verdict): void {
  response.set({ 'Cache-Control': 'no-store', Pragma: 'no-cache', ...verdict.headers });
  response.status(verdict.status).json(verdict.body);
}

/** Records, then answers (promise 2 of house.md): a record that cannot be written turns the answer into 503. */
export async function answer(response: Response, deps: SmartDeps, verdict: Verdict, now: Date): Promise<void> {
  if (verdict.status >= 400) {
    deps.log.warn('token request refused', {
      reason: verdict.detail,
      clientId: verdict.client?.clientId ?? verdict.claimed ?? undefined,
      status: verdict.status,
    });
  }
  try {
    await deps.recordToken(entryOf(verdict, response, deps, now));
  } catch {
    deps.log.warn('token request not recorded', { reason: 'audit-unavailable', status: 503 });
    const words = 'The audit trail cannot be written; nothing is issued.';
    send(response, oauthError('temporarily_unavailable', words, 'audit-unavailable'));
    return;
  }
  send(response, verdict);
}

/** The register or the replay cache did not answer: nothing is issued on trust. */
function unavailable(deps: SmartDeps, error: unknown): Verdict {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
  deps.log.warn('token request failed', { reason: error instanceof Error ? error.name : 'unknown', code });
  return oauthError('temporarily_unavailable', 'Clients cannot be checked just now.', 'store-unavailable');
}

/** Runs one endpoint with the brake on repeated failures from one address. */
export async function exchange(
  request: Request,
  response: Response,
  parts: { deps: SmartDeps; limit: FailureLimit; decide: (exchange: Exchange) => Promise<Verdict> },
): Promise<void> {
  const { deps, limit, decide } = parts;
  const now = deps.now?.() ?? new Date();
  const address = request.ip ?? '';
  const wait = limit.waitSeconds(address, now);
  if (wait > 0) {
    const body = { error: 'temporarily_unavailable', error_description: 'Too many failed requests; wait.' };
    const headers = { 'Retry-After': String(wait) };
    await answer(response, deps, { status: 429, body, headers, detail: 'rate-limit', client: null }, now);
    return;
  }
  const form = formOf(request);
  const verdict = form
    ? await decide({ deps, form, now }).catch((error: unknown) => unavailable(deps, error))
    : oauthError('invalid_request', 'Send a form (application/x-www-form-urlencoded) with each field once.', 'form');
  if (verdict.status >= 400 && verdict.status < 500) limit.failed(address, now);
  await answer(response, deps, verdict, now);
}
