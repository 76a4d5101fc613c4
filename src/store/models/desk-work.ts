/** What officers work through: accesses to explain, referrals that did not arrive, and what waits for keepers. */
import type { Db } from '../reads.ts';

/** Explains an access. @returns false when it is not on the list (any more) */
export async function explainAccess(
  db: Db,
  { seq, party, name, at, words }: { seq: number; party: string; name: string; at: Date; words: string },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into access_review (seq, by_party, by_name, at, words)
     select $1, $2, $3, $4, $5 where exists (select from oversight_access where seq = $1 and kind = 'unexplained')
     on conflict do nothing`,
    [seq, party, name, at, words],
  );
  return rowCount === 1;
}

/** Proposals that wait for somebody else than this person. */
export async function proposalsFor(db: Db, person: string, practitioner: string | null): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::integer as count from pending_change
     where confirmed_at is null and withdrawn_at is null and proposer <> $1 and practitioner is distinct from $2`,
    [person, practitioner],
  );
  return rows[0]?.count ?? 0;
}

export interface StuckReferral {
  /** Of the alert A-22. */
  reference: string;
  at: Date;
  caseReference: string | null;
  patients: string[];
  /** Canonical body of the record: what was withheld, from whom, why. */
  body: string;
  /** Service that recorded it, and service it is for; null when the directory does not say. */
  from: string | null;
  to: string | null;
}

/** Referrals, handovers and stop events that did not reach their own addressee and are not settled, oldest first. */
export async function stuckReferrals(db: Db, limit: number): Promise<StuckReferral[]> {
  const result = await db.query<StuckReferral>(
    `select a.reference, a.at, c.reference as "caseReference", b.patients, b.body, r.service as "from", r.addressee as "to"
     from alert a join audit_seal s on s.seq = a.seq join audit b on b.xid = s.xid and b.id = s.id
     left join case_file c on c.id = a.case_id
     left join resource r on r.type = split_part(b.body::jsonb -> 'entities' ->> 0, '/', 1)
       and r.id = split_part(b.body::jsonb -> 'entities' ->> 0, '/', 2)
     where a.rule = 'A-22' and a.state <> 'closed' order by a.at limit $1`,
    [limit],
  );
  return result.rows;
}

/** Telephone numbers of services, their own and those of what they provide, as the directory has them now. */
export async function phonesOf(db: Db, services: readonly string[]): Promise<Map<string, string[]>> {
  const result = await db.query<{ service: string; phones: string[] }>(
    `select s.service, array_agg(distinct t ->> 'value') as phones
     from unnest($1::text[]) as s(service)
     join resource r on not r.deleted and (
       r.type = 'Organization' and 'Organization/' || r.id = s.service
       or r.type = 'HealthcareService' and 'HealthcareService/' || r.id in (
         select d.member from directory d where d.entry ->> 'kind' = 'healthcare-service' and d.entry ->> 'service' = s.service))
     cross join lateral jsonb_array_elements(coalesce(r.body::jsonb -> 'telecom', '[]')) as t
     where t ->> 'system' = 'phone' group by s.service`,
    [services],
  );
  return new Map(result.rows.map(({ service, phones }) => [service, phones]));
}
