/** The officers' desk: alerts, cases and accesses by kind. Reading only; cases have their own file. */
import { alertRules, MARKED_KINDS, readAlerts, readCases, readMarked } from '../oversight/officer-desk.ts';
import type { Context } from '../record/types.ts';
import { stateWords } from './case-words.ts';
import { KIND_WORDS } from './marked-words.ts';
import type { Page } from './pages.ts';
import { shownDay, shownTime } from './times.ts';
import type { Visit } from './visit.ts';
import { interactionWords, labelWords, roleWords, typeWords } from './words.ts';

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
