/** What ends with a role beside the directory itself: opened accesses, keys of her own, names in subscriptions. */
import type { PoolClient } from '../pool.ts';
import type { Db } from '../reads.ts';

/** Ends the grants of these parties at this moment; how many there were. Their reasons stay. */
export async function endGrants(db: PoolClient, parties: readonly string[], now: Date): Promise<number> {
  const values = [parties, now];
  const from = `where party = any ($1) and source like 'grant:%' and until_at > $2`;
  await db.query({ name: 'leaver_relationships', text: `delete from relationship ${from}`, values });
  await db.query({ name: 'leaver_consents', text: `delete from consent ${from}`, values });
  const ended = await db.query({
    name: 'leaver_grants',
    text: 'update access_grant set ended_at = $2 where holder = any ($1) and until_at > $2 and ended_at is null',
    values,
  });
  return ended.rowCount ?? 0;
}

/** Ends the keys with which this role (`PractitionerRole/..`) signs in herself; how many clients that were. */
export async function endOwnKeys(db: PoolClient, role: string, now: Date): Promise<number> {
  const { rows } = await db.query<{ n: number }>({
    name: 'leaver_keys',
    text: 'select client_end_of_person($1, $2) as n',
    values: [role, now],
  });
  return rows[0]?.n ?? 0;
}

/** Ids of live subscriptions whose text holds one of these contact values; the caller looks closer. */
export async function subscriptionsNaming(db: Db, values: readonly string[]): Promise<string[]> {
  if (values.length === 0) return [];
  const { rows } = await db.query<{ id: string }>({
    name: 'leaver_subscriptions',
    text: `select id from resource where type = 'Subscription' and not deleted
      and exists (select from unnest($1::text[]) as v where position(v in body) > 0)`,
    values: [values],
  });
  return rows.map(({ id }) => id);
}

/** Ids of directory teams and of later roles: what of the directory names this role. */
export async function teamsNaming(db: Db, role: string): Promise<string[]> {
  const { rows } = await db.query<{ team: string }>({
    name: 'leaver_teams',
    text: `select distinct entry ->> 'team' as team from directory where member = $1 and entry ->> 'kind' = 'membership'`,
    values: [role],
  });
  return rows.map(({ team }) => team);
}
