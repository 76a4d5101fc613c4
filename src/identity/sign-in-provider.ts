/**
 * Signing people in through an OpenID Connect provider: NHS CIS2, or a local one with the same claims (domain.md 4.6).
 * Authorization code with PKCE, state and nonce; the client proves itself with a signed assertion (`private_key_jwt`).
 * What comes back says who a person is; what she may do, the directory says at every request.
 */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import * as oidc from 'openid-client';
import { assuranceFault, type ClaimNames, type ProvenPerson, parentOf, personOf } from './person-claims.ts';

export interface ProviderSettings {
  /** Issuer; https, or http on loopback. */
  issuer: string;
  clientId: string;
  /** The client's private key, EC P-256 or RSA. */
  key: KeyObject;
  /** `kid` the provider knows the key by; undefined = its RFC 7638 thumbprint. */
  keyId: string | undefined;
  scope: string;
  /** Least authenticator assurance level, 1 to 3 (R-39: AAL2 or more). */
  leastAssurance: number;
  claims: ClaimNames;
  /** Parents sign in there too; absent = staff alone. */
  parents?: boolean;
  /** Where an address of the provider is reached from here; absent = there. */
  reach?: (url: string) => string;
}

/** What the browser's visit to the provider is remembered by; leaves this process only sealed. */
export interface PendingSignIn {
  state: string;
  nonce: string;
  verifier: string;
  /** Reference of the session somebody proves again who she is for, and where she goes on; null = a new sign-in. */
  again: { session: string; to: string } | null;
}

/** Why nobody was signed in, in one word for the log and the trail. */
export class SignInFault extends Error {
  readonly reason: 'unavailable' | 'refused' | 'invalid' | 'assurance' | 'claims';

  constructor(reason: SignInFault['reason']) {
    super(`sign-in: ${reason}`);
    this.name = 'SignInFault';
    this.reason = reason;
  }
}

export interface SignInProvider {
  /** Address to send the browser to; `again`: the provider asks for the proof anew. @throws SignInFault `unavailable` */
  begin(again?: PendingSignIn['again']): Promise<{ url: string; pending: PendingSignIn }>;
  /** Proves what the provider sent back with the browser. @throws SignInFault */
  finish(returned: URL, pending: PendingSignIn): Promise<ProvenPerson>;
}

/** Seconds the provider may take for one answer. */
const TIMEOUT = 10;
/** Seconds within which somebody who proves again must have done so, when she comes back. */
const AGAIN_SECONDS = 600;

/** `redirectUri` is the address the provider sends browsers back to. */
export function createSignInProvider(settings: ProviderSettings, redirectUri: string): SignInProvider {
  let found: Promise<oidc.Configuration> | null = null;
  // Looked up when first needed, and again after a failure: the service starts without its provider.
  const configuration = (): Promise<oidc.Configuration> => {
    found ??= discover(settings).catch(() => {
      found = null;
      throw new SignInFault('unavailable');
    });
    return found;
  };
  return {
    async begin(again = null) {
      const config = await configuration();
      const pending = {
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
        verifier: oidc.randomPKCECodeVerifier(),
        again,
      };
      const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: settings.scope,
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(pending.verifier),
        code_challenge_method: 'S256',
        ...(again === null ? {} : { prompt: 'login', max_age: String(AGAIN_SECONDS) }),
      });
      return { url: url.href, pending };
    },
    async finish(returned, pending) {
      const config = await configuration();
      const claims = await proven(config, returned, pending);
      const parent = settings.parents === true ? parentOf(claims) : null;
      if (parent !== null) return parent;
      if (assuranceFault(claims, settings.claims, settings.leastAssurance)) throw new SignInFault('assurance');
      const person = personOf(claims, settings.claims);
      if (person === null) throw new SignInFault('claims');
      return person;
    },
  };
}

async function proven(config: oidc.Configuration, returned: URL, pending: PendingSignIn): Promise<object> {
  try {
    const tokens = await oidc.authorizationCodeGrant(config, returned, {
      pkceCodeVerifier: pending.verifier,
      expectedState: pending.state,
      expectedNonce: pending.nonce,
      idTokenExpected: true,
      // Without a time the proof may be of this morning: then it is none.
      ...(pending.again === null ? {} : { maxAge: AGAIN_SECONDS }),
    });
    const id = tokens.claims();
    if (id === undefined) throw new SignInFault('invalid');
    // The roles stand in the user info; the ID token is the one that is signed, so its claims win.
    const info = await oidc.fetchUserInfo(config, tokens.access_token, id.sub);
    return { ...info, ...id };
  } catch (error) {
    throw faultOf(error);
  }
}

async function discover(settings: ProviderSettings): Promise<oidc.Configuration> {
  const issuer = new URL(settings.issuer);
  const client = oidc.PrivateKeyJwt(signingKey(settings.key, settings.keyId));
  const { reach } = settings;
  const options: oidc.DiscoveryRequestOptions = {
    timeout: TIMEOUT,
    ...(reach === undefined
      ? {}
      : { [oidc.customFetch]: (url, { body, ...init }) => fetch(reach(url), { ...init, body: body ?? null }) }),
    ...(issuer.protocol === 'http:' ? { execute: [oidc.allowInsecureRequests] } : {}),
  };
  return oidc.discovery(issuer, settings.clientId, {}, client, options);
}

/** @throws Error for other kinds of key */
function signingKey(key: KeyObject, keyId: string | undefined) {
  const kind = key.asymmetricKeyType;
  if (kind !== 'ec' && kind !== 'rsa') throw new Error('the sign-in key must be EC P-256 or RSA');
  // CIS2 asks for RS512 from RSA clients; WebCrypto's curve and hash say the rest (ES256, RS512).
  const algorithm =
    kind === 'ec' ? { name: 'ECDSA', namedCurve: 'P-256' } : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' };
  return { key: key.toCryptoKey(algorithm, false, ['sign']), kid: keyId ?? thumbprint(key) };
}

/** RFC 7638. */
function thumbprint(key: KeyObject): string {
  const { kty, crv, x, y, n, e } = createPublicKey(key).export({ format: 'jwk' });
  const members = kty === 'EC' ? { crv, kty, x, y } : { e, kty, n };
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

/** What the library throws becomes a word; its messages may quote what the provider sent. */
function faultOf(error: unknown): SignInFault {
  if (error instanceof SignInFault) return error;
  if (error instanceof oidc.AuthorizationResponseError) return new SignInFault('refused');
  const isNetwork = error instanceof TypeError || (error instanceof oidc.ClientError && error.code === 'OAUTH_TIMEOUT');
  return new SignInFault(isNetwork ? 'unavailable' : 'invalid');
}
