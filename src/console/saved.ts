/** Keeping a question under a name, and letting it go. */
import { enterDesk } from '../oversight/officer.ts';
import { dropQuestion, keepQuestion } from '../oversight/saved.ts';
import type { Context } from '../record/types.ts';
import { message, type Page } from './pages.ts';
import type { Visit } from './visit.ts';

const KEPT = [
  'question',
  'who',
  'case',
  'rule',
  'from-day',
  'from-month',
  'from-year',
  'to-day',
  'to-month',
  'to-year',
];
const LONG_NUMBER = /(?:\d[\s-]?){10}/;

export async function savedPosted(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const name = (visit.form.get('name') ?? '').trim().slice(0, 80);
  if (visit.form.get('act') === 'forget') {
    await dropQuestion(door, context, name);
    return { redirect: '/console/questions' };
  }
  const address = new URLSearchParams();
  for (const one of KEPT) {
    const value = (visit.form.get(one) ?? '').slice(0, 100);
    if (value !== '') address.set(one, value);
  }
  if (name === '' || LONG_NUMBER.test(name) || LONG_NUMBER.test(visit.form.get('who') ?? '')) {
    await enterDesk(door, context);
    return message(422, 'The question was not kept', ['Give it a name without any long number.'], {
      href: `/console/questions?${address}`,
      text: 'Back to the question',
    });
  }
  await keepQuestion(door, context, { name, address: address.toString() });
  return { redirect: `/console/questions?${address}` };
}
