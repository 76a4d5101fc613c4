/** By id one statement decides; criteria need a transaction, so that nothing slips in between finding and writing. */
import type { Pool, PoolClient } from '../store/pool.ts';
import { inTransaction } from '../store/transaction.ts';
import type { Target } from './prepare.ts';
import type { Door } from './types.ts';

export function onTarget<T>(door: Door, target: Target, work: (db: Pool | PoolClient) => Promise<T>): Promise<T> {
  return 'id' in target ? work(door.pool) : inTransaction(door.pool, work);
}
