/**
 * The feed: changes below the snapshot's horizon, numbered without gaps in an order that keeps the versions of each
 * resource ascending. Everything that follows changes (events, `_since`, reloading) uses `feed_no` and nothing else.
 */
import type { Pool } from 'pg';
import { type Loop, startLoop } from './loop.ts';

export interface FeedRow {
  feedNo: number;
  type: string;
  id: string;
  version: number;
  op: 'C' | 'U' | 'D';
  /** Instant of the change. */
  at: Date;
}

export interface Sequenced {
  /** Changes numbered; 0 when there was nothing, or when another process is numbering. */
  moved: number;
  /** Another process holds the sequencer's lock. */
  elsewhere: boolean;
  /** Below `xmin` every transaction has ended; `xmax` is the next transaction id. */
  xmin: string;
  xmax: string;
}

/** Changes numbered in one transaction, at most. */
const STEP = 5_000;

/**
 * Numbers what is below the horizon (at most 5,000 changes).
 * @param wait true waits for another process that is numbering; false returns at once
 */
export async function sequence(pool: Pool, wait = false): Promise<Sequenced> {
  const result = await pool.query<{ moved: number; xmin: string; xmax: string }>({
    name: 'feed_next',
    text: `select feed_next($1, $2) as moved, pg_snapshot_xmin(s)::text as xmin, pg_snapshot_xmax(s)::text as xmax
      from pg_current_snapshot() as s`,
    values: [STEP, wait],
  });
  const row = result.rows[0];
  if (!row) throw new Error('feed_next returned nothing');
  return { moved: Math.max(0, row.moved), elsewhere: row.moved < 0, xmin: row.xmin, xmax: row.xmax };
}

/** Numbered changes after `after`, oldest first, at most `limit`. */
export async function readFeed(pool: Pool, after: number, limit: number): Promise<FeedRow[]> {
  const result = await pool.query<{
    feed_no: number;
    type: string;
    resource_id: string;
    version: number;
    op: FeedRow['op'];
    at: Date;
  }>({
    name: 'feed_read',
    text: `select feed_no, type, resource_id, version, op, at from feed where feed_no > $1 order by feed_no limit $2`,
    values: [after, limit],
  });
  return result.rows.map((row) => ({
    feedNo: Number(row.feed_no),
    type: row.type,
    id: row.resource_id,
    version: row.version,
    op: row.op,
    at: row.at,
  }));
}

/** The newest number, 0 when the feed is empty. */
export async function feedHead(pool: Pool): Promise<number> {
  const result = await pool.query<{ head: string | number | null }>({
    name: 'feed_head',
    text: 'select max(feed_no) as head from feed',
  });
  return Number(result.rows[0]?.head ?? 0);
}

export interface Sequencer extends Loop {
  /** Seconds since the horizon moved while a transaction holds it: a gauge with an alarm. 0 when nothing holds it. */
  horizonAge(): number;
}

export interface SequencerOptions {
  pool: Pool;
  /** Called after changes were numbered, with the count: wakes the readers of the feed in this process. */
  onMoved: (moved: number) => void;
  onError: (error: unknown) => void;
  /** Milliseconds between two looks when nobody wakes it; at most 250 (house.md section 4). */
  everyMs?: number;
}

/** Starts this process's sequencer; any number of processes may run one. Wake it after every commit of a write. */
export function startSequencer(options: SequencerOptions): Sequencer {
  const { pool, everyMs = 250 } = options;
  const horizon = horizonClock();
  const loop = startLoop({
    everyMs,
    // Commits that arrive together are numbered together: each step is a transaction with a flush of its own, and at a
    // hundred a second they took a tenth of what writers could have used; at 25 a second the pumps with the seal still
    // took 7 % of a core. A lone write waits for none of it.
    debounceMs: 100,
    onError: options.onError,
    run: async () => {
      const { moved, xmin, xmax } = await sequence(pool);
      horizon.seen(xmin, xmax, Date.now());
      if (moved > 0) options.onMoved(moved);
      return moved === STEP;
    },
  });
  return { ...loop, horizonAge: () => horizon.age(Date.now()) };
}

/** Age of the horizon from what is seen of it: no privilege on other sessions is needed. Times in milliseconds. */
export function horizonClock(): { seen(xmin: string, xmax: string, now: number): void; age(now: number): number } {
  let held: { xmin: string; since: number } | null = null;
  return {
    seen: (xmin, xmax, now) => {
      if (xmin === xmax) held = null;
      else if (held?.xmin !== xmin) held = { xmin, since: now };
    },
    age: (now) => (held ? (now - held.since) / 1000 : 0),
  };
}

/** Remembers how far a reader of the feed has come (`feed_position`); never goes back. */
export async function rememberPosition(pool: Pool, reader: string, position: number): Promise<void> {
  await pool.query({
    name: 'feed_remember',
    text: `insert into feed_position (reader, position) values ($1, $2)
      on conflict (reader) do update set position = greatest(feed_position.position, excluded.position)`,
    values: [reader, position],
  });
}
