/** How people sign in to the console: the demo's list in demo, else the configured provider, else not at all. */
import type { Config } from '../config/types.ts';
import { RETURN_PATH } from '../console/provider-sign-in.ts';
import type { SignInWay } from '../console/visit.ts';
import { DEMO_IDENTITIES } from '../identity/identities.ts';
import { CIS2_CLAIMS } from '../identity/person-claims.ts';
import { createSignInProvider } from '../identity/sign-in-provider.ts';

/** `issuer`: the service's own address. @throws Error when the client's key cannot be read */
export function signInOf(config: Pick<Config, 'mode' | 'signIn'>, issuer: string): SignInWay | null {
  if (config.mode === 'demo') return { kind: 'demo', identities: DEMO_IDENTITIES };
  if (config.signIn === null) return null;
  const { personClaim, roleClaim, assuranceClaim, ...provider } = config.signIn;
  const claims = {
    person: personClaim ?? CIS2_CLAIMS.person,
    role: roleClaim ?? CIS2_CLAIMS.role,
    assurance: assuranceClaim ?? CIS2_CLAIMS.assurance,
  };
  return { kind: 'provider', provider: createSignInProvider({ ...provider, claims }, `${issuer}${RETURN_PATH}`) };
}
