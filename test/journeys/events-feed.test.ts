/** The feed never skips a late commit and never shows a later version first (H12). */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type FeedRow, feedHead, horizonClock, readFeed, sequence, startSequencer } from '../../src/store/feed.ts';
import { openPool, type Pool, type PoolClient } from '../../src/store/pool.ts';
import { startWaker } from '../../src/store/wake.ts';
import { lock, lockKey } from '../../src/store/write.ts';
import { type FreshDatabase, freshDatabase } from '../harness/database.ts';

let database: FreshDatabase;
let pool: Pool;

beforeEach(async () => {
  database = await freshDatabase();
  pool = openPool(database.serviceUrl, 12);
});
afterEach(async () => {
  await pool.end();
  await database.drop();
});

/** A write as the record's door makes it: locks first, then the first row, so that xids follow the locks. */
async function change(client: PoolClient, id: string, version: number): Promise<void> {
  await client.query('insert into change (type, resource_id, version, op, at) values ($1, $2, $3, $4, now())', [
    'CarePlan',
    id,
    version,
    version === 1 ? 'C' : 'U',
  ]);
}

async function changeAlone(id: string, version: number): Promise<void> {
  const client = await pool.connect();
  await client.query('begin');
  await lock(client, [lockKey(`CarePlan/${id}`)]);
  await change(client, id, version);
  await client.query('commit');
  client.release();
}

async function all(expected: number): Promise<FeedRow[]> {
  while ((await feedHead(pool)) < expected) await sequence(pool, true);
  return readFeed(pool, 0, 10_000);
}

test('a transaction that started first and commits last hides nothing and overtakes nothing', async () => {
  const first = await pool.connect();
  await first.query('begin');
  await change(first, 'early', 1);
  await changeAlone('x', 1);
  await changeAlone('x', 2);
  await changeAlone('x', 3);
  expect((await sequence(pool, true)).moved).toBe(0);
  expect(await readFeed(pool, 0, 10)).toEqual([]);
  await first.query('commit');
  first.release();
  expect((await all(4)).map((row) => `${row.id}/${row.version}`)).toEqual(['early/1', 'x/1', 'x/2', 'x/3']);
});

test('a forced reversal: the transaction that waits for a lock gets its place after the one that held it', async () => {
  const holder = await pool.connect();
  const waiter = await pool.connect();
  await waiter.query('begin');
  await holder.query('begin');
  await lock(holder, [lockKey('CarePlan/x')]);
  const waiting = (async () => {
    await lock(waiter, [lockKey('CarePlan/x'), lockKey('CarePlan/y')]);
    await change(waiter, 'y', 1);
    await change(waiter, 'x', 3);
    await waiter.query('commit');
  })();
  await change(holder, 'x', 2);
  await holder.query('commit');
  await waiting;
  holder.release();
  waiter.release();
  expect((await all(3)).filter((row) => row.id === 'x').map((row) => row.version)).toEqual([2, 3]);
});

test('under concurrent writers and two sequencers: dense numbers, ascending versions, nothing lost', async () => {
  const versions = new Map<string, number>();
  let writing = true;
  const seen: FeedRow[] = [];
  const errors: unknown[] = [];
  const follow = (async () => {
    while (writing) {
      seen.push(...(await readFeed(pool, seen.at(-1)?.feedNo ?? 0, 50)));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  const sequencers = [0, 1].map(() =>
    startSequencer({ pool, everyMs: 5, onMoved: () => {}, onError: (error) => errors.push(error) }),
  );
  const writer = async (seed: number): Promise<void> => {
    for (let i = 0; i < 40; i += 1) {
      const id = `r${(seed * 7 + i * 3) % 5}`;
      const client = await pool.connect();
      await client.query('begin');
      await lock(client, [lockKey(`CarePlan/${id}`)]);
      const version = (versions.get(id) ?? 0) + 1;
      await change(client, id, version);
      if (i % 4 === 0) await client.query('select pg_sleep(0.003)');
      if (i % 9 === 8) {
        await client.query('rollback');
      } else {
        versions.set(id, version);
        await client.query('commit');
      }
      client.release();
    }
  };
  await Promise.all([0, 1, 2, 3, 4].map(writer));
  const total = [...versions.values()].reduce((sum, version) => sum + version, 0);
  const rows = await all(total);
  writing = false;
  await follow;
  await Promise.all(sequencers.map((sequencer) => sequencer.stop()));
  seen.push(...(await readFeed(pool, seen.at(-1)?.feedNo ?? 0, 10_000)));
  expect(errors).toEqual([]);
  expect(rows.map((row) => row.feedNo)).toEqual(Array.from({ length: total }, (_, i) => i + 1));
  // What a reader saw while it was going on is what is there in the end.
  expect(seen).toEqual(rows);
  for (const [id, top] of versions) {
    const order = rows.filter((row) => row.id === id).map((row) => row.version);
    expect(order).toEqual(Array.from({ length: top }, (_, i) => i + 1));
  }
});

describe('waking', () => {
  test('a sequencer that is woken numbers at once and says so', async () => {
    const moved: number[] = [];
    const sequencer = startSequencer({ pool, everyMs: 60_000, onMoved: (n) => moved.push(n), onError: () => {} });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await changeAlone('x', 1);
    const started = Date.now();
    while (moved.length === 0 && Date.now() - started < 10_000) {
      // Another database of the server may hold the horizon: wake again, as the next write would.
      sequencer.wake();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await sequencer.stop();
    expect(moved).toEqual([1]);
  });

  test('another process hears of a commit; the teller does not hear itself', async () => {
    const heard = { here: 0, there: 0 };
    const here = startWaker(database.serviceUrl, () => {
      heard.here += 1;
    });
    const there = startWaker(database.serviceUrl, () => {
      heard.there += 1;
    });
    const started = Date.now();
    while (heard.there === 0 && Date.now() - started < 10_000) {
      here.tell();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await here.close();
    await there.close();
    expect(heard.there).toBeGreaterThan(0);
    expect(heard.here).toBe(0);
  });

  test('the age of the horizon counts only while one transaction holds it', () => {
    const clock = horizonClock();
    clock.seen('10', '12', 1_000);
    clock.seen('10', '15', 3_000);
    expect(clock.age(4_000)).toBe(3);
    clock.seen('12', '15', 5_000);
    expect(clock.age(5_500)).toBe(0.5);
    clock.seen('20', '20', 6_000);
    expect(clock.age(9_000)).toBe(0);
  });
});
