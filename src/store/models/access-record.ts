/**
 * Who looked at a family (Q1 of domain.md 6.2): the people an NHS number stands for, the records of the trail about them
 * newest first, and how often who looked when. Refused reads of a Patient by id name her only as an entity, so both
 * kinds of link are asked.
 */
import type { StoredAudit } from '../../audit/types.ts';
import type { AccessExplanation } from '../../governance/decision-types.ts';
import type { Role } from '../../governance/types.ts';
import type { Db } from '../reads.ts';
import { within } from '../trail-sql.ts';

export interface FamilyRecords {
  /** `Patient/..` that carry the number. */
  found: string[];
  /** Those and their mothers, unborn babies and siblings as far as the record links them. */
  family: string[];
  generation: number;
}

const FAMILY = {
  name: 'access_family',
  text: `with found as (
      select 'Patient/' || r.id as ref from resource r where r.type = 'Patient' and r.tokens && $1::text[] and not r.deleted
    ), parents as (
      select ref from found union select k.mother from kin k join found f on k.child = f.ref
    )
    select g.value as generation,
      array(select ref from found) as found,
      array(select ref from parents union select k.child from kin k join parents p on k.mother = p.ref) as family
    from generation g`,
};

/** The people behind any of these words of the token index, with the generation of the same snapshot. */
export async function familyByWords(db: Db, words: readonly string[]): Promise<FamilyRecords> {
  const result = await db.query<FamilyRecords>({ ...FAMILY, values: [words] });
  const [row] = result.rows;
  if (row === undefined) throw new Error('the generation row is missing: migrations have not run');
  return row;
}

/** The family of people already known: themselves, mothers, unborn babies and siblings as far as the record links them. */
export async function familyOfPatients(db: Db, patients: readonly string[]): Promise<string[]> {
  const result = await db.query<{ family: string[] }>({
    name: 'access_family_of',
    text: `with found as (select ref from unnest($1::text[]) as ref), parents as (
        select ref from found union select k.mother from kin k join found f on k.child = f.ref
      )
      select array(select ref from parents union select k.child from kin k join parents p on k.mother = p.ref) as family`,
    values: [patients],
  });
  return result.rows[0]?.family ?? [];
}

export interface AccessScope {
  /** `Patient/..` */
  family: readonly string[];
  /** Instants `[from, until)` of the request, ISO UTC; null = open. */
  from: string | null;
  until: string | null;
}

const LINKED = `select distinct l.seq from audit_link l where l.link = any (array(
    select audit_link_of(kind || ref) from unnest($1::text[]) as ref, unnest(array['p=', 'e=']) as kind))`;
/** One name for one person or system: her role in the directory, a system's client id, else the token's subject. */
const PARTY = `coalesce(b -> 'agent' ->> 'practitionerRole',
    case when b -> 'agent' ->> 'kind' in ('system', 'internal') then b -> 'agent' ->> 'clientId' end,
    b -> 'agent' ->> 'subject', '')`;

/** Sealed records about the family, newest first, before a place in the sequence; `party` narrows to one person or system. */
export async function accessRows(
  db: Db,
  scope: AccessScope & { party: string | null; before: number | null; limit: number },
): Promise<StoredAudit[]> {
  const result = await db.query<{ seq: number; at: Date; body: string; patients: string[] }>({
    name: 'access_rows',
    text: `select s.seq, a.at, a.body, a.patients
      from (${LINKED}) l join audit_seal s on s.seq = l.seq join audit a on a.xid = s.xid and a.id = s.id
      where ${within('l.seq')} and ($4::bigint is null or s.seq < $4)
        and ($5::text is null or exists (select from audit_link o where o.link = audit_link_of('a=' || $5) and o.seq = s.seq))
      order by s.seq desc limit $6`,
    values: [scope.family, scope.from, scope.until, scope.before, scope.party, scope.limit],
  });
  return result.rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

/** Requests of one person or system in one hour of London time, of one kind. */
export interface AccessCount {
  party: string;
  kind: 'system' | 'staff' | 'family' | 'anonymous' | 'internal';
  name: string | null;
  role: Role | null;
  service: string | null;
  /** London `YYYY-MM-DD HH`. */
  hour: string;
  interaction: string;
  failed: boolean;
  explanation: AccessExplanation | null;
  requests: number;
  /** ISO UTC. */
  last: Date;
}

/** Records counted at most: the newest ones. */
export const MAX_COUNTED = 5_000;

/** Counts over the newest MAX_COUNTED records of the scope. */
export async function accessCounts(db: Db, scope: AccessScope): Promise<{ counts: AccessCount[]; records: number }> {
  const result = await db.query<AccessCount & { records: number }>({
    name: 'access_counts',
    text: `with newest as (
        select a.at, audit_json_or_null(a.body) as b
        from (${LINKED}) l join audit_seal s on s.seq = l.seq join audit a on a.xid = s.xid and a.id = s.id
        where ${within('l.seq')} order by s.seq desc limit ${MAX_COUNTED}
      )
      select ${PARTY} as party, b -> 'agent' ->> 'kind' as kind, max(b -> 'agent' ->> 'name') as name,
        max(b -> 'agent' ->> 'role') as role, max(b -> 'agent' ->> 'service') as service,
        to_char(at at time zone 'Europe/London', 'YYYY-MM-DD HH24') as hour, b ->> 'interaction' as interaction,
        (b ->> 'outcome') <> '0' as failed, b ->> 'explanation' as explanation,
        count(distinct b ->> 'requestId')::integer as requests, max(at) as last,
        (select count(*)::integer from newest) as records
      from newest where b is not null
      group by 1, 2, 6, 7, 8, 9`,
    values: [scope.family, scope.from, scope.until],
  });
  return { counts: result.rows.map(({ records: _, ...row }) => row), records: result.rows[0]?.records ?? 0 };
}

/** Names of organisations and teams, by reference, as the directory has them now. */
export async function directoryNames(db: Db, references: readonly string[]): Promise<Map<string, string>> {
  const result = await db.query<{ member: string; name: string }>({
    name: 'directory_names',
    text: `select member, entry ->> 'name' as name from directory
      where member = any ($1) and entry ->> 'kind' in ('organization', 'team') and entry ->> 'name' is not null`,
    values: [references],
  });
  return new Map(result.rows.map(({ member, name }) => [member, name]));
}
