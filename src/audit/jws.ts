/** Signed statements of the audit trail: compact JWS (RFC 7515) with ES256, ES384 or RS384, told apart by their `typ`. */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { isObject } from '../fhir/resource.ts';
import type { JsonObject } from '../fhir/types.ts';

export type StatementKind =
  | 'audit-checkpoint'
  | 'audit-report'
  | 'alert-notice'
  | 'trail-removal'
  | 'destruction-certificate'
  | 'retention-schedule';

export interface StatementKey {
  kid: string;
  alg: string;
  privateKey: KeyObject;
}

/** Public keys by their name. */
export type PublicKeys = ReadonlyMap<string, { alg: string; publicKey: KeyObject }>;

const HASH: Readonly<Record<string, string>> = { ES256: 'sha256', ES384: 'sha384', RS384: 'sha384' };

/** Signs a statement. @throws Error for a key of another algorithm */
export function signStatement(kind: StatementKind, payload: JsonObject, key: StatementKey): string {
  const header = { alg: key.alg, typ: `${kind}+jws`, kid: key.kid };
  const input = `${part(header)}.${part(payload)}`;
  const signature = sign(hashOf(key.alg), Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

/** What a statement says, or in words why it is not to be believed. */
export function readStatement(kind: StatementKind, text: string, keys: PublicKeys): JsonObject | string {
  const [head = '', body = '', signature = '', ...more] = text.split('.');
  const header = objectIn(head);
  const payload = objectIn(body);
  if (header === null || payload === null || more.length > 0) return 'is not a signed statement';
  if (header.typ !== `${kind}+jws`) return 'is a statement of another kind';
  const key = typeof header.kid === 'string' ? keys.get(header.kid) : undefined;
  if (key === undefined) return 'is signed with a key that is not known';
  // The algorithm is the key's own, never the text's choice.
  if (header.alg !== key.alg) return 'names another algorithm than its key';
  const given = Buffer.from(signature, 'base64url');
  const good = verify(
    hashOf(key.alg),
    Buffer.from(`${head}.${body}`),
    { key: key.publicKey, dsaEncoding: 'ieee-p1363' },
    given,
  );
  return good ? payload : 'has a signature that does not fit';
}

/** Public keys from JWKs, one a line; a line that holds none is left out: what it signed is then not believed. */
export function publicKeysOf(lines: string): PublicKeys {
  const keys = new Map<string, { alg: string; publicKey: KeyObject }>();
  for (const line of lines.split('\n')) {
    const jwk = jwkIn(line);
    if (jwk === null || typeof jwk.kid !== 'string' || typeof jwk.alg !== 'string') continue;
    const { kid, alg } = jwk;
    if (HASH[alg] === undefined) continue;
    try {
      keys.set(kid, { alg, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) });
    } catch {
      // not a key: nothing is believed through it
    }
  }
  return keys;
}

/** One public JWK, or null. */
export function jwkIn(line: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) && !('d' in value) ? value : null;
  } catch {
    return null;
  }
}

function hashOf(alg: string): string {
  const hash = HASH[alg];
  if (hash === undefined) throw new Error(`audit statements are not signed with ${alg}`);
  return hash;
}

function part(value: JsonObject): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function objectIn(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
