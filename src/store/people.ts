/** People by NHS number, for tracing: whoever is there, in sight or not. */
import { type Db, type Reach, readSeveral } from './reads.ts';
import type { DecidableRow } from './rows.ts';

/** Live Patients with this number, with everything that decides them. More than one is a duplicate somebody made. */
export async function readByNumber(db: Db, token: string, reach: Reach): Promise<DecidableRow[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'people_by_number',
    text: `select r.id from resource r
      where r.type = 'Patient' and r.tokens @> array['Patient.identifier=' || $1] and not r.deleted order by r.id limit 5`,
    values: [token],
  });
  const found = await readSeveral(
    db,
    rows.map(({ id }) => `Patient/${id}`),
    reach,
  );
  return [...found.values()].filter(({ row }) => !row.deleted);
}

/** The newest pregnancy of a woman that had begun by then, or null. */
export async function currentPregnancy(db: Db, mother: string, now: Date): Promise<string | null> {
  const { rows } = await db.query<{ key: string }>({
    name: 'pregnancy_now',
    text: `select key from pregnancy where mother = $1 and from_at <= $2 order by from_at desc limit 1`,
    values: [mother, now],
  });
  return rows[0]?.key ?? null;
}

export interface KinRow {
  /** `Type/id` of the resource that says so. */
  source: string;
  child: string;
  mother: string;
}

/** Whose fetuses these are, as every resource says it. */
export async function mothersOf(db: Db, children: readonly string[]): Promise<KinRow[]> {
  const { rows } = await db.query<KinRow>({
    name: 'mothers_of',
    text: 'select source, child, mother from kin where child = any ($1)',
    values: [children],
  });
  return rows;
}

/** `PractitionerRole/..` of this role who stand on any duty list at this moment. */
export async function onDutyNow(db: Db, role: string, now: Date): Promise<string[]> {
  const { rows } = await db.query<{ member: string }>({
    name: 'on_duty_now',
    text: `select distinct r.member from directory r
      join directory d on d.member in (r.member, r.entry ->> 'practitioner') and d.entry ->> 'kind' = 'duty'
        and (d.entry ->> 'active')::boolean
      join directory t on t.member = d.entry ->> 'team' and t.entry ->> 'kind' = 'team'
        and t.entry ->> 'service' = r.entry ->> 'service'
      join directory s on s.member = d.entry ->> 'schedule' and s.entry ->> 'kind' = 'duty-slot'
        and s.entry ->> 'team' = d.entry ->> 'team'
        and (s.entry ->> 'from')::timestamptz <= $2 and $2 < (s.entry ->> 'until')::timestamptz
      where r.entry ->> 'kind' = 'role' and r.entry ->> 'role' = $1 and (r.entry ->> 'active')::boolean
      order by r.member`,
    values: [role, now],
  });
  return rows.map(({ member }) => member);
}

/** How many records of people link to this one, or it to others. */
export async function linksOf(db: Db, patient: string): Promise<number> {
  const { rows } = await db.query<{ links: number }>({
    name: 'people_links',
    text: `select (select count(*) from resource r where not r.deleted
          and r.tokens && array['Patient.link=' || $1, 'Person.link=' || $1, 'Person.patient=' || $1])::int
        + (select count(*) from resource r, unnest(r.tokens) w where r.type = 'Patient' and r.id = substr($1, 9)
          and not r.deleted and w like 'Patient.link=Patient/%')::int as links`,
    values: [patient],
  });
  return rows[0]?.links ?? 0;
}

/** The services behind people (`PractitionerRole/..`, `Practitioner/..`) and teams, as the directory says; none for others. */
export async function servicesBehind(db: Db, parties: readonly string[]): Promise<Map<string, string[]>> {
  const { rows } = await db.query<{ party: string; service: string }>({
    name: 'services_behind',
    text: `select distinct p.party, d.entry ->> 'service' as service from unnest($1::text[]) as p(party)
      join directory d on d.entry ->> 'kind' in ('role', 'team') and d.entry ->> 'service' is not null
        and (d.member = p.party or (d.entry ->> 'kind' = 'role' and d.entry ->> 'practitioner' = p.party))`,
    values: [parties],
  });
  const found = new Map<string, string[]>();
  for (const { party, service } of rows) found.set(party, [...(found.get(party) ?? []), service]);
  return found;
}

/** Which of these services care for every one of these people now: a care team, an episode, an accepted referral. */
export async function servicesCaring(
  db: Db,
  { services, patients, now }: { services: readonly string[]; patients: readonly string[]; now: Date },
): Promise<Set<string>> {
  const { rows } = await db.query<{ party: string }>({
    name: 'services_caring',
    text: `select r.party from relationship r where r.patient = any ($2) and r.party = any ($1)
        and r.kind in ('care-team', 'episode', 'referral-accepted', 'registered') and r.from_at <= $3 and r.until_at > $3
      group by r.party having count(distinct r.patient) = cardinality($2::text[])`,
    values: [services, patients, now],
  });
  return new Set(rows.map(({ party }) => party));
}

/** Who stands on a duty list's Schedule. */
export async function onSchedule(db: Db, schedule: string): Promise<string[]> {
  const { rows } = await db.query<{ member: string }>({
    name: 'on_schedule',
    text: `select d.member from directory d where d.source = $1 and d.entry ->> 'kind' = 'duty'`,
    values: [schedule],
  });
  return rows.map(({ member }) => member);
}
