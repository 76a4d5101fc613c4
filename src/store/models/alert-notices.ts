/** Alert notices to somebody elsewhere: what is due, and what became of each try. */
import type { Db } from '../reads.ts';

export interface DueNotice {
  alert: number;
  reference: string;
  severity: string;
  at: Date;
  attempts: number;
  raised: Date;
}

/** Due notices of the last day, oldest first; a claim of two minutes keeps other processes from them. */
export async function claimNotices(db: Db, limit: number): Promise<DueNotice[]> {
  const result = await db.query<DueNotice>(
    `with due as (
       select n.alert from alert_notice n where n.sent is null and not n.given_up and n.due <= now()
       order by n.due limit $1 for update skip locked
     )
     update alert_notice n set due = now() + interval '2 minutes' from due, alert a
     where n.alert = due.alert and a.id = n.alert
     returning n.alert, a.reference, a.severity, a.at, n.attempts, a.raised`,
    [limit],
  );
  return result.rows.sort((a, b) => a.alert - b.alert);
}

export async function noticeSent(db: Db, alert: number): Promise<void> {
  await db.query('update alert_notice set sent = now(), attempts = attempts + 1, error = null where alert = $1', [
    alert,
  ]);
}

/** @param again seconds until the next try; null = given up */
export async function noticeFailed(db: Db, alert: number, error: string, again: number | null): Promise<void> {
  await db.query(
    `update alert_notice set attempts = attempts + 1, error = $2, given_up = $3::float8 is null,
       due = now() + make_interval(secs => coalesce($3, 0)) where alert = $1`,
    [alert, error, again],
  );
}
