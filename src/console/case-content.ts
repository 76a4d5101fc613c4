/** What was read, shown to a Caldicott Guardian inside a case. */
import { caseContent } from '../oversight/case-content.ts';
import type { Context } from '../record/types.ts';
import { readWords } from './access-form.ts';
import { message, type Page } from './pages.ts';
import type { Visit } from './visit.ts';
import { typeWords } from './words.ts';

const LEAST = 15;

export async function contentPosted(visit: Visit, context: Context): Promise<Page> {
  const typed = (visit.form.get('record') ?? '').trim();
  const record = /^[1-9]\d{0,14}$/.test(typed) ? Number(typed) : 0;
  const { words, errors } = readWords(visit.form.get('content-words') ?? '', 'content-words', LEAST);
  const back = { href: `/console/cases/${visit.look}`, text: 'Back to the case' };
  const shown = await caseContent(visit.deps.door, context, visit.look, {
    record: errors.length > 0 ? 0 : record,
    words,
  }).catch((error: unknown) => {
    if (record !== 0 && errors.length === 0) throw error;
    return null;
  });
  if (shown === null || errors.length > 0 || record === 0)
    return message(422, 'Nothing was shown', ['Enter the number of a record and why the decision needs it.'], back);
  const resources = shown.map((one) => ({ ...one, type: typeWords(one.type) }));
  return { status: 200, template: 'case-content', context: { record, resources, reference: visit.look } };
}
