/** Agreements as the rules read them, names of what they speak of, and the warnings before they end. */
import type { AgreementRow } from '../../governance/types.ts';
import type { PoolClient } from '../pool.ts';
import type { Db } from '../reads.ts';
import { type RawAgreement, toAgreement } from '../rows.ts';

const LOCK = 4_027_001;

/** Until the transaction ends no other agreement is put in force by people. */
export async function lockAgreements(client: PoolClient): Promise<void> {
  await client.query('select pg_advisory_xact_lock($1)', [LOCK]);
}

/** Every row of every agreement. */
export async function allAgreements(db: Db): Promise<AgreementRow[]> {
  const result = await db.query<{ rows: RawAgreement[] | null }>('select json_agg(a) as rows from agreement a');
  return (result.rows[0]?.rows ?? []).map(toAgreement);
}

/** An agreement whose last day comes within 60 days. */
export interface EndingAgreement {
  /** `Contract/17` */
  contract: string;
  title: string;
  until: Date;
}

/** Agreements that are in force at `now` and have a term that ends within so many days. */
export async function endingAgreements(db: Db, now: Date, days: number): Promise<EndingAgreement[]> {
  const result = await db.query<EndingAgreement>(
    `select a.contract, a.until, coalesce(r.body::jsonb ->> 'title', a.contract) as title from (
       select source as contract, min(until_at) as until from agreement
       where not revoked and from_at <= $1 and until_at > $1 and until_at <= $1 + make_interval(days => $2) group by source
     ) a left join resource r on r.type = 'Contract' and 'Contract/' || r.id = a.contract
     order by a.until, a.contract`,
    [now, days],
  );
  return result.rows;
}

/** Keeps a warning. @returns false when it was given already */
export async function keepWarning(db: Db, { contract, until }: EndingAgreement, days: number): Promise<boolean> {
  const { rowCount } = await db.query(
    'insert into agreement_warning (contract, until_at, days) values ($1, $2, $3) on conflict do nothing',
    [contract, until, days],
  );
  return rowCount === 1;
}

/** Services that families are shared between, with names and telephone numbers of the directory now. */
export async function servicesNamed(db: Db): Promise<{ service: string; name: string }[]> {
  const result = await db.query<{ service: string; name: string }>(
    `select 'Organization/' || r.id as service, coalesce(r.body::jsonb ->> 'name', r.id) as name
     from resource r where r.type = 'Organization' and not r.deleted
       and 'Organization/' || r.id in (
         select entry ->> 'service' from directory where entry ->> 'kind' = 'healthcare-service'
         union select from_service from agreement union select to_service from agreement)
     order by 2, 1`,
  );
  return result.rows;
}
