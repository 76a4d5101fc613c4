/** Plain SQL migrations, run under the owner's role; the service's own role only gets what each file grants it. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

const FOLDER = fileURLToPath(new URL('./migrations/', import.meta.url));
/** Any fixed number: two processes must not migrate at once. */
const MIGRATION_LOCK = 7_203_001;

/**
 * Brings the database up to date; does nothing (one query) when it is.
 * @param url connection string of the owner role
 * @throws Error when a migration that already ran has been edited, or its SQL fails (that migration is rolled back)
 */
export async function migrate(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query(
      'create table if not exists schema_migration (name text primary key, hash text not null, at timestamptz not null default now())',
    );
    await ensureServiceRole(client);
    const done = new Map(
      (await client.query<{ name: string; hash: string }>('select name, hash from schema_migration')).rows.map(
        (row) => [row.name, row.hash],
      ),
    );
    for (const name of (await readdir(FOLDER)).filter((file) => file.endsWith('.sql')).sort()) {
      await runOnce(client, name, done.get(name));
    }
  } finally {
    await client.end();
  }
}

async function runOnce(client: pg.Client, name: string, known: string | undefined): Promise<void> {
  const sql = await readFile(FOLDER + name, 'utf8');
  const hash = createHash('sha256').update(sql).digest('hex');
  if (known === hash) return;
  if (known !== undefined) throw new Error(`migration ${name} was edited after it ran; add a new one instead`);
  await client.query('begin');
  try {
    await client.query(sql);
    await client.query('insert into schema_migration (name, hash) values ($1, $2)', [name, hash]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw new Error(`migration ${name} failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Embedded PostgreSQL makes the role with a password; elsewhere an administrator may have, else it cannot log in. */
async function ensureServiceRole(client: pg.Client): Promise<void> {
  await client.query(`do $$ begin
    if not exists (select 1 from pg_roles where rolname = 'tandem_service') then create role tandem_service; end if;
  exception when duplicate_object then null; end $$`);
  await client.query('grant usage on schema public to tandem_service');
}
