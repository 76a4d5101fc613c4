/**
 * Answers that are fetched later (R4 async.html). What is kept is the page of ids that every long answer keeps, bound to
 * the caller for 15 minutes: the answer itself is made, decided and masked anew at the moment it is fetched.
 */
import { isObject } from '../fhir/resource.ts';
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

/** Forgets the answer. False when there was none of this caller's. */
export function dropLater(door: Door, context: Context, token: string): Promise<boolean> {
  return dropPage(door.pool, token, callerKey(context));
}

/** Records a step of the exchange: begun, asked for, cancelled. */
export async function recordLater(door: Door, context: Context, step: string, status: number): Promise<void> {
  await door.audit.write({ ...entryOf(context, 'operation'), detail: `respond-async ${step}`, status });
}
