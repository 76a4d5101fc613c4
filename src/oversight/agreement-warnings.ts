/** the Guardians of both sides are warned 60, 30, 14, 7 and 1 days before an agreement ends, each time once. */
import { endingAgreements, guardiansOf, keepTold, keepWarning, type SideGuardian } from '../store/models/agreements.ts';
import { type AlertNotice, insertAlerts } from '../store/models/oversight.ts';
import { inTransaction } from '../store/transaction.ts';
import type { Oversight } from './oversee.ts';

/** Days before the end, nearest first. */
export const WARNINGS: readonly number[] = [1, 7, 14, 30, 60];
const URGENT = 7;
const DAY = 86_400_000;

/**
 * Raises the warnings that are due: an alert `R-04` each, which stands on the desk of officers and Guardians until a case
 * closes it and goes out like every live alert. Several processes may ask at once: a warning is kept once.
 */
export async function warnOfEnds(oversight: Pick<Oversight, 'pool' | 'notify'>, now: Date): Promise<number> {
  const ending = await endingAgreements(oversight.pool, now, Math.max(...WARNINGS));
  let raised = 0;
  for (const one of ending) {
    const left = (one.until.getTime() - now.getTime()) / DAY;
    const due = WARNINGS.find((days) => left <= days);
    if (due === undefined) continue;
    const notices = await inTransaction(oversight.pool, async (client): Promise<AlertNotice[]> => {
      if (!(await keepWarning(client, one, due))) return [];
      const whole = Math.max(1, Math.ceil(left));
      const guardians = await guardiansOf(client, one.contract, now);
      await keepTold(client, one, due, guardians);
      const days = `${whole} ${whole === 1 ? 'day' : 'days'}`;
      const why = `A sharing agreement ends: ${one.title}, in ${days}${unnamed(guardians)}`;
      const severity = due <= URGENT ? 'high' : 'medium';
      const alert = { rule: 'R-04', severity, mode: 'live', at: now.toISOString(), seq: null, why } as const;
      return insertAlerts(client, [{ ...alert, party: '', patient: '' }]);
    });
    for (const notice of notices) oversight.notify(notice);
    raised += notices.length;
  }
  return raised;
}

/** A side for which nobody is warned is told with the warning. */
function unnamed(guardians: readonly SideGuardian[]): string {
  const sides = guardians.filter(({ party }) => party === null).map(({ sideName }) => sideName);
  return sides.length === 0 ? '' : `. No Caldicott Guardian is named for ${sides.join(' and ')}`;
}
