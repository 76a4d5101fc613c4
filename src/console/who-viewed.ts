/** "Who has viewed my record": the one page of a mother who has signed in (Q14 of domain.md 6.2, R-14). */
import { NOT_AVAILABLE, ownAccessList } from '../oversight/own-access-list.ts';
import type { Context } from '../record/types.ts';
import type { Page } from './pages.ts';
import { shownMonth } from './times.ts';
import type { Visit } from './visit.ts';

export const WHO_VIEWED = '/console/who-viewed';

export async function whoViewedPage(visit: Visit, context: Context): Promise<Page> {
  const id = visit.session?.person.patient?.slice('Patient/'.length) ?? '';
  const { months } = await ownAccessList(visit.deps.door, context, id);
  return {
    status: 200,
    template: 'who-viewed',
    context: {
      notAvailable: months === null ? NOT_AVAILABLE : null,
      months: (months ?? []).map(({ month, who }) => ({ month, words: shownMonth(month), who })),
    },
  };
}
