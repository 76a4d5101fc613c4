import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { openKeys } from '../../../src/identity/keys.ts';
import { signAccess } from '../../../src/identity/sign.ts';
import { later, NOW, newFolder, place } from './place.ts';

const DAY = 8 * 3600;

describe('signing keys', () => {
  test('are made once, in a folder and files of our own only', () => {
    const folder = newFolder();
    const first = openKeys({ folder, maxLife: DAY }, NOW).current(NOW);
    expect(openKeys({ folder, maxLife: DAY }, later(5)).current(later(5)).kid).toBe(first.kid);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder)).toHaveLength(1);
    expect(statSync(first.file).mode & 0o777).toBe(0o600);
  });

  test('differ between two folders: there is no default secret', () => {
    expect(place().keys.current(NOW).kid).not.toBe(place().keys.current(NOW).kid);
  });

  test('rotation: the new key signs, the old one verifies until its last token is over, then it is gone', () => {
    const own = place();
    const old = own.keys.current(NOW);
    const token = own.token('midwife', DAY);
    own.verifier.verifyBearer(token, NOW);
    const fresh = own.keys.rotate(later(10));
    expect(fresh.kid).not.toBe(old.kid);
    expect(own.keys.current(later(10)).kid).toBe(fresh.kid);
    expect(own.keys.jwks(later(10)).keys.map((key) => key.kid)).toEqual([fresh.kid, old.kid]);
    expect(own.verifier.verifyBearer(token, later(DAY - 1)).subject).toBe('mw-priya');
    expect(own.keys.find(old.kid, later(10 + DAY + 61))).toBeNull();
    own.keys.rotate(later(10 + DAY + 61));
    expect(readdirSync(own.folder)).toHaveLength(2);
  });

  test('the published set holds nothing private', () => {
    for (const key of place().keys.jwks(NOW).keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    }
  });

  test('another process on the folder sees a rotation and a revocation within a second', () => {
    const own = place();
    const other = openKeys({ folder: own.folder, maxLife: DAY }, NOW);
    const token = own.token();
    expect(own.verifier.judge(token, NOW)).toMatchObject({ subject: 'mw-priya' });
    const fresh = other.rotate(later(1));
    const signed = signAccess(fresh, own.claims('epr'), 300, later(1)).token;
    expect(own.verifier.judge(signed, later(2))).toMatchObject({ subject: 'epr' });
    const first = other.jwks(later(2)).keys[1]?.kid;
    other.revoke(typeof first === 'string' ? first : '', later(2));
    expect(own.verifier.judge(token, later(3))).toBe('kid-unknown');
  });

  test('revoking the only key makes a new one', () => {
    const own = place();
    const { kid } = own.keys.current(NOW);
    own.keys.revoke(kid, NOW);
    expect(own.keys.current(NOW).kid).not.toBe(kid);
    own.keys.revoke('../../etc/passwd', NOW);
  });

  test.each([
    ['ES384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey],
    ['RS384', () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
  ])('a key brought along signs and verifies as %s', (alg, make) => {
    const folder = newFolder();
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(folder, 'mine.jwk'), JSON.stringify(make().export({ format: 'jwk' })), { mode: 0o600 });
    const keys = openKeys({ folder, maxLife: DAY }, NOW);
    const key = keys.current(NOW);
    expect([key.alg, readdirSync(folder)]).toEqual([alg, ['mine.jwk']]);
    expect(signAccess(key, place().claims(), 300, NOW).token.split('.')).toHaveLength(3);
  });

  test.each([
    [
      'a weak key',
      JSON.stringify(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'jwk' })),
    ],
    [
      'a public key',
      JSON.stringify(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })),
    ],
    ['a shared secret', '{"kty":"oct","k":"c2VjcmV0"}'],
  ])('%s is refused in words that hold no key', (_name, text) => {
    const folder = newFolder();
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(folder, 'mine.jwk'), text, { mode: 0o600 });
    expect(() => openKeys({ folder, maxLife: DAY }, NOW)).toThrow(
      /^Key file .*mine\.jwk (holds neither|is not a private)/,
    );
  });

  test('a useless file that appears later is told and passed over; the others go on', () => {
    const folder = newFolder();
    const told: string[] = [];
    const keys = openKeys({ folder, maxLife: DAY, warn: (sentence) => void told.push(sentence) }, NOW);
    const { kid } = keys.current(NOW);
    writeFileSync(join(folder, 'torn.jwk'), '{"kty":', { mode: 0o600 });
    expect(keys.current(later(2)).kid).toBe(kid);
    expect(told).toEqual([expect.stringMatching(/^Key file .*torn\.jwk is not a JWK\.$/)]);
  });

  test('a key that everyone on the machine can read is refused', () => {
    const own = place();
    chmodSync(own.keys.current(NOW).file, 0o644);
    expect(() => openKeys({ folder: own.folder, maxLife: DAY }, NOW)).toThrow(/can be read by every user/);
  });
});
