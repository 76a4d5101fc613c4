/** The alert rules: what each is for, how it runs, what it found, and switching a failed one on again. */
import { readRules, restartRule } from '../oversight/rules-desk.ts';
import type { Context } from '../record/types.ts';
import type { Page } from './pages.ts';
import type { Visit } from './visit.ts';

const MODES = { off: 'Off', observe: 'Observes', live: 'Alerts' } as const;

export async function rulesPage(visit: Visit, context: Context): Promise<Page> {
  const { settings } = visit.deps;
  const all = await readRules(visit.deps.door, context, settings);
  return {
    status: 200,
    template: 'rules',
    context: {
      rules: all.map(({ rule, isFaulty, counts }) => ({
        id: rule.id,
        words: rule.words,
        severity: rule.severity,
        mode: MODES[rule.mode],
        isFaulty,
        silent: rule.suppressed.length,
        found: counts.reduce((sum, one) => sum + one.alerts, 0),
      })),
      thresholds: Object.entries(settings.thresholds).map(([name, value]) => ({ name, value })),
    },
  };
}

export async function rulesPosted(visit: Visit, context: Context): Promise<Page> {
  await restartRule(visit.deps.door, context, visit.form.get('rule') ?? '');
  return { redirect: '/console/rules' };
}
