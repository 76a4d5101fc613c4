/** Where people sign in, by mode and place: the built-in provider asks for no password and is on loopback alone. */
import { afterAll, expect, test } from '@jest/globals';
import { loadConfig } from '../../../src/config.ts';
import { openPool } from '../../../src/store/pool.ts';
import { signInOf } from '../../../src/wiring/sign-in.ts';

/** Never asked: nothing is opened before somebody signs in. */
const pool = openPool('postgres://127.0.0.1:1/nothing', 1);
afterAll(() => pool.end());

const silent = () => undefined;
const DATABASE = { DATABASE_URL: 'postgres://db/x' };
const PRODUCTION = { MODE: 'production', PUBLIC_URL: 'https://tandem.example.org', ...DATABASE };

test.each<[string, Record<string, string>, boolean]>([
  ['demo', {}, true],
  ['training on loopback', { MODE: 'training' }, true],
  ['training for others', { MODE: 'training', HOST: '0.0.0.0' }, false],
  ['production', PRODUCTION, false],
  ['production on loopback', { ...PRODUCTION, HOST: '127.0.0.1' }, false],
])('%s: a built-in provider is there: %j %j', (_words, environment, there) => {
  const way = signInOf({
    config: loadConfig(environment, '/nowhere'),
    issuer: 'http://127.0.0.1:8080',
    port: 8080,
    pool,
    secret: Buffer.alloc(32),
    clock: () => new Date(),
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
  expect(way !== null).toBe(there);
  expect(way?.demo?.people.map(({ key }) => key) ?? []).toEqual(
    there ? expect.arrayContaining(['ig-officer', 'mother']) : [],
  );
  expect(way?.demo?.people.some(({ kind }) => kind === 'system') ?? false).toBe(false);
});
