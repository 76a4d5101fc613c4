/** Replays of recorded requests, gone on with by this process when no other does. */
import { setTimeout } from 'node:timers/promises';
import { createReplayWorker } from '../oversight/replay-work.ts';
import type { Door } from '../record/types.ts';
import { startLoop } from '../store/loop.ts';

const EVERY_MS = 1_000;
/** Between two stretches: a replay is worked beside the requests, not before them. */
const PAUSE_MS = 20;

export function startReplays(door: Door, onError: (error: unknown) => void): { stop(): Promise<void> } {
  const worker = createReplayWorker(door);
  const loop = startLoop({
    everyMs: EVERY_MS,
    run: async () => {
      const more = await worker.step();
      if (more) await setTimeout(PAUSE_MS);
      return more;
    },
    onError,
  });
  return {
    stop: async () => {
      await loop.stop();
      await worker.leave().catch(onError);
    },
  };
}
