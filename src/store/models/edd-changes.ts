/** What the pathway clock follows in the feed: EDDs recorded or changed where a referral is open, and new referrals. */
import type { Db } from '../reads.ts';

export interface EddChanges {
  /** Women with an open referral whose EDD changed, and the service that sent the referral. */
  open: { patient: string; service: string }[];
  /** True when a ServiceRequest was among the changes. */
  referrals: boolean;
  /** Where to go on. */
  upTo: number;
}

/** The changes after `after`, at most 1,000 places of the feed further. `EDD` is the tag of rows that carry the date. */
export async function eddChanges(db: Db, after: number): Promise<EddChanges> {
  const result = await db.query<{ open: EddChanges['open'] | null; referrals: boolean; upTo: number | null }>({
    name: 'edd_changes',
    text: `with step as materialized (select feed_no, type, resource_id from feed where feed_no > $1 order by feed_no limit 1000),
      women as materialized (
        select distinct r.subjects[1] as patient from step s
        join resource r on r.type = s.type and r.id = s.resource_id
        where s.type = 'Observation' and 'EDD' = any (r.tags))
      select (select max(feed_no)::bigint from step) as "upTo",
        exists (select 1 from step where type = 'ServiceRequest') as referrals,
        (select json_agg(distinct jsonb_build_object('patient', w.patient, 'service', q.service))
          from women w join resource q on q.tokens @> array['ServiceRequest.status=active',
            'ServiceRequest.code=antenatal-hv-referral', 'ServiceRequest.subject=' || w.patient]
          where q.service is not null) as open`,
    values: [after],
  });
  const [row] = result.rows;
  return { open: row?.open ?? [], referrals: row?.referrals ?? false, upTo: row?.upTo ?? after };
}
