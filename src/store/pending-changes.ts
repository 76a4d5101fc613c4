/** Changes that wait for a second person. */
import type { Db } from './reads.ts';

export interface PendingChange {
  id: string;
  proposer: string;
  practitioner: string | null;
  at: Date;
  words: string;
  /** JSON text of the resource. */
  body: string;
  version: number | null;
}

export async function insertPending(db: Db, one: PendingChange): Promise<void> {
  const { id, proposer, practitioner, at, words, body, version } = one;
  await db.query({
    name: 'pending_insert',
    text: `insert into pending_change (id, proposer, practitioner, at, words, body, version)
      values ($1, $2, $3, $4, $5, $6, $7)`,
    values: [id, proposer, practitioner, at, words, body, version],
  });
}

/** One that nobody has confirmed yet, or null. */
export async function readPending(db: Db, id: string): Promise<PendingChange | null> {
  const text = `select id, proposer, practitioner, at, words, body, version from pending_change
    where id = $1 and confirmed_at is null`;
  return (await db.query<PendingChange>({ name: 'pending_read', text, values: [id] })).rows[0] ?? null;
}

/** Takes it for this person: true for exactly one of several who confirm at once. */
export async function takePending(db: Db, id: string, by: string, now: Date): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'pending_take',
    text: 'update pending_change set confirmed_by = $2, confirmed_at = $3 where id = $1 and confirmed_at is null',
    values: [id, by, now],
  });
  return rowCount === 1;
}
