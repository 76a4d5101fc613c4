/**
 * Proposals of every kind: kept by one person of the roles that keep agreements and the directory, listed, and then
 * carried out when a second one confirms, or withdrawn. What a kind does is handed in; who may, and that it is one commit
 * with its record, is here.
 */
import { auditColumns } from '../audit/entry.ts';
import { refuse } from '../fhir/outcome.ts';
import { cellOf } from '../governance/role-views.ts';
import { entryOf } from '../record/entry.ts';
import { requireFreshSignIn } from '../record/fresh-sign-in.ts';
import { newId } from '../record/ids.ts';
import { audited, notFound, unknown } from '../record/refusal.ts';
import type { Context, Door, Written } from '../record/types.ts';
import {
  insertPending,
  listPending,
  type PendingChange,
  type PendingLine,
  readPending,
  takePending,
  withdrawPending,
} from '../store/pending-changes.ts';
import type { PoolClient } from '../store/pool.ts';
import type { Db } from '../store/reads.ts';
import { inTransaction } from '../store/transaction.ts';
import { writeRows } from '../store/write.ts';

/** Carries out a confirmed proposal inside the transaction that takes it. */
export type CarryOut = (door: Door, context: Context, db: PoolClient, pending: PendingChange) => Promise<Done>;

export interface Done {
  written: Written[];
  /** References for the trail. */
  entities: string[];
}

/** Kinds that name somebody's record: no matter of those who run the machines. */
const ABOUT_A_RECORD: readonly string[] = ['named', 'identity'];

function mayKnow({ principal }: Context, kind: string): boolean {
  return principal.role !== 'sysadmin' || !ABOUT_A_RECORD.includes(kind);
}

/** Proposals shown at once. */
const MOST = 200;

/** @throws Outcome 403 (404 for families) unless the caller's role keeps agreements and directory (5.3) */
export function requireKeeper({ principal }: Context): void {
  if (principal.kind === 'family') throw unknown();
  if (isKeeper(principal)) return;
  throw refuse(403, 'forbidden', 'Agreements and the directory are kept by other roles (R-27)');
}

/** Lets keepers pass to a form that shows nothing yet. @throws Outcome 403, recorded, for everyone else */
export function enterKeeping(door: Door, context: Context): Promise<void> {
  const entry = { ...entryOf(context, 'operation'), detail: 'propose-form', rules: ['R-27'] };
  return audited(door, entry, async () => {
    requireKeeper(context);
    await door.audit.write(entry);
  });
}

/** Whether this is somebody who may propose and confirm. */
export function isKeeper(principal: Context['principal']): boolean {
  return principal.practitionerRole !== undefined && cellOf(principal.role, 'agreements').write === 'two-person';
}

/** Keeps a proposal; nothing has taken effect. Gives its id. */
export async function keepProposal(
  context: Context,
  db: Db,
  proposal: Pick<PendingChange, 'kind' | 'title' | 'words' | 'body' | 'version'>,
): Promise<string> {
  const { practitionerRole = '', practitioner = null } = context.principal;
  const id = newId(context.now);
  await insertPending(db, { ...proposal, id, proposer: practitionerRole, practitioner, at: context.now });
  return id;
}

/** What waits, newest first; `mine` are those the caller cannot confirm herself. */
export function proposals(door: Door, context: Context): Promise<(PendingLine & { mine: boolean })[]> {
  const entry = { ...entryOf(context, 'operation'), detail: '$proposals', rules: ['R-27'] };
  return audited(door, entry, async () => {
    requireKeeper(context);
    const waiting = await listPending(door.pool, MOST);
    await door.audit.write(entry);
    const known = waiting.filter(({ kind }) => mayKnow(context, kind));
    return known.map((one) => ({ ...one, mine: isSame(context, one) }));
  });
}

/** One that waits, whole. @throws Outcome 404 */
export function proposal(door: Door, context: Context, id: string): Promise<PendingChange & { mine: boolean }> {
  const entry = { ...entryOf(context, 'operation'), detail: 'proposal', rules: ['R-27'] };
  return audited(door, entry, async () => {
    requireKeeper(context);
    const pending = await readPending(door.pool, id);
    if (pending === null || !mayKnow(context, pending.kind)) throw await notFound(door, entry);
    await door.audit.write(entry);
    return { ...pending, mine: isSame(context, pending) };
  });
}

/** @throws Outcome 404 none waits under this id, 422 by the same person, 409 somebody else was faster, 401 no fresh proof */
export function carryOut(
  door: Door,
  context: Context,
  id: string,
  kinds: Readonly<Record<string, CarryOut>>,
): Promise<Done & { kind: string }> {
  const entry = { ...entryOf(context, 'operation'), detail: '$confirm', rules: ['R-27'] };
  return audited(door, entry, async () => {
    requireKeeper(context);
    requireFreshSignIn(door, context);
    const pending = await readPending(door.pool, id);
    const work = pending === null || !mayKnow(context, pending.kind) ? undefined : kinds[pending.kind];
    if (pending === null || work === undefined) throw await notFound(door, entry);
    if (isSame(context, pending))
      throw refuse(422, 'business-rule', 'A second person confirms what the first proposed (R-27)');
    const done = await inTransaction(door.pool, async (client) => {
      if (!(await takePending(client, id, context.principal.practitionerRole ?? '', context.now)))
        throw refuse(409, 'conflict', 'Somebody else has just confirmed this');
      const result = await work(door, context, client, pending);
      const confirmed = { ...entry, detail: `$confirm ${pending.kind}`, entities: result.entities.slice(0, 100) };
      await writeRows(client, { rows: [], facts: null, audit: [auditColumns(confirmed)] });
      return result;
    });
    door.wake();
    return { ...done, kind: pending.kind };
  });
}

/** Takes a proposal back: its proposer, or anybody who might have confirmed it. @throws Outcome 404 */
export function withdraw(door: Door, context: Context, id: string): Promise<void> {
  const entry = { ...entryOf(context, 'operation'), detail: '$withdraw', rules: ['R-27'] };
  return audited(door, entry, async () => {
    requireKeeper(context);
    const pending = await readPending(door.pool, id);
    if (pending === null || !mayKnow(context, pending.kind)) throw await notFound(door, entry);
    const gone = await inTransaction(door.pool, async (client) => {
      const taken = await withdrawPending(client, id, context.principal.practitionerRole ?? '', context.now);
      if (taken) await writeRows(client, { rows: [], facts: null, audit: [auditColumns(entry)] });
      return taken;
    });
    if (!gone) throw await notFound(door, entry);
  });
}

function isSame({ principal }: Context, { proposer, practitioner }: PendingLine | PendingChange): boolean {
  return principal.practitionerRole === proposer || (practitioner !== null && principal.practitioner === practitioner);
}
