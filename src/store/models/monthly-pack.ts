/** The counts of one month for Caldicott Guardian and SIRO (domain.md 6.7, feature 17); every part from an index. */
import type { Db } from '../reads.ts';

export interface PackCount {
  part: string;
  what: string;
  count: number;
}

const MONTH = 'at >= $1 and at < $2';
const AGES = [
  ['up to 5 days', `now() - interval '5 days'`, `'infinity'`],
  ['6 to 14 days', `now() - interval '14 days'`, `now() - interval '5 days'`],
  ['15 to 30 days', `now() - interval '30 days'`, `now() - interval '14 days'`],
  ['more than 30 days', `'-infinity'`, `now() - interval '30 days'`],
] as const;

/** Records of the trail in the month, by its numbers: their sequence has no gaps. */
const RECORDS = `coalesce((select max(seq) from audit_seal where ${MONTH}), 0)
  - coalesce((select seq - 1 from audit_seal where ${MONTH} order by at limit 1), 0)`;

const PARTS: readonly string[] = [
  `select 'alerts' as part, rule || ' ' || mode as what, count(*) as count from alert where ${MONTH} group by rule, mode`,
  ...AGES.map(
    ([words, from, until]) =>
      `select 'alerts not reviewed now', '${words}', count(*) from alert where state <> 'closed' and mode = 'live'
         and at > ${from} and at <= ${until}`,
  ),
  `select 'cases', 'opened', count(*) from case_file where opened >= $1 and opened < $2`,
  `select 'cases', 'closed: ' || coalesce(outcome, 'no outcome'), count(*) from case_file where closed >= $1 and closed < $2 group by outcome`,
  `select 'cases', 'open now', count(*) from case_file where state <> 'closed'`,
  `select 'cases', 'past their review date now', count(*) from case_file where state <> 'closed' and review_due < current_date`,
  ...AGES.map(
    ([words, from, until]) =>
      `select 'cases open now by age', '${words}', count(*) from case_file where state <> 'closed'
         and opened > ${from} and opened <= ${until}`,
  ),
  `select 'accesses', kind, count(distinct seq) from oversight_access
     where kind = any (array['unexplained', 'refused', 'R', 'V', 's-flag', 'EMP', 'CEL', 'own-record', 'after-relationship']) and ${MONTH} group by kind`,
  `select 'disclosures', 'files taken out', count(*) from oversight_mark where kind = 'export' and ${MONTH}`,
  `select 'disclosures', 'files above the cap asked for', count(*) from export_request where asked >= $1 and asked < $2`,
  `select 'samples', 'accesses drawn', count(*) from sample_item i join sample s on s.id = i.sample
     where s.month >= ($1::timestamptz at time zone 'Europe/London')::date and s.month < ($2::timestamptz at time zone 'Europe/London')::date`,
  `select 'samples', 'not looked at now', count(*) from sample_item where state = 'open'`,
  `select 'the trail', case when ok then 'proofs that held' else 'proofs that failed' end, count(*) from audit_check where ${MONTH} group by ok`,
  `select 'the trail', 'alert rules switched off by a fault now', count(*) from alert_rule_fault`,
  `select 'the trail', 'alert notices given up', count(*) from alert_notice where given_up`,
];

/** @param period instants `[from, until)` of the month in London */
export async function packOf(db: Db, period: { from: Date; until: Date }): Promise<PackCount[]> {
  const { from, until } = period;
  const counts: PackCount[] = [];
  for (const text of PARTS) {
    const values = [text.includes('$1') ? from : null, text.includes('$2') ? until : null].filter(
      (one) => one !== null,
    );
    const { rows } = await db.query<PackCount>(
      `select part, what, count from (${text}) as counted (part, what, count)`,
      values,
    );
    counts.push(...rows.sort((a, b) => a.what.localeCompare(b.what)));
  }
  const [records] = (await db.query<{ count: number }>(`select (${RECORDS})::bigint as count`, [from, until])).rows;
  return [...counts, { part: 'the trail', what: 'records', count: records?.count ?? 0 }];
}
