/** The night of the records: what is due is listed; what two people approved is destroyed, with a certificate. */
import cron from 'node-cron';
import { destroyApproved, lookAtRetention } from '../oversight/retention.ts';
import { certifySchedule } from '../oversight/retention-schedule.ts';
import { type RetentionJob, removeSegments } from '../oversight/trail-removal.ts';

/** Before the nightly proof, so that it proves what is left. */
const WHEN = '15 2 * * *';

/** Looks, destroys and removes now. */
export async function runRetention(job: RetentionJob): Promise<{ destroyed: number; segments: number }> {
  await certifySchedule(job);
  await lookAtRetention(job);
  const destroyed = await destroyApproved(job);
  return { destroyed, segments: await removeSegments(job) };
}

export function startRetention(job: RetentionJob): { stop(): Promise<void> } {
  let running: Promise<unknown> = Promise.resolve();
  const task = cron.schedule(
    WHEN,
    () => {
      running = runRetention(job).catch((error: unknown) =>
        job.log.error('the nightly look at retention failed', {
          error: error instanceof Error ? error.name : 'unknown',
        }),
      );
    },
    { timezone: 'Europe/London' },
  );
  return {
    stop: async () => {
      await task.stop();
      await running;
    },
  };
}
