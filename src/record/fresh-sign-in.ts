/**
 * before broken glass, a change of consent and an export a person proves again who she is. How she does it is the
 * sign-in's matter; here only when she last did counts: the token's `auth_time`, or the console's own sign-in.
 */
import { DENY_REASON, Outcome } from '../fhir/outcome.ts';
import type { Context, Door } from './types.ts';

/** @throws Outcome 401 (RFC 9470) with what to do, when a person's sign-in is not known to be fresh; systems have none */
export function requireFreshSignIn(door: Pick<Door, 'freshSignIn'>, { principal, caller, now }: Context): void {
  if (principal.kind !== 'staff') return;
  const age = caller.authTime ? now.getTime() - caller.authTime.getTime() : Number.POSITIVE_INFINITY;
  // Another machine's clock may be a little ahead; a sign-in that lies far ahead never was.
  if (age >= -CLOCK_SKEW_MS && age <= door.freshSignIn * 1_000) return;
  throw stale(door.freshSignIn);
}

const CLOCK_SKEW_MS = 60_000;

function stale(seconds: number): Outcome {
  const within = seconds >= 120 ? `${Math.round(seconds / 60)} minutes` : `${seconds} seconds`;
  const diagnostics = `This needs a sign-in of the last ${within} (R-39): sign in again, and come with a token whose auth_time says so`;
  const detail = { system: DENY_REASON, code: 'no-authn' };
  const words = `error="insufficient_user_authentication", error_description="a fresh sign-in is needed", max_age="${seconds}"`;
  return new Outcome(401, [{ severity: 'error', code: 'login', diagnostics, detail }], {
    'WWW-Authenticate': `Bearer realm="tandem", ${words}`,
  });
}
