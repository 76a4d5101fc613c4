/** Replays of recorded requests: their rows, and the records of the trail they walk. */
import type { StoredAudit } from '../../audit/types.ts';
import type { Db } from '../reads.ts';

export interface ReplayRow {
  id: string;
  askedBy: string;
  askedName: string;
  at: Date;
  /** JSON of what was asked. */
  asked: string;
  /** A running one that has not moved for a minute was ended with its process. */
  state: 'running' | 'done' | 'failed' | 'ended';
  done: number;
  total: number;
  /** JSON of what was found; null while it runs. */
  result: string | null;
}

const COLUMNS = `id, asked_by as "askedBy", asked_name as "askedName", at, asked, done, total, result,
  case when state = 'running' and moved_at < now() - interval '1 minute' then 'ended' else state end as state`;

/** Keeps a new one, unless one is running. @returns false when one is */
export async function insertReplay(
  db: Db,
  one: Pick<ReplayRow, 'id' | 'askedBy' | 'askedName' | 'at' | 'asked'>,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into request_replay (id, asked_by, asked_name, at, asked) select $1, $2, $3, $4, $5
     where not exists (select from request_replay where state = 'running' and moved_at > now() - interval '1 minute')`,
    [one.id, one.askedBy, one.askedName, one.at, one.asked],
  );
  return rowCount === 1;
}

export async function moveReplay(db: Db, id: string, done: number, total: number): Promise<void> {
  await db.query('update request_replay set done = $2, total = $3, moved_at = now() where id = $1', [id, done, total]);
}

export async function endReplay(db: Db, id: string, state: 'done' | 'failed', result: string | null): Promise<void> {
  await db.query('update request_replay set state = $2, result = $3, done = total, moved_at = now() where id = $1', [
    id,
    state,
    result,
  ]);
}

export async function replayById(db: Db, id: string): Promise<ReplayRow | null> {
  return (await db.query<ReplayRow>(`select ${COLUMNS} from request_replay where id = $1`, [id])).rows[0] ?? null;
}

/** The newest, without what they found. */
export async function newestReplays(db: Db, limit: number): Promise<ReplayRow[]> {
  const text = `select ${COLUMNS.replace('result,', 'null as result,')} from request_replay order by at desc limit $1`;
  return (await db.query<ReplayRow>(text, [limit])).rows;
}

/** First and last place of the trail that holds what happened since; null when nothing did. */
export async function stretchSince(db: Db, since: Date): Promise<{ first: number; last: number } | null> {
  const result = await db.query<{ first: number | null; last: number | null }>(
    `select (select seq from audit_seal where at >= $1 order by at, seq limit 1) as first,
       (select max(seq) from audit_seal) as last`,
    [since],
  );
  const { first = null, last = null } = result.rows[0] ?? {};
  return first === null || last === null ? null : { first, last };
}

/** Records of these interactions within `[first, before)`, newest first. */
export async function recordsBefore(
  db: Db,
  asked: { first: number; before: number; interactions: readonly string[]; limit: number },
): Promise<StoredAudit[]> {
  const result = await db.query<{ seq: number; at: Date; body: string; patients: string[] }>({
    name: 'replay_records',
    text: `select s.seq, a.at, a.body, a.patients from audit_seal s join audit a on a.xid = s.xid and a.id = s.id
      where s.seq >= $1 and s.seq < $2 and s.interaction = any ($3) order by s.seq desc limit $4`,
    values: [asked.first, asked.before, asked.interactions, asked.limit],
  });
  return result.rows.map(({ at, ...row }) => ({ ...row, at: at.toISOString() }));
}
