/** Requests for a person's own record and their append-only log. Written by `oversight/sar` alone. */
import type { Role } from '../../governance/types.ts';
import type { PoolClient } from '../pool.ts';
import type { Db } from '../reads.ts';

export type SarEnding = 'released' | 'refused' | 'withdrawn';

export interface SarJob {
  id: number;
  reference: string;
  opened: Date;
  openedBy: string;
  reason: string;
  /** `Patient/..` */
  subject: string;
  asker: 'self' | 'parent' | 'representative';
  child: boolean;
  /** London day. */
  received: string;
  wantsAccesses: boolean;
  wantsVersions: boolean;
  handover: string;
  classes: string[];
  professional: string | null;
  place: string;
  collected: Date | null;
  ended: Date | null;
  ending: SarEnding | null;
  version: number;
}

export interface SarLine {
  n: number;
  at: string;
  byParty: string;
  byName: string;
  /** The human behind the role. */
  person: string;
  role: string;
  kind: string;
  words: string;
  /** London day from which it counts. */
  onDate: string;
}

const COLUMNS = `j.id, j.reference, j.opened, j.opened_by as "openedBy", j.reason, j.subject, j.asker, j.child,
  j.received::text as received, j.wants_accesses as "wantsAccesses", j.wants_versions as "wantsVersions", j.handover,
  j.classes, j.professional, j.place, j.collected, j.ended, j.ending, j.version`;

export type NewSarJob = Pick<
  SarJob,
  | 'openedBy'
  | 'reason'
  | 'subject'
  | 'asker'
  | 'child'
  | 'received'
  | 'wantsAccesses'
  | 'wantsVersions'
  | 'handover'
  | 'classes'
>;

