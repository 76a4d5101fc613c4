/** How people sign in to the console: at the configured provider, else in demo and training at the built-in one, else not. */
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isLoopback } from '../config/reader.ts';
import type { Config } from '../config/types.ts';
import { RETURN_PATH } from '../console/provider-sign-in.ts';
import type { SignInWay } from '../console/visit.ts';
import { issuerOf } from '../identity/contract.ts';
import { createDemoProvider, type DemoProvider } from '../identity/demo-provider.ts';
import { DEMO_IDENTITIES } from '../identity/identities.ts';
import { CIS2_CLAIMS } from '../identity/person-claims.ts';
import { createSignInProvider } from '../identity/sign-in-provider.ts';
import type { Log } from '../log.ts';
import type { Pool } from '../store/pool.ts';
import { signInState } from '../store/sign-in-state.ts';

export interface SignInDeps {
  config: Pick<Config, 'mode' | 'signIn' | 'host' | 'dataDir'>;
  /** The service's own address, as others use it. */
  issuer: string;
  port: number;
  pool: Pool;
  secret: Buffer;
  clock: () => Date;
  log: Log;
}

/** @throws Error when the client's key cannot be read */
export function signInOf(deps: SignInDeps): SignInWay | null {
  const { config, issuer } = deps;
  const returnUri = `${issuer}${RETURN_PATH}`;
  if (config.signIn !== null) {
    const { personClaim, roleClaim, assuranceClaim, keyFile, ...provider } = config.signIn;
    const claims = {
      person: personClaim ?? CIS2_CLAIMS.person,
      role: roleClaim ?? CIS2_CLAIMS.role,
      assurance: assuranceClaim ?? CIS2_CLAIMS.assurance,
    };
    const key = createPrivateKey(readFileSync(keyFile));
    return { provider: createSignInProvider({ ...provider, key, claims }, returnUri), demo: null };
  }
  // It asks for no password: nobody but this machine may reach it.
  if (config.mode === 'production' || !isLoopback(config.host)) return null;
  const demo = demoProvider(deps, returnUri);
  const settings = {
    ...demo.client,
    scope: 'openid profile nhsperson nationalrbacaccess associatedorgs fhirUser',
    leastAssurance: 2,
    claims: CIS2_CLAIMS,
    parents: true,
  };
  return { provider: createSignInProvider(settings, returnUri), demo };
}

function demoProvider(deps: SignInDeps, returnUri: string): DemoProvider {
  const { config, issuer, port, pool, secret, clock, log } = deps;
  return createDemoProvider({
    service: issuer,
    local: issuerOf({ host: config.host, port, publicUrl: undefined }),
    returnUri,
    people: [...DEMO_IDENTITIES.values()]
      .filter(({ kind, role }) => kind === 'staff' || role === 'mother')
      // The pages here are the IG officer's first of all.
      .sort((a, b) => Number(b.role === 'ig-officer') - Number(a.role === 'ig-officer')),
    keyFolder: join(config.dataDir, 'keys', 'demo-sign-in'),
    secret,
    state: signInState(pool),
    clock,
    onError: (error) =>
      log.error('the demo sign-in failed', { error: error instanceof Error ? error.name : typeof error }),
  });
}
