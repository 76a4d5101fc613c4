/** What the nightly join against the HR file keeps, and what it finds (domain.md 1.8, Q15). */
import type { PoolClient } from '../pool.ts';
import type { Db } from '../reads.ts';

export interface HrPerson {
  /** `Practitioner/..` */
  person: string;
  keys: string[];
  lastDay: string | null;
  /** The file does not name her. */
  absent: boolean;
}

export interface HrRead {
  at: Date;
  /** When the file was written; null = there was none. */
  fileAt: Date | null;
  taken: boolean;
  people: number;
  /** Staff numbers of the file that the directory does not know. */
  unknown: number;
  faults: string[];
}

/** `Practitioner/..` of every staff number of the directory. (The word of the system alone is an index word too.) */
export async function peopleByStaffNumber(db: Db, system: string): Promise<Map<string, string>> {
  const text = `select 'Practitioner/' || r.id as person, substr(w.word, $2) as number
    from resource r cross join lateral unnest(r.tokens) as w(word)
    where r.type = 'Practitioner' and not r.deleted and r.data_class = 'directory' and starts_with(w.word, $1)
      and length(w.word) >= $2`;
  const start = `Practitioner.identifier=${system}|`;
  const { rows } = await db.query<{ person: string; number: string }>(text, [start, start.length + 1]);
  return new Map(rows.map(({ person, number }) => [number, person]));
}

/** The keys of own records that stand in the directory, by person. */
export async function ownKeys(db: Db): Promise<Map<string, string>> {
  const { rows } = await db.query<{ person: string; key: string }>(
    `select member as person, entry ->> 'key' as key from directory where entry ->> 'kind' = 'own-record'`,
  );
  return new Map(rows.map(({ person, key }) => [person, key]));
}

/** The file as it is now takes the place of what it said before. */
export async function replaceHrPeople(db: PoolClient, people: readonly HrPerson[]): Promise<void> {
  await db.query('delete from hr_person');
  await db.query(
    `insert into hr_person (person, keys, last_day, absent)
      select person, keys, "lastDay", absent from jsonb_to_recordset($1) as p(person text, keys text[], "lastDay" date, absent boolean)`,
    [JSON.stringify(people)],
  );
}

export async function countHrPeople(db: Db): Promise<number> {
  const { rows } = await db.query<{ n: number }>('select count(*)::int as n from hr_person where not absent');
  return rows[0]?.n ?? 0;
}

export async function keepHrRead(db: Db, { at, fileAt, taken, people, unknown, faults }: HrRead): Promise<void> {
  await db.query('insert into hr_read (at, file_at, taken, people, unknown, faults) values ($1, $2, $3, $4, $5, $6)', [
    at,
    fileAt,
    taken,
    people,
    unknown,
    faults,
  ]);
}

/** The last time it was read, and the last time it was taken. */
export async function lastHrReads(db: Db): Promise<{ last: HrRead | null; taken: HrRead | null }> {
  const of = async (where: string) =>
    (
      await db.query<HrRead>(
        `select at, file_at as "fileAt", taken, people, unknown, faults from hr_read ${where} order by id desc limit 1`,
      )
    ).rows[0] ?? null;
  return { last: await of(''), taken: await of('where taken') };
}

export interface HrDifference {
  /** `PractitionerRole/..` that goes on here. */
  role: string;
  name: string | null;
  /** Last day by the HR file; null = the file does not name her. */
  lastDay: string | null;
}

/** Roles that go on here of people who have left by the HR file, or whom it did not name though they have a staff number. */
export async function hrDifferences(db: Db, now: Date): Promise<HrDifference[]> {
  const text = `select r.member as role, p.entry ->> 'name' as name, to_char(h.last_day, 'YYYY-MM-DD') as "lastDay"
    from hr_person h
    join directory r on r.entry ->> 'kind' = 'role' and r.entry ->> 'practitioner' = h.person
    left join directory p on p.member = h.person and p.entry ->> 'kind' = 'person'
    where (h.absent or h.last_day < ($1 at time zone 'Europe/London')::date)
      and (r.entry ->> 'active')::boolean and coalesce((r.entry ->> 'until')::timestamptz, 'infinity') > $1
    order by h.last_day nulls last, 2, 1 limit 500`;
  return (await db.query<HrDifference>({ name: 'hr_differences', text, values: [now] })).rows;
}
