/** What the pathway clock follows in the feed: women whose EDD was recorded or changed, and new referrals. */
import type { Db } from '../reads.ts';

export interface EddChanges {
  /** `Patient/..` */
  patients: string[];
  /** True when a ServiceRequest was among the changes. */
  referrals: boolean;
  /** Where to go on. */
  upTo: number;
}

/** The changes after `after`, at most 1,000 places of the feed further. `EDD` is the tag of rows that carry the date. */
export async function eddChanges(db: Db, after: number): Promise<EddChanges> {
  const result = await db.query<{ patients: string[] | null; referrals: boolean; upTo: number | null }>({
    name: 'edd_changes',
    text: `with step as (select feed_no, type, resource_id from feed where feed_no > $1 order by feed_no limit 1000)
      select max(s.feed_no)::bigint as "upTo",
        coalesce(bool_or(s.type = 'ServiceRequest'), false) as referrals,
        array_agg(distinct r.subjects[1]) filter (where r.id is not null) as patients
      from step s left join resource r
        on s.type = 'Observation' and r.type = s.type and r.id = s.resource_id and 'EDD' = any (r.tags)`,
    values: [after],
  });
  const [row] = result.rows;
  return { patients: row?.patients ?? [], referrals: row?.referrals ?? false, upTo: row?.upTo ?? after };
}
