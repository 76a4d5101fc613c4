/** The trail is proven each night; a result that is not whole is told loudly, and stays in the table of results. */
import cron from 'node-cron';
import type { Log } from '../log.ts';
import { proveTrail, type TrailKeeper, type TrailReport } from '../oversight/verify-trail.ts';
import type { Pool } from '../store/pool.ts';

export interface ProofJob {
  /** Proves it now; null when another process is at it. */
  run(): Promise<TrailReport | null>;
  stop(): Promise<void>;
}

export interface ProofJobOptions {
  pool: Pool;
  keeper: TrailKeeper;
  clock: () => Date;
  log: Log;
  /** Called with a report that is not whole. */
  broken: (report: TrailReport) => Promise<void>;
}

/** At a quiet hour, when the day's records are long sealed. */
const WHEN = '15 3 * * *';
/** Any fixed number of our own: one process proves. */
const LOCK = 7_203_040;

export function startNightlyProof(options: ProofJobOptions): ProofJob {
  const { pool, keeper, clock, log, broken } = options;
  let running: Promise<unknown> = Promise.resolve();
  const run = async (): Promise<TrailReport | null> => {
    const client = await pool.connect();
    try {
      const lock = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [LOCK]);
      if (lock.rows[0]?.mine !== true) return null;
      const report = await proveTrail(pool, keeper, { askedBy: 'nightly', now: clock(), from: null });
      await client.query('select pg_advisory_unlock($1)', [LOCK]);
      if (!report.ok) await broken(report);
      return report;
    } finally {
      // The lock ends with its session at the latest.
      client.release(true);
    }
  };
  const task = cron.schedule(
    WHEN,
    () => {
      running = run().catch((error: unknown) =>
        log.error('the nightly proof of the audit trail could not be made', {
          error: error instanceof Error ? error.name : 'unknown',
        }),
      );
    },
    { timezone: 'Europe/London' },
  );
  return {
    run,
    stop: async () => {
      await task.stop();
      await running;
    },
  };
}
