/** Tables of the event pump and the deliveries: positions, subscriptions, numbered events, leases (030-events.sql). */
import type { Pool } from 'pg';
import { inTransaction } from './transaction.ts';

export interface SubscriptionSettings {
  id: string;
  version: number;
  status: 'requested' | 'active' | 'error' | 'off';
  topic: string;
  subscriber: string;
  filters: { param: string; values: string[] }[];
  endpoint: string;
  content: 'empty' | 'id-only';
  timeoutMs: number;
  heartbeatMs: number | null;
  /** ISO instant or null. */
  ends: string | null;
}

export interface SubscriptionState extends SubscriptionSettings {
  error: string | null;
  /** The last number given to an event; 0 = none yet. */
  lastNumber: number;
  /** The last number that went out. */
  delivered: number;
  failingSince: Date | null;
  attempts: number;
}

export interface MatchedEvent {
  subscription: string;
  feedNo: number;
  focusType: string;
  focusId: string;
  at: Date;
}

export interface NumberedEvent extends MatchedEvent {
  number: number;
  sentAs: 'empty' | 'id-only' | null;
  dead: boolean;
}

/** How far a reader of the feed has come; 0 for a new one. */
export async function positionOf(pool: Pool, reader: string): Promise<number> {
  const sql = 'select position from feed_position where reader = $1';
  const { rows } = await pool.query<{ position: string | number }>({
    name: 'feed_position',
    text: sql,
    values: [reader],
  });
  return Number(rows[0]?.position ?? 0);
}

/** Changes numbered but not yet looked at by a reader: a gauge; one that only grows means the reader is stuck. */
export async function readerLag(pool: Pool, reader: string): Promise<number> {
  const sql = `select coalesce((select max(feed_no) from feed), 0)
    - coalesce((select position from feed_position where reader = $1), 0) as lag`;
  const { rows } = await pool.query<{ lag: string | number }>({ name: 'feed_lag', text: sql, values: [reader] });
  return Number(rows[0]?.lag ?? 0);
}

export interface MatchStep {
  reader: string;
  from: number;
  to: number;
  /** Subscriptions made or changed in this stretch of the feed. */
  settings: readonly SubscriptionSettings[];
  /** Permitted events in feed order. */
  events: readonly MatchedEvent[];
}

/**
 * Moves the reader from `from` to `to` and, in the same transaction, stores what it found: changed subscriptions, and
 * the events with each subscription's next dense numbers.
 * @returns false when another process has moved it meanwhile; nothing was stored then
 */
export function commitStep(pool: Pool, step: MatchStep): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    await client.query('insert into feed_position (reader, position) values ($1, 0) on conflict do nothing', [
      step.reader,
    ]);
    const moved = await client.query('update feed_position set position = $3 where reader = $1 and position = $2', [
      step.reader,
      step.from,
      step.to,
    ]);
    if (moved.rowCount !== 1) return false;
    for (const one of step.settings) await client.query(UPSERT, settingsValues(one));
    if (step.events.length > 0) {
      const values = [
        step.events.map((event) => event.subscription),
        step.events.map((event) => event.feedNo),
        step.events.map((event) => event.focusType),
        step.events.map((event) => event.focusId),
        step.events.map((event) => event.at.toISOString()),
      ];
      await client.query(NUMBER, values);
    }
    return true;
  });
}

// A new `requested` starts with a handshake at once; a status the service set itself changes nothing else.
const UPSERT = `insert into subscription
    (id, version, status, topic, subscriber, filters, endpoint, content, timeout_ms, heartbeat_ms, ends)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
  on conflict (id) do update set version = $2, status = $3, topic = $4, subscriber = $5, filters = $6, endpoint = $7,
    content = $8, timeout_ms = $9, heartbeat_ms = $10, ends = $11,
    error = case when $3 = 'error' then subscription.error end,
    failing_since = case when $3 = 'requested' then null else subscription.failing_since end,
    attempts = case when $3 = 'requested' then 0 else subscription.attempts end,
    next_attempt = case when $3 = 'requested' then '-infinity' else subscription.next_attempt end
  where subscription.version <= $2`;

