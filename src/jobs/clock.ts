/**
 * The pathway clock at work (domain.md 1.2, 1.3 rule 6): held referrals go out when their day has come or the dating
 * scan is recorded, and a changed EDD recomputes windows. Follows the feed for EDD observations, and looks at every
 * held referral each minute, so that a missed wake or a restart loses nothing.
 */
import cron from 'node-cron';
import { adoptReferral } from '../care/operations/refer.ts';
import { recomputeForEdd, releaseHeld } from '../care/operations/referral-clock.ts';
import type { CarePort } from '../care/ports.ts';
import type { Log } from '../log.ts';

export interface ClockDeps {
  /** Ports of every service whose referrals are kept here, as the service itself at this moment. */
  ports(): Promise<CarePort[]>;
  /** The port of one service (`Organization/..`). */
  portOf(service: string): Promise<CarePort>;
  /** Referrals that came without a Task, with the port of the service that sent each. */
  unadopted(): Promise<{ id: string; team: string; port: CarePort }[]>;
  log: Log;
}

export interface Clock {
  /** The EDD of this `Patient/..` was recorded or changed, and this service has an open referral of her. */
  eddChanged(patient: string, service: string): void;
  /** ServiceRequests changed: gives those without a Task their Task. */
  referralsChanged(): void;
  /** Looks at all held referrals now; gives how many went out. */
  releaseDue(): Promise<number>;
  /** Resolves when everything asked so far has been looked at. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the clock of this process; several processes may run one: a lost race is a version conflict and is repeated. */
export function startClock(deps: ClockDeps): Clock {
  const waiting = new Map<string, string>();
  let running: Promise<void> = Promise.resolve();
  let stopped = false;

  const releaseDue = async (): Promise<number> => {
    let released = 0;
    for (const port of await deps.ports()) released += (await releaseHeld(port)).length;
    return released;
  };
  const adopt = async (): Promise<void> => {
    for (const { id, team, port } of await deps.unadopted()) {
      await adoptReferral(port, id, team).catch(quiet(deps.log, `ServiceRequest/${id}`));
    }
  };
  const work = async (): Promise<void> => {
    while (waiting.size > 0 && !stopped) {
      const women = [...waiting];
      waiting.clear();
      for (const [patient, service] of women) {
        await recomputeForEdd(await deps.portOf(service), patient).catch(quiet(deps.log, patient));
      }
    }
  };
  const task = cron.schedule('* * * * *', () => {
    running = running
      .then(adopt)
      .then(releaseDue)
      .then(() => {}, quiet(deps.log, 'held'));
  });
  return {
    eddChanged: (patient, service) => {
      if (stopped) return;
      waiting.set(patient, service);
      running = running.then(work).catch(quiet(deps.log, patient));
    },
    referralsChanged: () => {
      if (!stopped) running = running.then(adopt).catch(quiet(deps.log, 'adopt'));
    },
    releaseDue,
    idle: () => running,
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
