/** The start of a health professional: requests for a record that ask for her opinion. */
import { type Asked, askedOfMe } from '../oversight/sar/asked.ts';
import type { Context } from '../record/types.ts';
import type { Page } from './pages.ts';
import { clockWords } from './request-words.ts';
import { shownDay } from './times.ts';
import type { Visit } from './visit.ts';

export const ASKED = '/console/asked-of-me';

export async function askedPage(visit: Visit, context: Context): Promise<Page> {
  const asked = await askedOfMe(visit.deps.door, context);
  return { status: 200, template: 'asked', context: { asked: asked.map(rowOf) } };
}

function rowOf({ job, clock, given, toDecide, toReview }: Asked) {
  return {
    reference: job.reference,
    clock: clockWords(clock),
    late: clock.left < 0,
    due: shownDay(clock.due),
    waits: job.collected === null ? 'Nothing has been collected yet' : waits({ given, toDecide, toReview }),
  };
}

function waits({ given, toDecide, toReview }: Pick<Asked, 'given' | 'toDecide' | 'toReview'>): string {
  const items = (n: number, what: string) => (n === 0 ? [] : [`${n} ${n === 1 ? 'item' : 'items'} ${what}`]);
  const parts = [
    ...(given ? [] : ['Your opinion on serious harm']),
    ...items(toDecide, 'to decide'),
    ...items(toReview, 'for a second person'),
  ];
  return parts.length === 0 ? 'Nothing more from you' : parts.join(', ');
}
