/** What alert rules must know around the records of one stretch, asked for all of them at once. */
import type { AccessExplanation } from '../../governance/decision-types.ts';
import type { Db } from '../reads.ts';

/** One record about one person. */
export interface Touch {
  seq: number;
  /** `PractitionerRole/..`, or the subject of the token. */
  party: string;
  /** `Patient/..` */
  patient: string;
  /** ISO UTC. */
  at: string;
}

export interface Around {
  seq: number;
  patient: string;
  relationships: string[];
  relationshipOver: boolean;
  consents: string[];
  newlyPermitted: boolean;
  tags: string[] | null;
  onDuty: boolean;
  colleague: boolean;
  afterDeath: boolean;
  afterLoss: boolean;
}

const ASKED = `asked as (
    select * from jsonb_to_recordset($1) as a(seq bigint, party text, patient text, at timestamptz)
  ), selves as (
    select distinct party, party as self from asked
    union select a.party, d.entry ->> 'practitioner' from asked a join directory d on d.member = a.party
      where d.entry ->> 'kind' = 'role' and d.entry ->> 'practitioner' is not null
  ), sides as (
    select party, self from selves
    union select s.party, d.entry ->> 'team' from selves s join directory d on d.member = s.self
      where d.entry ->> 'kind' = 'membership'
  )`;

/** Joined to `selves s`: she is on a duty list at the instant `at` (an SQL expression); `y` is her place on it. */
export const dutyAt = (
  at: string,
): string => `join directory y on y.member = s.self and y.entry ->> 'kind' = 'duty' and (y.entry ->> 'active')::boolean
  join directory z on z.member = y.entry ->> 'schedule' and z.entry ->> 'kind' = 'duty-slot' and z.entry ->> 'team' = y.entry ->> 'team'
    and (z.entry ->> 'from')::timestamptz <= ${at} and ${at} < (z.entry ->> 'until')::timestamptz`;
const DUTY = dutyAt('a.at');

/** Whether any duty list is loaded: until then nobody can be said to be off it. */
export async function dutyIsKnown(db: Db): Promise<boolean> {
  const result = await db.query<{ known: boolean }>({
    name: 'alert_duty_known',
    text: `select exists (select from directory where entry ->> 'kind' = 'duty-slot') as known`,
  });
  return result.rows[0]?.known === true;
}

/** Relationships, consents and tags as they are now, within their own times at the instant of the record. */
export async function aroundOf(db: Db, touches: readonly Touch[], permitHours: number): Promise<Around[]> {
  if (touches.length === 0) return [];
  const result = await db.query<Around>({
    name: 'alert_around',
    text: `with ${ASKED}
      select a.seq, a.patient,
        array(select distinct r.kind from selves s join relationship r on r.party = s.self and r.patient = a.patient
          where s.party = a.party and r.from_at <= a.at and a.at < r.until_at) as relationships,
        exists (select from sides s join relationship r on r.party = s.self and r.patient = a.patient
            where s.party = a.party and r.until_at <= a.at - case when r.ending = 'revoked' then interval '0' else interval '14 days' end)
          and not exists (select from sides s join relationship r on r.party = s.self and r.patient = a.patient
            where s.party = a.party and r.from_at <= a.at
              and a.at < r.until_at + case when r.ending = 'revoked' then interval '0' else interval '14 days' end) as "relationshipOver",
        array(select distinct c.kind from consent c
          where c.patient = a.patient and c.from_at <= a.at and a.at < c.until_at) as consents,
        exists (select from consent c where c.patient = a.patient and c.kind in ('permit', 'override')
          and c.from_at > a.at - make_interval(hours => $2) and c.from_at <= a.at
          and (c.party = a.party or c.party in (select self from sides s where s.party = a.party)
            or c.party = (select d.entry ->> 'service' from directory d where d.member = a.party and d.entry ->> 'kind' = 'role' limit 1)))
          as "newlyPermitted",
        exists (select from selves s ${DUTY} where s.party = a.party) as "onDuty",
        exists (select from consent c join directory k on k.entry ->> 'kind' = 'own-record' and k.entry ->> 'key' = c.party
            join directory w on w.entry ->> 'kind' = 'role' and w.entry ->> 'practitioner' = k.member
            join directory me on me.member = a.party and me.entry ->> 'kind' = 'role'
          where c.kind = 'own-record' and c.patient = a.patient and w.member <> a.party
            and w.entry ->> 'service' = me.entry ->> 'service') as colleague,
        exists (select from resource p where p.type = 'Patient' and p.id = substr(a.patient, 9)
          and p.tokens @> array['Patient.deceased=true']) as "afterDeath",
        exists (select from resource t where t.tokens @> array['Task.business-status=pregnancy-ended', 'Task.patient=' || a.patient]
          and t.updated <= a.at and not t.deleted) as "afterLoss",
        (select p.tags from resource p where p.type = 'Patient' and p.id = substr(a.patient, 9)) as tags
      from asked a`,
    values: [JSON.stringify(touches), permitHours],
  });
  return result.rows;
}

/** Days in which something recorded, or a handover, explains an access (domain.md 6.2 Q3). */
const EVENT_DAYS = 14;

/**
 * Explanations the decision did not give: her own appointment, Task or named role where the decision looked at no row
 * (`$everything`), the duty list that day, something she recorded about this person in the 14 days before, a handover to or by her.
 */
export async function explanationsOf(
  db: Db,
  touches: readonly Touch[],
): Promise<{ seq: number; explanation: AccessExplanation }[]> {
  if (touches.length === 0) return [];
  const result = await db.query<{ seq: number; explanation: AccessExplanation }>({
    name: 'late_explanations',
    text: `with ${ASKED}, found as (
        select a.seq, case
          when exists (${relatedBy(`'appointment'`)}) then 'own-appointment'
          when exists (${relatedBy(`'task'`)}) then 'own-task'
          when exists (${relatedBy(`'care-team', 'named', 'episode', 'referral-accepted'`)}) then 'named-role'
          when exists (select from selves s ${DUTY} join relationship r on r.party = y.entry ->> 'team' and r.patient = a.patient
            where s.party = a.party and r.from_at <= a.at and a.at < r.until_at) then 'duty-list'
          when exists (select from audit_link p join audit_seal s on s.seq = p.seq
            where p.link = audit_link_of('p=' || a.patient) and p.seq < a.seq
              and s.interaction in ('create', 'update', 'patch') and s.outcome = 0
              and s.at > a.at - make_interval(days => ${EVENT_DAYS})
              and exists (select from audit_link o where o.link = audit_link_of('a=' || a.party) and o.seq = p.seq))
            then 'record-event'
          when exists (select from resource t
            where t.tokens @> array['Task.code=accept-handover', 'Task.patient=' || a.patient]
              and t.tokens && array(select 'Task.' || side || '=' || s.self from selves s, unnest(array['owner', 'requester']) side
                where s.party = a.party)
              and t.updated > a.at - make_interval(days => ${EVENT_DAYS}) and not t.deleted)
            then 'handover'
        end as explanation
        from asked a
      )
      select distinct on (seq) seq, explanation from found where explanation is not null order by seq`,
    values: [JSON.stringify(touches)],
  });
  return result.rows;
}

function relatedBy(kinds: string): string {
  return `select from selves s join relationship r on r.party = s.self and r.patient = a.patient
    where s.party = a.party and r.kind in (${kinds}) and r.from_at <= a.at and a.at < r.until_at`;
}
