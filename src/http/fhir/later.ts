/**
 * `Prefer: respond-async` (R4 async.html) for searches and $everything: 202 with the address of the state; there 202
 * while it runs, then 200 with a manifest that names the answer; DELETE cancels. A running job lives in this process and
 * ends with it: then, as after 15 minutes, its address is unknown and the client asks again.
 */
import { randomBytes } from 'node:crypto';
import type { EntryUrl } from '../../fhir/entry-url.ts';
import { Outcome, refuse } from '../../fhir/outcome.ts';
import { dropLater, fetchLater, isReady, recordLater } from '../../record/later.ts';
import { callerKey } from '../../record/search.ts';
import { type Door, StaleStanding } from '../../record/types.ts';
import { type Answer, answerOf } from '../answer.ts';
import { notAllowed } from './dispatch.ts';
import type { FhirHandler, FhirRequest } from './request.ts';

interface Job {
  caller: string;
  /** Milliseconds, for forgetting. */
  started: number;
  /** Null while it runs; what went wrong afterwards. A success leaves the map: its page is in the database. */
  failure: Answer | null;
  cancelled: boolean;
}

/** The jobs of this process, by token. */
export type Jobs = Map<string, Job>;

const KEPT_MS = 15 * 60_000;
/** Jobs a caller may have running at once: they use the connections of everybody. */
const MOST_PER_CALLER = 3;
/** What went wrong is kept for so many of a caller's; older ones are forgotten before their 15 minutes. */
const FAILURES_PER_CALLER = 10;
const MAX_REPEATS = 5;

/** May this request be answered later? Counts are small answers, and are given at once (a client must expect that). */
export function isLong(method: string, url: EntryUrl): boolean {
  if (url.type === 'AuditEvent' || url.vid !== null || url.history) return false;
  if (url.operation !== null) return url.operation === '$everything' && !url.query.includes('_page=');
  const isSearch = method === 'GET' && (url.id === null || url.within !== null);
  return isSearch && !/(?:^|&)(?:_page=|_total=(?!none)|_summary=count|_count=0)/.test(url.query);
}

/** Starts the work of a handler and answers 202 at once. */
export function laterHandler(jobs: Jobs, handler: FhirHandler): FhirHandler {
  return async (door, request) => {
    if (request.method === 'POST') await request.body();
    forgetOld(jobs, request.context.now);
    const caller = callerKey(request.context);
    const own = [...jobs].filter(([, job]) => job.caller === caller);
    const failed = own.filter(([, job]) => job.failure !== null);
    if (own.length - failed.length >= MOST_PER_CALLER) throw tooMany();
    for (const [oldest] of failed.slice(0, -FAILURES_PER_CALLER)) jobs.delete(oldest);
    const token = randomBytes(18).toString('base64url');
    await recordLater(door, request.context, 'begun', 202);
    const job: Job = { caller, started: request.context.now.getTime(), failure: null, cancelled: false };
    jobs.set(token, job);
    void work(door, request, handler, token)
      .then(async (context) => {
        if (job.cancelled) await dropLater(door, context, token);
        jobs.delete(token);
      })
      .catch((error: unknown) => {
        job.failure = answerOf(error, request.context.requestId, door.log);
      });
    const headers = { 'Content-Location': `${door.base}/_async/${token}`, 'Preference-Applied': 'respond-async' };
    return { status: 202, headers };
  };
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

function forgetOld(jobs: Jobs, now: Date): void {
  for (const [token, job] of jobs) if (now.getTime() - job.started > KEPT_MS) jobs.delete(token);
}

/** `_async/[token]` and `_async/[token]/result`, or null. */
export function laterAddress(path: string): { token: string; result: boolean } | null {
  const [, token = '', result] = /^\/_async\/([\w-]{10,40})(\/result)?\/?(?:\?|$)/.exec(path) ?? [];
  return token === '' ? null : { token, result: result !== undefined };
}

/** State, result and cancelling of one job. Unknown, ended, cancelled and somebody else's are answered alike. */
export function stateHandler(jobs: Jobs, { token, result }: { token: string; result: boolean }): FhirHandler {
  return async (door, request) => {
    const { method, context } = request;
    const known = jobs.get(token);
    const job = known?.caller === callerKey(context) ? known : undefined;
    if (method === 'DELETE' && !result) return cancel(door, request, job, jobs, token);
    if (method !== 'GET' && method !== 'HEAD')
      throw notAllowed('This address is read, or deleted to cancel', ['GET', 'DELETE']);
    if (job !== undefined && !job.cancelled) return job.failure ?? running(door, request);
    if (result) {
      const body = await fetchLater(door, context, token);
      if (body === null) throw unknown();
      return { status: 200, body };
    }
    if (!(await isReady(door, context, token))) throw unknown();
    await recordLater(door, context, 'asked for: ready', 200);
    return manifest(door, request, token);
  };
}

async function running(door: Door, { context }: FhirRequest): Promise<Answer> {
  await recordLater(door, context, 'asked for: running', 202);
  return { status: 202, headers: { 'X-Progress': 'running', 'Retry-After': '1' } };
}

async function cancel(
  door: Door,
  { context }: FhirRequest,
  job: Job | undefined,
  jobs: Jobs,
  token: string,
): Promise<Answer> {
  const had = await dropLater(door, context, token);
  if (job === undefined && !had) throw unknown();
  if (job !== undefined) {
    job.cancelled = true;
    if (job.failure !== null) jobs.delete(token);
  }
  await recordLater(door, context, 'cancelled', 202);
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
    'There is no such request of yours: it is older than 15 minutes, was cancelled, or ended with a restart; ask again',
  );
}
