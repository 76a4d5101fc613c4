/**
 * The pathway clock at work (domain.md 1.2, 1.3 rule 6): held referrals go out when their day has come or the dating
 * scan is recorded, and a changed EDD recomputes windows. Follows the feed for EDD observations, and looks at every
 * held referral each minute, so that a missed wake or a restart loses nothing.
 */
import cron from 'node-cron';
import { recomputeForEdd, releaseHeld } from '../care/operations/referral-clock.ts';
import type { CarePort } from '../care/ports.ts';
import type { Log } from '../log.ts';

export interface ClockDeps {
  /** Ports of every service whose referrals are kept here, as the service itself at this moment. */
  ports(): Promise<CarePort[]>;
  log: Log;
}

export interface Clock {
  /** An EDD of this `Patient/..` was recorded or changed. */
  eddChanged(patient: string): void;
  /** Looks at all held referrals now; gives how many went out. */
  releaseDue(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts the clock of this process; several processes may run one: a lost race is a version conflict and is repeated. */
export function startClock(deps: ClockDeps): Clock {
  const waiting = new Set<string>();
  let running: Promise<void> = Promise.resolve();
  let stopped = false;

  const releaseDue = async (): Promise<number> => {
    let released = 0;
    for (const port of await deps.ports()) released += (await releaseHeld(port)).length;
    return released;
  };
  const work = async (): Promise<void> => {
    while (waiting.size > 0 && !stopped) {
      const patients = [...waiting];
      waiting.clear();
      for (const patient of patients) {
        for (const port of await deps.ports()) await recomputeForEdd(port, patient).catch(quiet(deps.log, patient));
      }
    }
  };
  const task = cron.schedule('* * * * *', () => {
    running = running.then(releaseDue).then(() => {}, quiet(deps.log, 'held'));
  });
  return {
    eddChanged: (patient) => {
      if (stopped) return;
      waiting.add(patient);
      running = running.then(work).catch(quiet(deps.log, patient));
    },
    releaseDue,
    stop: async () => {
      stopped = true;
      await task.stop();
      await running;
    },
  };
}

/** What one service may not see is another's business; anything else shows at the next minute's look. */
function quiet(log: Log, what: string): (error: unknown) => void {
  return (error) => log.debug('clock step left out', { what, error: error instanceof Error ? error.name : 'unknown' });
}
