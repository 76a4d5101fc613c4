/** Changing the alert rules: what is set, laid over what ships or stands in a file, and whether a change sees less. Pure. */
import type { AlertSettings } from './alert-settings.ts';
import { alertSettings, isAlwaysLive } from './alert-settings.ts';
import type { AlertMode, Thresholds } from './alert-types.ts';

export interface AlertChoice {
  rules: Readonly<Record<string, AlertMode>>;
  thresholds: Thresholds;
}

/** What can be chosen, as it stands. */
export function choiceOf({ rules, thresholds }: AlertSettings): AlertChoice {
  return {
    rules: Object.fromEntries(rules.filter(({ id }) => !isAlwaysLive(id)).map(({ id, mode }) => [id, mode])),
    thresholds,
  };
}

/** The settings under a choice; about whom rules are silent stays as it is. @throws Error in words */
export function settingsUnder(base: AlertSettings, text: string): AlertSettings {
  const chosen = alertSettings(text);
  const silent = new Map(base.rules.map(({ id, suppressed }) => [id, suppressed]));
  return {
    thresholds: chosen.thresholds,
    rules: chosen.rules.map((rule) => ({ ...rule, suppressed: silent.get(rule.id) ?? rule.suppressed })),
  };
}

const RANK: Readonly<Record<AlertMode, number>> = { off: 0, observe: 1, live: 2 };

/** True when any rule would tell less, or any threshold let more pass: two persons decide that. */
export function seesLess(before: AlertChoice, after: AlertChoice): boolean {
  const quieter = Object.entries(before.rules).some(([id, mode]) => RANK[after.rules[id] ?? mode] < RANK[mode]);
  return quieter || thresholdNames(before).some((name) => isLooser(name, before, after));
}

function thresholdNames({ thresholds }: AlertChoice): (keyof Thresholds)[] {
  return Object.keys(thresholds) as (keyof Thresholds)[];
}

/** Windows count longer when they are larger: a shorter one lets more pass. All others are limits. */
const WINDOWS: readonly string[] = ['denialMinutes', 'nameSearchMinutes', 'permitHours'];

function isLooser(name: keyof Thresholds, before: AlertChoice, after: AlertChoice): boolean {
  const [was, is] = [before.thresholds[name], after.thresholds[name]];
  return WINDOWS.includes(name) ? is < was : is > was;
}

export function isSameChoice(a: AlertChoice, b: AlertChoice): boolean {
  return !seesLess(a, b) && !seesLess(b, a);
}
