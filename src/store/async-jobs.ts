/** Requests that are answered later, as every process sees them (migrations/066-async-jobs.sql). */
import { PAGE_MINUTES } from './pages.ts';
import type { Db } from './reads.ts';

/** A job whose process has been silent for longer has ended with it. */
const SILENT_SECONDS = 20;

export interface AsyncJob {
  /** JSON of the answer when it failed; null while it runs. */
  failure: string | null;
  /** The process that worked on it is gone. */
  lost: boolean;
}

/** Notes a job, when its caller has fewer than so many running. */
export async function beginJob(db: Db, job: { token: string; caller: string; most: number }): Promise<boolean> {
  const result = await db.query({
    name: 'async_begin',
    text: `insert into async_job (token, caller) select $1, $2 where $3 > (
        select count(*) from async_job where caller = $2 and failure is null
          and alive > now() - make_interval(secs => ${SILENT_SECONDS}))`,
    values: [job.token, job.caller, job.most],
  });
  return (result.rowCount ?? 0) > 0;
}

/** Says that this process still works on a job. */
export async function keepAlive(db: Db, token: string): Promise<void> {
  await db.query({
    name: 'async_alive',
    text: 'update async_job set alive = now() where token = $1',
    values: [token],
  });
}

/** Ends a job that succeeded; false when it was cancelled meanwhile. */
export async function endJob(db: Db, token: string): Promise<boolean> {
  const result = await db.query('delete from async_job where token = $1', [token]);
  return (result.rowCount ?? 0) > 0;
}

/** Keeps how a job failed, and of its caller's failures the latest so many. */
export async function failJob(db: Db, token: string, failure: string, kept: number): Promise<void> {
  await db.query('update async_job set failure = $2 where token = $1', [token, failure]);
  await db.query(
    `delete from async_job j using async_job o where o.token = $1 and j.caller = o.caller and j.failure is not null
      and j.token not in (select k.token from async_job k where k.caller = o.caller and k.failure is not null
        order by k.started desc limit $2)`,
    [token, kept],
  );
}

/** A caller's job, or null: ended well, cancelled, too old, somebody else's or never there. */
export async function findJob(db: Db, token: string, caller: string): Promise<AsyncJob | null> {
  const result = await db.query<AsyncJob>({
    name: 'async_find',
    text: `select failure, failure is null and alive < now() - make_interval(secs => ${SILENT_SECONDS}) as lost
      from async_job where token = $1 and caller = $2 and started > now() - make_interval(mins => ${PAGE_MINUTES})`,
    values: [token, caller],
  });
  return result.rows[0] ?? null;
}

/** Forgets a caller's job; says whether there was one. */
export async function dropJob(db: Db, token: string, caller: string): Promise<boolean> {
  const result = await db.query('delete from async_job where token = $1 and caller = $2', [token, caller]);
  return (result.rowCount ?? 0) > 0;
}
