/**
 * Client authentication by signed assertion (`private_key_jwt`; RFC 7523, SMART App Launch 2.2 "client-confidential-
 * asymmetric"): RS384 or ES384, iss = sub = client_id, aud = our endpoint, at most five minutes, each `jti` once.
 */
import { createPublicKey } from 'node:crypto';
import type { TokenFault } from './faults.ts';
import { isWord, jwtFault, type OpenedJwt, openJwt, type VerifyingKey } from './jwt.ts';
import type { ClientRegister, RegisteredClient, ReplayCache } from './ports.ts';

/** What SMART names for Backend Services; our metadata lists exactly these. */
export const ASSERTION_ALGORITHMS = ['RS384', 'ES384'] as const;
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** Longest life of an assertion, counted from now, in seconds. */
export const ASSERTION_LIFE = 300;

export type AssertionFault = TokenFault | 'client-unknown' | 'client-ended' | 'key-unusable';

export interface AssertionDeps {
  clients: ClientRegister;
  replay: ReplayCache;
}

export type Authenticated =
  | { client: RegisteredClient; token: OpenedJwt }
  /** `clientId` is the one claimed, if any: good for a log, proven by nothing. */
  | { fault: AssertionFault; clientId: string | null };

/** A registered public JWK with the algorithm its kind is for; null when it is of no use here. */
function verifyingKey(kid: string, jwk: Readonly<Record<string, unknown>>): VerifyingKey | null {
  try {
    const publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    const { namedCurve, modulusLength } = publicKey.asymmetricKeyDetails ?? {};
    if (publicKey.asymmetricKeyType === 'rsa') {
      return (modulusLength ?? 0) >= 2048 ? { kid, alg: 'RS384', publicKey } : null;
    }
    return namedCurve === 'secp384r1' ? { kid, alg: 'ES384', publicKey } : null;
  } catch {
    return null;
  }
}

function keyOf(client: RegisteredClient, kid: string, now: Date): VerifyingKey | AssertionFault {
  const held = client.keys.find((key) => key.kid === kid);
  if (!held || (held.expires !== null && held.expires.getTime() <= now.getTime())) return 'kid-unknown';
  return verifyingKey(kid, held.jwk) ?? 'key-unusable';
}

/**
 * Proves an assertion and uses it up. `audience`: the URLs it may be addressed to (the token endpoint, and the endpoint
 * that is called). The `jti` is claimed last, so that a stranger cannot fill the replay cache.
 */
export async function authenticateClient(
  assertion: string,
  audience: readonly [string, ...string[]],
  deps: AssertionDeps,
  now: Date,
): Promise<Authenticated> {
  const token = openJwt(assertion);
  if (typeof token === 'string') return { fault: token, clientId: null };
  const { iss, sub, jti, exp } = token.claims;
  const clientId = isWord(sub) ? sub : null;
  if (token.type !== 'jwt') return { fault: 'type', clientId };
  if (clientId === null) return { fault: 'sub-missing', clientId };
  if (iss !== clientId) return { fault: 'sub-mismatch', clientId };
  const client = await deps.clients.find(clientId);
  if (!client) return { fault: 'client-unknown', clientId };
  if (client.ended !== null && client.ended.getTime() <= now.getTime()) return { fault: 'client-ended', clientId };
  const key = keyOf(client, token.kid, now);
  if (typeof key === 'string') return { fault: key, clientId };
  const expected = { issuer: clientId, audience, maxLife: ASSERTION_LIFE, lifeFrom: 'now' } as const;
  const fault = jwtFault(token, key, expected, now);
  if (fault) return { fault, clientId };
  if (!isWord(jti) || typeof exp !== 'number') return { fault: 'jti-missing', clientId };
  const first = await deps.replay.claim(jti, clientId, new Date(exp * 1000));
  return first ? { client, token } : { fault: 'jti-replayed', clientId };
}
