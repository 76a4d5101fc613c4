/** The story a newcomer watches first, played against the service as `npm start` starts it: every step goes as told. */
import { type ChildProcess, spawn } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { scratchFolder } from '../harness/cluster.ts';
import { compiled } from '../harness/compiled.ts';
import { type FreshDatabase, freshDatabase } from '../harness/database.ts';
import { CACHE, testDefinitions } from '../unit/definitions/cache.ts';

const WAIT_MS = 60_000;
let database: FreshDatabase;
let service: ChildProcess;
let env: NodeJS.ProcessEnv;
let base = '';

beforeAll(async () => {
  await testDefinitions();
  database = await freshDatabase();
  const dataDir = scratchFolder('story');
  symlinkSync(CACHE, join(dataDir, 'definitions'));
  env = {
    PATH: process.env.PATH,
    ...compiled(),
    MODE: 'demo',
    SEED: 'none',
    PORT: '0',
    LOG_LEVEL: 'error',
    DATA_DIR: dataDir,
    DATABASE_URL: database.ownerUrl,
    SERVICE_DATABASE_URL: database.serviceUrl,
  };
  service = spawn(process.execPath, ['src/main.ts'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  base = await banner(service);
}, WAIT_MS);

afterAll(async () => {
  const ended = new Promise((resolve) => service.once('exit', resolve));
  service.kill('SIGTERM');
  await ended;
  await database.drop();
});

/** The address the banner names, once the service is ready. */
function banner(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const found = /(http:\S+)\/fhir\/R4/.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => reject(new Error(`the service ended: ${text}`)));
  });
}

function story(...args: string[]): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['scripts/story.ts', '--base', base, '--fast', ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8');
      });
    }
    child.once('exit', (code) => resolve({ code, text }));
  });
}

describe('npm run story', () => {
  test('every step goes as told', async () => {
    const { code, text } = await story();
    expect(`${code}\n${code === 0 ? '' : text}`).toBe('0\n');
    for (const scene of ['S1', 'S3', 'S4', 'S6', 'IG', 'END']) expect(text).toMatch(new RegExp(`^${scene} {2}`, 'm'));
    expect(text.split('\n').filter((line) => line.length > 96)).toEqual([]);
    expect(text).not.toContain('\u001b');
    expect(text).toContain('-> OK: ');
  }, 60_000);

  test('one scene alone, with new families, plays what it stands on without printing', async () => {
    const { code, text } = await story('--only', 's3');
    expect(code).toBe(0);
    expect(text).not.toContain('Book and refer');
    expect(text).toContain('S3  Find a joint slot');
  }, 60_000);

  test('nobody there, keys of another service, a scene nobody knows: a sentence and exit code 2', async () => {
    expect(await story('--base', 'http://127.0.0.1:9')).toEqual({
      code: 2,
      text: 'Nobody answers at http://127.0.0.1:9. Start the demo first: npm start\n',
    });
    const elsewhere = await story('--data-dir', scratchFolder('elsewhere'));
    expect(elsewhere).toMatchObject({ code: 2, text: expect.stringMatching(/^No service keeps its keys under .*\n$/) });
    expect(await story('--only', 'S9')).toMatchObject({
      code: 2,
      text: expect.stringMatching(/^--only takes one of S1/),
    });
  });
});
