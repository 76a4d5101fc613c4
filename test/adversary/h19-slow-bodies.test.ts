/** H19: bodies that never end, headers that never end, connections that say nothing: cut off in time, others unharmed. */
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Service, startService } from '../harness/service.ts';

const TIMEOUT = 400;
let service: Service;

beforeAll(async () => {
  service = await startService({ bodyTimeout: TIMEOUT, config: { bodyLimit: 50_000 } });
  await service.directory();
}, 60_000);
afterAll(() => service.close());

/** Writes pieces with pauses; resolves with everything that came back when the peer closed, and after how long. */
function speak(pieces: readonly string[], pause: number): Promise<{ text: string; ms: number }> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const socket = connect(service.port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ text, ms: performance.now() - started }));
    const next = (i: number): void => {
      const piece = pieces[i];
      if (piece === undefined || socket.destroyed) return;
      socket.write(piece);
      setTimeout(() => next(i + 1), pause);
    };
    next(0);
    setTimeout(() => {
      socket.destroy();
      reject(new Error(`still open after 10 s: ${text}`));
    }, 10_000).unref();
  });
}

const head = (more: string): string =>
  `POST /fhir/R4/Patient HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${service.token('epr')}\r\nContent-Type: application/fhir+json\r\n${more}\r\n\r\n`;

test.each([
  ['declared and never sent', () => [head('Content-Length: 1000')]],
  ['dripping, a byte at a time', () => [head('Content-Length: 1000'), ...Array.from({ length: 60 }, () => ' ')]],
  [
    'chunked without an end',
    () => [head('Transfer-Encoding: chunked'), ...Array.from({ length: 60 }, () => '1\r\n \r\n')],
  ],
])('a body %s: 408 with an outcome, and the connection is closed', async (_words, pieces) => {
  const { text, ms } = await speak(pieces(), 50);
  expect(text).toMatch(/^HTTP\/1\.1 408 /);
  expect(text).toContain('"code":"timeout"');
  expect(text.toLowerCase()).toContain('connection: close');
  expect(ms).toBeGreaterThan(TIMEOUT * 0.9);
  expect(ms).toBeLessThan(TIMEOUT + 5_000);
});

test('a chunked body that grows beyond the limit: 413 at once', async () => {
  const chunk = `4e20\r\n${' '.repeat(20_000)}\r\n`;
  const { text } = await speak([head('Transfer-Encoding: chunked'), ...Array.from({ length: 5 }, () => chunk)], 5);
  expect(text).toMatch(/^HTTP\/1\.1 413 /);
});

test('a body cut off in the middle leaves nothing', async () => {
  const before = (await service.as('steward').get('Patient?_summary=count')).json.total;
  const socket = connect(service.port, '127.0.0.1');
  await new Promise<void>((resolve) => {
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.write(head('Content-Length: 1000'));
    socket.write('{"resourceType":"Patient"');
    setTimeout(() => socket.destroy(), 50);
  });
  expect((await service.as('steward').get('Patient?_summary=count')).json.total).toBe(before);
});

test.each([
  ['two lengths', 'Content-Length: 5\r\nContent-Length: 6'],
  ['a length and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked'],
  ['a header without a name', ': x'],
  ['headers of 100 kB', `X-Long: ${'a'.repeat(100_000)}`],
])('%s: refused by the parser, the connection closed', async (_words, more) => {
  const { text } = await speak([head(more), 'hello'], 5);
  expect(text).toMatch(/^HTTP\/1\.1 4(00|31) /);
});

test('forty slow clients keep nobody waiting', async () => {
  const slow = Array.from({ length: 40 }, () => speak([head('Content-Length: 1000')], 50));
  const started = performance.now();
  const replies = await Promise.all(Array.from({ length: 10 }, () => service.as('epr').get('Patient?_count=1')));
  expect(replies.every(({ status }) => status === 200)).toBe(true);
  expect(performance.now() - started).toBeLessThan(TIMEOUT + 3_000);
  for (const { text } of await Promise.all(slow)) expect(text).toMatch(/^HTTP\/1\.1 408 /);
});
