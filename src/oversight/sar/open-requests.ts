/** Counts for the page of those who keep requests: what runs, what is late, what waits for them. No content, nobody's name. */
import { keepsRequests } from '../../governance/subject-access-rule.ts';
import type { Context, Door } from '../../record/types.ts';
import { wishesFor } from '../../store/models/retention.ts';
import { openJobs } from '../../store/models/sar-jobs.ts';
import { personOf } from './bench.ts';
import { clockIn } from './clock.ts';

export interface OpenRequests {
  /** Requests that still run. */
  open: number;
  /** Past their last day. */
  late: number;
  /** With a week or less left. */
  soon: number;
  /** Waiting for her to say what she means. */
  still: number;
  /** With no health professional named. */
  unnamed: number;
  /** Nothing is missing: they can be released. */
  ready: number;
  /** Wishes of retention and hold that another person made and that wait for a second one. */
  wishes: number;
}

const SOON_DAYS = 7;

/** Null for everybody who keeps no requests. The caller records her page: these are counts alone. */
export async function openRequests(door: Door, context: Context): Promise<OpenRequests | null> {
  if (!keepsRequests(context.principal.role)) return null;
  const jobs = await openJobs(door.pool);
  const clocks = jobs.map(({ received, lines }) => clockIn({ received, ended: null }, lines, context.now));
  return {
    open: jobs.length,
    late: clocks.filter(({ left }) => left < 0).length,
    soon: clocks.filter(({ left }) => left >= 0 && left <= SOON_DAYS).length,
    still: clocks.filter(({ paused }) => paused).length,
    unnamed: jobs.filter(({ professional }) => professional === null).length,
    ready: jobs.filter(({ ready }) => ready).length,
    wishes: await wishesFor(door.pool, personOf(context).person),
  };
}
