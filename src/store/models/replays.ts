/**
 * Replays: their rows, and the records of the trail they walk. A replay is done in stretches by whichever process holds its
 * lease; what it counted is kept with the place it has come to, so that nothing is counted twice when another goes on.
 */
import type { StoredAudit } from '../../audit/types.ts';
import type { Db } from '../reads.ts';

export interface ReplayRow {
  id: string;
  askedBy: string;
  askedName: string;
  at: Date;
  /** JSON of what was asked. */
  asked: string;
  state: 'running' | 'done' | 'failed' | 'stopped';
  done: number;
  total: number;
  /** JSON of what was found; null while it runs. */
  result: string | null;
  /** Who stopped it. */
  stoppedBy: string | null;
}

/** One that runs, as the process that holds it goes on with it. */
export interface ReplayWork {
  id: string;
  /** JSON of the two worlds. */
  worlds: string;
  /** Records from here on are in question; those below `place` are still to come. */
  first: number;
  place: number;
  /** JSON of what was counted; null at its beginning. */
  tally: string | null;
  /** Times it was taken up since it last moved. */
  taken: number;
}

const COLUMNS = `id, asked_by as "askedBy", asked_name as "askedName", at, asked, done, total, result, state,
  stopped_by as "stoppedBy"`;

/** Keeps a new one, unless one is running. @returns false when one is */
export async function insertReplay(
  db: Db,
  one: Pick<ReplayRow, 'id' | 'askedBy' | 'askedName' | 'at' | 'asked'> &
    Pick<ReplayWork, 'worlds' | 'first' | 'place'>,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into request_replay (id, asked_by, asked_name, at, asked, worlds, first_seq, place, total)
     values ($1, $2, $3, $4, $5, $6, $7::bigint, $8::bigint, $8::bigint - $7::bigint)
     on conflict do nothing`,
    [one.id, one.askedBy, one.askedName, one.at, one.asked, one.worlds, one.first, one.place],
  );
  return rowCount === 1;
}

/** Takes the one that runs and that no process holds, or goes on holding it; null = there is nothing to do here. */
export async function takeReplay(db: Db, owner: string, seconds: number): Promise<ReplayWork | null> {
  const result = await db.query<ReplayWork>({
    name: 'replay_take',
    text: `update request_replay set owner = $1, lease_until = clock_timestamp() + make_interval(secs => $2),
        taken = taken + case when owner is distinct from $1 then 1 else 0 end
      where state = 'running' and (owner = $1 or lease_until < clock_timestamp())
      returning id, worlds, first_seq as first, place, tally, taken`,
    values: [owner, seconds],
  });
  return result.rows[0] ?? null;
}

/** Keeps how far it came, if this process still holds it and nobody stopped it. @returns false to let it be */
export async function moveReplay(
  db: Db,
  owner: string,
  { id, from, place, tally }: { id: string; from: number; place: number; tally: string },
): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'replay_move',
    text: `update request_replay set place = $4, tally = $5, taken = 0, moved_at = clock_timestamp(),
        done = total - ($4::bigint - first_seq)
      where id = $1 and owner = $2 and place = $3 and state = 'running'`,
    values: [id, owner, from, place, tally],
  });
  return rowCount === 1;
}

/** Ends it, if this process still holds it. */
export async function endReplay(
  db: Db,
  owner: string,
  { id, state, result }: { id: string; state: 'done' | 'failed'; result: string | null },
): Promise<void> {
  await db.query(
    `update request_replay set state = $3, result = $4, done = case when $3 = 'done' then total else done end,
       moved_at = clock_timestamp() where id = $1 and owner = $2 and state = 'running'`,
    [id, owner, state, result],
  );
}

/** Lets another process go on at once. */
export async function leaveReplay(db: Db, owner: string): Promise<void> {
  await db.query(
    `update request_replay set owner = null, lease_until = '-infinity' where owner = $1 and state = 'running'`,
    [owner],
  );
}

/** Stops one that runs, with what it counted so far. @returns false when it had ended */
export async function stopReplay(db: Db, id: string, by: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update request_replay set state = 'stopped', stopped_by = $2, result = tally, moved_at = clock_timestamp()
     where id = $1 and state = 'running'`,
    [id, by],
  );
  return rowCount === 1;
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
