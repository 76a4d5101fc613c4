/**
 * Answers that are fetched later (R4 async.html). What is kept is the page of ids that every long answer keeps, bound to
 * the caller for 15 minutes: the answer itself is made, decided and masked anew at the moment it is fetched.
 */
import { isObject } from '../fhir/resource.ts';
import { type AsyncJob, beginJob, dropJob, endJob, failJob, findJob, keepAlive } from '../store/async-jobs.ts';
import { dropPage, findPage } from '../store/pages.ts';
import { entryOf } from './entry.ts';
import { everything } from './everything.ts';
import { nextPage } from './next-page.ts';
import { callerKey } from './search.ts';
import type { Context, Door } from './types.ts';

/** Is there an answer under this token for this caller? Says nothing about anybody else's. */
export async function isReady(door: Door, context: Context, token: string): Promise<boolean> {
  return (await findPage(door.pool, token, callerKey(context))) !== null;
}

/** The first page of the answer, as the caller may see it now; its later pages are linked. Null when there is none. */
export async function fetchLater(door: Door, context: Context, token: string): Promise<string | null> {
  const page = await findPage(door.pool, token, callerKey(context));
  if (page === null) return null;
  const kept: unknown = JSON.parse(page.query);
  const root = isObject(kept) && typeof kept.everything === 'string' ? kept.everything : null;
  if (root === null) return nextPage(door, context, `${token}.0`);
  const [type = '', id = ''] = root.split('/');
  return everything(door, context, { type, id, query: `_page=${token}.0` });
}

/** Forgets the request and its answer. False when there was none of this caller's. */
export async function dropLater(door: Door, context: Context, token: string): Promise<boolean> {
  const caller = callerKey(context);
  const [job, page] = [await dropJob(door.pool, token, caller), await dropPage(door.pool, token, caller)];
  return job || page;
}

/** Requests a caller may have running at once: they use the connections of everybody. */
const MOST_PER_CALLER = 3;
/** What went wrong is kept for so many of a caller's; older ones are forgotten before their 15 minutes. */
const FAILURES_PER_CALLER = 10;

/** Notes a request that is worked on in this process. False when the caller has too many. */
export function beginLater(door: Door, context: Context, token: string): Promise<boolean> {
  return beginJob(door.pool, { token, caller: callerKey(context), most: MOST_PER_CALLER });
}

/** Says that this process still works on it. */
export function stillWorking(door: Door, token: string): Promise<void> {
  return keepAlive(door.pool, token);
}

/** The work is done; the answer of a request that was cancelled meanwhile is forgotten. */
export async function endLater(door: Door, context: Context, token: string): Promise<void> {
  if (!(await endJob(door.pool, token))) await dropPage(door.pool, token, callerKey(context));
}

/** Keeps what went wrong, as the text of an answer. */
export function failLater(door: Door, token: string, failure: string): Promise<void> {
  return failJob(door.pool, token, failure, FAILURES_PER_CALLER);
}

/** How a request of this caller's stands: it runs, has failed, or was lost with its process; null = none of these. */
export function stateOf(door: Door, context: Context, token: string): Promise<AsyncJob | null> {
  return findJob(door.pool, token, callerKey(context));
}

/** Records a step of the exchange: begun, asked for, cancelled. */
export async function recordLater(door: Door, context: Context, step: string, status: number): Promise<void> {
  await door.audit.write({ ...entryOf(context, 'operation'), detail: `respond-async ${step}`, status });
}
