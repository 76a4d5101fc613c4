/** The two worlds of a replay: agreements and rules as they are, and as they would be. Pure. */

import type { AgreementRow } from '../governance/types.ts';
import { AS_IT_IS, type RuleSettings } from '../governance/what-if.ts';

export interface ReplayWorlds {
  present: { agreements: readonly AgreementRow[]; settings: RuleSettings };
  proposed: { agreements: readonly AgreementRow[]; settings: RuleSettings };
}

/** Which agreement would be replaced (`Contract/..`, or null for a new one) and by which rows. */
export interface AgreementChange {
  source: string | null;
  rows: readonly AgreementRow[];
}

/**
 * Recorded requests lie in the past and a proposal begins later. So when agreements change, both sides are taken as if they
 * had been in force all the time: those in force at `now` on the one side, the same with the change on the other. Where only
 * rules change, agreements stand with their own dates on both sides.
 */
export function replayWorlds(
  agreements: readonly AgreementRow[],
  asked: { change: AgreementChange | null; settings: RuleSettings | null },
  now: Date,
): ReplayWorlds {
  const { change } = asked;
  const settings = asked.settings ?? AS_IT_IS;
  if (change === null) return { present: { agreements, settings: AS_IT_IS }, proposed: { agreements, settings } };
  const standing = agreements.filter((row) => isInForce(row, now));
  const others = standing.filter(({ source }) => source !== change.source);
  const instead = change.rows.filter(
    ({ revoked, until }) => !revoked && (until === null || Date.parse(until) > now.getTime()),
  );
  return {
    present: { agreements: standing.map(always), settings: AS_IT_IS },
    proposed: { agreements: [...others, ...instead].map(always), settings },
  };
}

function isInForce({ revoked, from, until }: AgreementRow, now: Date): boolean {
  const at = now.getTime();
  return !revoked && (from === null || Date.parse(from) <= at) && (until === null || at < Date.parse(until));
}

function always(row: AgreementRow): AgreementRow {
  return { ...row, from: null, until: null };
}
