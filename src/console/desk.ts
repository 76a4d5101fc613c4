/** The officers' desk: what needs them today, alerts, cases and accesses by kind. Reading only; cases have their own file. */
import { alertRules, MARKED_KINDS, readAlerts, readCases, readDesk, readMarked } from '../oversight/officer-desk.ts';
import type { Context } from '../record/types.ts';
import { stateWords } from './case-words.ts';
import { KIND_WORDS } from './marked-words.ts';
import type { Page } from './pages.ts';
import { shownDay, shownTime } from './times.ts';
import type { Visit } from './visit.ts';
import { interactionWords, labelWords, roleWords, typeWords } from './words.ts';

/** What needs me today. */
export async function startPage(visit: Visit, context: Context): Promise<Page> {
  const desk = await readDesk(visit.deps.door, context);
  const { lastCheck } = desk;
  const cards = [
    { count: desk.openAlerts, words: 'open alerts', href: '/console/alerts' },
    {
      count: desk.unreviewed,
      words: 'break-glass and claimed accesses not reviewed',
      href: '/console/alerts?rule=A-01',
    },
    { count: desk.newCases, words: 'new cases', href: '/console/cases' },
    { count: desk.myCases, words: 'cases that are yours', href: '/console/cases' },
    { count: desk.overdueCases, words: 'cases past their review date', href: '/console/cases' },
    { count: desk.waitingForSecond, words: 'cases waiting for a second person', href: '/console/cases' },
    { count: desk.unexplained, words: 'accesses of 7 days without a personal explanation', href: '/console/accesses' },
    { count: desk.sampled, words: 'accesses of random samples to look at', href: '/console/samples' },
    { count: desk.exportsWaiting, words: 'files waiting for a second officer', href: '/console/exports' },
    { count: desk.untold, words: 'alert notices that nobody took', href: '/console/alerts' },
    { count: desk.observed, words: 'observed by rules that do not alert yet', href: '/console/alerts?mode=observe' },
  ];
  const proof =
    lastCheck === null
      ? null
      : { ...lastCheck, at: shownTime(lastCheck.at), records: lastCheck.records.toLocaleString('en-GB') };
  const oldest = desk.oldestUnreviewed === null ? null : shownTime(desk.oldestUnreviewed);
  return { status: 200, template: 'start', context: { cards, proof, oldest, switchedOff: desk.switchedOff } };
}

/** `before` of the address, or null. */
function placeIn(visit: Visit): number | null {
  const before = visit.query.get('before') ?? '';
  return /^[1-9]\d{0,14}$/.test(before) ? Number(before) : null;
}

function address(path: string, asked: Readonly<Record<string, string | number | null>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value !== null) query.set(name, String(value));
  return `${path}?${query}`;
}

export async function alertsPage(visit: Visit, context: Context): Promise<Page> {
  const mode = visit.query.get('mode') === 'observe' ? 'observe' : 'live';
  const state = visit.query.get('state') === 'all' ? 'all' : 'open';
  const rules = alertRules();
  const rule = rules.find(({ id }) => id === visit.query.get('rule'))?.id ?? null;
  const { alerts, next } = await readAlerts(visit.deps.door, context, { mode, state, rule, before: placeIn(visit) });
  return {
    status: 200,
    template: 'alerts',
    context: {
      mode,
      state,
      rule: rule ?? '',
      rules: rules.map(({ id, words }) => ({ value: id, text: `${id} ${words}` })),
      alerts: alerts.map((alert) => ({ ...alert, at: shownTime(alert.at) })),
      older: next === null ? null : address('/console/alerts', { mode, state, rule, before: next }),
      newest: placeIn(visit) === null ? null : address('/console/alerts', { mode, state, rule }),
    },
  };
}

export async function casesPage(visit: Visit, context: Context): Promise<Page> {
  const files = await readCases(visit.deps.door, context);
  const today = context.now.toISOString().slice(0, 10);
  const cases = files.map(({ reference, reason, state, opened, reviewDue, outcome }) => ({
    reference,
    reason,
    state: stateWords(state, outcome),
    opened: shownTime(opened),
    due: shownDay(reviewDue),
    overdue: state !== 'closed' && reviewDue < today,
  }));
  return { status: 200, template: 'cases', context: { cases } };
}

export async function accessesPage(visit: Visit, context: Context): Promise<Page> {
  const kind = MARKED_KINDS.find((one) => one === visit.query.get('kind')) ?? 'unexplained';
  const { events, next } = await readMarked(visit.deps.door, context, { kind, before: placeIn(visit) });
  return {
    status: 200,
    template: 'accesses',
    context: {
      kind,
      heading: KIND_WORDS[kind],
      kinds: MARKED_KINDS.map((value) => ({ value, text: KIND_WORDS[value] })),
      events: events.map(({ seq, at, name, role, interaction, types, label }) => ({
        seq,
        at: shownTime(at),
        name,
        role: role === null ? null : roleWords(role),
        what: [interactionWords(interaction), ...types.slice(0, 4).map(typeWords)].join(': '),
        label: label === null ? null : labelWords(label),
      })),
      older: next === null ? null : address('/console/accesses', { kind, before: next }),
      newest: placeIn(visit) === null ? null : address('/console/accesses', { kind }),
    },
  };
}
