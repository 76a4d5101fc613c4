/**
 * The OpenID Connect provider that demo and training carry with them, so that people sign in there the way they do in
 * production: the same client, the same code, PKCE, state and nonce. It asks for no password and knows the demo
 * identities alone; it exists on loopback only, and in production neither a route of it nor its package is there.
 * The package is loaded when somebody first signs in (0.3 s, 30 to 45 MB).
 */
import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { SignInState } from '../store/sign-in-state.ts';
import { adapterOn } from './demo-provider-store.ts';
import type { DemoIdentity } from './identities.ts';
import { openKeys } from './keys.ts';
import type { ProviderSettings } from './sign-in-provider.ts';

/** Everything of the provider itself is below this path. */
export const DEMO_PROVIDER_PATH = '/demo-sign-in';
/** Its list of people; below the console, so that its form is guarded as every form there. */
export const DEMO_LIST_PATH = '/console/sign-in/demo';

export interface DemoProviderOptions {
  /** The service's own address, without a trailing slash. */
  service: string;
  /** The same, as this process reaches itself. */
  local: string;
  returnUri: string;
  people: readonly DemoIdentity[];
  /** Folder of its signing key; made when first needed. */
  keyFolder: string;
  /** Signs its cookies; the same in every process of the installation. */
  secret: Buffer;
  state: SignInState;
  clock: () => Date;
  onError(error: unknown): void;
}

export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

export interface DemoProvider {
  /** Whom the list shows. */
  people: readonly DemoIdentity[];
  /** How the console's own client finds it. */
  client: Pick<ProviderSettings, 'issuer' | 'clientId' | 'key' | 'keyId'> & { reach(url: string): string };
  /** Answers what comes below its path; the path itself is taken off. */
  serve(exchange: Exchange): Promise<void>;
  /** True while this browser has this sign-in under way. */
  isUnderWay(exchange: Exchange, id: string): Promise<boolean>;
  /** Takes the choice of a sign-in under way; gives the address at which the browser goes on. */
  choose(exchange: Exchange, identity: DemoIdentity): Promise<string>;
}

const CLIENT_ID = 'tandem-console';
/** Seconds: for choosing somebody, and for what follows at once. */
const CHOOSING = 600;
const AT_ONCE = 60;

/** Nothing is loaded, made or asked before the first use. */
export function createDemoProvider(options: DemoProviderOptions): DemoProvider {
  const issuer = `${options.service}${DEMO_PROVIDER_PATH}`;
  // Of this process: it answers its own client alone.
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  let opened: ReturnType<typeof open> | null = null;
  const provider = () => {
    opened ??= open(options, issuer, publicKey).catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  };
  return {
    people: options.people,
    client: {
      issuer,
      clientId: CLIENT_ID,
      key: privateKey,
      keyId: CLIENT_ID,
      reach: (url) => url.replace(options.service, options.local),
    },
    serve: async ({ request, response }) => {
      // Its addresses are made of these headers: they say what its issuer says, whatever a proxy or a stranger sent.
      const { host, protocol } = new URL(issuer);
      Object.assign(request.headers, { host, 'x-forwarded-host': host, 'x-forwarded-proto': protocol.slice(0, -1) });
      (await provider()).handle(request, response);
    },
    isUnderWay: async ({ request, response }, id) => {
      const { oidc, isOver } = await provider();
      try {
        return (await oidc.interactionDetails(request, response)).uid === id;
      } catch (error) {
        if (isOver(error)) return false;
        throw error;
      }
    },
    choose: async ({ request, response }, { subject }) => {
      const ts = Math.floor(options.clock().getTime() / 1_000);
      return (await provider()).oidc.interactionResult(request, response, { login: { accountId: subject, ts } });
    },
  };
}

