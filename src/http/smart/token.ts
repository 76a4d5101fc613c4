/** `POST /oauth/token`: SMART Backend Services, grant `client_credentials` (SMART App Launch 2.2, RFC 6749 4.4). */

import type { JsonObject } from '../../fhir/types.ts';
import { PERSON_CLAIMS } from '../../identity/caller.ts';
import { audienceOf, SYSTEM_TOKEN_LIFE } from '../../identity/contract.ts';
import { isWord } from '../../identity/jwt.ts';
import { grantScopes } from '../../identity/scopes.ts';
import { signAccess } from '../../identity/sign.ts';
import { OWN_KEY } from '../../identity/verify.ts';
import { clientOf, type Exchange, oauthError, type Verdict } from './oauth.ts';

/** What a client may state in its assertion. `org` is not among them: it acts for its own organisation's people only. */
const STATED = [...PERSON_CLAIMS.filter((name) => name !== 'org'), 'purpose_of_use'];

/**
 * The person a client acts for, and why, as signed in its assertion (domain.md 4.12). Without `sds_user_id` there is no
 * person: the token is for synchronisation, and everything in it but the purpose comes from the register.
 */
function personClaims(assertion: JsonObject): Record<string, string> {
  const names = isWord(assertion.sds_user_id) ? STATED : ['purpose_of_use'];
  const pairs = names.flatMap((name) => {
    const value = assertion[name];
    return isWord(value) ? [[name, value]] : [];
  });
  return Object.fromEntries(pairs);
}

/** When and how strongly the person signed in at the client, as it says; R-39 asks. What lies ahead is not said. */
function signedIn({ auth_time: at, acr, sds_user_id: user }: JsonObject, now: Date): Record<string, string | number> {
  if (!isWord(user)) return {};
  const isPast = typeof at === 'number' && at * 1_000 <= now.getTime();
  // Keys of our own say so themselves; no client says it of her.
  const isSaid = isWord(acr) && acr !== OWN_KEY;
  return { ...(isPast ? { auth_time: at } : {}), ...(isSaid ? { acr } : {}) };
}

function reasonOf({ purpose_of_use: purpose }: JsonObject): Record<string, string> {
  return isWord(purpose) ? { purpose_of_use: purpose } : {};
}

/** Decides one token request; the audit record and the answer are made by its caller. */
export async function issueToken(exchange: Exchange): Promise<Verdict> {
  const { deps, form, now } = exchange;
  const grant = form.get('grant_type');
  if (grant === undefined) return oauthError('invalid_request', 'grant_type is needed.', 'grant-missing');
  if (grant !== 'client_credentials') {
    return oauthError('unsupported_grant_type', 'Only client_credentials is offered.', 'grant-unsupported');
  }
  const known = await clientOf(exchange, [`${deps.issuer}/oauth/token`]);
  if (!('client' in known && 'token' in known)) return known;
  const { client, token } = known;
  const scope = grantScopes(form.get('scope') ?? '', client.scopes).join(' ');
  if (scope === '') {
    const words = 'No scope is left of what was asked and what the client is registered for.';
    return { ...oauthError('invalid_scope', words, 'scope-empty'), client };
  }
  const { person = null } = client;
  // Somebody with a key of her own acts for nobody else: only why she asks is hers to say.
  const stated =
    person === null
      ? { ...personClaims(token.claims), ...signedIn(token.claims, now) }
      : { ...reasonOf(token.claims), fhirUser: person, acr: OWN_KEY };
  const claims = {
    ...stated,
    org: client.org,
    iss: deps.issuer,
    sub: client.clientId,
    aud: audienceOf(deps.issuer),
    client_id: client.clientId,
    client_kid: token.kid,
    scope,
  };
  const signed = signAccess(deps.keys.current(now), claims, SYSTEM_TOKEN_LIFE, now);
  const body = { access_token: signed.token, token_type: 'bearer', expires_in: SYSTEM_TOKEN_LIFE, scope };
  return { status: 200, body, detail: 'issued', client, jti: signed.jti };
}
