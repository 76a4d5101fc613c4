/** How the alert rules were set in the console. */
import type { PoolClient } from '../pool.ts';
import type { Db } from '../reads.ts';

export interface KeptSettings {
  /** Which setting this is, counted from 1. */
  id: number;
  at: Date;
  byParty: string;
  byName: string;
  words: string;
  /** JSON of modes and thresholds, complete. */
  body: string;
}

const LOCK = 4_105_001;

/** Until the transaction ends nobody else sets them: what is compared with the newest stays the newest. */
export async function lockSettings(client: PoolClient): Promise<void> {
  await client.query('select pg_advisory_xact_lock($1)', [LOCK]);
}

/** The newest, or null when only the settings file speaks. */
export async function newestSettings(db: Db): Promise<KeptSettings | null> {
  const result = await db.query<KeptSettings>({
    name: 'alert_settings',
    text: `select id, at, by_party as "byParty", by_name as "byName", words, body from alert_setting order by id desc limit 1`,
  });
  return result.rows[0] ?? null;
}

export async function insertSettings(
  db: Db,
  { at, byParty, byName, words, body }: Omit<KeptSettings, 'id'>,
): Promise<void> {
  await db.query('insert into alert_setting (at, by_party, by_name, words, body) values ($1, $2, $3, $4, $5)', [
    at,
    byParty,
    byName,
    words,
    body,
  ]);
}
