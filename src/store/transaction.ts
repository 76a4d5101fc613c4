/** One short transaction. Nothing inside may wait for a network peer or a client (house.md section 4). */
import type { Pool, PoolClient } from 'pg';

/** Runs `work` between begin and commit on one connection; rolls back on any throw. */
export const inTransaction = <T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> =>
  within(pool, 'begin', work);

/** The same for several questions about one moment; nothing can be written. */
export const inSnapshot = <T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> =>
  within(pool, 'begin isolation level repeatable read read only', work);

async function within<T>(pool: Pool, begin: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken = false;
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    // A connection whose rollback fails is not given back: nobody else may inherit its transaction.
    await client.query('rollback').catch(() => {
      broken = true;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