function settingsValues(one: SubscriptionSettings): unknown[] {
  return [
    one.id,
    one.version,
    one.status,
    one.topic,
    one.subscriber,
    JSON.stringify(one.filters),
    one.endpoint,
    one.content,
    one.timeoutMs,
    one.heartbeatMs,
    one.ends,
  ];
}

const NUMBER = `with incoming as (
    select subscription, feed_no, focus_type, focus_id, at, ord
    from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[]) with ordinality
      as e (subscription, feed_no, focus_type, focus_id, at, ord)
  ), counts as (select subscription, count(*) as n from incoming group by subscription),
  heads as (
    update subscription s set last_number = s.last_number + c.n from counts c where s.id = c.subscription
    returning s.id, s.last_number - c.n as base
  )
  insert into subscription_event (subscription, number, feed_no, focus_type, focus_id, at)
  select i.subscription, h.base + row_number() over (partition by i.subscription order by i.ord),
    i.feed_no, i.focus_type, i.focus_id, i.at
  from incoming i join heads h on h.id = i.subscription`;

interface RawState {
  id: string;
  version: number;
  status: SubscriptionState['status'];
  error: string | null;
  topic: string;
  subscriber: string;
  filters: SubscriptionState['filters'];
  endpoint: string;
  content: SubscriptionState['content'];
  timeout_ms: number;
  heartbeat_ms: number | null;
  ends: Date | null;
  last_number: string | number;
  delivered: string | number;
  failing_since: Date | null;
  attempts: number;
}

function toState(raw: RawState): SubscriptionState {
  return {
    id: raw.id,
    version: raw.version,
    status: raw.status,
    error: raw.error,
    topic: raw.topic,
    subscriber: raw.subscriber,
    filters: raw.filters,
    endpoint: raw.endpoint,
    content: raw.content,
    timeoutMs: raw.timeout_ms,
    heartbeatMs: raw.heartbeat_ms,
    ends: raw.ends?.toISOString() ?? null,
    lastNumber: Number(raw.last_number),
    delivered: Number(raw.delivered),
    failingSince: raw.failing_since,
    attempts: raw.attempts,
  };
}

const STATE =
  'id, version, status, error, topic, subscriber, filters, endpoint, content, timeout_ms, heartbeat_ms, ends, last_number, delivered, failing_since, attempts';

/** Subscriptions that events are numbered for: all but those switched off. */
export async function liveSubscriptions(pool: Pool): Promise<SubscriptionState[]> {
  const { rows } = await pool.query<RawState>(`select ${STATE} from subscription where status <> 'off' order by id`);
  return rows.map(toState);
}

/** One subscription, or null. */
export async function subscriptionState(pool: Pool, id: string): Promise<SubscriptionState | null> {
  const { rows } = await pool.query<RawState>(`select ${STATE} from subscription where id = $1`, [id]);
  return rows[0] ? toState(rows[0]) : null;
}

/** Numbered events of a subscription in `[from, to]`, oldest first, at most `limit`. */
export async function eventsBetween(
  pool: Pool,
  range: { subscription: string; from: number; to: number; limit: number },
): Promise<NumberedEvent[]> {
  const { rows } = await pool.query<{
    number: string | number;
    feed_no: string | number;
    focus_type: string;
    focus_id: string;
    at: Date;
    sent_as: NumberedEvent['sentAs'];
    dead: boolean;
  }>({
    name: 'subscription_events',
    text: `select number, feed_no, focus_type, focus_id, at, sent_as, dead from subscription_event
      where subscription = $1 and number >= $2 and number <= $3 order by number limit $4`,
    values: [range.subscription, range.from, range.to, range.limit],
  });
  return rows.map((row) => ({
    subscription: range.subscription,
    number: Number(row.number),
    feedNo: Number(row.feed_no),
    focusType: row.focus_type,
    focusId: row.focus_id,
    at: row.at,
    sentAs: row.sent_as,
    dead: row.dead,
  }));
}
