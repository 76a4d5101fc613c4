/** Retention, holds and destructions (086-retention.sql), and removals of the trail's oldest segments (087-trail-removal.sql). */
import type { Db } from '../reads.ts';

/** A step of a person on a row of these tables. */
export interface By {
  party: string;
  name: string;
  /** The human behind the role. */
  person: string;
}

export interface Due {
  reference: string;
  patient: string;
  /** London days. */
  due: string;
  rule: string;
  ended: string;
}

export interface Hold {
  reference: string;
  patient: string | null;
  at: Date;
  byName: string;
  reason: string;
  liftAskedBy: string | null;
  liftReason: string | null;
}

export interface Destruction {
  id: number;
  reference: string;
  patient: string;
  due: string;
  rule: string;
  askedBy: string;
  person: string;
  words: string;
  approvedBy: string | null;
  removed: number;
  done: Date | null;
  refusedBy: string | null;
}

export interface RemovalAsked {
  id: number;
  reference: string;
  toSeq: number;
  askedBy: string;
  person: string;
  words: string;
  approvedBy: string | null;
  done: Date | null;
  refusedBy: string | null;
}

const SHOWN = 200;
const newReference = (prefix: string) => `'${prefix}-' || upper(left(replace(gen_random_uuid()::text, '-', ''), 10))`;

/** Wishes that wait for a second person and were not this human's. */
export async function wishesFor(db: Db, person: string): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    `select ((select count(*) from retention_destruction where approved is null and refused is null and done is null and person <> $1)
       + (select count(*) from audit_removal_asked where approved is null and refused is null and done is null and person <> $1)
       + (select count(*) from retention_schedule_change where approved is null and refused is null and person <> $1)
       + (select count(*) from retention_hold where lifted is null and lift_person is not null and lift_person <> $1))::integer as n`,
    [person],
  );
  return rows[0]?.n ?? 0;
}

export async function dueRecords(db: Db): Promise<Due[]> {
  const text = `select reference, patient, due::text, rule, ended::text from retention_review order by due, reference limit ${SHOWN}`;
  return (await db.query<Due>(text)).rows;
}

export async function dueByReference(db: Db, reference: string): Promise<Due | null> {
  const text = 'select reference, patient, due::text, rule, ended::text from retention_review where reference = $1';
  return (await db.query<Due>(text, [reference])).rows[0] ?? null;
}

export async function liveHolds(db: Db): Promise<Hold[]> {
  const { rows } = await db.query<Hold>(
    `select reference, patient, at, by_name as "byName", reason, lift_asked_by as "liftAskedBy", lift_reason as "liftReason"
     from retention_hold where lifted is null order by id desc limit ${SHOWN}`,
  );
  return rows;
}

export async function insertHold(
  db: Db,
  one: { patient: string | null; at: Date; reason: string; by: By },
): Promise<string> {
  const { rows } = await db.query<{ reference: string }>(
    `insert into retention_hold (reference, patient, at, by_party, by_name, person, reason)
     values (${newReference('HOLD')}, $1, $2, $3, $4, $5, $6) returning reference`,
    [one.patient, one.at, one.by.party, one.by.name, one.by.person, one.reason],
  );
  return rows[0]?.reference ?? '';
}

/** The first of two asks that a hold ends. @returns false when it has ended or somebody has asked already */
export async function askLift(db: Db, reference: string, by: By, said: { at: Date; reason: string }): Promise<boolean> {
  const { rowCount } = await db.query(
    `update retention_hold set lift_asked = $2, lift_asked_by = $3, lift_person = $4, lift_reason = $5
     where reference = $1 and lifted is null and lift_asked is null`,
    [reference, said.at, by.name, by.person, said.reason],
  );
  return rowCount === 1;
}

/** The second of two ends it. @returns false when there is nothing to confirm. @throws SQL 23514 by the same person */
export async function confirmLift(db: Db, reference: string, by: By, at: Date): Promise<boolean> {
  const { rowCount } = await db.query(
    `update retention_hold set lifted = $2, lifted_by = $3, lifted_person = $4
     where reference = $1 and lifted is null and lift_asked is not null`,
    [reference, at, by.name, by.person],
  );
  return rowCount === 1;
}

