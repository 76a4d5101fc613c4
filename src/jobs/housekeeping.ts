/** What is past its time is forgotten: page lists after 15 minutes, used token assertions after their expiry. */
import cron from 'node-cron';
import type { Log } from '../log.ts';

export interface Housekeeping {
  stop(): Promise<void>;
}

/** Runs each step every minute, each on its own: one that fails is logged and does not keep the others from running. */
export function startHousekeeping(steps: Readonly<Record<string, () => Promise<unknown>>>, log: Log): Housekeeping {
  let running: Promise<unknown> = Promise.resolve();
  const task = cron.schedule('* * * * *', () => {
    running = Promise.all(
      Object.entries(steps).map(([step, run]) =>
        run().catch((error: unknown) =>
          log.warn('housekeeping step failed', { step, error: error instanceof Error ? error.name : 'unknown' }),
        ),
      ),
    );
  });
  return {
    stop: async () => {
      await task.stop();
      await running;
    },
  };
}
