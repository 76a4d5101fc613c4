/** Accesses beside what made them somebody's work: appointments, attendance, duty, handover, relationships (6.7, feature 6). */
import type { Db } from '../reads.ts';
import { type Period, within } from '../trail-sql.ts';
import { dutyAt } from './alert-facts.ts';

/** A contact with the family: when it was or is to be, and its status; never what it was about. */
export interface Contact {
  at: string;
  status: string | null;
}

export interface Reconciled {
  seq: number;
  at: Date;
  body: string;
  explanation: string | null;
  /** Kinds of relationship with the family in force at that instant: hers, and her teams'. */
  own: string[];
  team: string[];
  /** Her own appointment and her own visit with the family that are nearest, within 30 days. */
  appointment: Contact | null;
  visit: Contact | null;
  /** The family was seen by anybody within two days. */
  attended: Contact | null;
  /** On a duty list at that instant: of a team that cares for the family, or of another one. */
  duty: 'family' | 'elsewhere' | null;
  /** Instants, within 14 days before: a handover to or by her, and what she last recorded about the family. */
  handover: string | null;
  recorded: string | null;
}

export interface Whose {
  /** The family; empty = those whom each record is about. */
  patients: readonly string[];
  /** People whose accesses are asked for; empty = everybody's. */
  parties: readonly string[];
}

const STAFF_ALONE = ['ig-officer', 'caldicott-guardian', 'sar-officer'];

/** `r.tokens` has one of the family, or one of what she is called. */
const family = (code: string) => `r.tokens && array(select '${code}=' || f.patient from about f where f.seq = o.seq)`;
const herself = (code: string) =>
  `r.tokens && array(select '${code}=' || s.self from selves s where s.party = o.party)`;
const status = (code: string) => `(select substr(t, ${code.length + 2}) from unnest(r.tokens) as t
  where starts_with(t, '${code}=') and position('|' in t) = 0 limit 1)`;

/** Looked at in the rows that are found: as a key of the index, a status that most rows have would be read whole. */
const SEEN = `exists (select from unnest(r.tokens) as t
  where t = any ('{Encounter.status=arrived,Encounter.status=triaged,Encounter.status=in-progress,Encounter.status=finished}'))`;

/** The nearest row of a type with a date in these days around the access. Very restricted ones are not looked at. */
function nearest(type: string, condition: string, days: number): string {
  return `(select jsonb_build_object('at', to_char(d.low at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'status', ${status(`${type}.status`)})
    from resource r join index_date d on d.type = '${type}' and d.id = r.id and d.code = 'date'
    where r.type = '${type}' and not r.deleted and r.label <> 'V' and ${family(`${type}.patient`)} and ${condition}
      and d.low between o.at - interval '${days} days' and o.at + interval '${days} days'
    order by abs(extract(epoch from d.low - o.at)) limit 1)`;
}

const IN_FORCE = 'r.from_at <= o.at and o.at < r.until_at';
const kinds = (sides: string) => `array(select distinct r.kind from ${sides} s join relationship r on r.party = s.self
  join about f on f.seq = o.seq and f.patient = r.patient where s.party = o.party and ${IN_FORCE} order by 1)`;
const instant = (at: string) => `to_char(${at} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
const RECENT = `interval '14 days'`;

/** Openings of these people's records, or by these people, by staff who care; newest first. Governance has its own record. */
export async function reconciled(
  db: Db,
  { patients, parties }: Whose,
  { from, until }: Period,
  limit: number,
): Promise<Reconciled[]> {
  const words = patients.length > 0 ? patients.map((one) => `p=${one}`) : parties.map((one) => `a=${one}`);
  const result = await db.query<Reconciled>({
    name: 'question_reconcile',
    text: `with opened as materialized (
        -- The newest of each word along its own links: a person's are not read to their end.
        select distinct on (found.seq) found.* from unnest($1::text[]) as word cross join lateral (
        select l.seq, a.at, a.body, a.patients, audit_json_or_null(a.body) as b,
          audit_json_or_null(a.body) -> 'agent' ->> 'practitionerRole' as party
        from audit_link l join audit_seal s on s.seq = l.seq join audit a on a.xid = s.xid and a.id = s.id
        where l.link = audit_link_of(word) and ${within('l.seq')} and s.outcome = 0 and s.interaction in ('read', 'vread', 'history-instance', 'operation')
          and position('"kind":"staff"' in a.body) > 0
          and audit_json_or_null(a.body) -> 'agent' ->> 'role' <> all ($7::text[])
          and (cardinality($5::text[]) = 0 or audit_json_or_null(a.body) -> 'agent' ->> 'practitionerRole' = any ($5))
        order by l.seq desc limit $4) found
        order by found.seq desc limit $4
      ), about as (
        select o.seq, p as patient from opened o, unnest(case when cardinality($6::text[]) = 0 then o.patients else $6 end) as p
      ), people as (select distinct party from opened),
      selves as (
        select party, party as self from people
        union select p.party, d.entry ->> 'practitioner' from people p join directory d on d.member = p.party
          where d.entry ->> 'kind' = 'role' and d.entry ->> 'practitioner' is not null
      ), teams as (
        select s.party, d.entry ->> 'team' as self from selves s join directory d on d.member = s.self
          where d.entry ->> 'kind' = 'membership'
      ), wrote as materialized (
        -- From the family's few links to each body, never from the links of a person, which are a hundred thousand.
        select s.seq, s.at, f.patient, audit_json_or_null(s.body) -> 'agent' ->> 'practitionerRole' as party
        from (select distinct patient from about) f
          cross join lateral (select l.seq from audit_link l where l.link = audit_link_of('p=' || f.patient) offset 0) l
          cross join lateral (select s.seq, s.at, a.body from audit_seal s join audit a on a.xid = s.xid and a.id = s.id
            where s.seq = l.seq and s.outcome = 0 and s.interaction in ('create', 'update', 'patch')
              and position('"kind":"staff"' in a.body) > 0 offset 0) s
      )
      select o.seq, o.at, o.body, coalesce(o.b ->> 'explanation', (select e.explanation from access_explained e where e.seq = o.seq)) as explanation,
        ${kinds('selves')} as own, ${kinds('teams')} as team,
        ${nearest('Appointment', herself('Appointment.actor'), 30)} as appointment,
        ${nearest('Encounter', herself('Encounter.participant'), 30)} as visit,
        ${nearest('Encounter', `r.label = 'N' and ${SEEN}`, 2)} as attended,
        (select case when bool_or(exists (select from relationship r join about f on f.seq = o.seq and f.patient = r.patient
            where r.party = y.entry ->> 'team' and ${IN_FORCE})) then 'family' when count(*) > 0 then 'elsewhere' end
         from selves s ${dutyAt('o.at')} where s.party = o.party) as duty,
        (select ${instant('max(r.updated)')} from resource r where r.type = 'Task' and not r.deleted
           and r.tokens @> array['Task.code=accept-handover'] and ${family('Task.patient')}
           and (${herself('Task.owner')} or ${herself('Task.requester')})
           and r.updated > o.at - ${RECENT} and r.updated <= o.at) as handover,
        (select ${instant('max(w.at)')} from about f join wrote w on w.patient = f.patient
         where f.seq = o.seq and w.party = o.party and w.seq < o.seq and w.at > o.at - ${RECENT}) as recorded
      from opened o where o.b is not null order by o.seq desc`,
    values: [words, from, until, limit, parties, patients, STAFF_ALONE],
  });
  return result.rows;
}
