/** "What needs me today": what waits comes first, with its number; what does not wait is named in one line. */
import type { Role } from '../governance/types.ts';
import { recordNothingHere } from '../oversight/console-door.ts';
import { readToday, type Today } from '../oversight/today.ts';
import type { Context } from '../record/types.ts';
import { endWords } from './agreement-words.ts';
import { ASKED } from './asked.ts';
import { message, type Page, SIGN_IN } from './pages.ts';
import { shownTime } from './times.ts';
import type { Visit } from './visit.ts';

interface Card {
  count: number;
  words: string;
  /** Null: a count without a page of its own for her. */
  href: string | null;
  /** Past its time, or somebody waits outside. */
  urgent?: boolean;
}

export async function startPage(visit: Visit, context: Context): Promise<Page> {
  const today = await readToday(visit.deps.door, context);
  const { desk } = today;
  const cards = [
    ...ofServices(today),
    ...ofKeepers(today),
    ...ofOfficers(today, context.principal.role),
    ...ofRequests(today),
  ];
  const waiting = cards.filter(({ count }) => count > 0);
  const check = desk?.lastCheck ?? null;
  return {
    status: 200,
    template: 'start',
    context: {
      cards: [...waiting.filter(({ urgent }) => urgent), ...waiting.filter(({ urgent }) => !urgent)],
      quiet: cards.filter(({ count }) => count === 0).map(({ words }) => words),
      ending: (today.ending ?? []).map(({ contract, title, until, hers }) => ({
        title,
        hers: hers.join(' and '),
        href: `/console/agreements/${contract.slice('Contract/'.length)}`,
        words: endWords({ until: until.toISOString(), daysLeft: daysUntil(until, context.now) }),
      })),
      isOfficer: desk !== null,
      canLook: context.principal.role === 'ig-officer',
      proof:
        check === null ? null : { ...check, at: shownTime(check.at), records: check.records.toLocaleString('en-GB') },
      oldest: desk?.oldestUnreviewed == null ? null : shownTime(desk.oldestUnreviewed),
      switchedOff: desk?.switchedOff ?? [],
    },
  };
}

/** For family members for whom the console holds nothing. */
export async function nothingHere(visit: Visit, context: Context): Promise<Page> {
  await recordNothingHere(visit.deps.door, context);
  return message(
    200,
    'There is nothing here for you',
    ['What is shared with you is in the app of your maternity or health visiting service.'],
    SIGN_IN,
  );
}

function daysUntil(until: Date, now: Date): number {
  return Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 86_400_000));
}

function ofServices({ waits, opinions, concerns, ofService }: Today): Card[] {
  const list = '/console/waits';
  return [
    ...(waits === null
      ? []
      : [
          { count: waits.notArrived, words: 'Referrals that did not arrive', href: list, urgent: true },
          { count: waits.unaccepted, words: 'Referrals that nobody has accepted yet', href: list },
        ]),
    ...counted(concerns, 'Concerns about a child in the last 7 days', '/console/concerns', true),
    ...counted(opinions, 'Requests for a record that ask for your opinion', ASKED),
    ...counted(ofService, 'News of your service that did not arrive: its team leads see which', null, true),
  ];
}

function counted(count: number | null, words: string, href: string | null, urgent = false): Card[] {
  return count === null ? [] : [{ count, words, href, urgent }];
}

function ofKeepers({ proposals, ending, stuck, desk }: Today): Card[] {
  return [
    ...counted(desk === null ? null : stuck, 'Referrals that did not arrive', '/console/not-arrived', true),
    ...counted(ending === null ? null : ending.length, 'Agreements ending within 60 days', '/console/agreements'),
    ...counted(proposals, 'Proposals waiting for a second person', '/console/proposals'),
  ];
}

function ofRequests({ requests }: Today): Card[] {
  if (requests === null) return [];
  const list = '/console/subject-access';
  return [
    { count: requests.late, words: 'Requests for a record past their last day', href: list, urgent: true },
    { count: requests.soon, words: 'Requests with a week or less left', href: list, urgent: true },
    { count: requests.ready, words: 'Requests that can be released', href: list },
    { count: requests.unnamed, words: 'Requests without a health professional', href: list },
    { count: requests.still, words: 'Requests whose clock stands still', href: list },
    { count: requests.open, words: 'Requests for a record under way', href: list },
    { count: requests.wishes, words: 'Holds and removals waiting for a second person', href: '/console/retention' },
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
