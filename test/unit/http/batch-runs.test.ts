/** Which entries of a batch are done at once: no two about one resource, nothing before or after what it may depend on. */
import { expect, test } from '@jest/globals';
import { type Method, parseEntryUrl } from '../../../src/fhir/entry-url.ts';
import { atOnce, runsOf } from '../../../src/http/fhir/batch-runs.ts';

function entry(request: string, ifNoneExist: string | null = null) {
  const [method = 'GET', address = ''] = request.split(' ');
  const url = parseEntryUrl(method as Method, address, []);
  if (url === null) throw new Error(`no address: ${address}`);
  return { method: method as Method, url, ifNoneExist, request };
}

test.each<[string, string[], number[]]>([
  ['creates of one type', ['POST Observation', 'POST Observation', 'POST Observation'], [3]],
  ['another type waits', ['POST CareTeam', 'POST Observation', 'POST Observation', 'POST CareTeam'], [1, 2, 1]],
  [
    'reads of all types, not past a write',
    ['GET Patient/1', 'GET Encounter?patient=1', 'POST Observation', 'GET Patient/1'],
    [2, 1, 1],
  ],
  ['one resource twice', ['PUT Observation/a', 'PUT Observation/b', 'PUT Observation/a', 'PUT Observation/c'], [2, 2]],
  ['one resource, read twice', ['GET Patient/1', 'GET Patient/1'], [2]],
  ['criteria alone', ['PUT Observation/a', 'PUT Observation?identifier=x', 'PUT Observation/b'], [1, 1, 1]],
  ['operations alone', ['GET Patient/1', 'GET Patient/1/$everything', 'GET metadata', 'GET Patient/2'], [1, 1, 1, 1]],
  ['other methods', ['PUT Observation/a', 'DELETE Observation/a', 'PATCH Observation/a'], [1, 1, 1]],
])('%s', (_what, requests, lengths) => {
  const entries = requests.map((request) => entry(request));
  const runs = runsOf(entries);
  expect(runs.map((run) => run.length)).toEqual(lengths);
  expect(runs.flat()).toEqual(entries);
});

test('a conditional create is alone, a bad entry never parts a run', () => {
  const bad = { refusal: 'x' };
  const plain = entry('POST Observation');
  expect(runsOf([plain, bad, plain, entry('POST Observation', 'identifier=x'), bad]).map((run) => run.length)).toEqual([
    3, 1, 1,
  ]);
});

test('so many at once, results in their order, nothing begun after an error', async () => {
  let busy = 0;
  let most = 0;
  const step = async (n: number): Promise<number> => {
    busy += 1;
    most = Math.max(most, busy);
    await new Promise((resolve) => setImmediate(resolve));
    busy -= 1;
    if (n === 13) throw new Error('thirteen');
    return n * 2;
  };
  expect(await atOnce([1, 2, 3, 4, 5, 6, 7], 3, step)).toEqual([2, 4, 6, 8, 10, 12, 14]);
  expect(most).toBe(3);
  const begun: number[] = [];
  const many = Array.from({ length: 40 }, (_, n) => n);
  await expect(atOnce(many, 2, (n) => step(begun.push(n) > 0 ? n : n))).rejects.toThrow('thirteen');
  expect([begun.length < 20, busy]).toEqual([true, 0]);
});
