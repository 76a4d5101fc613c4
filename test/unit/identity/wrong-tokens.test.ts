import { createHmac, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Outcome } from '../../../src/fhir/outcome.ts';
import type { TokenFault } from '../../../src/identity/faults.ts';
import { signAnything } from '../../../src/identity/sign.ts';
import { ISSUER, NOW, place, SECONDS } from './place.ts';

const house = place();
const { keys, verifier, twisted, claims } = house;

function b64(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

function refusal(run: () => unknown): Outcome {
  try {
    run();
  } catch (error) {
    if (error instanceof Outcome) return error;
    throw error;
  }
  throw new Error('was taken');
}

/** The classical confusion: the public key, known to all, used as an HMAC secret. */
function hmacWithPublicKey(): string {
  const key = keys.current(NOW);
  const input = `${b64({ alg: 'HS256', typ: 'at+jwt', kid: key.kid })}.${b64({ ...claims(), iat: SECONDS, exp: SECONDS + 900, jti: 'j' })}`;
  const pem = key.publicKey.export({ type: 'spki', format: 'pem' });
  return `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`;
}

function foreignSignature(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const header = { alg: 'ES256', typ: 'at+jwt', kid: keys.current(NOW).kid };
  return signAnything({ alg: 'ES256', privateKey }, header, {
    ...claims(),
    iat: SECONDS,
    exp: SECONDS + 900,
    jti: 'j',
  });
}

function withBody(text: string): string {
  const key = keys.current(NOW);
  return signAnything(key, { alg: key.alg, typ: 'at+jwt', kid: key.kid }, text);
}

/** The other base64url spelling of the same signature bytes: the last character carries four bits that mean nothing. */
function respelt(): string {
  const token = house.token();
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + alphabet.charAt(alphabet.indexOf(token.slice(-1)) + 1);
}

const good = { ...claims(), iat: SECONDS, exp: SECONDS + 900, jti: 'j' };
const head = { alg: 'ES256', typ: 'at+jwt', kid: keys.current(NOW).kid };

const WRONG: readonly (readonly [string, TokenFault, string])[] = [
  ['no sub', 'sub-missing', twisted({ claims: { sub: undefined } })],
  ['empty sub', 'sub-missing', twisted({ claims: { sub: ' ' } })],
  ['sub that is a number', 'sub-missing', twisted({ claims: { sub: 7 } })],
  ['no jti', 'jti-missing', twisted({ claims: { jti: undefined } })],
  ['empty jti', 'jti-missing', twisted({ claims: { jti: '' } })],
  ['no iat', 'iat-missing', twisted({ claims: { iat: undefined } })],
  ['iat that is text', 'iat-missing', twisted({ claims: { iat: String(SECONDS) } })],
  ['iat 61 s ahead', 'iat-future', twisted({ claims: { iat: SECONDS + 61 } })],
  ['iat in milliseconds', 'iat-future', twisted({ claims: { iat: SECONDS * 1000 } })],
  ['no exp', 'exp-missing', twisted({ claims: { exp: undefined } })],
  ['R-39: staff signed in too weakly', 'assurance', twisted({ claims: { acr: 'AAL1' } })],
  ['exp that is text', 'exp-missing', twisted({ claims: { exp: '9999999999' } })],
  ['exp null', 'exp-missing', twisted({ claims: { exp: null } })],
  ['exp in milliseconds', 'exp-milliseconds', twisted({ claims: { exp: (SECONDS + 900) * 1000 } })],
  ['exp beyond the longest life', 'exp-too-late', twisted({ claims: { exp: SECONDS + 8 * 3600 + 1 } })],
  ['expired', 'expired', twisted({ claims: { iat: SECONDS - 100, exp: SECONDS } })],
  ['nbf ahead', 'nbf', twisted({ claims: { nbf: SECONDS + 61 } })],
  ['nbf that is text', 'nbf', twisted({ claims: { nbf: 'soon' } })],
  ['no issuer', 'issuer', twisted({ claims: { iss: undefined } })],
  ['another issuer', 'issuer', twisted({ claims: { iss: 'https://evil.example' } })],
  ['issuer with a slash more', 'issuer', twisted({ claims: { iss: `${ISSUER}/` } })],
  ['no audience', 'audience', twisted({ claims: { aud: undefined } })],
  ['another audience', 'audience', twisted({ claims: { aud: ISSUER } })],
  ['no scope', 'scope', twisted({ claims: { scope: undefined } })],
  ['scope as an array', 'scope', twisted({ claims: { scope: ['user/*.rs'] } })],
  ['no client_id', 'client-missing', twisted({ claims: { client_id: '' } })],
  ['fhirUser that is a Group', 'fhir-user', twisted({ claims: { fhirUser: 'Group/1' } })],
  ['fhirUser on another server', 'fhir-user', twisted({ claims: { fhirUser: 'https://evil.example/Patient/1' } })],
  ['fhirUser with a path', 'fhir-user', twisted({ claims: { fhirUser: 'Patient/../x' } })],
  ['org as an object', 'claim', twisted({ claims: { org: { id: 1 } } })],
  ['patient as a list', 'claim', twisted({ claims: { patient: ['aisha'] } })],
  ['patient with a path', 'claim', twisted({ claims: { patient: 'Group/1' } })],
  ['unknown crit', 'crit', twisted({ header: { crit: ['exp'] } })],
  ['empty crit', 'crit', twisted({ header: { crit: [] } })],
  ['unencoded payload', 'crit', twisted({ header: { b64: false } })],
  ['refresh token by header', 'type', twisted({ header: { typ: 'rt+jwt' } })],
  ['refresh token by claim', 'not-access', twisted({ claims: { token_use: 'refresh' } })],
  ['refresh token of another product', 'not-access', twisted({ header: { typ: 'JWT' }, claims: { typ: 'Refresh' } })],
  ['ID token', 'not-access', twisted({ header: { typ: 'JWT' }, claims: { nonce: 'n' } })],
  ['no typ', 'type', twisted({ header: { typ: undefined } })],
  ['no kid', 'kid-missing', twisted({ header: { kid: undefined } })],
  ['unknown kid', 'kid-unknown', twisted({ header: { kid: 'nobody' } })],
  ['kid that is a path', 'kid-invalid', twisted({ header: { kid: '../../etc/passwd' } })],
  ['kid with dots', 'kid-invalid', twisted({ header: { kid: '..' } })],
  ['kid with a backslash', 'kid-invalid', twisted({ header: { kid: 'a\\b' } })],
  ['kid with a zero byte', 'kid-invalid', twisted({ header: { kid: 'a\0' } })],
  ['kid with SQL', 'kid-invalid', twisted({ header: { kid: "x' or '1'='1" } })],
  ['kid that is a number', 'kid-invalid', twisted({ header: { kid: 1 } })],
  ['kid __proto__', 'kid-unknown', twisted({ header: { kid: '__proto__' } })],
  ['alg none', 'algorithm', twisted({ header: { alg: 'none' } })],
  [
    'alg none in capitals',
    'signature',
    signAnything(keys.current(NOW), { ...head, alg: 'None' }, good).replace(/[^.]+$/, ''),
  ],
  ['alg HS256 with the public key', 'algorithm', hmacWithPublicKey()],
  ['alg of another size', 'algorithm', twisted({ header: { alg: 'ES384' } })],
  ['no alg', 'algorithm', twisted({ header: { alg: undefined } })],
  ['key in the header', 'key-in-header', twisted({ header: { jwk: { kty: 'EC' } } })],
  ['key address in the header', 'key-in-header', twisted({ header: { jku: 'https://evil.example/jwks' } })],
  ['signed by someone else', 'signature', foreignSignature()],
  ['signature cut off', 'signature', house.token().replace(/[^.]+$/, '')],
  ['another spelling of the signature', 'malformed', respelt()],
  ['padding', 'malformed', `${house.token()}=`],
  ['two parts', 'malformed', 'a.b'],
  ['five parts', 'malformed', 'a.b.c.d.e'],
  ['empty', 'malformed', ''],
  ['a space inside', 'malformed', house.token().replace('.', ' .')],
  ['too large', 'too-large', twisted({ claims: { scope: 'x '.repeat(5000) } })],
  ['claims that are a list', 'json', withBody('[1]')],
  ['claims that are no JSON', 'json', withBody('{sub:1}')],
  ['duplicate claim', 'json', withBody(JSON.stringify(good).replace('"sub":', '"sub":"steward","sub":'))],
  [
    'duplicate claim, escaped',
    'json',
    withBody(JSON.stringify(good).replace('"sub":', '"s\\u0075b":"steward","sub":')),
  ],
  ['__proto__ claim', 'json', withBody('{"__proto__":{"sub":"x"}}')],
];

describe('refused bearer tokens', () => {
  test.each(WRONG)('%s: %s', (_name, fault, token) => {
    house.lines.length = 0;
    const outcome = refusal(() => verifier.verifyBearer(token, NOW));
    expect(outcome.status).toBe(401);
    expect(outcome.issues[0]?.diagnostics).toContain(`(${fault})`);
    expect(outcome.headers['WWW-Authenticate']).toMatch(
      /^Bearer realm="tandem", error="invalid_token", error_description="[^"\\]+"$/,
    );
    expect(house.lines).toEqual([{ message: 'bearer token refused', ids: expect.objectContaining({ reason: fault }) }]);
    const logged = JSON.stringify(house.lines);
    for (const part of token.split('.')) if (part.length > 20) expect(logged).not.toContain(part);
  });

  test('claims that are not UTF-8', () => {
    const key = keys.current(NOW);
    const [header, , signature] = signAnything(key, head, good).split('.');
    const body = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url');
    expect(verifier.judge(`${header}.${body}.${signature}`, NOW)).toBe('json');
  });

  test('any single changed character', () => {
    const token = house.token('steward');
    expect(verifier.judge(token, NOW)).toMatchObject({ subject: 'steward' });
    const character = fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code));
    fc.assert(
      fc.property(fc.nat(token.length - 1), character, (at, other) => {
        fc.pre(token.charAt(at) !== other);
        expect(typeof verifier.judge(token.slice(0, at) + other + token.slice(at + 1), NOW)).toBe('string');
      }),
      { numRuns: 1000 },
    );
  });

  test('no text makes it throw anything but a refusal', () => {
    const piece = fc.oneof(fc.string(), fc.base64String(), fc.json().map(b64));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 4 }), (parts) => {
        expect(typeof verifier.judge(parts.join('.'), NOW)).toBe('string');
      }),
    );
  });
});