/** Must be inside a transaction. */
export async function insertJob(client: PoolClient, one: NewSarJob): Promise<{ id: number; reference: string }> {
  const { rows } = await client.query<{ id: number; reference: string }>(
    `insert into sar_job (reference, opened_by, reason, subject, asker, child, received, wants_accesses, wants_versions, handover, classes)
     values ('SAR-' || upper(left(replace(gen_random_uuid()::text, '-', ''), 10)), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     returning id, reference`,
    [
      ...[one.openedBy, one.reason, one.subject, one.asker, one.child, one.received, one.wantsAccesses],
      ...[one.wantsVersions, one.handover, one.classes],
    ],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('a request was not stored');
  return row;
}

export async function jobByReference(db: Db, reference: string): Promise<SarJob | null> {
  const { rows } = await db.query<SarJob>(`select ${COLUMNS} from sar_job j where j.reference = $1`, [reference]);
  return rows[0] ?? null;
}

/** Those that still run first, the oldest first; then the newest that ended. `professional`: hers alone. */
export async function jobsOf(db: Db, professional: string | null, limit: number): Promise<SarJob[]> {
  const { rows } = await db.query<SarJob>(
    `select ${COLUMNS} from sar_job j where $1::text is null or j.professional = $1
     order by j.ended is not null, case when j.ended is null then j.received end, j.id desc limit $2`,
    [professional, limit],
  );
  return rows;
}

export type JobChange = Partial<Pick<SarJob, 'professional' | 'place' | 'collected' | 'ended' | 'ending'>>;

/** Every request for one record, newest first. @param subject `Patient/..` */
export async function jobsAbout(db: Db, subject: string): Promise<SarJob[]> {
  const text = `select ${COLUMNS} from sar_job j where j.subject = $1 order by j.id desc limit 100`;
  return (await db.query<SarJob>(text, [subject])).rows;
}

export interface OpenJob extends Pick<SarJob, 'received'> {
  professional: string | null;
  /** What moves its clock, in order. */
  lines: { kind: string; onDate: string }[];
  /** Nothing is missing before it may leave. */
  ready: boolean;
}

/** Those that still run, with what moves their clocks. */
export async function openJobs(db: Db): Promise<OpenJob[]> {
  const { rows } = await db.query<OpenJob>(
    `select j.received::text as received, j.professional,
       coalesce((select json_agg(json_build_object('kind', l.kind, 'onDate', l.on_date::text) order by l.n)
         from sar_line l where l.job = j.id and l.kind in ('pause', 'resume', 'extend')), '[]') as lines,
       not exists (select from sar_open_points(j.id)) as ready
     from sar_job j where j.ended is null order by j.received limit 500`,
  );
  return rows;
}

/** Moves a request on, if nobody was faster and it has not ended. @returns false otherwise */
export async function changeJob(client: PoolClient, job: SarJob, change: JobChange): Promise<boolean> {
  const { professional, place, collected, ended, ending } = { ...job, ...change };
  const { rowCount } = await client.query(
    `update sar_job set professional = $3, place = $4, collected = $5, ended = $6, ending = $7, version = version + 1
     where id = $1 and version = $2 and ended is null`,
    [job.id, job.version, professional, place, collected, ended, ending],
  );
  return rowCount === 1;
}

/** Lets a request go on that was withdrawn or refused, if nobody was faster. @returns false otherwise */
export async function restoreJob(client: PoolClient, job: Pick<SarJob, 'id' | 'version'>): Promise<boolean> {
  const { rowCount } = await client.query(
    `update sar_job set ended = null, ending = null, version = version + 1
     where id = $1 and version = $2 and ending in ('withdrawn', 'refused')`,
    [job.id, job.version],
  );
  return rowCount === 1;
}

export async function sarLines(db: Db, job: number): Promise<(SarLine & { hash: string })[]> {
  const { rows } = await db.query<Omit<SarLine, 'at'> & { at: Date; hash: string }>(
    `select n, at, by_party as "byParty", by_name as "byName", person, role, kind, words, on_date::text as "onDate", hash
     from sar_line where job = $1 order by n`,
    [job],
  );
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

/** The last line, for the hash of the next; the changed row of the request is the lock: inside its transaction. */
export async function lastSarLine(client: PoolClient, job: number): Promise<{ n: number; hash: string }> {
  const text = 'select n, hash from sar_line where job = $1 order by n desc limit 1';
  return (await client.query<{ n: number; hash: string }>(text, [job])).rows[0] ?? { n: 0, hash: '' };
}

export async function insertSarLine(client: PoolClient, job: number, line: SarLine & { hash: string }): Promise<void> {
  const { n, at, byParty, byName, person, role, kind, words, onDate, hash } = line;
  await client.query(
    `insert into sar_line (job, n, at, by_party, by_name, person, role, kind, words, on_date, hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [job, n, at, byParty, byName, person, role, kind, words, onDate, hash],
  );
}

/** What is still missing before anything may leave (085-subject-access.sql). */
export async function openPoints(db: Db, job: number): Promise<{ point: string; n: number }[]> {
  return (await db.query<{ point: string; n: number }>('select point, n from sar_open_points($1)', [job])).rows;
}

/** Whether this is the record of a child: a mother is known to it, or it was born less than 18 years before that day. */
export async function isChild(db: Db, subject: string, day: string): Promise<boolean> {
  const { rows } = await db.query<{ child: boolean }>(
    `select exists (select from kin where child = $1) or exists (
       select from index_date d where d.type = 'Patient' and d.id = substr($1, 9) and d.code = 'birthdate'
         and d.low > $2::date - interval '18 years') as child`,
    [subject, day],
  );
  return rows[0]?.child ?? false;
}

/** Inserts the release; the database refuses it while a point is open. */
export async function insertRelease(
  client: PoolClient,
  job: number,
  by: { at: Date; party: string; name: string; person: string },
): Promise<void> {
  await client.query('insert into sar_release (job, at, by_party, by_name, person) values ($1, $2, $3, $4, $5)', [
    ...[job, by.at, by.party, by.name, by.person],
  ]);
}

/** When it was released, or null. */
export async function releasedAt(db: Db, job: number): Promise<Date | null> {
  return (await db.query<{ at: Date }>('select at from sar_release where job = $1', [job])).rows[0]?.at ?? null;
}

export interface Professional {
  /** `PractitionerRole/..` */
  party: string;
  name: string;
  role: Role;
}

/** People of these roles who are active now, by name. */
export async function peopleOfRoles(db: Db, roles: readonly string[], now: Date): Promise<Professional[]> {
  const { rows } = await db.query<Professional>(
    `select member as party, coalesce(entry ->> 'name', member) as name, entry ->> 'role' as role from directory
     where entry ->> 'kind' = 'role' and entry ->> 'role' = any ($1) and (entry ->> 'active')::boolean
       and coalesce((entry ->> 'from')::timestamptz, '-infinity') <= $2
       and coalesce((entry ->> 'until')::timestamptz, 'infinity') > $2
     order by 2, 1 limit 500`,
    [roles, now],
  );
  return rows;
}
