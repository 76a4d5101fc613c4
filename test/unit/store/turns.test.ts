/** Turns on the bulkhead of broad searches: nobody waits for somebody else's flood, and no place is lost. */
import { expect, test } from '@jest/globals';
import { Outcome } from '../../../src/fhir/outcome.ts';
import { createTurns } from '../../../src/store/turns.ts';

/** Work that ends when told to. */
function held() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let begun = false;
  const work = (): Promise<string> => {
    begun = true;
    return promise;
  };
  return { work, resolve, reject, begun: () => begun };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const statusOf = async (one: Promise<unknown>): Promise<number> =>
  one.then(
    () => 200,
    (error: unknown) => (error instanceof Outcome ? error.status : -1),
  );

test('a caller has her places; what is more waits in order, and others do not wait for it', async () => {
  const turns = createTurns({ places: 2, waiting: 10, patience: 60_000 });
  const mine = Array.from({ length: 5 }, held);
  const answers = mine.map(({ work }) => turns('a', work));
  const other = held();
  const others = turns('b', other.work);
  await turn();
  expect(mine.map(({ begun }) => begun())).toEqual([true, true, false, false, false]);
  expect(other.begun()).toBe(true);
  mine[1]?.resolve('1');
  await turn();
  expect(mine.map(({ begun }) => begun())).toEqual([true, true, true, false, false]);
  // A failure gives its place on as well.
  mine[0]?.reject(new Error('x'));
  expect(await statusOf(answers[0] ?? others)).toBe(-1);
  await turn();
  expect(mine[3]?.begun()).toBe(true);
  for (const one of [...mine, other]) one.resolve('done');
  expect(await Promise.all([...answers.slice(1), others])).toEqual(['1', 'done', 'done', 'done', 'done']);
  const again = held();
  const late = turns('a', again.work);
  await turn();
  expect(again.begun()).toBe(true);
  again.resolve('again');
  expect(await late).toBe('again');
});

test('too many waiting, or one that waits too long, are told to come back and keep no place', async () => {
  const turns = createTurns({ places: 1, waiting: 1, patience: 20 });
  const first = held();
  const under = turns('a', first.work);
  const patient = held();
  const waits = statusOf(turns('a', patient.work));
  expect(await statusOf(turns('a', () => Promise.resolve('x')))).toBe(503);
  expect(await waits).toBe(503);
  expect(patient.begun()).toBe(false);
  first.resolve('1');
  await under;
  expect(await turns('a', () => Promise.resolve('free'))).toBe('free');
});
