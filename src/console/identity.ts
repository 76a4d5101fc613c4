/** Somebody signed in to the console as a caller of the record: what a token would say, with the session in its place. */

import type { Purpose } from '../governance/types.ts';
import type { DemoIdentity } from '../identity/identities.ts';
import type { Caller, Context } from '../record/types.ts';
import type { Session } from './session.ts';

/** Who a caller is now, by the directory. @throws Outcome 401 */
export type Standing = (
  caller: Caller,
  asked: { purpose: Purpose | null; now: Date; fresh: boolean },
) => Promise<Pick<Context, 'principal' | 'purpose' | 'generation' | 'agreements'>>;

/** The client id under which the console stands in the trail. */
export const CONSOLE_CLIENT = 'tandem-console';

/** @throws Error when the identity is not one of the list: sessions are opened for those only */
export function callerOf(
  deps: { identities: ReadonlyMap<string, DemoIdentity>; issuer: string },
  session: Pick<Session, 'identity' | 'reference'>,
): Caller {
  const identity = deps.identities.get(session.identity);
  if (identity === undefined) throw new Error('a session has an unknown identity');
  return {
    issuer: deps.issuer,
    subject: identity.subject,
    clientId: CONSOLE_CLIENT,
    jti: session.reference,
    scopes: identity.scopes,
    fhirUser: identity.fhirUser,
    org: identity.org,
    patient: identity.patient,
  };
}
