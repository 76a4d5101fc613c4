/**
 * Opens and proves one signed JWT. `jsonwebtoken` checks signature, algorithm, issuer and audience; around it stands what
 * it lets through (H26). Nothing in a token is believed before its signature is, and no key is ever taken from a token.
 */
import type { KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { parseJson } from '../fhir/json.ts';
import type { JsonObject } from '../fhir/types.ts';
import type { TokenFault } from './faults.ts';

export type SigningAlgorithm = 'ES256' | 'ES384' | 'RS384';

/** A public key and the one algorithm it is for. */
export interface VerifyingKey {
  kid: string;
  alg: SigningAlgorithm;
  publicKey: KeyObject;
}

/** A token taken apart; nothing in it is proven yet. */
export interface OpenedJwt {
  text: string;
  header: JsonObject;
  claims: JsonObject;
  kid: string;
  /** Lower case, without `application/`. */
  type: string;
}

export interface Expected {
  issuer: string;
  audience: string | readonly [string, ...string[]];
  /** Longest life in seconds, counted from `iat` (which is then required) or from now. */
  maxLife: number;
  lifeFrom: 'iat' | 'now';
}

/** Longest token taken, in characters; ours have about 700. */
export const MAX_TOKEN = 8192;
/** Clock difference forgiven on `iat` and `nbf`, in seconds; none on `exp`. */
export const SKEW = 60;
/** 10^11 seconds is the year 5138: anything above is in milliseconds. */
const MILLISECONDS = 100_000_000_000;

const PART = /^[A-Za-z0-9_-]+$/;
/** No path characters, no quotes, no spaces: a key's name can never become a file name or a query (kid injection). */
const KID = /^(?!.*\.\.)[A-Za-z0-9._~:@=+-]{1,128}$/;
const KEY_HEADERS = ['jwk', 'jku', 'x5u', 'x5c'];

/** Bytes of a base64url part, or null unless it is the one canonical spelling of them (stray bits in the last character would let two texts be the same token). */
function decodePart(part: string): Buffer | null {
  if (!PART.test(part)) return null;
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : null;
}

function objectOf(bytes: Uint8Array): JsonObject | null {
  try {
    const { root } = parseJson(bytes, { maxDepth: 8 });
    return typeof root === 'object' && root !== null && !Array.isArray(root) ? root : null;
  } catch {
    return null;
  }
}

/** Takes a token apart and checks its form and header; returns a fault instead of throwing. */
export function openJwt(text: string): OpenedJwt | TokenFault {
  if (text.length > MAX_TOKEN) return 'too-large';
  const [head, body, signature, ...more] = text.split('.');
  if (!head || !body || signature === undefined || more.length > 0) return 'malformed';
  const headBytes = decodePart(head);
  const bodyBytes = decodePart(body);
  if (!headBytes || !bodyBytes) return 'malformed';
  const header = objectOf(headBytes);
  const claims = objectOf(bodyBytes);
  if (!header || !claims) return 'json';
  if (signature === '') return header.alg === 'none' ? 'algorithm' : 'signature';
  if (!decodePart(signature)) return 'malformed';
  if ('crit' in header || 'b64' in header) return 'crit';
  if (KEY_HEADERS.some((name) => name in header)) return 'key-in-header';
  const { kid, typ } = header;
  if (kid === undefined) return 'kid-missing';
  if (typeof kid !== 'string' || !KID.test(kid)) return 'kid-invalid';
  const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : '';
  return { text, header, claims, kid, type };
}

function signatureFault(token: OpenedJwt, key: VerifyingKey, expected: Expected): TokenFault | null {
  if (token.header.alg !== key.alg) return 'algorithm';
  const { issuer, audience } = expected;
  const allowed: string | [string, ...string[]] = typeof audience === 'string' ? audience : [...audience];
  try {
    const options = { algorithms: [key.alg], issuer, audience: allowed, ignoreExpiration: true, ignoreNotBefore: true };
    jwt.verify(token.text, key.publicKey, options);
    return null;
  } catch (error) {
    const words = error instanceof Error ? error.message : '';
    if (words.startsWith('jwt audience')) return 'audience';
    return words.startsWith('jwt issuer') ? 'issuer' : 'signature';
  }
}

/** The three times (NumericDate, seconds, RFC 7519) against the clock. */
function timeFault(claims: JsonObject, expected: Expected, now: number): TokenFault | null {
  const { iat, exp, nbf } = claims;
  if (typeof exp !== 'number' || exp <= 0) return 'exp-missing';
  if (exp > MILLISECONDS) return 'exp-milliseconds';
  if (exp <= now) return 'expired';
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf > now + SKEW)) return 'nbf';
  if (iat === undefined && expected.lifeFrom === 'now') return exp - now > expected.maxLife ? 'exp-too-late' : null;
  if (typeof iat !== 'number' || iat <= 0) return 'iat-missing';
  if (iat > now + SKEW) return 'iat-future';
  return exp - (expected.lifeFrom === 'iat' ? iat : now) > expected.maxLife ? 'exp-too-late' : null;
}

/** True for a string that says something and is not absurdly long. */
export function isWord(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= 255;
}

/**
 * Proves an opened token with its key: algorithm, signature, issuer, audience, times (`now` is the request's), `sub` and
 * `jti`. Returns the first fault, or null when all hold. What else a kind of token needs is its caller's to check.
 */
export function jwtFault(token: OpenedJwt, key: VerifyingKey, expected: Expected, now: Date): TokenFault | null {
  const proof = signatureFault(token, key, expected) ?? timeFault(token.claims, expected, now.getTime() / 1000);
  if (proof) return proof;
  if (!isWord(token.claims.sub)) return 'sub-missing';
  return isWord(token.claims.jti) ? null : 'jti-missing';
}
