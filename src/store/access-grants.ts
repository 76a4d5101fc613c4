/** Grants of access with their reasons, and the counts that bound tracing. */
import type { Db } from './reads.ts';

export interface AccessGrant {
  id: string;
  kind: string;
  /** `Patient/..`. */
  patient: string;
  /** `PractitionerRole/..` who may look, and who opened it. */
  holder: string;
  givenBy: string;
  reason: string;
  words: string;
  at: Date;
  until: Date;
  reviewDue: Date | null;
}

/** Inserts one grant; called in the transaction that writes its facts and its audit record. */
export async function insertGrant(db: Db, grant: AccessGrant): Promise<void> {
  const { id, kind, patient, holder, givenBy, reason, words, at, until, reviewDue } = grant;
  await db.query({
    name: 'grant_insert',
    text: `insert into access_grant (id, kind, patient, holder, given_by, reason, words, at, until_at, review_due)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    values: [id, kind, patient, holder, givenBy, reason, words, at, until, reviewDue],
  });
}

/** The end of the holder's last live break-glass grant, or null. */
export async function brokenUntil(db: Db, holder: string, now: Date): Promise<Date | null> {
  const { rows } = await db.query<{ until: Date | null }>({
    name: 'grant_until',
    text: `select max(until_at) as until from access_grant
      where holder = $1 and until_at > $2 and kind in ('break-glass', 'emergency')`,
    values: [holder, now],
  });
  return rows[0]?.until ?? null;
}

const SLOT_MS = 900_000;

/** How many traces this caller has made in this quarter of an hour. */
export async function tracesMade(db: Db, caller: string, now: Date): Promise<number> {
  const slot = new Date(Math.floor(now.getTime() / SLOT_MS) * SLOT_MS);
  const { rows } = await db.query<{ traces: number }>({
    name: 'trace_made',
    text: 'select traces from trace_count where caller = $1 and slot = $2',
    values: [caller, slot],
  });
  return rows[0]?.traces ?? 0;
}

/** Counts one trace of this caller; gives how many she has made in the same quarter of an hour, this one included. */
export async function countTrace(db: Db, caller: string, now: Date): Promise<number> {
  const slot = new Date(Math.floor(now.getTime() / SLOT_MS) * SLOT_MS);
  const { rows } = await db.query<{ traces: number }>({
    name: 'trace_count',
    text: `insert into trace_count (caller, slot, traces) values ($1, $2, 1)
      on conflict (caller, slot) do update set traces = trace_count.traces + 1 returning traces`,
    values: [caller, slot],
  });
  return rows[0]?.traces ?? 1;
}

/** Forgets the counts of earlier hours. */
export async function forgetTraces(db: Db, now: Date): Promise<void> {
  await db.query('delete from trace_count where slot < $1', [new Date(now.getTime() - 4 * SLOT_MS)]);
}
