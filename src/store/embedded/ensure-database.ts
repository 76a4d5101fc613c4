/** The database the service works on: an embedded server under DATA_DIR, or the one that DATABASE_URL names. */
import { join } from 'node:path';
import type { Config } from '../../config/types.ts';
import type { Log } from '../../log.ts';
import { keepCluster } from './keeper.ts';
import { DATABASE, deriveServiceUrl, prepareCluster, prepareForeign, withClient } from './roles.ts';

export interface Database {
  /** For migrations only. */
  ownerUrl: string;
  /** For everything else: least privilege. */
  serviceUrl: string;
  /** Lets go; stops an embedded server when this was its last user. Close all pools first. */
  release(): Promise<void>;
}

/** transaction_timeout, on which the feed's promise rests, exists from 17; 18 is what every test runs on. */
const OLDEST_VERSION = 180_000;

/**
 * Makes the database available (it exists, accepts connections, both roles can sign in) and says how to reach it.
 * The schema is the migrations' business. Throws an Error in plain words.
 */
export async function ensureDatabase(
  config: Pick<Config, 'databaseUrl' | 'serviceDatabaseUrl' | 'dataDir'>,
  log: Log,
): Promise<Database> {
  return config.databaseUrl === undefined
    ? embedded(config.dataDir, log)
    : foreign(config.databaseUrl, config.serviceDatabaseUrl);
}

async function embedded(dataDir: string, log: Log): Promise<Database> {
  const keeper = await keepCluster(join(dataDir, 'postgres'), log);
  await prepareCluster(keeper.cluster, DATABASE);
  return {
    ownerUrl: keeper.cluster.url('tandem_owner', DATABASE),
    serviceUrl: keeper.cluster.url('tandem_service', DATABASE),
    release: keeper.leave,
  };
}

async function foreign(ownerUrl: string, given: string | undefined): Promise<Database> {
  const version = await withClient(ownerUrl, async (client) => {
    const { rows } = await client.query<{ version: string }>("select current_setting('server_version_num') as version");
    return Number(rows[0]?.version);
  }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : 'unknown reason';
    throw new Error(`The database of DATABASE_URL cannot be reached: ${why}`);
  });
  if (!(version >= OLDEST_VERSION)) throw new Error('The database of DATABASE_URL must be PostgreSQL 18 or newer.');
  const serviceUrl = given ?? deriveServiceUrl(ownerUrl);
  if (given === undefined) await prepareForeign(ownerUrl, serviceUrl);
  return { ownerUrl, serviceUrl, release: async () => undefined };
}
