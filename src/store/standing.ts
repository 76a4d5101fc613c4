/** What the directory and the client register say about one caller now, with the generation it was said at. */
import type { DirectoryRow } from '../governance/directory.ts';
import type { AgreementRow } from '../governance/types.ts';
import type { Db } from './reads.ts';
import { type RawAgreement, toAgreement } from './rows.ts';

export interface StandingRows {
  /** Role, person and membership rows of the PractitionerRole and of the Practitioner behind it; teams of her duty lists. */
  directory: DirectoryRow[];
  /** The registered client, when there is one that has not ended, nor the key that was named. */
  client: { org: string; name: string; scopes: string[]; kind: string } | null;
  /** Patient a RelatedPerson belongs to. */
  relatedPatient: string | null;
  /** Agreements to and from the caller's service. */
  agreements: AgreementRow[];
  generation: number;
}

const STANDING = {
  name: 'standing',
  text: `with p as (select r.entry ->> 'practitioner' as practitioner, r.entry ->> 'supervisor' as supervisor from directory r
      where r.member = $1 and r.entry ->> 'kind' = 'role' limit 1)
    select g.value as generation,
      (select json_agg(d.entry) from directory d
        where d.member = $1 or d.member = (select p.practitioner from p)
          or (d.member = (select p.supervisor from p) and d.entry ->> 'kind' = 'role')
          or d.member in (select s.entry ->> 'schedule' from directory s
            where s.member in ($1, (select p.practitioner from p)) and s.entry ->> 'kind' = 'duty')
          or (d.entry ->> 'kind' = 'team' and d.member in (select s.entry ->> 'team' from directory s
            where s.member in ($1, (select p.practitioner from p)) and s.entry ->> 'kind' = 'duty'))
          or (d.entry ->> 'supervisor') = $1) as directory,
      (select json_build_object('org', c.org, 'name', c.name, 'scopes', c.scopes, 'kind', c.kind) from client c where c.client_id = $2 and c.ended is null
        and ($3 = '' or exists (select from client_key k where k.client_id = $2 and k.kid = $3 and coalesce(k.expires, 'infinity') > now()))) as client,
      (select r.patients[1] from resource r where r.type = 'RelatedPerson' and 'RelatedPerson/' || r.id = $1 and r.id = substr($1, 15) and not r.deleted) as "relatedPatient",
      (select json_agg(a) from agreement a,
        (select coalesce((select c.org from client c where c.client_id = $2 and c.ended is null and $1 = ''),
          (select r.entry ->> 'service' from directory r where r.member = $1 and r.entry ->> 'kind' = 'role' limit 1)) as service) s
        where a.to_service = s.service or a.from_service = s.service) as agreements
    from generation g`,
};

/** One statement; rows were written by `record_facts` from parsed resources. */
export async function readStanding(
  db: Db,
  fhirUser: string | null,
  clientId: string,
  clientKey = '',
): Promise<StandingRows> {
  const result = await db.query<
    Omit<StandingRows, 'directory' | 'agreements'> & {
      directory: DirectoryRow[] | null;
      agreements: RawAgreement[] | null;
    }
  >({
    ...STANDING,
    values: [fhirUser ?? '', clientId, clientKey],
  });
  const [row] = result.rows;
  if (row === undefined) throw new Error('the generation row is missing: migrations have not run');
  return { ...row, directory: row.directory ?? [], agreements: (row.agreements ?? []).map(toAgreement) };
}

/** The governance generation now, and the agreements of one service (`Organization/..`) at it. */
export async function readServiceStanding(
  db: Db,
  service: string,
): Promise<Pick<StandingRows, 'generation' | 'agreements'>> {
  const result = await db.query<{ generation: number; agreements: RawAgreement[] | null }>({
    name: 'service_standing',
    text: `select g.value as generation,
        (select json_agg(a) from agreement a where a.to_service = $1 or a.from_service = $1) as agreements
      from generation g`,
    values: [service],
  });
  const [row] = result.rows;
  if (row === undefined) throw new Error('the generation row is missing: migrations have not run');
  return { generation: row.generation, agreements: (row.agreements ?? []).map(toAgreement) };
}

/** The governance generation now. */
export async function readGeneration(db: Db): Promise<number> {
  const result = await db.query<{ value: number }>({ name: 'generation', text: 'select value from generation' });
  const [row] = result.rows;
  if (row === undefined) throw new Error('the generation row is missing: migrations have not run');
  return row.value;
}

/** Services (`Organization/..`) that some HealthcareService of the directory is provided by. */
export async function servicesOf(db: Db): Promise<string[]> {
  const result = await db.query<{ service: string }>(
    `select distinct entry ->> 'service' as service from directory
      where entry ->> 'kind' = 'healthcare-service' and entry ->> 'service' is not null and (entry ->> 'active')::boolean order by 1`,
  );
  return result.rows.map((row) => row.service);
}
