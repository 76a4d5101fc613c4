/** Q12 of domain.md 6.2, "policy": alert rules and limits as they were set, and proposals that two people decided. */
import type { Db } from '../reads.ts';
import type { Period } from '../trail-sql.ts';
import { personName } from './officer-questions.ts';

export interface PolicyChange {
  at: Date;
  kind: string;
  title: string;
  proposer: string;
  decider: string | null;
  words: string;
  /** Of alert rules: the whole choice before and after, as JSON; null for everything else. */
  before: string | null;
  after: string | null;
}

/** Newest first. A proposal of alert rules stands once, as what was set. */
export async function policyChanges(db: Db, { from, until }: Period, limit: number): Promise<PolicyChange[]> {
  const result = await db.query<PolicyChange>({
    name: 'question_policy',
    text: `select at, kind, title, proposer, decider, words, before, after from (
        select a.at, 'alert-rules' as kind, 'Alert rules and limits' as title, a.by_name as proposer, null as decider, a.words,
          lag(a.body) over (order by a.id) as before, a.body as after
        from alert_setting a
        union all
        select q.confirmed_at, q.kind, coalesce(q.title, q.kind), ${personName('q.proposer')}, ${personName('q.confirmed_by')}, q.words, null, null
        from pending_change q where q.confirmed_at is not null and q.kind <> 'alerts'
      ) as changes
      where ($1::timestamptz is null or at >= $1) and ($2::timestamptz is null or at < $2) order by at desc limit $3`,
    values: [from, until, limit],
  });
  return result.rows;
}
