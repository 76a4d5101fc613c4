/**
 * Whom a rule can reach at all, as a condition the word index serves: rows about one of the patients the principal is
 * related to (`@s=` words). It follows from the rule and never replaces it. Worth it for a broad search of someone with
 * few patients (`status=finished` of a health visitor with 250, among 15,000 rows: 15 ms instead of 150), never for a
 * narrow one (query-sql.ts `isNarrowQuery`) or a service with thousands.
 */
import type { RowRule } from '../governance/rule-types.ts';
import { folded } from './rule-fold.ts';
import type { SqlParams } from './sql-params.ts';

/** The condition on `r.tokens`, or null when the rule also permits rows without a relationship. */
export function reachSql(rule: RowRule, params: SqlParams, now: Date): string | null {
  const words = reachWordsSql(rule, params, now);
  return words === null ? null : `r.tokens && ${words}`;
}

/** The words as an array; null as above. */
export function reachWordsSql(rule: RowRule, params: SqlParams, now: Date): string | null {
  const sources = reached(folded(rule));
  if (sources === null) return null;
  if (sources.length === 0) return `'{}'::text[]`;
  const patients = sources.map((source) => patientsSql(source, params, now));
  return `array(select '@s=' || p.patient from (${[...new Set(patients)].join(' union ')}) as p)`;
}

type Source = Extract<RowRule, { op: 'related' | 'subject' }>;

/** Every row the rule permits has a data subject from one of these; null = no such limit is known. */
function reached(rule: RowRule): Source[] | null {
  switch (rule.op) {
    case 'false':
      return [];
    case 'related':
    case 'subject':
      return [rule];
    case 'all': {
      const limits = rule.rules.map(reached).filter((limit) => limit !== null);
      return limits.find((limit) => limit.every((source) => source.op === 'subject')) ?? limits[0] ?? null;
    }
    case 'any': {
      const limits = rule.rules.map(reached);
      return limits.some((limit) => limit === null) ? null : limits.flatMap((limit) => limit ?? []);
    }
    default:
      return null;
  }
}

function patientsSql(source: Source, params: SqlParams, now: Date): string {
  if (source.op === 'subject') return `select unnest(${params.add(source.in)}::text[]) as patient`;
  const at = `${params.add(now)}::timestamptz`;
  const grace = `interval '${Math.trunc(source.graceDays) * 86_400} seconds'`;
  // Closed relationships count through their grace, as in the rule; a wider condition is safe, a narrower one is not.
  return `select t.patient from relationship t where t.party = any (${params.add(source.parties)}::text[])
    and t.kind = any (${params.add(source.kinds)}::text[]) and t.from_at <= ${at} and t.until_at + ${grace} > ${at}`;
}
