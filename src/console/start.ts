/** "What needs me today": what waits comes first, with its number; what does not wait is named in one line. */
import type { Role } from '../governance/types.ts';
import { readToday, type Today } from '../oversight/today.ts';
import type { Context } from '../record/types.ts';
import { endWords } from './agreement-words.ts';
import type { Page } from './pages.ts';
import { shownTime } from './times.ts';
import type { Visit } from './visit.ts';

interface Card {
  count: number;
  words: string;
  href: string;
  /** Past its time, or somebody waits outside. */
  urgent?: boolean;
}

export async function startPage(visit: Visit, context: Context): Promise<Page> {
  const today = await readToday(visit.deps.door, context);
  const { desk } = today;
  const cards = [...ofKeepers(today), ...ofOfficers(today, context.principal.role)];
  const waiting = cards.filter(({ count }) => count > 0);
  const check = desk?.lastCheck ?? null;
  return {
    status: 200,
    template: 'start',
    context: {
      cards: [...waiting.filter(({ urgent }) => urgent), ...waiting.filter(({ urgent }) => !urgent)],
      quiet: cards.filter(({ count }) => count === 0).map(({ words }) => words),
      ending: today.ending.map(({ contract, until }) => ({
        href: `/console/agreements/${contract.slice('Contract/'.length)}`,
        words: endWords({ until: until.toISOString(), daysLeft: daysUntil(until, context.now) }),
      })),
      isOfficer: desk !== null,
      proof:
        check === null ? null : { ...check, at: shownTime(check.at), records: check.records.toLocaleString('en-GB') },
      oldest: desk?.oldestUnreviewed == null ? null : shownTime(desk.oldestUnreviewed),
      switchedOff: desk?.switchedOff ?? [],
    },
  };
}

function daysUntil(until: Date, now: Date): number {
  return Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 86_400_000));
}

function ofKeepers({ proposals, ending, stuck, desk }: Today): Card[] {
  return [
    ...(desk === null
      ? []
      : [{ count: stuck, words: 'referrals that did not arrive', href: '/console/not-arrived', urgent: true }]),
    { count: ending.length, words: 'agreements that end within 60 days', href: '/console/agreements' },
    { count: proposals, words: 'proposals waiting for a second person', href: '/console/proposals' },
  ];
}

function ofOfficers({ desk }: Today, role: Role): Card[] {
  if (desk === null) return [];
  const second = { count: desk.waitingForSecond, words: 'cases waiting for a second person', href: '/console/cases' };
  const shared: Card[] = [
    { count: desk.overdueCases, words: 'cases past their review date', href: '/console/cases', urgent: true },
    second,
    { count: desk.exportsWaiting, words: 'files waiting for a second officer', href: '/console/exports' },
    { count: desk.openAlerts, words: 'open alerts', href: '/console/alerts' },
    { count: desk.unreviewed, words: 'break-glass and claimed accesses to review', href: '/console/reviews' },
    { count: desk.myCases, words: 'cases that are yours', href: '/console/cases' },
  ];
  if (role !== 'ig-officer') return shared;
  return [
    ...shared,
    { count: desk.newCases, words: 'new cases', href: '/console/cases' },
    { count: desk.unexplained, words: 'accesses of 7 days to explain', href: '/console/accesses' },
    { count: desk.sampled, words: 'accesses of random samples to look at', href: '/console/samples' },
    { count: desk.untold, words: 'alert notices that nobody took', href: '/console/alerts' },
    { count: desk.observed, words: 'observed by rules that do not alert yet', href: '/console/alerts?mode=observe' },
  ];
}
