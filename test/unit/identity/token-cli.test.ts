import { dirname } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../../src/config.ts';
import { audienceOf, maxTokenLife } from '../../../src/identity/contract.ts';
import { DEMO_IDENTITIES } from '../../../src/identity/identities.ts';
import { openKeys } from '../../../src/identity/keys.ts';
import { tokenFor } from '../../../src/identity/token-cli.ts';
import { createVerifier } from '../../../src/identity/verify.ts';
import { later, NOW, newFolder } from './place.ts';

const folder = newFolder();
const DATA_DIR = dirname(folder);
const config = loadConfig({ DATA_DIR, PORT: '8093' });
const none = () => '';

function doorAt(issuer: string) {
  const maxLife = maxTokenLife('demo');
  const keys = openKeys({ folder, maxLife }, NOW);
  return createVerifier({ keys, issuer, audience: audienceOf(issuer), maxLife, log: { warn: () => {} } });
}

describe('the token command', () => {
  const door = doorAt('http://127.0.0.1:8093');

  test.each([...DEMO_IDENTITIES.keys()])('%s: the door takes it', (key) => {
    const caller = door.verifyBearer(tokenFor([key], config, none, NOW), NOW);
    const identity = DEMO_IDENTITIES.get(key);
    expect(caller).toMatchObject({
      subject: identity?.subject,
      fhirUser: identity?.fhirUser,
      org: identity?.org,
      patient: identity?.patient,
      scopes: identity?.scopes,
    });
    expect(caller.expiresAt).toEqual(later(8 * 3600));
  });

  test.each([
    ['90', 90],
    ['15m', 900],
    ['8h', 28800],
  ])('--ttl %s', (ttl, seconds) => {
    expect(door.verifyBearer(tokenFor(['epr', '--ttl', ttl], config, none, NOW), NOW).expiresAt).toEqual(
      later(seconds),
    );
  });

  test.each(['http://localhost:9000', 'http://localhost:9000/', 'http://localhost:9000/fhir/R4'])(
    '--base %s',
    (base) => {
      const token = tokenFor(['admin', '--base', base], config, none, NOW);
      expect(doorAt('http://localhost:9000').verifyBearer(token, NOW).subject).toBe('ad-tom');
      expect(door.judge(token, NOW)).toBe('audience');
    },
  );

  test('--raw signs what it is given: right claims are taken, wrong ones are not', () => {
    const body = tokenFor(['midwife'], config, none, NOW).split('.')[1] ?? '';
    const claims: unknown = JSON.parse(Buffer.from(body, 'base64url').toString());
    const raw = (input: object) =>
      door.judge(
        tokenFor(['--raw'], config, () => JSON.stringify(input), NOW),
        NOW,
      );
    expect(raw({ claims })).toMatchObject({ subject: 'mw-priya' });
    expect(raw({ header: { typ: 'at+jwt' }, claims })).toMatchObject({ subject: 'mw-priya' });
    expect(raw({ header: { kid: null }, claims })).toBe('kid-missing');
    expect(raw({ header: { alg: 'none' }, claims })).toBe('algorithm');
    expect(raw({ header: { alg: 'HS256' }, claims })).toBe('algorithm');
    expect(raw({ claims: { ...Object(claims), sub: '' } })).toBe('sub-missing');
    expect(raw({ claims: '{"sub":"a","sub":"b"}' })).toBe('json');
  });

  test.each([
    [['nobody'], /^Name one identity: epr, /],
    [[], /^Name one identity/],
    [['epr', 'admin'], /^Name one identity/],
    [['constructor'], /^Name one identity/],
    [['epr', '--ttl', '9h'], /^--ttl/],
    [['epr', '--ttl', '-1'], /--ttl/],
    [['epr', '--ttl', '0'], /^--ttl/],
    [['epr', '--base', 'localhost'], /^--base/],
    [['--raw'], /^--raw reads/],
  ])('%p is told in one sentence', (args, words) => {
    expect(() => tokenFor(args, config, none, NOW)).toThrow(words);
  });

  test('there is none of it in production, and no raw signing or steward in training', () => {
    const production = { ...config, mode: 'production' } as const;
    const training = { ...config, mode: 'training' } as const;
    expect(() => tokenFor(['epr'], production, none, NOW)).toThrow('In production there are no demo identities');
    expect(() => tokenFor(['--raw'], training, none, NOW)).toThrow('demo mode only');
    expect(() => tokenFor(['steward'], training, none, NOW)).toThrow('demo mode only');
  });
});
