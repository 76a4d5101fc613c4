/** A service's identity side for tests: a key folder of its own, a verifier, a log that remembers, tokens right and wrong. */
import { join } from 'node:path';
import { audienceOf, DEMO_TOKEN_LIFE } from '../../../src/identity/contract.ts';
import { DEMO_IDENTITIES, type DemoIdentity, demoClaims } from '../../../src/identity/identities.ts';
import { openKeys } from '../../../src/identity/keys.ts';
import { signAccess, signAnything } from '../../../src/identity/sign.ts';
import { createVerifier } from '../../../src/identity/verify.ts';
import { scratchFolder } from '../../harness/cluster.ts';

export const ISSUER = 'http://127.0.0.1:8080';
export const AUDIENCE = audienceOf(ISSUER);
export const NOW = new Date('2026-03-23T09:14:03.000Z');
export const SECONDS = NOW.getTime() / 1000;

export function later(seconds: number): Date {
  return new Date(NOW.getTime() + seconds * 1000);
}

export function identity(key: string): DemoIdentity {
  const found = DEMO_IDENTITIES.get(key);
  if (!found) throw new Error(`no identity ${key}`);
  return found;
}

export function newFolder(): string {
  return join(scratchFolder('identity'), 'keys');
}

export interface LogLine {
  message: string;
  ids: Readonly<Record<string, string | number | undefined>>;
}

export function place(cacheSize?: number) {
  const folder = newFolder();
  const keys = openKeys({ folder, maxLife: DEMO_TOKEN_LIFE }, NOW);
  const lines: LogLine[] = [];
  const log = { warn: (message: string, ids: LogLine['ids']) => void lines.push({ message, ids }) };
  const options = {
    keys,
    issuer: ISSUER,
    audience: AUDIENCE,
    maxLife: DEMO_TOKEN_LIFE,
    assurance: { levels: ['AAL2', 'AAL3'], required: false },
    log,
  };
  const verifier = createVerifier(cacheSize === undefined ? options : { ...options, cacheSize });
  const claims = (key = 'midwife') => demoClaims(identity(key), ISSUER, AUDIENCE);
  return {
    folder,
    keys,
    lines,
    log,
    verifier,
    claims,
    /** A right token of a demo identity. */
    token: (key = 'midwife', life = 900) => signAccess(keys.current(NOW), claims(key), life, NOW).token,
    /** Right header and claims with these changes; `undefined` takes one out. Signed with the current key. */
    twisted: (changes: { header?: Record<string, unknown>; claims?: Record<string, unknown> }) => {
      const key = keys.current(NOW);
      const header = { alg: key.alg, typ: 'at+jwt', kid: key.kid, ...changes.header };
      const times = { iat: SECONDS, exp: SECONDS + 900, jti: 'j-1' };
      return signAnything(key, header, { ...claims(), ...times, ...changes.claims });
    },
  };
}
