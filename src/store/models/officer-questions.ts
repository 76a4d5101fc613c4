/** Read models of officers' questions (domain.md 6.2) over the sealed trail; each bounded by its limit. */
import type { StoredAudit } from '../../audit/types.ts';
import type { AccessExplanation } from '../../governance/decision-types.ts';
import type { Db } from '../reads.ts';
import { alsoLinked, LINKED, type Period, trailRows } from '../trail-sql.ts';

/** Q2: everything one person or system did, newest first. */
export function timelineOf(db: Db, party: string, period: Period, limit: number): Promise<StoredAudit[]> {
  const source = `(select o.seq from audit_link o where o.link = audit_link_of('a=' || $1))`;
  return trailRows(db, { name: 'question_timeline', source, key: party, period, limit });
}

/** Q10: disclosures about these people, newest first. */
export function disclosuresAbout(
  db: Db,
  patients: readonly string[],
  period: Period,
  limit: number,
): Promise<StoredAudit[]> {
  const source = `(${LINKED} and ${alsoLinked(`'i=disclosure'`)})`;
  const key = patients.map((one) => `p=${one}`);
  return trailRows(db, { name: 'question_disclosures', source, key, period, limit });
}

/** The kind under which oversight keeps refusals: all of them, or those by one rule. */
export function refusalKind(rule: string): string {
  return rule === '' ? 'refused' : `refused ${rule}`;
}

/** Q11: refusals of everybody, of one person, or about these people; by one rule or by any. */
export function refusals(
  db: Db,
  asked: { rule: string; party: string | null; patients: readonly string[] | null },
  period: Period,
  limit: number,
): Promise<StoredAudit[]> {
  const { rule, party, patients } = asked;
  const kind = `o.kind = ($1::jsonb ->> 'kind')`;
  const whose =
    patients !== null
      ? ` and o.patient in (select jsonb_array_elements_text($1::jsonb -> 'patients'))`
      : party !== null
        ? ` and o.party = ($1::jsonb ->> 'party')`
        : '';
  const name = `question_refusals_${patients !== null ? 'about' : party !== null ? 'of' : 'all'}`;
  const source = `(select distinct o.seq from oversight_access o where ${kind}${whose} order by o.seq desc)`;
  const key = JSON.stringify({ kind: refusalKind(rule), party, patients });
  return trailRows(db, { name, source, key, period, limit });
}

export interface NotableAccess {
  seq: number;
  at: Date;
  kinds: string[];
  body: string;
  patients: string[];
}

/** Kinds that say nothing by themselves: what Q3 and Q11 ask for. */
const PLAIN = ['unexplained', 'refused'];

/** Q5, Q6, Q8, Q9: accesses of a kind officers look for, by one person or to these people, newest first, with all their kinds. */
export async function notableAccesses(
  db: Db,
  asked: { party: string | null; patients: readonly string[] | null },
  { from, until }: Period,
  limit: number,
): Promise<NotableAccess[]> {
  const whose = asked.patients === null ? 'o.party = any ($1)' : 'o.patient = any ($1)';
  const result = await db.query<NotableAccess>({
    name: asked.patients === null ? 'question_notable_by' : 'question_notable_to',
    text: `select k.seq, s.at, k.kinds, a.body, a.patients from (
        select o.seq, array_agg(distinct o.kind) as kinds from oversight_access o
        where ${whose} and o.kind <> all ($5) and o.kind not like 'refused %'
          and ($2::timestamptz is null or o.at >= $2) and ($3::timestamptz is null or o.at < $3)
        group by o.seq order by o.seq desc limit $4
      ) k join audit_seal s on s.seq = k.seq join audit a on a.xid = s.xid and a.id = s.id order by k.seq desc`,
    values: [asked.patients ?? [asked.party], from, until, limit, PLAIN],
  });
  return result.rows;
}

/** Of a person `party` (an SQL expression): her name in the directory now, else the reference. */
export function personName(party: string): string {
  return `coalesce((select coalesce(p.entry ->> 'name', r.entry ->> 'name') from directory r
    left join directory p on p.member = r.entry ->> 'practitioner' and p.entry ->> 'kind' = 'person'
    where r.member = ${party} and r.entry ->> 'kind' = 'role' limit 1), ${party})`;
}

export interface BusyDay {
  party: string;
  name: string;
  role: string;
  day: string;
  patients: number;
  busiestHour: number;
  /** Her own mean day of the 30 before, and the median of her role's people on that day; null without any. */
  usual: number | null;
  peers: number | null;
  exports: number;
}

/** Q7: who opened most different records on one day, most first, beside what is usual, with files taken out that day. */
export async function busiestDays(db: Db, { from, until }: Period, limit: number): Promise<BusyDay[]> {
  const result = await db.query<BusyDay>({
    name: 'question_busy',
    text: `with most as materialized (
        select day, party, role, patients, busiest from oversight_day
        where ($1::timestamptz is null or day >= ($1 at time zone 'Europe/London')::date)
          and ($2::timestamptz is null or day < ($2 at time zone 'Europe/London')::date)
        order by patients desc, day desc, party limit $3
      ), groups as (select distinct role, day from most), peers as materialized (
        select g.role, g.day, (select percentile_cont(0.5) within group (order by d.patients)
          from oversight_day d where d.role = g.role and d.day = g.day) as median from groups g
      )
      select m.party, ${personName('m.party')} as name, m.role, m.day::text as day, m.patients, m.busiest as "busiestHour",
        (select round(avg(d.patients), 1)::float8 from oversight_day d
         where d.party = m.party and d.day >= m.day - 30 and d.day < m.day) as usual,
        p.median as peers,
        (select count(*)::integer from oversight_mark x where x.kind = 'export' and x.party = m.party
          and x.at >= (m.day::timestamp at time zone 'Europe/London')
          and x.at < ((m.day + 1)::timestamp at time zone 'Europe/London')) as exports
      from most m join peers p on p.role = m.role and p.day = m.day order by m.patients desc, m.day desc, m.party`,
    values: [from, until, limit],
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

/** Q4: break-glass and self-claimed relationships that nobody has closed, oldest first. */
export interface Unreviewed {
  reference: string;
  rule: string;
  why: string;
  at: Date;
  party: string;
  patient: string;
  name: string;
  state: string;
  caseReference: string | null;
}

export async function unreviewedGrants(db: Db, { from, until }: Period, limit: number): Promise<Unreviewed[]> {
  const result = await db.query<Unreviewed>({
    name: 'question_unreviewed',
    text: `select a.reference, a.rule, a.why, a.at, a.party, a.patient, ${personName('a.party')} as name, a.state, c.reference as "caseReference"
      from alert a left join case_file c on c.id = a.case_id
      where a.state = any (array['open', 'in-case']) and a.mode = 'live' and a.rule in ('A-01', 'A-02')
        and ($1::timestamptz is null or a.at >= $1) and ($2::timestamptz is null or a.at < $2)
      order by a.at limit $3`,
    values: [from, until, limit],
  });
  return result.rows;
}

/** Explanations that oversight found after the decision, by record. */
export async function explainedLater(db: Db, seqs: readonly number[]): Promise<Map<number, AccessExplanation>> {
  const result = await db.query<{ seq: number; explanation: AccessExplanation }>({
    name: 'question_explained',
    text: 'select seq, explanation from access_explained where seq = any ($1::bigint[])',
    values: [seqs],
  });
  return new Map(result.rows.map(({ seq, explanation }) => [seq, explanation]));
}
