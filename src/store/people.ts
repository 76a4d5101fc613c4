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
