/**
 * What would make the figures worthless is refused: fsync or synchronous_commit off (for the server, the role or the
 * database), an unlogged audit trail, and answers that leave before a WAL flush.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { type Cluster, openCluster } from '../src/store/embedded/cluster.ts';
import { DATABASE } from '../src/store/embedded/roles.ts';
import type { Site } from './site.ts';

export function clusterOf(site: Site): Promise<Cluster> {
  return openCluster(join(site.dataDir, 'postgres'));
}

/** One statement as the superuser in the service's database. */
export async function asked<T extends object>(site: Site, text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: (await clusterOf(site)).url('postgres', DATABASE) });
  await client.connect();
  try {
    return (await client.query<T>(text)).rows;
  } finally {
    await client.end();
  }
}

const SETTINGS = `select name, setting from pg_settings
  where name in ('fsync', 'synchronous_commit', 'full_page_writes') and setting <> 'on'`;
const OVERRIDDEN = `select unnest(setconfig) as setting from pg_db_role_setting`;
const UNLOGGED = `select relname from pg_class where relkind in ('r', 'p') and relpersistence <> 'p'
  and relnamespace = 'public'::regnamespace`;

/** Faults of the settings in plain words; empty when durable. */
export async function durabilityFaults(site: Site): Promise<string[]> {
  const settings = await asked<{ name: string; setting: string }>(site, SETTINGS);
  const overridden = await asked<{ setting: string }>(site, OVERRIDDEN);
  const unlogged = await asked<{ relname: string }>(site, UNLOGGED);
  return [
    ...settings.map(({ name, setting }) => `${name} is ${setting}`),
    ...overridden
      .filter(({ setting }) => /^(fsync|synchronous_commit)=/.test(setting))
      .map(({ setting }) => `a role sets ${setting}`),
    ...unlogged.map(({ relname }) => `table ${relname} is unlogged`),
  ];
}

/** WAL flushes to disk so far. An idle connection publishes its counters after ten seconds. */
export async function walFlushes(site: Site): Promise<number> {
  await delay(10_500);
  const rows = await asked<{ flushes: string }>(
    site,
    `select coalesce(sum(fsyncs), 0)::text as flushes from pg_stat_io where object = 'wal'`,
  );
  return Number(rows[0]?.flushes ?? 0);
}

/** Whatever follows the feed has caught up: the clock of the pathways, for one, looks at every new referral. */
const BEHIND = `select (select coalesce(max(feed_no), 0) from feed) - coalesce(min(position), 0) as behind from feed_position`;
const CATCH_UP_MS = 10 * 60_000;

/**
 * After filling: the followers of the feed at rest, statistics and a checkpoint, so that the first round is like the last.
 */
export async function settle(site: Site): Promise<void> {
  const until = performance.now() + CATCH_UP_MS;
  while (Number((await asked<{ behind: string }>(site, BEHIND))[0]?.behind ?? 0) > 0) {
    if (performance.now() > until) throw new Error('something that follows the feed does not catch up');
    await delay(500);
  }
  await asked(site, 'vacuum (analyze)');
  await asked(site, 'checkpoint');
}

/** Rows that size a store. */
export async function storeSize(site: Site): Promise<{ resources: number; bytes: number }> {
  const [row] = await asked<{ resources: string; bytes: string }>(
    site,
    `select (select reltuples::bigint from pg_class where oid = 'resource'::regclass)::text as resources,
      pg_database_size(current_database())::text as bytes`,
  );
  return { resources: Number(row?.resources ?? 0), bytes: Number(row?.bytes ?? 0) };
}
