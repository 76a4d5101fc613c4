/** The proof of the access record (Q13): the results that are kept, and proving it now from yesterday's checkpoint on. */
import { proveRecent, readProofs } from '../oversight/verify-trail.ts';
import type { Context } from '../record/types.ts';
import type { Page } from './pages.ts';
import { shownTime } from './times.ts';
import type { Visit } from './visit.ts';

export async function proofPage(visit: Visit, context: Context): Promise<Page> {
  const { checks, places } = await readProofs(visit.deps.door, context, visit.deps.keeper);
  return {
    status: 200,
    template: 'proof',
    context: {
      places,
      checks: checks.map((one) => ({
        ...one,
        at: shownTime(one.at),
        records: one.records.toLocaleString('en-GB'),
        askedBy: one.askedBy === 'nightly' ? 'Each night' : one.askedBy,
      })),
    },
  };
}

export async function proofPosted(visit: Visit, context: Context): Promise<Page> {
  await proveRecent(visit.deps.door, context, visit.deps.keeper);
  return { redirect: '/console/proof' };
}
