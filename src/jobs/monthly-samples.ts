/** On the first days of each month the samples of the month before are drawn; a month that is drawn is drawn once. */
import cron from 'node-cron';
import type { Log } from '../log.ts';
import { drawMonth, monthBefore } from '../oversight/samples.ts';
import type { Pool } from '../store/pool.ts';

export interface SampleJob {
  /** Draws what the month before now lacks. */
  run(): Promise<number>;
  stop(): Promise<void>;
}

/** Three mornings, so that a service that was down on the first is no reason for a month without a sample. */
const WHEN = '45 3 1-3 * *';

export function startSamples(options: { pool: Pool; size: number; clock: () => Date; log: Log }): SampleJob {
  const { pool, size, clock, log } = options;
  let running: Promise<unknown> = Promise.resolve();
  const run = (): Promise<number> => drawMonth(pool, monthBefore(clock()), { size, by: 'monthly' });
  const task = cron.schedule(
    WHEN,
    () => {
      running = run().catch((error: unknown) =>
        log.error('the samples of the month could not be drawn', { error: error instanceof Error ? error.name : '' }),
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
