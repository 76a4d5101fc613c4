/** Somebody signed in to the console as a caller of the record: what a token would say, with the session in its place. */

import type { Purpose } from '../governance/types.ts';
import type { Caller, Context } from '../record/types.ts';
import type { Session } from './session.ts';

/** Who a caller is now, by the directory. @throws Outcome 401 */
export type Standing = (
  caller: Caller,
  asked: { purpose: Purpose | null; now: Date; fresh: boolean },
) => Promise<Pick<Context, 'principal' | 'purpose' | 'generation' | 'agreements'>>;

/** The client id under which the console stands in the trail. */
export const CONSOLE_CLIENT = 'tandem-console';

/** The caller a session stands for. */
export function callerOf({ person, reference, provenAt }: Pick<Session, 'person' | 'reference' | 'provenAt'>): Caller {
  const { issuer, subject, scopes, fhirUser, org, patient } = person;
  const authTime = provenAt;
  return { issuer, subject, clientId: CONSOLE_CLIENT, jti: reference, scopes, fhirUser, org, patient, authTime };
}
