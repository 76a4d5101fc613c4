/** What a health professional is asked for: the running requests that name her, with what waits for her in each. */
import { mayJudgeHarm } from '../../governance/subject-access-rule.ts';
import type { Context, Door } from '../../record/types.ts';
import { itemCounts } from '../../store/models/sar-items.ts';
import { jobsOf, type SarJob, sarLines } from '../../store/models/sar-jobs.ts';
import { onList } from './bench.ts';
import { type Clock, clockIn } from './clock.ts';

export interface Asked {
  job: SarJob;
  clock: Clock;
  /** Her opinion on what is collected now has been given. */
  given: boolean;
  /** Items without a decision, and decided items that a second person looks at. */
  toDecide: number;
  toReview: number;
}

const SHOWN = 100;

/** Whose record it is stays out. Nothing for somebody whose role may not judge. @throws Outcome 403 */
export function askedOfMe(door: Door, context: Context): Promise<Asked[]> {
  return onList(door, context, 'sar-asked', async (entry) => {
    const { role, practitionerRole } = context.principal;
    const mine = practitionerRole !== undefined && mayJudgeHarm(role);
    const jobs = mine ? await jobsOf(door.pool, practitionerRole, SHOWN) : [];
    const asked: Asked[] = [];
    for (const job of jobs.filter(({ ended }) => ended === null)) {
      const lines = await sarLines(door.pool, job.id);
      const counts = await itemCounts(door.pool, job.id);
      const since = job.collected?.toISOString() ?? null;
      const given = lines.some((one) => one.kind === 'opinion' && since !== null && one.at >= since);
      const clock = clockIn(job, lines, context.now);
      asked.push({ job, clock, given, toDecide: counts.open + counts.returned, toReview: counts.second });
    }
    await door.audit.write(entry);
    return asked;
  });
}
