/** Replays when several start, die and stop at once: one runs, any process goes on, nothing is counted twice. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AS_IT_IS } from '../../src/governance/what-if.ts';
import { readReplay, startReplay, stopReplay } from '../../src/oversight/replay.ts';
import { EMPTY_RESULT, ReplayTally } from '../../src/oversight/replay-count.ts';
import { replayStretch } from '../../src/oversight/replay-run.ts';
import { createReplayWorker } from '../../src/oversight/replay-work.ts';
import { replayWorlds } from '../../src/oversight/replay-world.ts';
import { newId } from '../../src/record/ids.ts';
import { insertReplay, moveReplay, stretchSince, takeReplay } from '../../src/store/models/replays.ts';
import { inTransaction } from '../../src/store/transaction.ts';
import { overseen } from '../harness/overseen.ts';
import { addColleague, type Console, colleague, lookAround, openConsole } from '../journeys/console-world.ts';

let world: Console;
let officer: Awaited<ReturnType<typeof colleague>>;
beforeAll(async () => {
  world = await openConsole();
  await addColleague(world);
  await lookAround(world);
  await overseen(world.service);
  officer = await colleague(world);
}, 60_000);
afterAll(() => world.service.close());

const asked = {
  ...{ days: 1, agreement: null, about: 'less', words: 'who holds it' },
  settings: { ...AS_IT_IS, graceDays: 1 },
};

async function until(id: string, done: (state: string) => boolean) {
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    const replay = await readReplay(world.service.app.door, officer, id);
    if (done(replay.state)) return replay;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the replay does not get there');
}

test('of ten started at once one runs; the others are told so', async () => {
  const { door } = world.service.app;
  const tries = await Promise.allSettled(Array.from({ length: 10 }, () => startReplay(door, officer, asked)));
  const started = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  expect(started).toHaveLength(1);
  for (const one of tries) if (one.status === 'rejected') expect(one.reason).toMatchObject({ status: 409 });
  expect((await until(started[0] ?? '', (state) => state !== 'running')).state).toBe('done');
});

/** A replay whose process did some of it and died: its lease ends in a second. */
async function abandoned(take: { leases?: number } = {}) {
  const { pool } = world.service;
  const now = new Date();
  const { first, last } = (await stretchSince(pool, new Date(now.getTime() - 86_400_000))) ?? { first: 0, last: 0 };
  const worlds = replayWorlds([], { change: null, settings: asked.settings }, now);
  const id = newId(now);
  const row = { id, askedBy: 'x', askedName: 'x', at: now, asked: JSON.stringify(asked) };
  await inTransaction(pool, async (client) => {
    expect(await insertReplay(client, { ...row, worlds: JSON.stringify(worlds), first, place: last + 1 })).toBe(true);
    for (let i = 0; i < (take.leases ?? 1); i += 1) await takeReplay(client, `ghost${i}`, i === 0 ? 2 : -1);
  });
  return { id, first, place: last + 1, worlds };
}

test('a process that died is replaced, and what it had kept is not counted again', async () => {
  const { door } = world.service.app;
  const { pool } = world.service;
  const { id, first, place, worlds } = await abandoned();
  const half = Math.ceil((first + place) / 2);
  const whole = { door, worlds, standings: new Map() };
  const tally = new ReplayTally(EMPTY_RESULT);
  expect(await replayStretch({ ...whole, tally }, { first: half, before: place })).toBe(half);
  const kept = JSON.stringify(tally.total(false));
  expect(await moveReplay(pool, 'ghost0', { id, from: place, place: half, tally: kept })).toBe(true);
  // While it holds the lease, nobody else touches it.
  expect(await createReplayWorker(door, 'other').step()).toBe(false);
  const { result } = await until(id, (state) => state === 'done');
  const once = new ReplayTally(EMPTY_RESULT);
  await replayStretch({ ...whole, tally: once }, { first, before: place });
  expect(result).toEqual({ ...once.total(false), sample: result?.sample });
  expect(tally.records).toBeGreaterThan(0);
  expect(once.records).toBeGreaterThan(tally.records);
  // Should the dead one wake up again, it changes nothing.
  expect(await moveReplay(pool, 'ghost0', { id, from: half, place: first, tally: kept })).toBe(false);
});

test('what ends every process that takes it up is given up after three', async () => {
  const { id } = await abandoned({ leases: 4 });
  await world.service.pool.query('update request_replay set taken = 3 where id = $1', [id]);
  expect((await until(id, (state) => state !== 'running')).state).toBe('failed');
});

test('an officer stops it; who holds it lets go, and what it counted stays', async () => {
  const { door } = world.service.app;
  const { pool } = world.service;
  const { id, place } = await abandoned();
  const kept = JSON.stringify({ ...EMPTY_RESULT, records: 7 });
  await moveReplay(pool, 'ghost0', { id, from: place, place: place - 1, tally: kept });
  await stopReplay(door, officer, id);
  expect(await moveReplay(pool, 'ghost0', { id, from: place - 1, place: place - 2, tally: kept })).toBe(false);
  expect(await readReplay(door, officer, id)).toMatchObject({
    ...{ state: 'stopped', stoppedBy: 'Ines Second' },
    result: { records: 7 },
  });
  await expect(stopReplay(door, officer, id)).rejects.toMatchObject({ status: 409 });
});
