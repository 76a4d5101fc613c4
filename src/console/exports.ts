/** Files that need a second officer: what waits, letting it go, taking it. */
import { answerExport, listExports, type ShownExport, takeApproved } from '../oversight/export-requests.ts';
import type { Context } from '../record/types.ts';
import type { Page } from './pages.ts';
import { shownTime } from './times.ts';
import type { Visit } from './visit.ts';

const STATES: Readonly<Record<ShownExport['state'], string>> = {
  waiting: 'Waits for a second officer',
  approved: 'Approved, not taken yet',
  refused: 'Refused',
  taken: 'Taken',
};

export async function exportsPage(visit: Visit, context: Context): Promise<Page> {
  const all = await listExports(visit.deps.door, context);
  const asked = visit.query.get('asked') ?? '';
  return {
    status: 200,
    template: 'exports',
    context: {
      asked: all.some(({ reference }) => reference === asked) ? asked : null,
      exports: all.map((one) => ({
        ...one,
        what: null,
        asked: shownTime(one.asked),
        state: STATES[one.state],
        mayDecide: one.state === 'waiting' && !one.mine,
        mayTake: one.state === 'approved' && one.mine,
      })),
    },
  };
}

export async function exportsPosted(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const reference = visit.form.get('reference') ?? '';
  const act = visit.form.get('act');
  if (act === 'take') return { file: await takeApproved(door, context, reference) };
  if (act === 'approve' || act === 'refuse') await answerExport(door, context, reference, act === 'approve');
  return { redirect: '/console/exports' };
}
