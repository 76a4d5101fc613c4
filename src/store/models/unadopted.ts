/** Referrals that arrived without their Task: nobody's work yet, so nobody would ever hear of them (H-02). */
import type { Db } from '../reads.ts';

export interface Unadopted {
  id: string;
  /** The sending service, `Organization/..`. */
  from: string;
  /** The team to address: of the addressed service, a duty team first; null = unroutable. */
  team: string | null;
}

/** Oldest first, at most 100. */
export async function unadoptedReferrals(db: Db): Promise<Unadopted[]> {
  const result = await db.query<Unadopted>({
    name: 'unadopted',
    text: `select r.id, r.service as from, (
        select d.member from directory d
        where d.entry ->> 'kind' = 'team' and d.entry ->> 'service' = r.addressee and (d.entry ->> 'active')::boolean
        order by d.member not like '%duty%', d.member limit 1) as team
      from resource r
      where r.tokens @> array['ServiceRequest.status=active', 'ServiceRequest.code=antenatal-hv-referral']
        and not r.released and not r.deleted and r.service is not null and r.addressee is not null
        and not exists (select 1 from resource t where t.tokens @> array['Task.focus=ServiceRequest/' || r.id] and not t.deleted)
      order by r.updated limit 100`,
  });
  return result.rows;
}
