/** Work done together: nobody waits for a full run, every answer reaches its asker, and a failed run is nobody's answer. */
import { expect, test } from '@jest/globals';
import { createTogether } from '../../../src/store/together.ts';

/** Runs that end when they are let go. */
function gated(fails: (items: readonly string[]) => Error | null = () => null) {
  const runs: { items: readonly string[]; go(): void }[] = [];
  const together = (items: readonly string[]): Promise<string[]> =>
    new Promise((resolve, reject) => {
      const failure = fails(items);
      runs.push({ items, go: () => (failure === null ? resolve(items.map((item) => `${item}!`)) : reject(failure)) });
    });
  return { runs, together };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what arrives in one turn is one run; what arrives while every lane is busy is the next', async () => {
  const { runs, together } = gated();
  const run = createTogether<string, string>({ together, alone: async (item) => `${item} alone`, lanes: 1 });
  const first = Promise.all(['a', 'b'].map(run));
  await turn();
  const second = Promise.all(['c', 'd', 'e'].map(run));
  await turn();
  expect(runs.map(({ items }) => items)).toEqual([['a', 'b']]);
  runs[0]?.go();
  expect(await first).toEqual(['a!', 'b!']);
  await turn();
  expect(runs.map(({ items }) => items)).toEqual([
    ['a', 'b'],
    ['c', 'd', 'e'],
  ]);
  runs[1]?.go();
  expect(await second).toEqual(['c!', 'd!', 'e!']);
  expect(await run('f')).toBe('f alone');
});

test('two items with one key are never in one run, keep their order, and do not hold up the others', async () => {
  const { runs, together } = gated();
  const alone: string[] = [];
  const run = createTogether<string, string>({
    together,
    alone: async (item) => {
      alone.push(item);
      return `${item} alone`;
    },
    keys: (item) => [item.slice(0, 1)],
    lanes: 1,
  });
  const all = Promise.all(['x1', 'x2', 'x3', 'y1'].map(run));
  await turn();
  expect(runs[0]?.items).toEqual(['x1', 'y1']);
  runs[0]?.go();
  expect(await all).toEqual(['x1!', 'x2 alone', 'x3 alone', 'y1!']);
  expect(alone).toEqual(['x2', 'x3']);
});

test('a run that failed and did nothing is repeated one by one; each gets its own answer', async () => {
  const { runs, together } = gated(() => new Error('spoilt'));
  const run = createTogether<string, string>({
    together,
    alone: async (item) => {
      if (item === 'bad') throw new Error('bad alone');
      return `${item} alone`;
    },
    lanes: 1,
  });
  const all = Promise.allSettled(['good', 'bad', 'fine'].map(run));
  await turn();
  runs[0]?.go();
  expect((await all).map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))).toEqual([
    'good alone',
    'Error: bad alone',
    'fine alone',
  ]);
});

test('a run that failed and may have done something is never repeated', async () => {
  const { runs, together } = gated(() => new Error('connection lost'));
  const alone: string[] = [];
  const run = createTogether<string, string>({
    together,
    alone: async (item) => {
      alone.push(item);
      return item;
    },
    undone: (error) => error instanceof Error && error.message !== 'connection lost',
    lanes: 1,
  });
  const all = Promise.allSettled(['a', 'b'].map(run));
  await turn();
  runs[0]?.go();
  expect((await all).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(alone).toEqual([]);
});

test('a run with fewer answers than items answers nobody with what is somebody else’s', async () => {
  const run = createTogether<string, string>({
    together: async (items) => items.slice(1),
    alone: async (item) => `${item} alone`,
    lanes: 1,
  });
  expect(await Promise.all(['a', 'b'].map(run))).toEqual(['a alone', 'b alone']);
});
