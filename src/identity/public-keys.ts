/** Public keys as a system's supplier sends them: a JWKS or one JWK, read strictly. Private parts are refused, and named. */
import { createPublicKey } from 'node:crypto';
import { isObject } from '../fhir/resource.ts';

export interface PublicKey {
  kid: string;
  jwk: Readonly<Record<string, unknown>>;
}

const KID = /^[\x21-\x7e]{1,128}$/;
const MOST_KEYS = 5;
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth'];

/** The keys, or one plain sentence about what is wrong. */
export function readPublicKeys(text: string): PublicKey[] | string {
  let given: unknown = null;
  try {
    given = JSON.parse(text);
  } catch {
    return 'This is not JSON. Paste the JWKS that the supplier publishes.';
  }
  if (!isObject(given)) return 'This is no JWKS: it is an object with "keys".';
  const list = Array.isArray(given.keys) ? given.keys : [given];
  if (list.length === 0 || list.length > MOST_KEYS) return `A JWKS here has 1 to ${MOST_KEYS} keys.`;
  const keys: PublicKey[] = [];
  for (const one of list) {
    const key = isObject(one) ? keyOf(one) : 'A key is an object (JWK).';
    if (typeof key === 'string') return key;
    if (keys.some(({ kid }) => kid === key.kid)) return 'Two keys have the same kid.';
    keys.push(key);
  }
  return keys;
}

function keyOf(jwk: Readonly<Record<string, unknown>>): PublicKey | string {
  const { kid } = jwk;
  const word = (name: string): string => (typeof jwk[name] === 'string' ? jwk[name] : '');
  if (PRIVATE.some((name) => name in jwk))
    return 'This is a private key: it is not taken, and is no secret any more. Ask for a new pair and its public half.';
  if (typeof kid !== 'string' || !KID.test(kid)) return 'Each key needs a kid.';
  const bare =
    jwk.kty === 'EC'
      ? { kty: 'EC', crv: word('crv'), x: word('x'), y: word('y') }
      : { kty: 'RSA', n: word('n'), e: word('e') };
  try {
    const { asymmetricKeyDetails, asymmetricKeyType } = createPublicKey({ key: bare, format: 'jwk' });
    const isGood =
      asymmetricKeyDetails?.namedCurve === 'secp384r1' ||
      (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048);
    if (isGood) return { kid, jwk: { ...bare, kid, use: 'sig' } };
  } catch {
    // told below
  }
  return 'A key is EC P-384 (ES384) or RSA of 2048 bits or more (RS384).';
}
