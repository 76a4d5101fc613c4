/** Who keeps the directory: the role rows of some roles and the person rows behind them. */
import type { DirectoryRow } from '../../governance/directory.ts';
import type { Db } from '../reads.ts';
import { isPool } from '../together.ts';

/** Any fixed number: two changes that each leave enough would together not. */
const LOCK = 7_203_075;

/** Inside a transaction whoever asks waits for whoever asked before and has not committed. */
export async function keeperRows(db: Db, roles: readonly string[]): Promise<DirectoryRow[]> {
  if (!isPool(db)) await db.query('select pg_advisory_xact_lock($1)', [LOCK]);
  const { rows } = await db.query<{ entry: DirectoryRow }>({
    name: 'keeper_rows',
    text: `with r as (select entry from directory where entry ->> 'kind' = 'role' and entry ->> 'role' = any ($1))
      select entry from r union all
      select p.entry from directory p where p.entry ->> 'kind' = 'person'
        and p.member in (select r.entry ->> 'practitioner' from r)`,
    values: [roles],
  });
  return rows.map(({ entry }) => entry);
}
