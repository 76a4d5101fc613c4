/** Taking in what is there about a person, stretch by stretch: each its own commit, so that a large record can go on later. */
import { refuse } from '../../fhir/outcome.ts';
import { keepsRequests } from '../../governance/subject-access-rule.ts';
import type { Context, Door } from '../../record/types.ts';
import { collectItems } from '../../store/models/sar-items.ts';
import { changeJob, type SarJob, sarLines } from '../../store/models/sar-jobs.ts';
import { inTransaction } from '../../store/transaction.ts';
import { recordInside } from '../officer.ts';
import { inside, step, told } from './bench.ts';

/** Rows in one commit, and commits in one request: what is longer goes on with the next one. */
const STRETCH = 500;
const STRETCHES = 6;

/** Takes in what is there about her, from where it stopped. @returns true when all of it is in */
export function collect(door: Door, context: Context, reference: string): Promise<boolean> {
  return inside(door, context, { reference, act: 'collect' }, async (found, entry) => {
    if (!keepsRequests(context.principal.role))
      throw refuse(409, 'business-rule', 'This step is for those who keep requests.');
    const done = new Set((await sarLines(door.pool, found.id)).map(({ kind }) => kind));
    if (!done.has('verify')) throw refuse(409, 'business-rule', 'Who asks has to be verified first (R-28).');
    if (found.asker !== 'self' && !done.has('authority'))
      throw refuse(409, 'business-rule', 'What lets this person ask for another one comes first (R-28, R-29).');
    let job = found;
    for (let stretch = 0; stretch < STRETCHES; stretch += 1) {
      const place = await told(() => collectStretch(door, job, entry));
      if (place === null) {
        const change = { place: '', collected: context.now };
        await step(door, context, { job, entry, change }, { kind: 'collect', words: '' });
        return true;
      }
      job = { ...job, place, version: job.version + 1 };
    }
    return false;
  });
}

function collectStretch(door: Door, job: SarJob, entry: Parameters<typeof step>[2]['entry']): Promise<string | null> {
  const { subject, child, classes, wantsVersions: versions, place: after } = job;
  return inTransaction(door.pool, async (client) => {
    const asked = { job: job.id, subject, child, classes, versions, after, limit: STRETCH };
    const place = await collectItems(client, asked);
    if (place === null) return null;
    if (!(await changeJob(client, job, { place })))
      throw refuse(409, 'conflict', 'A colleague is collecting; look at the request again.');
    await recordInside(client, entry);
    return place;
  });
}
