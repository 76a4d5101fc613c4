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
      ending: today.ending.map(({ contract, title, until }) => ({
        title,
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
      : [{ count: stuck, words: 'Referrals that did not arrive', href: '/console/not-arrived', urgent: true }]),
    { count: ending.length, words: 'Agreements ending within 60 days', href: '/console/agreements' },
    { count: proposals, words: 'Proposals waiting for a second person', href: '/console/proposals' },
  ];
}

function ofOfficers({ desk }: Today, role: Role): Card[] {
  if (desk === null) return [];
  const second = { count: desk.waitingForSecond, words: 'Cases waiting for a second person', href: '/console/cases' };
  const shared: Card[] = [
    { count: desk.overdueCases, words: 'Cases past their review date', href: '/console/cases', urgent: true },
    second,
    { count: desk.exportsWaiting, words: 'Files waiting for a second officer', href: '/console/exports' },
    { count: desk.openAlerts, words: 'Open alerts', href: '/console/alerts' },
    { count: desk.unreviewed, words: 'Break-glass and claimed accesses to review', href: '/console/reviews' },
    { count: desk.myCases, words: 'Your cases', href: '/console/cases' },
  ];
  if (role !== 'ig-officer') return shared;
  return [
    ...shared,
    { count: desk.newCases, words: 'New cases', href: '/console/cases' },
    { count: desk.unexplained, words: 'Accesses of 7 days to explain', href: '/console/accesses' },
    { count: desk.sampled, words: 'Accesses of random samples to look at', href: '/console/samples' },
    { count: desk.untold, words: 'Alert notices that nobody took', href: '/console/alerts' },
    { count: desk.observed, words: 'Observed by rules that do not alert yet', href: '/console/alerts?mode=observe' },
  ];
}
