/** The asker of another terminology server, against a real one: what it keeps, waits for, takes, and leaves alone. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { ExternalTerms } from '../../../src/definitions/terms/external.ts';
import { createExternalTerms } from '../../../src/wiring/external-terms.ts';
import { startTermServer, type TermServer } from '../../harness/term-server.ts';

let server: TermServer;
let now: number;
let reasons: string[];
let asker: ExternalTerms;

const fine = (): { status: number; body: object } => ({ status: 200, body: { resourceType: 'Parameters' } });
const ask = (code: string): Promise<string> => asker.ask('CodeSystem/$lookup', { code }).then(({ kind }) => kind);

beforeAll(async () => {
  server = await startTermServer();
});
afterAll(() => server.close());
beforeEach(() => {
  now = 0;
  reasons = [];
  asker = createExternalTerms({
    url: server.url,
    timeoutMs: 1_000,
    keepMs: 1_000,
    now: () => now,
    onAway: (reason) => reasons.push(reason),
  });
  server.answerWith(fine);
});

test('an answer is kept until its time is over, an "unknown" as well', async () => {
  expect([await ask('a'), await ask('a')]).toEqual(['answer', 'answer']);
  expect(server.asked).toEqual(['/fhir/CodeSystem/$lookup?code=a']);
  now = 1_001;
  await ask('a');
  expect(server.asked).toHaveLength(2);
  server.answerWith(() => ({ status: 404 }));
  expect([await ask('b'), await ask('b')]).toEqual(['unknown', 'unknown']);
  expect(server.asked).toHaveLength(1);
});

test('the same question at the same time is asked once', async () => {
  await Promise.all([ask('a'), ask('a'), ask('a')]);
  expect(server.asked).toHaveLength(1);
});

test.each<[string, Parameters<TermServer['answerWith']>[0]]>([
  ['too slow', () => ({ ...fine(), after: 3_000 })],
  ['broken', () => ({ status: 500 })],
  ['busy', () => ({ status: 429 })],
  [
    'too large',
    () => ({ status: 200, body: JSON.stringify({ resourceType: 'Parameters', id: 'x'.repeat(3_000_000) }) }),
  ],
  ['no JSON', () => ({ status: 200, body: '<html>' })],
  ['no resource', () => ({ status: 200, body: '[]' })],
  ['a way to somewhere else', () => ({ status: 302, headers: { location: 'http://169.254.169.254/' } })],
])('%s: it is away, and left alone for some seconds', async (_name, answer) => {
  server.answerWith(answer);
  expect(await ask('a')).toBe('away');
  expect(reasons).toHaveLength(1);
  server.answerWith(fine);
  expect(await ask('a')).toBe('away');
  expect(server.asked).toEqual([]);
  now = 10_001;
  expect(await ask('b')).toBe('answer');
});

test('what is kept is bounded', async () => {
  const large = { resourceType: 'ValueSet', name: 'x'.repeat(1_500_000) };
  server.answerWith(() => ({ status: 200, body: large }));
  for (const code of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) await ask(code);
  server.answerWith(fine);
  await ask('g');
  expect(server.asked).toEqual([]);
  await ask('a');
  expect(server.asked).toHaveLength(1);
});
