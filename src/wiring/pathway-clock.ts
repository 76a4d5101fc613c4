/** The pathway clock on the record: it follows the feed for new EDDs and new referrals. */
import type { CareSettings } from '../care/ports.ts';
import { carePort } from '../http/operations/care.ts';
import { startClock } from '../jobs/clock.ts';
import { internalContext, internalContexts } from '../record/internal.ts';
import type { Context, Door } from '../record/types.ts';
import { rememberPosition } from '../store/feed.ts';
import { startLoop } from '../store/loop.ts';
import { eddChanges } from '../store/models/edd-changes.ts';
import { unadoptedReferrals } from '../store/models/unadopted.ts';
import type { Pool } from '../store/pool.ts';
import { positionOf } from '../store/subscriptions.ts';

const JOB = 'pathway clock';
/** Places of the feed in one step. */
const STEP = 1_000;
/** Idle stretches of the feed are remembered this often: a flush of its own for each step would cost every writer. */
const REMEMBER_MS = 10_000;

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
    portOf: async (service) => portOf(await internalContext(door, service, JOB)),
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
  let seen = await positionOf(pool, JOB);
  let remembered = seen;
  let rememberedAt = Date.now();
  const loop = startLoop({
    everyMs: 5_000,
    debounceMs: 200,
    onError,
    run: async () => {
      const { open, referrals, upTo } = await eddChanges(pool, seen);
      if (referrals) clock.referralsChanged();
      for (const { patient, service } of open) clock.eddChanged(patient, service);
      const worked = referrals || open.length > 0;
      // Forgotten work is done again after a crash: the steps are idempotent.
      if (worked) await clock.idle();
      const more = upTo - seen >= STEP;
      seen = upTo;
      if (seen > remembered && (worked || Date.now() - rememberedAt > REMEMBER_MS)) {
        await rememberPosition(pool, JOB, seen);
        remembered = seen;
        rememberedAt = Date.now();
      }
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
