/** The monthly pack as a page and as a file. */
import { londonDate } from '../fhir/london.ts';
import { exportPack, readPack } from '../oversight/monthly-pack.ts';
import { enterDesk } from '../oversight/officer.ts';
import type { Context } from '../record/types.ts';
import { type FieldError, readReason } from './access-form.ts';
import { monthIn } from './month.ts';
import type { Page } from './pages.ts';
import { shownMonth } from './times.ts';
import type { Visit } from './visit.ts';

export async function packPage(visit: Visit, context: Context): Promise<Page> {
  const typed = visit.query.get('month') ?? londonDate(context.now).slice(0, 7);
  const month = monthIn(typed, context.now);
  if (month !== null) return shown(200, month, await readPack(visit.deps.door, context, month), []);
  await enterDesk(visit.deps.door, context);
  return shown(422, typed, [], [{ field: 'month', text: 'Enter a month that has begun, like 2026-11' }]);
}

function shown(status: number, month: string, pack: Awaited<ReturnType<typeof readPack>>, errors: FieldError[]): Page {
  const parts = [...Map.groupBy(pack, ({ part }) => part)].map(([part, counts]) => ({ part, counts }));
  const words = errors.length > 0 ? null : shownMonth(month);
  return { status, template: 'pack', context: { month, words, parts, errors } };
}

export async function packPosted(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const month = monthIn(visit.form.get('month') ?? '', context.now) ?? londonDate(context.now).slice(0, 7);
  const { reason, errors } = readReason(visit.form.get('reason') ?? '');
  if (errors.length > 0) return shown(422, month, await readPack(door, context, month), errors);
  const format = visit.form.get('format') === 'ndjson' ? ('ndjson' as const) : ('csv' as const);
  const asked = { format, bom: visit.form.get('bom') === 'yes', reason, sample: null };
  return { file: await exportPack(door, context, month, asked) };
}
