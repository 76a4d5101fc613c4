/**
 * Measures one table for all types against a table partitioned by type (ADR 2): what a write of ten mixed types, the
 * version check before it and a search across types cost. Run on a scratch server: `node bench/experiments/partitions.ts`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeCluster, openCluster } from '../../src/store/embedded/cluster.ts';
import { withClient } from '../../src/store/embedded/roles.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-partitions-'));
const cluster = await openCluster(folder);
const types = Array.from({ length: 146 }, (_, i) => `Type${i}`);
const columns = 'type text, id text, version int, body text, tokens text[], primary key (type, id)';

await withClient(cluster.url('postgres', 'postgres'), async (client) => {
  await client.query(
    `create table single (${columns}); create index on single using gin (tokens) with (fastupdate = off)`,
  );
  await client.query(`create table split (${columns}) partition by list (type)`);
  for (const type of types)
    await client.query(`create table split_${type} partition of split for values in ('${type}')`);
  await client.query('create index on split using gin (tokens) with (fastupdate = off)');
  const body = 'x'.repeat(1200);
  for (const table of ['single', 'split']) {
    await client.query(
      `insert into ${table} select 'Type' || (n % 10), 'id' || n, 1, $1, array['a=' || (n % 500), 'b=' || n, 'p=' || (n % 300)] from generate_series(1, 20000) n`,
      [body],
    );
    await client.query(`analyze ${table}`);
    const ten = [Array.from({ length: 10 }, (_, i) => `Type${i}`), Array.from({ length: 10 }, (_, i) => `id${i + 10}`)];
    const time = async (name: string, text: string, values: unknown[]) => {
      for (let i = 0; i < 20; i += 1) await client.query({ name: `${table}-${name}`, text, values });
      const start = performance.now();
      for (let i = 0; i < 200; i += 1) await client.query({ name: `${table}-${name}`, text, values });
      process.stdout.write(
        `${table.padEnd(7)} ${name.padEnd(28)} ${((performance.now() - start) / 200).toFixed(3)} ms\n`,
      );
    };
    await time(
      'version check of ten',
      `select w.id, r.version from unnest($1::text[], $2::text[]) w(type, id) left join ${table} r on r.type = w.type and r.id = w.id`,
      ten,
    );
    await time(
      'upsert of ten',
      `insert into ${table} select w.type, w.id, 2, $3, array['a=1'] from unnest($1::text[], $2::text[]) w(type, id) on conflict (type, id) do update set version = excluded.version`,
      [...ten, body],
    );
    await time('search across types', `select type, id from ${table} r where r.tokens @> $1::text[]`, [['p=7']]);
    await time('read by primary key', `select body from ${table} where type = $1 and id = $2`, ['Type3', 'id13']);
  }
});
await closeCluster(folder);
rmSync(folder, { recursive: true, force: true });
