/**
 * H12: a transaction that starts first and commits last. History, `_lastUpdated` and the feed
 * never show version 3 before version 2 and never step over a late commit.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openPool } from '../../src/store/pool.ts';
import { entries, found, textAt } from '../harness/client.ts';
import { note } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('one');
}, 60_000);
afterAll(() => service.close());

const feedOf = async (id: string): Promise<number[]> =>
  (
    await service.pool.query<{ version: number }>('select version from feed where resource_id = $1 order by feed_no', [
      id,
    ])
  ).rows.map(({ version }) => version);

async function waitFor(holds: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + 15_000;
  while (!(await holds())) {
    if (Date.now() > until) throw new Error('it never came to hold');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('the feed waits below an open transaction and then gives the versions in their order', async () => {
  await service.load([note('turn', 'one', '1')]);
  const pool = openPool(service.database.serviceUrl, 1);
  const early = await pool.connect();
  try {
    // An old writer: it has its transaction id and has written nothing yet.
    await early.query('begin');
    await early.query(
      "insert into change (type, resource_id, version, op, at) values ('Basic', 'late', 1, 'C', now())",
    );
    await service.load([note('turn', 'one', '2')]);
    await service.load([note('turn', 'one', '3')]);
    await new Promise((resolve) => setTimeout(resolve, 400));
    // Below the horizon only: nothing that began later is numbered before it.
    expect((await feedOf('turn')).length).toBeLessThanOrEqual(1);
    await early.query('commit');
  } finally {
    early.release();
    await pool.end();
  }
  await waitFor(async () => (await feedOf('turn')).length === 3 && (await feedOf('late')).length === 1);
  expect(await feedOf('turn')).toEqual([1, 2, 3]);
  const numbers = await service.pool.query<{ feed_no: number }>('select feed_no from feed order by feed_no');
  expect(numbers.rows.map(({ feed_no }) => feed_no)).toEqual(numbers.rows.map((_, i) => i + 1));
});

test('versions of one resource ascend in the feed under racing writers', async () => {
  await service.load([note('race', 'one', '0')]);
  const steward = service.as('steward');
  const replies = await Promise.all(
    Array.from({ length: 24 }, (_, n) => steward.put('Observation/race', note('race', 'one', String(n)))),
  );
  const written = replies.filter(({ status }) => status === 200).length;
  expect(written).toBeGreaterThan(0);
  await waitFor(async () => (await feedOf('race')).length === written + 1);
  expect(await feedOf('race')).toEqual(Array.from({ length: written + 1 }, (_, i) => i + 1));
  const history = entries(await steward.get('Observation/race/_history?_count=100')).map((entry) =>
    textAt(entry, 'response.etag'),
  );
  expect(history).toEqual(Array.from({ length: written + 1 }, (_, i) => `W/"${written + 1 - i}"`));
  const stamps = entries(await steward.get('Observation/race/_history?_count=100')).map((entry) =>
    textAt(entry, 'response.lastModified'),
  );
  expect([...stamps].sort().reverse()).toEqual(stamps);
});

test('a reader that goes on from the last _lastUpdated it was given misses no write', async () => {
  const steward = service.as('steward');
  const seen = new Set<string>();
  const written = new Set<string>();
  let mark = '2020-01-01T00:00:00Z';
  let done = false;
  const poll = async (): Promise<void> => {
    const reply = await steward.get(`Observation?_lastUpdated=ge${mark}&_sort=_lastUpdated&_count=500`);
    for (const row of found(reply)) seen.add(row);
    const last = textAt(reply.json, 'timestamp');
    mark = last;
  };
  const writer = async (lane: number): Promise<void> => {
    for (let n = 0; n < 12; n += 1) {
      const id = `poll-${lane}-${n}`;
      if ((await steward.put(`Observation/${id}`, note(id, 'one', 'x'))).status === 201)
        written.add(`Observation/${id}`);
    }
  };
  const polling = (async () => {
    while (!done) await poll();
  })();
  await Promise.all([0, 1, 2, 3].map(writer));
  done = true;
  await polling;
  await poll();
  expect([...written].filter((row) => !seen.has(row))).toEqual([]);
});
