/** The seal: chains the audit trail in the order of the feed, within a second, in one statement (010-audit.sql). */
import { setTimeout } from 'node:timers/promises';
import type { Pool } from 'pg';
import { type Loop, startLoop } from './loop.ts';

/** Rows sealed in one transaction, at most; 5,000 take about 0.15 s on two shared cores. */
const STEP = 5_000;

/**
 * Seals everything below the horizon.
 * @param wait true waits for a sealer at work elsewhere, so that on return every record that was durable before the
 *   call and below the horizon is sealed; false returns at once
 * @returns rows sealed by this call
 */
export async function sealNow(pool: Pool, wait = true): Promise<number> {
  let total = 0;
  for (;;) {
    const result = await pool.query<{ sealed: number }>({
      name: 'audit_seal_next',
      text: 'select audit_seal_next($1, $2) as sealed',
      values: [STEP, wait],
    });
    const sealed = result.rows[0]?.sealed ?? 0;
    total += Math.max(0, sealed);
    if (sealed < STEP) return total;
  }
}

/** The service's transactions end within 5 seconds (`transaction_timeout`): nothing of ours is waited for longer. */
const HORIZON_MS = 6_000;
const HORIZON_POLL_MS = 10;

/**
 * Seals every record that was durable when it was called, so that whoever reads the trail misses none of them. A write
 * elsewhere that began before and is still open keeps records above the horizon: it is waited for, at most
 * HORIZON_MS (only a maintenance session of another role can take longer; its records then come with the next read).
 */
export async function sealDurable(pool: Pool): Promise<void> {
  const asked = await pool.query<{ next: string }>('select pg_snapshot_xmax(pg_current_snapshot())::text as next');
  const deadline = Date.now() + HORIZON_MS;
  for (;;) {
    const horizon = await pool.query<{ passed: boolean }>({
      name: 'audit_horizon',
      text: 'select pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8 as passed',
      values: [asked.rows[0]?.next],
    });
    await sealNow(pool);
    if (horizon.rows[0]?.passed === true || Date.now() > deadline) return;
    await setTimeout(HORIZON_POLL_MS);
  }
}

/** The end of the chain, or null when nothing is sealed yet. `hash` is hex. */
export async function chainHead(pool: Pool): Promise<{ seq: number; hash: string } | null> {
  const result = await pool.query<{ seq: string | number; hash: string }>(
    `select seq, encode(chain_hash, 'hex') as hash from audit_seal order by seq desc limit 1`,
  );
  const [last] = result.rows;
  return last === undefined ? null : { seq: Number(last.seq), hash: last.hash };
}

export interface SealerOptions {
  pool: Pool;
  /** Called each hour and at stop with the end of the chain, to keep it elsewhere; null keeps none. */
  checkpoint: ((head: { seq: number; hash: string }) => Promise<void>) | null;
  onError: (error: unknown) => void;
  /** Milliseconds between two seals: the longest a record stays unsealed is this plus the age of the horizon. */
  everyMs?: number;
}

const CHECKPOINT_MS = 3_600_000;

/** Starts this process's sealer; any number of processes may run one. `stop` seals once more and writes a checkpoint. */
export function startSealer(options: SealerOptions): Loop {
  const { pool, checkpoint, everyMs = 400 } = options;
  let written = Date.now();
  const keep = async (): Promise<void> => {
    const head = checkpoint === null ? null : await chainHead(pool);
    if (head !== null) await checkpoint?.(head);
  };
  const loop = startLoop({
    everyMs,
    // Many small seals cost more than few large ones: wakes do not shorten the pause.
    debounceMs: everyMs,
    onError: options.onError,
    run: async () => {
      await sealNow(pool, false);
      if (Date.now() - written >= CHECKPOINT_MS) {
        written = Date.now();
        await keep();
      }
      return false;
    },
  });
  return {
    ...loop,
    stop: async () => {
      await loop.stop();
      await sealNow(pool, true);
      await keep();
    },
  };
}
