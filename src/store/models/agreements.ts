/** Agreements as the rules read them, names of what they speak of, and the warnings before they end. */
import type { AgreementRow } from '../../governance/types.ts';
import type { PoolClient } from '../pool.ts';
import type { Db } from '../reads.ts';
import { type RawAgreement, toAgreement } from '../rows.ts';
import { personName } from './officer-questions.ts';

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

/** A Caldicott Guardian of one side of an agreement. */
export interface SideGuardian {
  /** Service of the agreement, and its name. */
  side: string;
  sideName: string;
  /** Null: nobody is named for this side. */
  party: string | null;
  name: string | null;
}

/** The Guardians of both sides: of the service itself or of an organisation it belongs to, in the directory at `now`. */
export async function guardiansOf(db: Db, contract: string, now: Date): Promise<SideGuardian[]> {
  const { rows } = await db.query<SideGuardian>(
    `with recursive sides as (
       select distinct side from agreement a, unnest(array[a.from_service, a.to_service]) as side where a.source = $1
     ), up as (
       select side, side as organization from sides
       union select u.side, d.entry ->> 'partOf' from up u join directory d on d.member = u.organization
         where d.entry ->> 'kind' = 'organization' and d.entry ->> 'partOf' is not null
     ), guardians as (
       select distinct u.side, d.member as party, ${personName('d.member')} as name from up u
         join directory d on d.entry ->> 'kind' = 'role' and d.entry ->> 'role' = 'caldicott-guardian' and d.entry ->> 'service' = u.organization
       where (d.entry ->> 'active')::boolean and coalesce((d.entry ->> 'until')::timestamptz > $2, true)
     )
     select s.side, coalesce((select d.entry ->> 'name' from directory d where d.member = s.side and d.entry ->> 'kind' = 'organization' limit 1), s.side) as "sideName",
       g.party, g.name from sides s left join guardians g on g.side = s.side order by 2, 4`,
    [contract, now],
  );
  return rows;
}

/** Keeps to whom a warning was addressed. */
export async function keepTold(
  db: Db,
  { contract, until }: EndingAgreement,
  days: number,
  to: readonly SideGuardian[],
): Promise<void> {
  const named = to.filter(({ party }) => party !== null);
  await db.query(
    `insert into agreement_told (contract, until_at, days, side, party, name)
     select $1, $2, $3, side, party, name from jsonb_to_recordset($4) as t(side text, party text, name text) on conflict do nothing`,
    [contract, until, days, JSON.stringify(named)],
  );
}

export interface Told {
  days: number;
  at: Date;
  name: string;
}

/** Warnings about an agreement with those they were addressed to, newest first. */
export async function toldOf(db: Db, contract: string): Promise<Told[]> {
  const { rows } = await db.query<Told>(
    `select w.days, w.at, coalesce(string_agg(distinct t.name, ', '), 'nobody') as name from agreement_warning w
     left join agreement_told t on t.contract = w.contract and t.until_at = w.until_at and t.days = w.days
     where w.contract = $1 group by w.until_at, w.days, w.at order by w.at desc limit 20`,
    [contract],
  );
  return rows;
}
