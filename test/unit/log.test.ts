import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const LOG = fileURLToPath(new URL('../../src/log.ts', import.meta.url));

/** What a process that logs once at each level writes to its two outputs. */
function say(level: string, mode: string): { stdout: string; lines: string[] } {
  const script = `import { createLog } from ${JSON.stringify(LOG)};
    const log = createLog('${level}', '${mode}');
    for (const word of ['debug', 'info', 'warn', 'error']) log[word]('started', { port: 8080, absent: undefined });`;
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { stdout, lines: stderr.split('\n').filter((line) => line !== '') };
}

test('machines get JSON lines on stderr, with the ids and a time in UTC', () => {
  const { stdout, lines } = say('info', 'production');
  expect(stdout).toBe('');
  expect(lines).toHaveLength(3);
  const first: unknown = JSON.parse(lines[0] ?? '');
  expect(first).toEqual({
    level: 'info',
    message: 'started',
    port: 8080,
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
  });
});

test('a person gets plain lines', () => {
  expect(say('warn', 'demo').lines).toEqual([
    expect.stringMatching(/^\d\d:\d\d:\d\d warn {2}started port=8080$/),
    expect.stringMatching(/^\d\d:\d\d:\d\d error started port=8080$/),
  ]);
});

test('silent is silent', () => {
  expect(say('silent', 'production')).toEqual({ stdout: '', lines: [] });
});
