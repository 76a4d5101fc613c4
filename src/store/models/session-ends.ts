/** How often all sessions of somebody were ended (100-sign-in.sql). */
import type { Db } from '../reads.ts';

/** The number; it only grows. */
export async function readSessionEnds(db: Db, who: string): Promise<number> {
  const { rows } = await db.query<{ times: number }>({
    name: 'session_ends',
    text: 'select times from session_end where who = $1',
    values: [who],
  });
  return rows[0]?.times ?? 0;
}

/** Ends every session of hers, in every process, from its next request on. */
export async function endSessions(db: Db, who: string): Promise<void> {
  await db.query({
    name: 'session_end',
    text: 'insert into session_end (who) values ($1) on conflict (who) do update set times = session_end.times + 1',
    values: [who],
  });
}
