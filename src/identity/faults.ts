/**
 * Every reason for which a token is refused, once: the short word goes to the log (with ids, never the token), the
 * sentence to the caller in `WWW-Authenticate` (RFC 6750 section 3). Source of the list: RFC 7515, 7519, 8725, 9068 and
 * what `jsonwebtoken.verify` lets through (holes H26).
 */
import { DENY_REASON, Outcome } from '../fhir/outcome.ts';

export const TOKEN_FAULTS = {
  'too-large': 'the token is too large',
  malformed: 'the token is not three parts of base64url without padding',
  json: 'header or claims are not one JSON object in UTF-8 without duplicate keys',
  algorithm: 'the algorithm is not the one this key is for',
  crit: 'the header names critical extensions; none are understood here',
  'key-in-header': 'the header brings or points to a key of its own',
  type: 'this kind of token is not taken here',
  'kid-missing': 'the header names no key',
  'kid-invalid': 'the name of the key has characters that are not taken',
  'kid-unknown': 'the key is not known or no longer in use',
  signature: 'the signature does not fit',
  issuer: 'the issuer is not the one expected',
  audience: 'the audience is not this service',
  'sub-missing': 'sub is missing or empty',
  'sub-mismatch': 'sub, iss and client_id do not name the same client',
  'jti-missing': 'jti is missing or empty',
  'jti-replayed': 'the jti was used before',
  'iat-missing': 'iat is missing or not a number of seconds',
  'iat-future': 'iat lies in the future',
  'exp-missing': 'exp is missing or not a number of seconds',
  'exp-milliseconds': 'exp is in milliseconds',
  'exp-too-late': 'exp is later than tokens may live',
  expired: 'the token has expired',
  nbf: 'nbf is not a number of seconds or lies in the future',
  'not-access': 'this is not an access token',
  'client-missing': 'client_id is missing or empty',
  scope: 'scope is missing or not a list of words',
  'fhir-user': 'fhirUser is not a PractitionerRole, Patient or RelatedPerson',
  claim: 'a claim has the wrong type',
  assurance: 'the person was not authenticated strongly enough for staff (acr)',
} as const;

export type TokenFault = keyof typeof TOKEN_FAULTS;

const REALM = 'tandem';

/** Challenge for a request that brought no credentials (RFC 6750 section 3.1: no error code then). */
export const BARE_CHALLENGE = `Bearer realm="${REALM}"`;

/** Challenge for a token that was refused. Only our own words go in, so nothing needs escaping. */
export function tokenChallenge(fault: TokenFault): string {
  return `${BARE_CHALLENGE}, error="invalid_token", error_description="${TOKEN_FAULTS[fault]}"`;
}

function unauthenticated(diagnostics: string, challenge: string): Outcome {
  const detail = { system: DENY_REASON, code: 'no-authn' };
  const issue = { severity: 'error', code: 'login', diagnostics, detail } as const;
  return new Outcome(401, [issue], { 'WWW-Authenticate': challenge });
}

/** 401 for a request without a bearer token (R-01, H28). */
export function missingToken(): Outcome {
  return unauthenticated('A bearer token is needed.', BARE_CHALLENGE);
}

/** 401 for a refused bearer token, with its reason (R-01, H26, H28). */
export function refusedToken(fault: TokenFault): Outcome {
  return unauthenticated(`The bearer token is refused: ${TOKEN_FAULTS[fault]} (${fault}).`, tokenChallenge(fault));
}
