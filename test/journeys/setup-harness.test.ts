import { expect, test } from '@jest/globals';
import { withClient } from '../../src/store/embedded/roles.ts';
import { freshDatabase } from '../harness/database.ts';

test('each database is migrated, separate from the others, and gone after drop', async () => {
  const [one, two] = await Promise.all([freshDatabase(), freshDatabase()]);
  const tables = await withClient(one.serviceUrl, async (client) => {
    const { rows } = await client.query("select count(*)::int as n from pg_tables where schemaname = 'public'");
    return rows;
  });
  expect(tables).toEqual([{ n: expect.any(Number) }]);
  expect(tables).not.toEqual([{ n: 0 }]);
  await withClient(one.ownerUrl, async (client) => client.query('create table only_here (x int)'));
  const there = await withClient(two.ownerUrl, async (client) => client.query("select to_regclass('only_here') as it"));
  expect(there.rows).toEqual([{ it: null }]);
  await expect(withClient(one.serviceUrl, (client) => client.query('drop table resource'))).rejects.toThrow(
    /must be owner/,
  );
  // Also with a connection still open.
  await withClient(one.serviceUrl, async () => one.drop());
  await expect(withClient(one.serviceUrl, async () => undefined)).rejects.toThrow(/does not exist/);
  await two.drop();
});
