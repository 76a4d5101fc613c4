/**
 * Who goes on with a replay: one process at a time under a short lease, in stretches of two seconds. Each stretch is kept
 * with the place it came to, in one statement that holds only while the lease does; a process that dies is replaced when
 * its lease runs out, and what it had not kept is counted again, not twice. No transaction is open while a stretch is worked.
 */
import { randomUUID } from 'node:crypto';
import { AS_IT_IS, type RuleSettings } from '../governance/what-if.ts';
import type { Door } from '../record/types.ts';
import { endReplay, leaveReplay, moveReplay, type ReplayWork, takeReplay } from '../store/models/replays.ts';
import type { StandingRows } from '../store/standing.ts';
import { EMPTY_RESULT, type ReplayResult, ReplayTally } from './replay-count.ts';
import { MAX_RECORDS, replayStretch } from './replay-run.ts';
import type { ReplayWorlds } from './replay-world.ts';

/** A stretch ends after two seconds and one search, which the store gives up after eight, twice. */
const LEASE_SECONDS = 30;
/** What ended this many processes one after the other is given up. */
const MOST_TAKEN = 3;

export interface ReplayWorker {
  /** Works one stretch of the replay that runs, when no other process does. @returns true when there is more to do */
  step(): Promise<boolean>;
  /** Lets another process go on at once. */
  leave(): Promise<void>;
}

export function createReplayWorker(door: Door, owner: string = randomUUID()): ReplayWorker {
  let known: { id: string; standings: Map<string, StandingRows> } | null = null;
  return {
    step: async () => {
      const work = await takeReplay(door.pool, owner, LEASE_SECONDS);
      if (work === null) return false;
      if (known?.id !== work.id) known = { id: work.id, standings: new Map() };
      const { id } = work;
      try {
        return await worked({ door, owner, standings: known.standings }, work);
      } catch (error) {
        // The class only: a message may quote the record (H8).
        door.log.error('a replay failed', { error: error instanceof Error ? error.name : 'unknown' });
        // A database that was away is no reason to give up; what fails each time is.
        if (work.taken < MOST_TAKEN) await leaveReplay(door.pool, owner);
        else await endReplay(door.pool, owner, { id, state: 'failed', result: work.tally });
        return false;
      }
    },
    leave: () => leaveReplay(door.pool, owner),
  };
}

interface Working {
  door: Door;
  owner: string;
  standings: Map<string, StandingRows>;
}

async function worked({ door, owner, standings }: Working, work: ReplayWork): Promise<boolean> {
  const { id, first, place } = work;
  if (work.taken > MOST_TAKEN) throw new Error('it ended every process that took it up');
  const tally = new ReplayTally(kept(work.tally) ?? EMPTY_RESULT);
  const replaying = { door, worlds: worldsOf(work), tally, standings };
  const next = place <= first ? first : await replayStretch(replaying, { first, before: place });
  const isFull = tally.records >= MAX_RECORDS;
  if (next > first && !isFull)
    return moveReplay(door.pool, owner, { id, from: place, place: next, tally: JSON.stringify(tally.total(false)) });
  const result = JSON.stringify(tally.total(next > first));
  await endReplay(door.pool, owner, { id, state: 'done', result });
  return false;
}

/** Both texts were written by this room. */
function kept(tally: string | null): ReplayResult | null {
  return tally === null ? null : JSON.parse(tally);
}

function worldsOf({ worlds }: ReplayWork): ReplayWorlds {
  const { present, proposed }: ReplayWorlds = JSON.parse(worlds);
  return {
    present: { ...present, settings: settingsOf(present.settings) },
    proposed: { ...proposed, settings: settingsOf(proposed.settings) },
  };
}

/** The rules as they are under their one name, so that nothing is built anew for them. */
function settingsOf(settings: RuleSettings): RuleSettings {
  return JSON.stringify(settings) === JSON.stringify(AS_IT_IS) ? AS_IT_IS : settings;
}
