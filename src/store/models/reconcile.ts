/** Accesses to a family beside what made them somebody's work: appointments, attendance, relationships (6.7, feature 6). */
import type { Db } from '../reads.ts';
import { LINKED, type Period, within } from '../trail-sql.ts';

export interface Reconciled {
  seq: number;
  at: Date;
  body: string;
  explanation: string | null;
  /** Kinds of relationship with the family in force at that instant: hers, and her teams'. */
  own: string[];
  team: string[];
  /** The day of an appointment of hers with the family that is nearest, within 30 days; null = none. */
  appointment: string | null;
}

/** Openings of these people's records by staff who care, newest first; governance has its own record. */
export async function reconciled(
  db: Db,
  patients: readonly string[],
  { from, until }: Period,
  limit: number,
): Promise<Reconciled[]> {
  const result = await db.query<Reconciled>({
    name: 'question_reconcile',
    text: `with opened as materialized (
        select l.seq, a.at, a.body, audit_json_or_null(a.body) as b
        from (${LINKED}) l join audit_seal s on s.seq = l.seq join audit a on a.xid = s.xid and a.id = s.id
        where ${within('l.seq')} and s.outcome = 0 and s.interaction in ('read', 'vread', 'history-instance', 'operation')
          and position('"kind":"staff"' in a.body) > 0
          and audit_json_or_null(a.body) -> 'agent' ->> 'role' <> all (array['ig-officer', 'caldicott-guardian', 'sar-officer'])
        order by l.seq desc limit $4
      ), about as (select substr(p, 3) as patient from unnest($1::text[]) as p),
      people as (select distinct b -> 'agent' ->> 'practitionerRole' as party from opened),
      selves as (
        select party, party as self from people
        union select p.party, d.entry ->> 'practitioner' from people p join directory d on d.member = p.party
          where d.entry ->> 'kind' = 'role' and d.entry ->> 'practitioner' is not null
      ), teams as (
        select s.party, d.entry ->> 'team' as self from selves s join directory d on d.member = s.self
          where d.entry ->> 'kind' = 'membership'
      )
      select o.seq, o.at, o.body, coalesce(o.b ->> 'explanation', (select e.explanation from access_explained e where e.seq = o.seq)) as explanation,
        array(select distinct r.kind from selves s join relationship r on r.party = s.self join about on about.patient = r.patient
          where s.party = o.b -> 'agent' ->> 'practitionerRole' and r.from_at <= o.at and o.at < r.until_at order by 1) as own,
        array(select distinct r.kind from teams s join relationship r on r.party = s.self join about on about.patient = r.patient
          where s.party = o.b -> 'agent' ->> 'practitionerRole' and r.from_at <= o.at and o.at < r.until_at order by 1) as team,
        (select to_char(d.low at time zone 'Europe/London', 'YYYY-MM-DD') from resource r join index_date d on d.type = 'Appointment' and d.id = r.id and d.code = 'date'
         where r.tokens && array(select 'Appointment.patient=' || patient from about)
           and r.tokens && array(select 'Appointment.actor=' || s.self from selves s where s.party = o.b -> 'agent' ->> 'practitionerRole')
           and d.low between o.at - interval '30 days' and o.at + interval '30 days'
         order by abs(extract(epoch from d.low - o.at)) limit 1) as appointment
      from opened o where o.b is not null order by o.seq desc`,
    values: [patients.map((one) => `p=${one}`), from, until, limit],
  });
  return result.rows;
}
