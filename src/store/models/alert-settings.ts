/** How the alert rules were set in the console. */
import type { Db } from '../reads.ts';

export interface KeptSettings {
  at: Date;
  byParty: string;
  byName: string;
  words: string;
  /** JSON of modes and thresholds, complete. */
  body: string;
}

/** The newest, or null when only the settings file speaks. */
export async function newestSettings(db: Db): Promise<KeptSettings | null> {
  const result = await db.query<KeptSettings>({
    name: 'alert_settings',
    text: `select at, by_party as "byParty", by_name as "byName", words, body from alert_setting order by id desc limit 1`,
  });
  return result.rows[0] ?? null;
}

export async function insertSettings(db: Db, { at, byParty, byName, words, body }: KeptSettings): Promise<void> {
  await db.query('insert into alert_setting (at, by_party, by_name, words, body) values ($1, $2, $3, $4, $5)', [
    at,
    byParty,
    byName,
    words,
    body,
  ]);
}
