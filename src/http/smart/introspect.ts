/** `POST /oauth/introspect` (RFC 7662), for registered clients only. */
import { clientOf, type Exchange, oauthError, type Verdict } from './oauth.ts';

/**
 * Decides one introspection. A client learns about its own tokens; about others' only when registered for it. Unknown,
 * expired, foreign and malformed tokens all look the same: `active: false` (RFC 7662 2.2).
 */
export async function introspectToken(exchange: Exchange): Promise<Verdict> {
  const { deps, form, now } = exchange;
  const known = await clientOf(exchange, [`${deps.issuer}/oauth/introspect`, `${deps.issuer}/oauth/token`]);
  if (!('client' in known && 'token' in known)) return known;
  const { client } = known;
  const token = form.get('token');
  if (token === undefined) return { ...oauthError('invalid_request', 'token is needed.', 'token-missing'), client };
  const caller = deps.verifier.judge(token, now);
  const inactive: Verdict = { status: 200, body: { active: false }, detail: 'introspected', client };
  if (typeof caller === 'string') return inactive;
  if (caller.clientId !== client.clientId && !client.introspects) return inactive;
  const owner = caller.clientId === client.clientId ? client : await deps.clients.find(caller.clientId);
  if (owner?.ended && owner.ended.getTime() <= now.getTime()) return inactive;
  const body = {
    active: true,
    scope: caller.scopes.join(' '),
    client_id: caller.clientId,
    token_type: 'bearer',
    iss: caller.issuer,
    sub: caller.subject,
    exp: Math.floor(caller.expiresAt.getTime() / 1000),
    jti: caller.jti,
    ...(caller.fhirUser === null ? {} : { fhirUser: caller.fhirUser }),
    ...(caller.patient === null ? {} : { patient: caller.patient.slice('Patient/'.length) }),
  };
  return { ...inactive, body, jti: caller.jti };
}
