/**
 * Who still uses the embedded server. Each process holds one connection with one shared advisory lock; the last to
 * leave gets the exclusive lock and stops the server. A killed process loses its connection and with it its share, so
 * there is no count to repair.
 */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from '../../log.ts';
import { type Cluster, closeCluster, openCluster } from './cluster.ts';

/** Advisory lock of the database `postgres`: shared by those who use the server, exclusive for the one who stops it. */
const USE_LOCK = 7_226_001;

export interface Keeper {
  cluster: Cluster;
  /** Leaves; stops the server when nobody else is left. Never throws. */
  leave(): Promise<void>;
}

/** Opens the server of `folder` and keeps it: it is started again if it dies while we are here. */
export async function keepCluster(folder: string, log: Log): Promise<Keeper> {
  let leaving = false;
  let rejoining: Promise<void> | undefined;
  let held = await join(folder, () => onLost());
  const onLost = (): void => {
    if (!leaving) rejoining = rejoin();
  };
  const rejoin = async (): Promise<void> => {
    log.error('embedded database lost, starting it again', { port: held.cluster.port });
    while (!leaving) {
      try {
        const port = held.cluster.port;
        held = await join(folder, onLost);
        if (held.cluster.port !== port)
          log.error('embedded database moved, restart the service', { port: held.cluster.port });
        return;
      } catch {
        await delay(1_000);
      }
    }
  };
  return {
    cluster: held.cluster,
    leave: async () => {
      leaving = true;
      await rejoining;
      await leave(held.client, folder);
    },
  };
}

async function join(folder: string, onLost: () => void): Promise<{ cluster: Cluster; client: pg.Client }> {
  for (let attempt = 0; ; attempt += 1) {
    const cluster = await openCluster(folder);
    const client = new pg.Client({
      connectionString: cluster.url('postgres', 'postgres'),
      application_name: 'tandem-keeper',
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    });
    let joined = false;
    client.on('error', () => undefined);
    client.once('end', () => {
      if (joined) onLost();
    });
    try {
      await client.connect();
      // Waits while the last one is stopping the server, and fails when it has: then it is opened anew.
      await client.query('select pg_advisory_lock_shared($1)', [USE_LOCK]);
      joined = true;
      return { cluster, client };
    } catch (error) {
      await client.end().catch(() => undefined);
      if (attempt >= 5) throw error;
    }
  }
}

async function leave(client: pg.Client, folder: string): Promise<void> {
  try {
    await client.query('select pg_advisory_unlock_shared($1)', [USE_LOCK]);
    const { rows } = await client.query<{ last: boolean }>('select pg_try_advisory_lock($1) as last', [USE_LOCK]);
    if (rows[0]?.last === true) await closeCluster(folder);
  } catch {
    // The connection is gone, so is the share; whoever comes next adopts or starts the server.
  }
  await client.end().catch(() => undefined);
}
