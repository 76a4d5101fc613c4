/** Changes of the retention schedule: asked by one person, counted, agreed by another (111-retention-schedule.sql). */
import type { Db } from '../reads.ts';
import type { By } from './retention.ts';

export interface ScheduleChange {
  id: number;
  reference: string;
  kind: string;
  years: number;
  before: number | null;
  asked: Date;
  askedBy: string;
  person: string;
  words: string;
  /** When the dry run was whole; null = it goes on. */
  counted: Date | null;
  looked: number;
  dueNow: number;
  dueThen: number;
  newlyDue: number;
  noLonger: number;
  /** Newly due, and kept by a hold. */
  held: number;
  approved: Date | null;
  approvedBy: string | null;
  refusedBy: string | null;
  certificate: string | null;
}

const COLUMNS = `id, reference, kind, years, before, asked, asked_by as "askedBy", person, words, counted, looked,
  due_now as "dueNow", due_then as "dueThen", newly_due as "newlyDue", no_longer as "noLonger", held, approved,
  approved_by as "approvedBy", refused_by as "refusedBy", certificate`;

/** Those that wait first, then the newest. */
export async function scheduleChanges(db: Db): Promise<ScheduleChange[]> {
  const text = `select ${COLUMNS} from retention_schedule_change order by approved is not null or refused is not null, id desc limit 50`;
  return (await db.query<ScheduleChange>(text)).rows;
}

export async function scheduleChange(db: Db, reference: string): Promise<ScheduleChange | null> {
  const text = `select ${COLUMNS} from retention_schedule_change where reference = $1`;
  return (await db.query<ScheduleChange>(text, [reference])).rows[0] ?? null;
}

/** One machine word why these years cannot be set, or null. */
export async function scheduleRefusal(db: Db, kind: string, years: number): Promise<string | null> {
  const text = 'select retention_refusal($1, $2) as why';
  return (await db.query<{ why: string | null }>(text, [kind, years])).rows[0]?.why ?? null;
}

/** @throws SQL 23505 while another change waits */
export async function insertScheduleChange(
  db: Db,
  one: { kind: string; years: number; by: By; at: Date; words: string },
): Promise<string> {
  const { rows } = await db.query<{ reference: string }>(
    `insert into retention_schedule_change (reference, kind, years, before, asked, asked_by, person, words)
     select 'RSC-' || upper(left(replace(gen_random_uuid()::text, '-', ''), 10)), $1, $2, s.years, $3, $4, $5, $6
     from retention_schedule s where s.kind = $1 returning reference`,
    [one.kind, one.years, one.at, one.by.name, one.by.person, one.words],
  );
  return rows[0]?.reference ?? '';
}

/** Counts on. @returns true when the dry run is whole */
export async function countOn(db: Db, id: number, limit: number, today: string): Promise<boolean> {
  const { rows } = await db.query<{ whole: boolean }>('select retention_dry_run($1, $2, $3) as whole', [
    id,
    limit,
    today,
  ]);
  return rows[0]?.whole ?? false;
}

/** Begins the dry run anew. */
export async function countAgain(db: Db, id: number): Promise<void> {
  await db.query(
    `update retention_schedule_change set place = '', counted = null, looked = 0, due_now = 0, due_then = 0, newly_due = 0,
       no_longer = 0, held = 0 where id = $1 and refused is null`,
    [id],
  );
}

/** @throws SQL TDR01..TDR06 */
export async function setSchedule(db: Db, id: number, by: By, at: Date): Promise<void> {
  await db.query('select retention_set($1, $2, $3, $4)', [id, at, by.name, by.person]);
}

/** @returns false when it does not wait any more */
export async function refuseSchedule(db: Db, id: number, by: By, at: Date): Promise<boolean> {
  const text = `update retention_schedule_change set refused = $2, refused_by = $3 where id = $1 and approved is null and refused is null`;
  return (await db.query(text, [id, at, by.name])).rowCount === 1;
}

export async function uncertified(db: Db): Promise<ScheduleChange[]> {
  const text = `select ${COLUMNS} from retention_schedule_change where approved is not null and certificate is null order by id limit 20`;
  return (await db.query<ScheduleChange>(text)).rows;
}

export async function keepScheduleCertificate(db: Db, id: number, certificate: string): Promise<void> {
  const text = 'update retention_schedule_change set certificate = $2 where id = $1 and certificate is null';
  await db.query(text, [id, certificate]);
}

/** A signed certificate by its reference (`DES-..`, `TRR-..`, `RSC-..`), or null. */
export async function certificateOf(db: Db, reference: string): Promise<string | null> {
  const { rows } = await db.query<{ certificate: string | null }>(
    `select certificate from retention_destruction where reference = $1
     union all select certificate from retention_schedule_change where reference = $1
     union all select r.certificate from audit_removal r join audit_removal_asked a on a.id = r.asked where a.reference = $1`,
    [reference],
  );
  return rows[0]?.certificate ?? null;
}
