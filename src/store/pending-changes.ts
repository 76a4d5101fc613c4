/** Changes that wait for a second person. */
import type { Db } from './reads.ts';

export interface PendingChange {
  id: string;
  /** Who carries it out: `resource`, `import`, `client`. */
  kind: string;
  /** What it is, for the list; never anybody's record. */
  title: string;
  proposer: string;
  practitioner: string | null;
  at: Date;
  words: string;
  /** JSON text of what is to be done. */
  body: string;
  version: number | null;
}

const COLUMNS = 'id, kind, title, proposer, practitioner, at, words, body, version';
const WAITING = 'confirmed_at is null and withdrawn_at is null';

export async function insertPending(db: Db, one: PendingChange): Promise<void> {
  const { id, kind, title, proposer, practitioner, at, words, body, version } = one;
  await db.query({
    name: 'pending_insert',
    text: `insert into pending_change (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    values: [id, kind, title, proposer, practitioner, at, words, body, version],
  });
}

/** One that still waits, or null. */
export async function readPending(db: Db, id: string): Promise<PendingChange | null> {
  const text = `select ${COLUMNS} from pending_change where id = $1 and ${WAITING}`;
  return (await db.query<PendingChange>({ name: 'pending_read', text, values: [id] })).rows[0] ?? null;
}

export type PendingLine = Omit<PendingChange, 'body'> & { proposerName: string | null };

/** Those that wait, newest first, with the name of who proposed each. */
export async function listPending(db: Db, limit: number): Promise<PendingLine[]> {
  const text = `select p.id, p.kind, p.title, p.proposer, p.practitioner, p.at, p.words, p.version,
      (select d.entry ->> 'name' from directory d where d.member = p.practitioner and d.entry ->> 'kind' = 'person' limit 1) as "proposerName"
    from pending_change p where ${WAITING} order by p.at desc limit $1`;
  return (await db.query<PendingLine>({ name: 'pending_list', text, values: [limit] })).rows;
}

/** Takes it for this person: true for exactly one of several who confirm at once. */
export async function takePending(db: Db, id: string, by: string, now: Date): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'pending_take',
    text: `update pending_change set confirmed_by = $2, confirmed_at = $3 where id = $1 and ${WAITING}`,
    values: [id, by, now],
  });
  return rowCount === 1;
}

/** Takes it back for good. */
export async function withdrawPending(db: Db, id: string, by: string, now: Date): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'pending_withdraw',
    text: `update pending_change set withdrawn_by = $2, withdrawn_at = $3 where id = $1 and ${WAITING}`,
    values: [id, by, now],
  });
  return rowCount === 1;
}
