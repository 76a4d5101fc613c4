/** Setting alert rules and their thresholds; what sees less goes to a second person. */
import type { AlertChoice } from '../audit/alert-changes.ts';
import type { AlertMode, Thresholds } from '../audit/alert-types.ts';
import { Outcome } from '../fhir/outcome.ts';
import { changeAlerts, readAlertSettings } from '../oversight/alert-changes.ts';
import type { Context } from '../record/types.ts';
import { type FieldError, readReason } from './access-form.ts';
import type { Page } from './pages.ts';
import { shownTime } from './times.ts';
import type { Visit } from './visit.ts';

const MODES: readonly { value: AlertMode; text: string }[] = [
  { value: 'live', text: 'Alerts' },
  { value: 'observe', text: 'Observes' },
  { value: 'off', text: 'Off' },
];

const THRESHOLDS: Readonly<Record<keyof Thresholds, string>> = {
  openedFloor: 'A-08: records opened in an hour that are always usual',
  deviations: 'A-08: standard deviations above a person’s own hours',
  peerFactor: 'A-08: times the median of the same role on a day',
  peerFloor: 'A-08: records opened in a day that are always usual beside the same role',
  denials: 'A-10: refusals of one person',
  denialMinutes: 'A-10: within so many minutes',
  deniedPeople: 'A-10: people refused at the same record',
  exportCap: 'A-13: people in one file',
  nameSearches: 'A-14: searches by name with nothing opened',
  nameSearchMinutes: 'A-14: within so many minutes',
  permitHours: 'A-18: hours after a consent was changed',
  nightPatients: 'A-09: records opened out of hours',
  repeats: 'A-19: times the same small thing in 30 days',
  volumeFloor: 'A-17: notifications in an hour that are always usual',
  volumeFactor: 'A-17: times a subscription’s own hours',
};

export function settingsPage(visit: Visit, context: Context): Promise<Page> {
  return shown(visit, context, { status: 200, choice: null, reason: '', errors: [] });
}

interface Typed {
  status: number;
  choice: AlertChoice | null;
  reason: string;
  errors: FieldError[];
}

async function shown(visit: Visit, context: Context, { status, choice, reason, errors }: Typed): Promise<Page> {
  const standing = await readAlertSettings(visit.deps.door, context, visit.deps.settings);
  const { settings, last } = standing;
  const chosen = choice ?? standing.choice;
  return {
    status,
    template: 'settings',
    context: {
      errors,
      reason,
      modes: MODES,
      last: last === null ? null : { ...last, at: shownTime(last.at) },
      rules: settings.rules
        .filter(({ id }) => id in chosen.rules)
        .map(({ id, words }) => ({ id, words, mode: chosen.rules[id] ?? 'off' })),
      always: settings.rules.filter(({ id }) => !(id in chosen.rules)).map(({ id, words }) => `${id} ${words}`),
      thresholds: Object.entries(chosen.thresholds).map(([name, value]) => ({
        name,
        value,
        words: THRESHOLDS[name as keyof Thresholds] ?? name,
      })),
    },
  };
}

export async function settingsPosted(visit: Visit, context: Context): Promise<Page> {
  const { door, settings: running } = visit.deps;
  const { reason, errors } = readReason(visit.form.get('reason') ?? '');
  const { choice: before } = await readAlertSettings(door, context, running);
  const choice = choiceIn(before, (name) => visit.form.get(name), errors);
  if (errors.length > 0) return shown(visit, context, { status: 422, choice, reason, errors });
  try {
    const pending = await changeAlerts(door, context, running, { choice, words: reason });
    return { redirect: pending === null ? '/console/settings' : `/console/proposals/${pending}` };
  } catch (error) {
    if (!(error instanceof Outcome) || error.status !== 422) throw error;
    return shown(visit, context, { status: 422, choice, reason, errors: [{ field: 'reason', text: error.message }] });
  }
}

function choiceIn(before: AlertChoice, get: (name: string) => string | undefined, errors: FieldError[]): AlertChoice {
  const rules = Object.entries(before.rules).map(([id, mode]) => {
    const typed = MODES.find(({ value }) => value === get(`rule-${id}`));
    return [id, typed?.value ?? mode] as const;
  });
  const thresholds = { ...before.thresholds };
  for (const name of Object.keys(thresholds) as (keyof Thresholds)[]) {
    const typed = (get(`limit-${name}`) ?? '').trim();
    if (typed === '') continue;
    if (/^\d{1,6}(\.\d{1,3})?$/.test(typed) && Number(typed) > 0) thresholds[name] = Number(typed);
    else errors.push({ field: `limit-${name}`, text: `${THRESHOLDS[name]}: enter a number above 0` });
  }
  return { rules: Object.fromEntries(rules), thresholds };
}
