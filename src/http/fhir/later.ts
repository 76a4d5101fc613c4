/**
 * `Prefer: respond-async` (R4 async.html) for searches and $everything: 202 with the address of the state; there 202
 * while it runs, then 200 with a manifest that names the answer; DELETE cancels. The state is in the database: every
 * process answers it, and a request whose process ended says so (500) instead of running for ever.
 */
import { randomBytes } from 'node:crypto';
import type { EntryUrl } from '../../fhir/entry-url.ts';
import { Outcome, refuse } from '../../fhir/outcome.ts';
import * as later from '../../record/later.ts';
import { type Door, StaleStanding } from '../../record/types.ts';
import { type Answer, answerOf } from '../answer.ts';
import { notAllowed } from './dispatch.ts';
import type { FhirHandler, FhirRequest } from './request.ts';

const MAX_REPEATS = 5;
/** Well below the silence after which a job counts as lost (store/async-jobs.ts). */
const ALIVE_MS = 5_000;

/** May this request be answered later? Counts are small answers, and are given at once (a client must expect that). */
export function isLong(method: string, url: EntryUrl): boolean {
  if (url.type === 'AuditEvent' || url.vid !== null || url.history) return false;
  if (url.operation !== null) return url.operation === '$everything' && !url.query.includes('_page=');
  const isSearch = method === 'GET' && (url.id === null || url.within !== null);
  return isSearch && !/(?:^|&)(?:_page=|_total=(?!none)|_summary=count|_count=0)/.test(url.query);
}

/** Starts the work of a handler and answers 202 at once. */
export function laterHandler(handler: FhirHandler): FhirHandler {
  return async (door, request) => {
    if (request.method === 'POST') await request.body();
    const token = randomBytes(18).toString('base64url');
    if (!(await later.beginLater(door, request.context, token))) throw tooMany();
    await later.recordLater(door, request.context, 'begun', 202);
    void worked(door, request, handler, token);
    const headers = { 'Content-Location': `${door.base}/_async/${token}`, 'Preference-Applied': 'respond-async' };
    return { status: 202, headers };
  };
}

/** Works on it to the end, whatever that is. */
async function worked(door: Door, request: FhirRequest, handler: FhirHandler, token: string): Promise<void> {
  const alive = setInterval(() => void later.stillWorking(door, token).catch(() => undefined), ALIVE_MS).unref();
  try {
    await later.endLater(door, await work(door, request, handler, token), token);
  } catch (error) {
    const failure = answerOf(error, request.context.requestId, door.log);
    // Without a database nothing can be kept: then the job is lost, and that is what its state says.
    await later.failLater(door, token, JSON.stringify(failure)).catch(() => undefined);
  } finally {
    clearInterval(alive);
  }
}

function tooMany(): Outcome {
  const diagnostics = 'You have several such requests running; wait for one of them, or cancel it';
  return new Outcome(429, [{ severity: 'error', code: 'throttled', diagnostics }], { 'Retry-After': '5' });
}

/** The handler's own work, repeated when the directory moves under it. */
async function work(door: Door, request: FhirRequest, handler: FhirHandler, token: string) {
  let { context } = request;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await handler(door, { ...request, context, later: token });
      return context;
    } catch (error) {
      if (!(error instanceof StaleStanding) || attempt >= MAX_REPEATS) throw error;
      context = await request.renew();
    }
  }
}

/** `_async/[token]` and `_async/[token]/result`, or null. */
export function laterAddress(path: string): { token: string; result: boolean } | null {
  const [, token = '', result] = /^\/_async\/([\w-]{10,40})(\/result)?\/?(?:\?|$)/.exec(path) ?? [];
  return token === '' ? null : { token, result: result !== undefined };
}

/** State, result and cancelling of one job. Unknown, ended, cancelled and somebody else's are answered alike. */
export function stateHandler({ token, result }: { token: string; result: boolean }): FhirHandler {
  return async (door, request) => {
    const { method, context } = request;
    if (method === 'DELETE' && !result) return cancel(door, request, token);
    if (method !== 'GET' && method !== 'HEAD')
      throw notAllowed('This address is read, or deleted to cancel', ['GET', 'DELETE']);
    const job = await later.stateOf(door, context, token);
    if (job?.lost) throw lost();
    if (job !== null) return job.failure === null ? running(door, request) : failed(job.failure);
    if (result) {
      const body = await later.fetchLater(door, context, token);
      if (body === null) throw unknown();
      return { status: 200, body };
    }
    if (!(await later.isReady(door, context, token))) throw unknown();
    await later.recordLater(door, context, 'asked for: ready', 200);
    return manifest(door, request, token);
  };
}

async function running(door: Door, { context }: FhirRequest): Promise<Answer> {
  await later.recordLater(door, context, 'asked for: running', 202);
  return { status: 202, headers: { 'X-Progress': 'running', 'Retry-After': '1' } };
}

/** Written by `worked` from an Answer of this program. */
const failed = (failure: string): Answer => JSON.parse(failure) as Answer;

function lost(): Outcome {
  const diagnostics = 'The process that worked on this request has ended; nothing was lost but the work: ask again';
  return new Outcome(500, [{ severity: 'error', code: 'incomplete', diagnostics }]);
}

async function cancel(door: Door, { context }: FhirRequest, token: string): Promise<Answer> {
  if (!(await later.dropLater(door, context, token))) throw unknown();
  await later.recordLater(door, context, 'cancelled', 202);
  return { status: 202 };
}

/** R4 async.html "Response - Complete Status": where the answer is. */
function manifest(door: Door, { context }: FhirRequest, token: string): Answer {
  const url = `${door.base}/_async/${token}`;
  const body = {
    transactionTime: context.now.toISOString(),
    request: url,
    requiresAccessToken: true,
    output: [{ type: 'Bundle', url: `${url}/result` }],
    error: [],
  };
  return { status: 200, body: JSON.stringify(body), contentType: 'application/json; charset=utf-8' };
}

function unknown(): Outcome {
  return refuse(
    404,
    'not-found',
    'There is no such request of yours: it is older than 15 minutes or was cancelled; ask again',
  );
}