const DESTRUCTION = `id, reference, patient, due::text, rule, asked_by as "askedBy", person, words,
  approved_by as "approvedBy", removed, done, refused_by as "refusedBy"`;

export async function destructions(db: Db): Promise<Destruction[]> {
  const text = `select ${DESTRUCTION} from retention_destruction order by done is not null or refused is not null, id desc limit ${SHOWN}`;
  return (await db.query<Destruction>(text)).rows;
}

export async function approvedDestructions(db: Db): Promise<Destruction[]> {
  const text = `select ${DESTRUCTION} from retention_destruction where approved is not null and done is null and refused is null order by id limit 20`;
  return (await db.query<Destruction>(text)).rows;
}

/** @throws SQL 23505 when one is asked for already */
export async function insertDestruction(db: Db, due: Due, by: By, said: { at: Date; words: string }): Promise<string> {
  const { rows } = await db.query<{ reference: string }>(
    `insert into retention_destruction (reference, patient, due, rule, asked, asked_by, person, words)
     values (${newReference('DES')}, $1, $2, $3, $4, $5, $6, $7) returning reference`,
    [due.patient, due.due, due.rule, said.at, by.name, by.person, said.words],
  );
  return rows[0]?.reference ?? '';
}

/** @returns false when it does not wait for an answer. @throws SQL 23514 by the same person */
export async function answerDestruction(
  db: Db,
  reference: string,
  by: By,
  yes: { at: Date; agreed: boolean },
): Promise<boolean> {
  return answered(db, 'retention_destruction', reference, by, yes);
}

export async function answerRemoval(
  db: Db,
  reference: string,
  by: By,
  yes: { at: Date; agreed: boolean },
): Promise<boolean> {
  return answered(db, 'audit_removal_asked', reference, by, yes);
}

async function answered(
  db: Db,
  table: 'retention_destruction' | 'audit_removal_asked',
  reference: string,
  by: By,
  { at, agreed }: { at: Date; agreed: boolean },
): Promise<boolean> {
  const set = agreed ? 'approved = $2, approved_by = $3, approved_person = $4' : 'refused = $2, refused_by = $3';
  const { rowCount } = await db.query(
    `update ${table} set ${set} where reference = $1 and approved is null and refused is null and done is null`,
    agreed ? [reference, at, by.name, by.person] : [reference, at, by.name],
  );
  return rowCount === 1;
}

/** Removes the next rows of an approved destruction. @returns 0 = all gone. @throws SQL TDR01..TDR04 */
export async function destroyNext(
  db: Db,
  id: number,
  limit: number,
): Promise<{ gone: number; done: boolean; removed: number }> {
  const { rows } = await db.query<{ gone: number }>('select retention_destroy($1, $2) as gone', [id, limit]);
  const state = await db.query<{ done: boolean; removed: number }>(
    'select done is not null as done, removed from retention_destruction where id = $1',
    [id],
  );
  return { gone: rows[0]?.gone ?? 0, done: state.rows[0]?.done ?? false, removed: Number(state.rows[0]?.removed ?? 0) };
}

export async function keepCertificate(db: Db, id: number, certificate: string): Promise<void> {
  await db.query('update retention_destruction set certificate = $2 where id = $1 and certificate is null', [
    id,
    certificate,
  ]);
}

/** Looks at the next Patients, by id. @returns the last one, or null at the end */
export async function lookForDue(db: Db, after: string, today: string): Promise<string | null> {
  const { rows } = await db.query<{ last: string | null }>('select retention_look($1, 200, $2) as last', [
    after,
    today,
  ]);
  return rows[0]?.last ?? null;
}

export interface Schedule {
  kind: string;
  years: number | null;
  source: string;
  /** `RSC-..` of the change that two people made last, or null. */
  setBy: string | null;
}

export async function schedule(db: Db): Promise<Schedule[]> {
  return (
    await db.query<Schedule>('select kind, years, source, set_by as "setBy" from retention_schedule order by kind')
  ).rows;
}