async function open(options: DemoProviderOptions, issuer: string, clientKey: KeyObject) {
  const { default: Provider, interactionPolicy, errors } = await import('oidc-provider');
  const policy = interactionPolicy.base();
  // There is one client, and it is ours: nobody is asked whether she agrees to it.
  policy.remove('consent');
  const oidc = new Provider(issuer, { ...configuration(options, clientKey), interactions: { policy, url: listUrl } });
  oidc.proxy = issuer.startsWith('https:');
  for (const event of ['server_error', 'error']) oidc.on(event, (_context, error) => options.onError(error));
  const handle: RequestListener = oidc.callback();
  return { oidc, handle, isOver: (error: unknown) => error instanceof errors.SessionNotFound };
}

const listUrl = (_context: unknown, { uid }: { uid: string }): string => `${DEMO_LIST_PATH}/${uid}`;

/** Names of CIS2's scopes and claims (domain.md 4.6); `fhirUser` and the proofing level stand for a parent's sign-in. */
const CLAIMS = {
  openid: ['sub'],
  profile: ['name'],
  nhsperson: ['nhsid_useruid', 'authentication_assurance_level'],
  fhirUser: ['fhirUser', 'identity_proofing_level'],
};
const SCOPES = ['openid', 'profile', 'nhsperson', 'nationalrbacaccess', 'associatedorgs', 'fhirUser'];

function configuration({ returnUri, people, keyFolder, secret, state, clock }: DemoProviderOptions, client: KeyObject) {
  const key = openKeys({ folder: keyFolder, maxLife: AT_ONCE }, clock()).current(clock());
  const off = { enabled: false };
  const cookie = { httpOnly: true, sameSite: 'strict', signed: true };
  return {
    adapter: adapterOn(state),
    clients: [
      {
        client_id: CLIENT_ID,
        redirect_uris: [returnUri],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        id_token_signed_response_alg: 'ES256',
        require_auth_time: true,
        jwks: { keys: [{ ...client.export({ format: 'jwk' }), kid: CLIENT_ID, use: 'sig' }] },
      },
    ],
    jwks: { keys: [{ ...key.privateKey.export({ format: 'jwk' }), kid: key.kid, alg: key.alg, use: 'sig' }] },
    scopes: SCOPES,
    claims: CLAIMS,
    responseTypes: ['code'],
    features: { devInteractions: off, rpInitiatedLogout: off, pushedAuthorizationRequests: off, dPoP: off },
    pkce: { required: () => true },
    cookies: {
      keys: [createHmac('sha256', secret).update('demo sign-in').digest('base64url')],
      names: { session: 'tandem-demo-session', interaction: 'tandem-demo-sign-in', resume: 'tandem-demo-resume' },
      long: { ...cookie, path: DEMO_PROVIDER_PATH },
      short: cookie,
    },
    ttl: {
      ...{ Interaction: CHOOSING, Session: CHOOSING, Grant: CHOOSING },
      ...{ AuthorizationCode: AT_ONCE, AccessToken: AT_ONCE, IdToken: AT_ONCE },
    },
    // Its sessions are not kept, so nothing may hang on them.
    expiresWithSession: () => false,
    loadExistingGrant: granted,
    findAccount: (_context: unknown, subject: string) => accountOf(people.find((one) => one.subject === subject)),
    renderError: startAgain,
  };
}

/** What oidc-provider hands to its hooks, as far as they look. */
interface HookContext {
  status: number;
  set(header: string, value: string): void;
  oidc: {
    provider: import('oidc-provider').default;
    account: { accountId: string };
    client: { clientId: string };
  };
}

/** The console asks for nothing that it may not have. */
async function granted({ oidc: { provider, account, client } }: HookContext) {
  const grant = new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
  grant.addOIDCScope(SCOPES.join(' '));
  await grant.save();
  return grant;
}

function accountOf(identity: DemoIdentity | undefined) {
  if (identity === undefined) return undefined;
  const { subject, name, userId, acr, patient } = identity;
  const who =
    userId === null
      ? { fhirUser: patient, identity_proofing_level: acr }
      : { nhsid_useruid: userId, authentication_assurance_level: acr?.replace('AAL', '') };
  return { accountId: subject, claims: () => ({ sub: subject, name, ...who }) };
}

/** A browser that comes too late, or with nothing begun, is shown the way in. */
function startAgain(context: HookContext): void {
  context.status = 303;
  context.set('Location', '/console/sign-in?ended=stale');
}
