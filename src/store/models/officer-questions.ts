/** Read models of officers' questions (domain.md 6.2) over the sealed trail and the directory; each bounded by its limit. */
import type { StoredAudit } from '../../audit/types.ts';
import type { Db } from '../reads.ts';

/** Instants `[from, until)`, ISO UTC; null = open. */
export interface Period {
  from: string | null;
  until: string | null;
}

const ROW = `select s.seq, a.at, a.body, a.patients from audit_link l
  join audit_seal s on s.seq = l.seq join audit a on a.xid = s.xid and a.id = s.id`;
const BETWEEN = `($2::timestamptz is null or s.at >= $2) and ($3::timestamptz is null or s.at < $3)`;

async function rowsOf(db: Db, query: { name: string; text: string; values: unknown[] }): Promise<StoredAudit[]> {
  const result = await db.query<{ seq: number; at: Date; body: string; patients: string[] }>(query);
  return result.rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

/** Q2: everything one person or system did, newest first. */
export function timelineOf(db: Db, party: string, { from, until }: Period, limit: number): Promise<StoredAudit[]> {
  return rowsOf(db, {
    name: 'question_timeline',
    text: `${ROW} where l.link = audit_link_of('a=' || $1) and ${BETWEEN} order by l.seq desc limit $4`,
    values: [party, from, until, limit],
  });
}

/** Q10: disclosures about these people, newest first. */
export function disclosuresAbout(
  db: Db,
  patients: readonly string[],
  { from, until }: Period,
  limit: number,
): Promise<StoredAudit[]> {
  return rowsOf(db, {
    name: 'question_disclosures',
    text: `select s.seq, a.at, a.body, a.patients from (
        select distinct l.seq from audit_link l
        where l.link = any (array(select audit_link_of('p=' || p) from unnest($1::text[]) as p))
          and exists (select from audit_link o where o.link = audit_link_of('i=disclosure') and o.seq = l.seq)
      ) l join audit_seal s on s.seq = l.seq join audit a on a.xid = s.xid and a.id = s.id
      where ${BETWEEN} order by l.seq desc limit $4`,
    values: [patients, from, until, limit],
  });
}

/** Q11: refusals of one person, newest first; everybody's when null. */
export function refusalsOf(
  db: Db,
  party: string | null,
  { from, until }: Period,
  limit: number,
): Promise<StoredAudit[]> {
  return rowsOf(db, {
    name: party === null ? 'question_refusals' : 'question_refusals_of',
    text: `${ROW} where l.link = audit_link_of(coalesce('a=' || $1, 'o=4')) and s.outcome = 4 and ${BETWEEN}
      and position('"reason":' in a.body) > 0 order by l.seq desc limit $4`,
    values: [party, from, until, limit],
  });
}

/** Q11: refusals about these people, also where only the refused address named them. */
export function refusalsAbout(
  db: Db,
  patients: readonly string[],
  { from, until }: Period,
  limit: number,
): Promise<StoredAudit[]> {
  return rowsOf(db, {
    name: 'question_refusals_about',
    text: `select s.seq, a.at, a.body, a.patients from (
        select distinct l.seq from audit_link l where l.link = any (array(
          select audit_link_of(kind || p) from unnest($1::text[]) as p, unnest(array['p=', 'e=']) as kind))
          and exists (select from audit_link o where o.link = audit_link_of('o=4') and o.seq = l.seq)
      ) l join audit_seal s on s.seq = l.seq join audit a on a.xid = s.xid and a.id = s.id
      where ${BETWEEN} order by l.seq desc limit $4`,
    values: [patients, from, until, limit],
  });
}

export interface BusyDay {
  party: string;
  name: string;
  role: string;
  day: string;
  patients: number;
  busiestHour: number;
}

/** Q7: who opened most different records on one day, most first. */
export async function busiestDays(db: Db, { from, until }: Period, limit: number): Promise<BusyDay[]> {
  const result = await db.query<BusyDay>({
    name: 'question_busy',
    text: `with hours as (
        select party, max(role) as role, hour, count(*) as n from oversight_opened
        where ($1::timestamptz is null or hour >= $1) and ($2::timestamptz is null or hour < $2) group by party, hour
      ), days as (
        select party, max(role) as role, (hour at time zone 'Europe/London')::date as day, max(n)::integer as busiest
        from hours group by 1, 3
      ), people as (
        select party, (hour at time zone 'Europe/London')::date as day, count(distinct patient)::integer as n
        from oversight_opened
        where ($1::timestamptz is null or hour >= $1) and ($2::timestamptz is null or hour < $2) group by 1, 2
      )
      select a.party, ${personName('a.party')} as name, a.role, a.day::text as day, p.n as patients, a.busiest as "busiestHour"
      from days a join people p on p.party = a.party and p.day = a.day
      order by p.n desc, a.day desc, a.party limit $3`,
    values: [from, until, limit],
  });
  return result.rows;
}

function personName(party: string): string {
  return `coalesce((select coalesce(p.entry ->> 'name', r.entry ->> 'name') from directory r
    left join directory p on p.member = r.entry ->> 'practitioner' and p.entry ->> 'kind' = 'person'
    where r.member = ${party} and r.entry ->> 'kind' = 'role' limit 1), ${party})`;
}

/** What governs access: consents, agreements, directory. */
const GOVERNING = [
  'Consent',
  'Contract',
  'CareTeam',
  'PractitionerRole',
  'Practitioner',
  'Organization',
  'HealthcareService',
] as const;

export interface GoverningChange {
  type: string;
  id: string;
  version: number;
  updated: Date;
  deleted: boolean;
  labelBefore: string | null;
  label: string;
  /** Canonical body of the record that wrote it, or null. */
  body: string | null;
}

/** Q12: versions of consents, agreements, roles and teams, newest first, with who wrote each. */
export async function governingChanges(db: Db, { from, until }: Period, limit: number): Promise<GoverningChange[]> {
  const result = await db.query<GoverningChange>({
    name: 'question_changes',
    text: `with changed as (
        (select type, id, version, updated, deleted, label from resource
         where type = any ($1) and ($2::timestamptz is null or updated >= $2) and ($3::timestamptz is null or updated < $3)
         order by updated desc limit $4)
        union all
        (select type, id, version, updated, deleted, label from history
         where type = any ($1) and ($2::timestamptz is null or updated >= $2) and ($3::timestamptz is null or updated < $3)
         order by updated desc limit $4)
      ), newest as (select * from changed order by updated desc limit $4)
      select c.type, c.id, c.version, c.updated, c.deleted, c.label,
        (select h.label from history h where h.type = c.type and h.id = c.id and h.version = c.version - 1) as "labelBefore",
        (select a.body from audit_link l join audit_seal s on s.seq = l.seq join audit a on a.xid = s.xid and a.id = s.id
         where l.link = audit_link_of('e=' || c.type || '/' || c.id) and s.outcome = 0
           and s.interaction in ('create', 'update', 'patch', 'delete', 'operation')
           and position('"' || c.type || '/' || c.id || '/_history/' || c.version || '"' in a.body) > 0
         order by l.seq limit 1) as body
      from newest c order by c.updated desc`,
    values: [GOVERNING, from, until, limit],
  });
  return result.rows;
}

export interface RoleUse {
  member: string;
  name: string;
  role: string | null;
  active: boolean;
  until: Date | null;
  lastUsed: Date | null;
}

/** Q15: roles of the directory with their last record; those never or longest ago used first. */
export async function roleUses(db: Db, limit: number): Promise<RoleUse[]> {
  const result = await db.query<RoleUse>({
    name: 'question_roles',
    text: `select d.member, ${personName('d.member')} as name, d.entry ->> 'role' as role,
        (d.entry ->> 'active')::boolean as active, (d.entry ->> 'until')::timestamptz as until,
        (select s.at from audit_link l join audit_seal s on s.seq = l.seq
         where l.link = audit_link_of('a=' || d.member) order by l.seq desc limit 1) as "lastUsed"
      from directory d where d.entry ->> 'kind' = 'role' order by "lastUsed" nulls first, d.member limit $1`,
    values: [limit],
  });
  return result.rows;
}

/** The person or system an officer means by a name, a role's id or a client id; at most ten. */
export async function peopleNamed(db: Db, words: string): Promise<{ party: string; name: string }[]> {
  const result = await db.query<{ party: string; name: string }>({
    name: 'question_people',
    text: `select member as party, name from (
        select d.member, ${personName('d.member')} as name from directory d where d.entry ->> 'kind' = 'role'
        union all select client_id, name from client where person is null
      ) as p where lower(name) like '%' || replace(replace(replace(lower($1), '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%'
        or member = $1 or member = 'PractitionerRole/' || $1 order by name limit 10`,
    values: [words],
  });
  return result.rows;
}
