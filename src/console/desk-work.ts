/** Lists officers work through: break-glass and claims with their clock, accesses to explain, referrals that did not arrive. */

import { londonDate } from '../fhir/london.ts';
import { serviceNames } from '../oversight/agreements.ts';
import { explain, readReviews, readStuck, readUnexplained } from '../oversight/desk-work.ts';
import type { Context } from '../record/types.ts';
import { type FieldError, readWords } from './access-form.ts';
import type { Page } from './pages.ts';
import { shownDay, shownTime } from './times.ts';
import type { Visit } from './visit.ts';
import { sideWords } from './waits.ts';
import { interactionWords, labelWords, reasonWords, roleWords, typeWords } from './words.ts';

export async function reviewsPage(visit: Visit, context: Context): Promise<Page> {
  const today = londonDate(context.now);
  const reviews = (await readReviews(visit.deps.door, context)).map((one) => ({
    ...one,
    at: shownTime(one.at),
    due: shownDay(one.due),
    overdue: one.due < today,
    isToday: one.due === today,
  }));
  return { status: 200, template: 'reviews', context: { reviews } };
}

const seqOf = (visit: Visit): number => (/^[1-9]\d{0,14}$/.test(visit.look) ? Number(visit.look) : 0);

export function accessPage(visit: Visit, context: Context): Promise<Page> {
  return oneAccess(visit, context, { status: 200, words: '', errors: [] });
}

async function oneAccess(
  visit: Visit,
  context: Context,
  { status, words, errors }: { status: number; words: string; errors: FieldError[] },
): Promise<Page> {
  const { seq, at, name, role, interaction, types, label } = await readUnexplained(
    visit.deps.door,
    context,
    seqOf(visit),
  );
  return {
    status,
    template: 'access-explain',
    context: {
      ...{ seq, name, words, errors, at: shownTime(at) },
      role: role === null ? null : roleWords(role),
      what: [interactionWords(interaction), ...types.slice(0, 4).map(typeWords)].join(': '),
      label: label === null ? null : labelWords(label),
    },
  };
}

export async function accessPosted(visit: Visit, context: Context): Promise<Page> {
  const { words, errors } = readWords(visit.form.get('words') ?? '', 'words', 15);
  if (errors.length > 0) return oneAccess(visit, context, { status: 422, words, errors });
  await explain(visit.deps.door, context, seqOf(visit), words);
  return { redirect: '/console/accesses' };
}

export async function notArrivedPage(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const [found, names] = [await readStuck(door, context), await serviceNames(door)];
  const referrals = found.map(({ at, type, reason, from, to, ...one }) => ({
    ...one,
    at: shownTime(at),
    what: typeWords(type),
    why: reason === null ? 'It could not be delivered' : reasonWords(reason),
    from: sideWords(from, names),
    to: sideWords(to, names),
  }));
  return { status: 200, template: 'not-arrived', context: { referrals } };
}
