/** The alert rules as they stand: mode, what each found in four weeks, and those that failed and are switched off. */
import type { AlertSettings } from '../audit/alert-settings.ts';
import type { AlertRule } from '../audit/alert-types.ts';
import { refuse } from '../fhir/outcome.ts';
import type { Context, Door } from '../record/types.ts';
import { faultyRules, type RuleCount, ruleCounts, switchOn } from '../store/models/oversight.ts';
import { deskEntry, onDesk } from './officer.ts';

export interface RuleStanding {
  rule: AlertRule;
  /** It failed and says nothing until somebody switches it on again. */
  isFaulty: boolean;
  counts: RuleCount[];
}

/** domain.md 6.3: a rule observes for four weeks until its count is understood. */
const WEEKS_MS = 28 * 86_400_000;

export function readRules(door: Door, context: Context, { rules }: AlertSettings): Promise<RuleStanding[]> {
  const entry = deskEntry(context, 'alert-rules');
  return onDesk(door, context, entry, async () => {
    const counts = await ruleCounts(door.pool, new Date(context.now.getTime() - WEEKS_MS));
    const faulty = await faultyRules(door.pool);
    await door.audit.write(entry);
    return rules.map((rule) => {
      return { rule, isFaulty: faulty.has(rule.id), counts: counts.filter((one) => one.rule === rule.id) };
    });
  });
}

/** Lets a rule run again that failed. @throws Outcome 403, 409 when it runs already */
export function restartRule(door: Door, context: Context, id: string): Promise<void> {
  const entry = deskEntry(context, `alert-rule-on ${id.slice(0, 10)}`);
  return onDesk(door, context, entry, async () => {
    if (!(await switchOn(door.pool, id))) throw refuse(409, 'conflict', 'This rule is not switched off.');
    await door.audit.write(entry);
  });
}
