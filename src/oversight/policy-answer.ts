/** Q12 "policy" as a table: what was set or decided, by whom, and of alert rules what it was before. */
import { ALERT_RULES, THRESHOLDS } from '../audit/alert-rules.ts';
import type { Cell } from '../audit/export-text.ts';
import { isObject } from '../fhir/resource.ts';
import { type PolicyChange, policyChanges } from '../store/models/policy-changes.ts';
import type { Pool } from '../store/pool.ts';
import type { Period } from '../store/trail-sql.ts';

const COLUMNS = ['when (UTC)', 'kind', 'what', 'before', 'after', 'by', 'confirmed by', 'reason'];

export async function policyTable(pool: Pool, period: Period, limit: number) {
  const rows = (await policyChanges(pool, period, limit)).map((one): Cell[] => {
    const { at, kind, title, proposer, decider, words } = one;
    const changed = changesIn(one);
    const side = (pick: 0 | 1) => changed.map(([name, ...sides]) => `${name} ${sides[pick]}`).join(', ');
    return [at, kind, title, side(0), side(1), proposer, decider, words];
  });
  return { columns: COLUMNS, rows };
}

/** Settings that ship, beside which the first choice stands. */
const SHIPPED = new Map<string, string>([
  ...ALERT_RULES.map(({ id, mode }): [string, string] => [id, mode]),
  ...Object.entries(THRESHOLDS).map(([name, limit]): [string, string] => [name, String(limit)]),
]);

/** Name, before, after of every rule and limit that is not as it was. */
function changesIn({ before, after }: PolicyChange): [string, string, string][] {
  if (after === null) return [];
  const was = before === null ? SHIPPED : choiceIn(before);
  return [...choiceIn(after)].flatMap(([name, is]): [string, string, string][] => {
    const old = was.get(name) ?? SHIPPED.get(name) ?? 'not set';
    return old === is ? [] : [[name, old, is]];
  });
}

function choiceIn(body: string): Map<string, string> {
  const choice: unknown = JSON.parse(body);
  const { rules = {}, thresholds = {} } = isObject(choice) ? choice : {};
  const parts = [rules, thresholds].filter(isObject);
  return new Map(parts.flatMap((part) => Object.entries(part).map(([name, value]) => [name, String(value)] as const)));
}
