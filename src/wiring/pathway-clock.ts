/** The pathway clock on the record: it follows the feed for new EDDs and new referrals. */
import type { CareSettings } from '../care/ports.ts';
import { carePort } from '../http/operations/care.ts';
import { startClock } from '../jobs/clock.ts';
import { internalContext, internalContexts } from '../record/internal.ts';
import type { Context, Door } from '../record/types.ts';
import { feedHead } from '../store/feed.ts';
import { startLoop } from '../store/loop.ts';
import { eddChanges } from '../store/models/edd-changes.ts';
import { unadoptedReferrals } from '../store/models/unadopted.ts';
import type { Pool } from '../store/pool.ts';

const JOB = 'pathway clock';
/** After a restart the last stretch of the feed is looked at once more: the steps are idempotent. */
const LOOK_BACK = 1_000;

export interface PathwayClock {
  wake(): void;
  stop(): Promise<void>;
}

export async function startPathwayClock(
  door: Door,
  options: { pool: Pool; settings: CareSettings; onError: (error: unknown) => void },
): Promise<PathwayClock> {
  const { pool, settings, onError } = options;
  const portOf = (context: Context) => carePort(door, { ...context, operation: 'clock' }, settings);
  const clock = startClock({
    ports: async () => (await internalContexts(door, JOB)).map(portOf),
    unadopted: async () => {
      const found = await unadoptedReferrals(pool);
      const lost = found.filter(({ team }) => team === null).length;
      if (lost > 0) door.log.error('referrals without a team to address', { count: lost });
      const ready = found.flatMap(({ id, from, team }) => (team === null ? [] : [{ id, from, team }]));
      return Promise.all(
        ready.map(async ({ id, from, team }) => ({ id, team, port: portOf(await internalContext(door, from, JOB)) })),
      );
    },
    log: door.log,
  });
  let seen = Math.max(0, (await feedHead(pool)) - LOOK_BACK);
  const loop = startLoop({
    everyMs: 5_000,
    onError,
    run: async () => {
      const { patients, referrals, upTo } = await eddChanges(pool, seen);
      if (referrals) clock.referralsChanged();
      for (const patient of patients) clock.eddChanged(patient);
      const more = upTo - seen >= LOOK_BACK;
      seen = upTo;
      return more;
    },
  });
  return {
    wake: () => loop.wake(),
    stop: async () => {
      await loop.stop();
      await clock.stop();
    },
  };
}
