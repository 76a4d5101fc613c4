/**
 * Who delivers for a subscription: a lease in its row, so that no transaction is open while the network is waited for.
 * It ends by time, and at once when its process is gone (`living` of `wake.ts`): after a kill -9 the next notification used
 * to wait for the lease, 45 s. Times are the database's.
 */
import type { Pool } from 'pg';
import { type SubscriptionState, subscriptionState } from './subscriptions.ts';

export interface Lease {
  subscription: string;
  owner: string;
}

/** A lease to be taken. */
export interface Claim {
  owner: string;
  leaseMs: number;
  /** Session lock that this process holds while it lives; null = only time ends the lease. */
  living: string | null;
}

/**
 * Takes the lease of one subscription that has something to do: a handshake, an event, a heartbeat, an end that passed.
 * @returns its state and whether its end has passed, or null when nothing is due
 */
export async function claimDue(
  pool: Pool,
  { owner, leaseMs, living }: Claim,
): Promise<{ state: SubscriptionState; ended: boolean } | null> {
  const { rows } = await pool.query<{ id: string; ended: boolean | null }>({
    name: 'subscription_claim',
    text: `update subscription set lease_owner = $1, lease_until = clock_timestamp() + make_interval(secs => $2 / 1000.0),
        lease_key = $3
      where id = (
        select id from subscription
        where (lease_until < clock_timestamp() or pg_try_advisory_xact_lock_shared(lease_key))
          and next_attempt <= clock_timestamp() and (
          status = 'requested'
          or status = 'active' and (delivered < last_number
            or coalesce(last_sent, '-infinity') + make_interval(secs => heartbeat_ms / 1000.0) <= clock_timestamp()
            or ends <= clock_timestamp()))
        order by next_attempt, id limit 1 for update skip locked)
      returning id, ends <= clock_timestamp() as ended`,
    values: [owner, leaseMs, living],
  });
  const due = rows[0];
  const state = due ? await subscriptionState(pool, due.id) : null;
  return due && state ? { state, ended: due.ended ?? false } : null;
}

/** Renews a lease that is still held and whose subscription is still active (or requested); false: stop at once. */
export async function renewLease(pool: Pool, lease: Lease, leaseMs: number): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'subscription_renew',
    text: `update subscription set lease_until = clock_timestamp() + make_interval(secs => $3 / 1000.0)
      where id = $1 and lease_owner = $2 and lease_until > clock_timestamp() and status in ('active', 'requested')`,
    values: [lease.subscription, lease.owner, leaseMs],
  });
  return rowCount === 1;
}

/** Gives the lease back, when it is still held. */
export async function releaseLease(pool: Pool, lease: Lease): Promise<void> {
  await pool.query({
    name: 'subscription_release',
    text: `update subscription set lease_owner = null, lease_until = '-infinity' where id = $1 and lease_owner = $2`,
    values: [lease.subscription, lease.owner],
  });
}

/** Notes that event `number` went out, only as the next one and only under the lease. */
export async function markSent(
  pool: Pool,
  lease: Lease,
  number: number,
  sentAs: 'empty' | 'id-only',
): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'subscription_sent',
    text: `with head as (
        update subscription set delivered = $3, attempts = 0, failing_since = null, next_attempt = '-infinity',
          last_sent = clock_timestamp()
        where id = $1 and lease_owner = $2 and delivered = $3::bigint - 1
        returning id
      )
      update subscription_event e set sent_as = $4, sent_at = clock_timestamp(), dead = false
      from head where e.subscription = head.id and e.number = $3`,
    values: [lease.subscription, lease.owner, number, sentAs],
  });
  return rowCount === 1;
}

/** Notes a heartbeat or handshake that was answered. */
export async function markAlive(pool: Pool, lease: Lease): Promise<void> {
  await pool.query({
    name: 'subscription_alive',
    text: `update subscription set last_sent = clock_timestamp(), attempts = 0, next_attempt = '-infinity'
      where id = $1 and lease_owner = $2`,
    values: [lease.subscription, lease.owner],
  });
}

/**
 * Notes a failure and when to try again.
 * @returns milliseconds since the first failure of what is waiting
 */
export async function markFailed(pool: Pool, lease: Lease, pauseMs: number): Promise<number> {
  const { rows } = await pool.query<{ failing: number }>({
    name: 'subscription_failed',
    text: `update subscription set attempts = attempts + 1, failing_since = coalesce(failing_since, clock_timestamp()),
        next_attempt = clock_timestamp() + make_interval(secs => $3 / 1000.0)
      where id = $1 and lease_owner = $2
      returning extract(epoch from clock_timestamp() - failing_since)::float8 * 1000 as failing`,
    values: [lease.subscription, lease.owner, pauseMs],
  });
  return rows[0]?.failing ?? 0;
}

/** A dead letter: event `number` could not be delivered in time. It stays the next one for when the client returns. */
export async function markDead(pool: Pool, lease: Lease, number: number): Promise<void> {
  await pool.query('update subscription_event set dead = true where subscription = $1 and number = $2', [
    lease.subscription,
    number,
  ]);
}

/**
 * Sets the status deliveries go by. `version` is the one that was decided on; the change of status itself made the next,
 * which the pump may already have brought.
 */
export async function markStatus(
  pool: Pool,
  lease: Lease,
  change: { version: number; status: SubscriptionState['status']; error: string | null },
): Promise<void> {
  await pool.query({
    name: 'subscription_status',
    text: `update subscription set status = $3, error = $4 where id = $1 and version between $2 and $2 + 1`,
    values: [lease.subscription, change.version, change.status, change.error],
  });
}

/** Dead letters for administrators: newest first. */
export async function deadLetters(
  pool: Pool,
  limit: number,
): Promise<{ subscription: string; number: number; at: Date; error: string | null }[]> {
  const { rows } = await pool.query<{ subscription: string; number: string | number; at: Date; error: string | null }>(
    `select e.subscription, e.number, e.at, s.error from subscription_event e join subscription s on s.id = e.subscription
     where e.dead order by e.at desc limit $1`,
    [limit],
  );
  return rows.map((row) => ({ ...row, number: Number(row.number) }));
}
