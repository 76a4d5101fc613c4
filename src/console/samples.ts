/** Random samples of accesses: what was drawn, and the list of one to work through. */
import { drawNow, passItem, readSample, readSamples, type SampleView } from '../oversight/samples.ts';
import type { Context } from '../record/types.ts';
import { type FieldError, readWords } from './access-form.ts';
import { monthIn } from './month.ts';
import type { Page } from './pages.ts';
import { shownMonth, shownTime } from './times.ts';
import type { Visit } from './visit.ts';
import { roleWords } from './words.ts';

const DRAWN_BY_HAND = 20;

export async function samplesPage(visit: Visit, context: Context): Promise<Page> {
  return listed(200, await readSamples(visit.deps.door, context), []);
}

function listed(status: number, samples: Awaited<ReturnType<typeof readSamples>>, errors: FieldError[]): Page {
  const shown = samples.map((one) => ({ ...one, month: shownMonth(one.month), drawn: shownTime(one.drawn) }));
  return { status, template: 'samples', context: { samples: shown, errors } };
}

/** Draws a month by hand. */
export async function samplesPosted(visit: Visit, context: Context): Promise<Page> {
  const month = monthIn(visit.form.get('month') ?? '', context.now);
  if (month === null) {
    const errors = [{ field: 'month', text: 'Enter a month that has begun, like 2026-11' }];
    return listed(422, await readSamples(visit.deps.door, context), errors);
  }
  await drawNow(visit.deps.door, context, month, DRAWN_BY_HAND);
  return { redirect: '/console/samples' };
}

const idOf = (visit: Visit): number => (/^[1-9]\d{0,9}$/.test(visit.look) ? Number(visit.look) : 0);

export async function samplePage(visit: Visit, context: Context): Promise<Page> {
  return worked(200, await readSample(visit.deps.door, context, idOf(visit)), []);
}

function worked(status: number, { sample, items }: SampleView, errors: FieldError[]): Page {
  return {
    status,
    template: 'sample',
    context: {
      errors,
      sample: { ...sample, month: shownMonth(sample.month), drawn: shownTime(sample.drawn) },
      items: items.map((one) => ({ ...one, role: roleWords(one.role), hour: shownTime(one.hour) })),
    },
  };
}

/** Nothing to note about one access. */
export async function samplePosted(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const n = Number(visit.form.get('n'));
  const field = `words-${n}`;
  const { words, errors } = readWords(visit.form.get(field) ?? '', field, 3);
  if (!Number.isSafeInteger(n) || errors.length > 0)
    return worked(422, await readSample(door, context, idOf(visit)), errors);
  await passItem(door, context, { sample: idOf(visit), n }, words);
  return { redirect: `/console/samples/${visit.look}#n${n}` };
}
