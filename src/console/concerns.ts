/** Concerns about a child's safety: the queue of safeguarding, newest first. */
import { concernQueue } from '../record/concern.ts';
import type { Context } from '../record/types.ts';
import type { Page } from './pages.ts';
import { shownTime } from './times.ts';
import type { Visit } from './visit.ts';

export async function concernsPage(visit: Visit, context: Context): Promise<Page> {
  const texts = await concernQueue(visit.deps.door, context);
  const concerns = texts.map(({ receipt, n, at, authorName, about, patient, words }) => ({
    ...{ receipt, by: authorName, about, words, added: n > 1, known: patient !== null, at: shownTime(at) },
  }));
  return { status: 200, template: 'concerns', context: { concerns } };
}
