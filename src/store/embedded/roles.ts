/** The two roles the service needs in a database: the owner migrates, `tandem_service` does the daily work. */
import { createHmac } from 'node:crypto';
import pg from 'pg';
import type { Cluster } from './cluster.ts';

/** Name of the least-privileged role that the migrations grant to. */
export const SERVICE_ROLE = 'tandem_service';

/** The database of an embedded server that the service uses. */
export const DATABASE = 'tandem';

/** Two processes that come at once must not both create: one holds this lock of the database `postgres`. */
const CREATE_LOCK = 7_226_002;

/**
 * No transaction of the service stays open while it waits for anyone: an open one hides later commits from the feed
 * (house.md section 4, tried).
 */
const SERVICE_SETTINGS = ['transaction_timeout', 'idle_in_transaction_session_timeout'];

/** Runs `work` with one connection and closes it, whatever happens. */
export async function withClient<T>(connectionString: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Makes the owner, the service role and (unless undefined) the database in an embedded server; idempotent. */
export async function prepareCluster(cluster: Cluster, database: string | undefined): Promise<void> {
  await withClient(cluster.url('postgres', 'postgres'), async (client) => {
    await client.query('select pg_advisory_lock($1)', [CREATE_LOCK]);
    await ensureRole(client, 'tandem_owner', cluster.access.passwords.tandem_owner);
    await ensureServiceRole(client, cluster.access.passwords.tandem_service);
    if (database === undefined) return;
    const found = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (found.rowCount === 0) {
      await client.query(`create database ${pg.escapeIdentifier(database)} owner tandem_owner`);
    }
  });
}

/**
 * The service's connection string for a PostgreSQL that is not ours: same host and database, role `tandem_service`.
 * Its password is derived from the owner's (HMAC-SHA-256), so that every process that knows DATABASE_URL knows it and
 * no second secret has to be handed around; without an owner password (peer, certificate) it has none.
 */
export function deriveServiceUrl(ownerUrl: string): string {
  const derived = new URL(ownerUrl);
  const secret = decodeURIComponent(derived.password);
  derived.username = SERVICE_ROLE;
  derived.password = secret === '' ? '' : createHmac('sha256', secret).update(SERVICE_ROLE).digest('base64url');
  return derived.href;
}

/**
 * Makes sure that the derived service role can sign in to a PostgreSQL that is not ours. Throws an Error in plain words
 * when the owner may not create roles: then SERVICE_DATABASE_URL must name a role made by the database's administrator.
 */
export async function prepareForeign(ownerUrl: string, serviceUrl: string): Promise<void> {
  const works = await withClient(serviceUrl, async () => true).catch(() => false);
  if (works) return;
  const password = decodeURIComponent(new URL(serviceUrl).password);
  try {
    await withClient(ownerUrl, async (client) => {
      await client.query('begin');
      await client.query('select pg_advisory_xact_lock($1)', [CREATE_LOCK]);
      await ensureServiceRole(client, password);
      await client.query('commit');
    });
    await withClient(serviceUrl, async () => true);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown reason';
    throw new Error(
      `The role ${SERVICE_ROLE} cannot be used on the database of DATABASE_URL (${why}): let the owner create roles, or make a role yourself and set SERVICE_DATABASE_URL.`,
    );
  }
}

async function ensureServiceRole(client: pg.Client, password: string): Promise<void> {
  await ensureRole(client, SERVICE_ROLE, password);
  for (const setting of SERVICE_SETTINGS) await client.query(`alter role ${SERVICE_ROLE} set ${setting} = '5s'`);
}

async function ensureRole(client: pg.Client, role: string, password: string): Promise<void> {
  const found = await client.query('select 1 from pg_roles where rolname = $1', [role]);
  const verb = found.rowCount === 0 ? 'create' : 'alter';
  const secret = password === '' ? '' : ` password ${pg.escapeLiteral(password)}`;
  await client.query(`${verb} role ${pg.escapeIdentifier(role)} login${secret}`);
}
