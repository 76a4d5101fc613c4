/** The HR file is read each night, and at start when nobody has read it since it was written. */
import { readFile, stat } from 'node:fs/promises';
import cron from 'node-cron';
import { decodeUtf8 } from '../directory/csv.ts';
import { type HrFile, joinHrFile } from '../directory/hr-join.ts';
import type { Door } from '../record/types.ts';
import { lastHrReads } from '../store/models/hr.ts';
import type { Pool } from '../store/pool.ts';

/** Behind the exports of the night, before the day shift. */
const WHEN = '30 4 * * *';
/** Any fixed number of our own: one process reads it. */
const LOCK = 7_203_124;
/** Nothing of a directory is larger. */
const MOST_BYTES = 64 * 1_024 * 1_024;

export interface HrFileJob {
  /** Reads it now; false when another process is at it. */
  run(): Promise<boolean>;
  stop(): Promise<void>;
}

export function startHrFile(door: Door, { pool, path }: { pool: Pool; path: string }): HrFileJob {
  const onError = (error: unknown) =>
    door.log.error('the HR file could not be joined', { error: error instanceof Error ? error.name : 'unknown' });
  const run = async (): Promise<boolean> => {
    const client = await pool.connect();
    try {
      const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [LOCK]);
      if (rows[0]?.mine !== true) return false;
      await joinHrFile(door, await fileAt(path));
      return true;
    } finally {
      // The lock ends with its session.
      client.release(true);
    }
  };
  let running: Promise<unknown> = isNew(pool, path)
    .then((fresh) => (fresh ? run() : false))
    .catch(onError);
  const task = cron.schedule(
    WHEN,
    () => {
      running = run().catch(onError);
    },
    { timezone: 'Europe/London' },
  );
  return {
    run,
    stop: async () => {
      await task.stop();
      await running;
    },
  };
}

async function isNew(pool: Pool, path: string): Promise<boolean> {
  const { writtenAt } = await fileAt(path);
  const { last } = await lastHrReads(pool);
  return last === null || writtenAt?.getTime() !== last.fileAt?.getTime();
}

async function fileAt(path: string): Promise<HrFile> {
  try {
    const { mtime, size } = await stat(path);
    return { text: size > MOST_BYTES ? null : decodeUtf8(await readFile(path)), writtenAt: mtime };
  } catch {
    return { text: null, writtenAt: null };
  }
}
