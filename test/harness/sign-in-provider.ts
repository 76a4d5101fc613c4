/** A real OpenID Connect provider on loopback with people to sign in as, and a browser that goes through its pages. */
import { fork } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SignInConfig } from '../../src/config/types.ts';
import { scratchFolder } from './cluster.ts';
import type { Known } from './sign-in-provider-process.ts';

export interface TestProvider {
  issuer: string;
  /** PEM file of the client's private key. */
  keyFile: string;
  /** Opens the provider for this client's browsers, who come back to the address; until then it answers 503. */
  open(redirectUri: string): Promise<void>;
  close(): Promise<void>;
}

const CLIENT_ID = 'tandem';
const KEY_ID = 'tandem-2026';
const PROCESS = fileURLToPath(new URL('./sign-in-provider-process.ts', import.meta.url));

/** `people`: claims by the name that is typed at the provider. */
export async function startProvider(people: Known['people']): Promise<TestProvider> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyFile = join(scratchFolder('sign-in'), 'client.pem');
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const child = fork(PROCESS, [], { silent: true, execArgv: [] });
  const [issuer] = await once(child, 'message');
  return {
    issuer: String(issuer),
    keyFile,
    open: async (redirectUri) => {
      const known: Known = {
        clientId: CLIENT_ID,
        redirectUri,
        key: { ...publicKey.export({ format: 'jwk' }), kid: KEY_ID },
        people,
      };
      child.send(known);
      await once(child, 'message');
    },
    close: async () => {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

/** How the service is told of this provider; claims are those of NHS CIS2. */
export function signInAt({ issuer, keyFile }: Pick<TestProvider, 'issuer' | 'keyFile'>): SignInConfig {
  return {
    issuer,
    clientId: CLIENT_ID,
    keyFile,
    keyId: KEY_ID,
    scope: 'openid profile nhsperson nationalrbacaccess associatedorgs',
    leastAssurance: 2,
    personClaim: undefined,
    roleClaim: undefined,
    assuranceClaim: undefined,
  };
}

/** Claims of somebody strongly authenticated, as the provider makes them. */
export const strong = (nhsid_useruid: string, selected_roleid?: string) => ({
  nhsid_useruid,
  authentication_assurance_level: '3',
  ...(selected_roleid === undefined ? {} : { selected_roleid }),
});

/** The cookie with which the browser comes back from the provider. */
export const returnCookie = (response: Response): string =>
  response.headers
    .getSetCookie()
    .find((line) => line.startsWith('tandem-console-return='))
    ?.split(';')[0] ?? '';

/**
 * Types a name at the provider and agrees to what it asks.
 * @param address of its sign-in, as the service gave it
 * @returns the address it sends the browser back to
 */
export async function throughProvider(address: string, login: string): Promise<string> {
  const { origin } = new URL(address);
  const cookies = new Map<string, string>();
  const send = async (url: string, form?: Record<string, string>): Promise<Response> => {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
      cookies.set(name, value);
    }
    return response;
  };
  let url = address;
  for (let step = 0; step < 12; step += 1) {
    const response = await send(url);
    const location = response.headers.get('location');
    if (location !== null) {
      url = new URL(location, origin).href;
      if (!url.startsWith(`${origin}/`)) return url;
      continue;
    }
    const page = await response.text();
    const prompt = /name="prompt" value="([a-z]+)"/.exec(page)?.[1] ?? 'login';
    const answered = await send(url, prompt === 'login' ? { prompt, login, password: 'any' } : { prompt });
    url = new URL(answered.headers.get('location') ?? '', origin).href;
  }
  throw new Error(`the provider does not let ${login} through`);
}
