/** A database of its own for each test file, cloned from one migrated template. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster, openCluster } from '../../src/store/embedded/cluster.ts';
import { prepareCluster, withClient } from '../../src/store/embedded/roles.ts';
import { runFolder } from './cluster.ts';

export interface FreshDatabase {
  /** Role `tandem_owner`: migrations and looking behind the service's back. */
  ownerUrl: string;
  /** Role `tandem_service`: what the service uses. */
  serviceUrl: string;
  /** Drops it, also when connections are still open. */
  drop(): Promise<void>;
}

const TEMPLATE = 'tandem_template';

/** One process of the run makes the template; the others wait on this advisory lock of the database `postgres`. */
const TEMPLATE_LOCK = 7_226_003;

/** Two workers with pools, and services as child processes beside them; it flushes as the service's own does. */
const SETTINGS = { max_connections: '250', shared_buffers: '128MB', cluster_name: 'tandem-test' };

let opened: Promise<Cluster> | undefined;
let serial = 0;

/** The run's server, started if need be, with both roles and no database of ours yet. */
export function testCluster(): Promise<Cluster> {
  opened ??= openCluster(join(runFolder(), 'postgres'), { settings: SETTINGS });
  return opened;
}

/**
 * A new database with the schema of the migrations, about 0.1 s. Transaction ids are shared by all databases of the
 * server: an open write transaction elsewhere delays a feed here, so wait for horizons, never for fixed times.
 */
export async function freshDatabase(): Promise<FreshDatabase> {
  const cluster = await testCluster();
  await ensureTemplate(cluster);
  serial += 1;
  const name = `t${process.pid}_${Date.now().toString(36)}_${serial}`;
  await withClient(cluster.url('postgres', 'postgres'), async (client) => {
    await client.query(`create database ${name} template ${TEMPLATE} owner tandem_owner strategy file_copy`);
  });
  return {
    ownerUrl: cluster.url('tandem_owner', name),
    serviceUrl: cluster.url('tandem_service', name),
    drop: () =>
      withClient(cluster.url('postgres', 'postgres'), async (client) => {
        await client.query(`drop database if exists ${name} with (force)`);
      }),
  };
}

async function ensureTemplate(cluster: Cluster): Promise<void> {
  await withClient(cluster.url('postgres', 'postgres'), async (client) => {
    const found = await client.query('select 1 from pg_database where datname = $1 and datistemplate', [TEMPLATE]);
    if (found.rowCount === 1) return;
    await client.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const again = await client.query('select 1 from pg_database where datname = $1 and datistemplate', [TEMPLATE]);
    if (again.rowCount === 1) return;
    await client.query(`drop database if exists ${TEMPLATE} with (force)`);
    await prepareCluster(cluster, TEMPLATE);
    await migrateTemplate(cluster.url('tandem_owner', TEMPLATE));
    await client.query(`alter database ${TEMPLATE} with is_template true`);
  });
}

/** Imported late: the harness must not load the store for tests that never ask for a database. */
async function migrateTemplate(ownerUrl: string): Promise<void> {
  const source = new URL('../../src/store/migrate.ts', import.meta.url);
  if (!existsSync(source)) return;
  const module: unknown = await import(source.href);
  if (typeof module === 'object' && module !== null && 'migrate' in module && typeof module.migrate === 'function') {
    await module.migrate(ownerUrl);
  }
}
