/** Facts of: names and addresses of both sides, lowered labels, expired agreements. */
import type { Db } from '../reads.ts';

/** Stored bodies of these people: `Patient/..`, and the Practitioner behind each `PractitionerRole/..`. */
export async function bodiesOf(db: Db, references: readonly string[]): Promise<Map<string, string>> {
  const result = await db.query<{ reference: string; body: string }>({
    name: 'alert_bodies',
    text: `with asked as (select reference from unnest($1::text[]) as reference),
      meant as (
        select a.reference, coalesce((select d.entry ->> 'practitioner' from directory d
          where d.member = a.reference and d.entry ->> 'kind' = 'role' limit 1), a.reference) as person from asked a
      )
      select m.reference, r.body from meant m join resource r
        on r.type = split_part(m.person, '/', 1) and r.id = split_part(m.person, '/', 2)
      where r.body is not null and r.type in ('Patient', 'Practitioner')`,
    values: [references],
  });
  return new Map(result.rows.map(({ reference, body }) => [reference, body]));
}

/** Keyed hashes that the HR file left of the people behind these `PractitionerRole/..` (migration 124). */
export async function staffKeys(db: Db, references: readonly string[]): Promise<Map<string, string[]>> {
  const result = await db.query<{ reference: string; keys: string[] }>({
    name: 'alert_staff_keys',
    text: `select d.member as reference, h.keys from directory d join hr_person h on h.person = d.entry ->> 'practitioner'
      where d.member = any ($1) and d.entry ->> 'kind' = 'role'`,
    values: [references],
  });
  return new Map(result.rows.map(({ reference, keys }) => [reference, keys]));
}

export interface WrittenVersion {
  seq: number;
  type: string;
  id: string;
  version: number;
}

/** Of versions written: those released whose label is below an earlier version's. */
export async function downgraded(db: Db, written: readonly WrittenVersion[]): Promise<Set<number>> {
  if (written.length === 0) return new Set();
  const result = await db.query<{ seq: number }>({
    name: 'alert_downgraded',
    text: `select distinct w.seq from jsonb_to_recordset($1) as w(seq bigint, type text, id text, version integer)
      join lateral (
        select label, released from resource r where r.type = w.type and r.id = w.id and r.version = w.version
        union all select label, released from history h where h.type = w.type and h.id = w.id and h.version = w.version
      ) n on n.released
      where exists (select from history b where b.type = w.type and b.id = w.id and b.version < w.version and b.label > n.label)`,
    values: [JSON.stringify(written)],
  });
  return new Set(result.rows.map(({ seq }) => seq));
}

export interface SharedRead {
  seq: number;
  type: string;
  id: string;
  /** `Organization/..` of the person who read. */
  service: string;
  at: string;
}

/** Of reads that an agreement carried: those whose agreements had all expired by then. */
export async function expired(db: Db, reads: readonly SharedRead[]): Promise<Set<number>> {
  if (reads.length === 0) return new Set();
  const result = await db.query<{ seq: number }>({
    name: 'alert_expired',
    text: `select distinct w.seq
      from jsonb_to_recordset($1) as w(seq bigint, type text, id text, service text, at timestamptz)
      join resource r on r.type = w.type and r.id = w.id and r.service is not null and r.service <> w.service
      where exists (select from agreement g
          where g.from_service = r.service and g.to_service = w.service and not g.revoked and g.until_at <= w.at)
        and not exists (select from agreement g
          where g.from_service = r.service and g.to_service = w.service and not g.revoked
            and g.from_at <= w.at and w.at < g.until_at)`,
    values: [JSON.stringify(reads)],
  });
  return new Set(result.rows.map(({ seq }) => seq));
}
