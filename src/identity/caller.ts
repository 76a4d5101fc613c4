/** What a proven access token says about who is asking. Roles and teams are not in it: the directory is asked for them. */
import type { JsonObject } from '../fhir/types.ts';
import type { TokenFault } from './faults.ts';
import { isWord } from './jwt.ts';

/** The person a system client acts for, as the client signed it (domain.md 4.12). */
export interface ActingFor {
  /** `sds_user_id`. */
  userId: string;
  /** `sds_role_profile_id`. */
  roleProfileId: string | null;
  /** `role_code`, e.g. R0680. */
  roleCode: string | null;
  org: string | null;
  service: string | null;
  team: string | null;
}

/** Who is asking, as the token proves it. Frozen: one object serves every request that brings the same token. */
export interface Caller {
  readonly issuer: string;
  readonly subject: string;
  readonly clientId: string;
  /** Key of the client that the token was given for; null = not by a key of ours. */
  readonly clientKey: string | null;
  readonly jti: string;
  /** SMART v2 scopes as granted. */
  readonly scopes: readonly string[];
  /** `PractitionerRole/..`, `Patient/..` or `RelatedPerson/..`; null for a system client. */
  readonly fhirUser: string | null;
  /** `Organization/..` of the token, as claimed; the directory decides. */
  readonly org: string | null;
  /** `Patient/..` in context: the mother herself, or whom the partner is related to. */
  readonly patient: string | null;
  /** How strongly the person was authenticated, as the issuer says. */
  readonly acr: string | null;
  /** When the person last proved who she is (`auth_time`); null = not said. */
  readonly authTime: Date | null;
  /** Claim `purpose_of_use` as it came; `purposeOf` judges it. */
  readonly purposeClaim: string | null;
  /** Set when a system client acts for a person; null = a person's own token, or synchronisation. */
  readonly actingFor: ActingFor | null;
  /** Instant after which the token is refused. */
  readonly expiresAt: Date;
}

/** Claims of the person a system client acts for, in the order of `ActingFor`. */
export const PERSON_CLAIMS = ['sds_user_id', 'sds_role_profile_id', 'role_code', 'org', 'service', 'team'] as const;

const FHIR_USER = /^(?:PractitionerRole|Patient|RelatedPerson)\/[A-Za-z0-9.-]{1,64}$/;
const PATIENT = /^(?:Patient\/)?([A-Za-z0-9.-]{1,64})$/;
const SCOPES = /^[!#-[\]-~]+(?: [!#-[\]-~]+)*$/;
/** Other issuers mark tokens in the claims; a token that calls itself anything else is not for this door. */
const KIND_CLAIMS = ['token_use', 'token_type', 'typ', 'use'];
const ACCESS_KINDS = new Set(['access', 'access_token', 'at+jwt', 'bearer']);

/** A token is an access token only when it says so: `typ: at+jwt` (RFC 9068), or `typ: JWT` with a claim that marks it. */
function isAccess(type: string, claims: JsonObject): boolean {
  const kinds = KIND_CLAIMS.flatMap((name) => (name in claims ? [claims[name]] : []));
  if (!kinds.every((kind) => typeof kind === 'string' && ACCESS_KINDS.has(kind.toLowerCase()))) return false;
  return type === 'at+jwt' || (type === 'jwt' && kinds.length > 0);
}

function wordOrNull(claims: JsonObject, name: string): string | null {
  const value = claims[name];
  return isWord(value) ? value : null;
}

function actingFor(claims: JsonObject): ActingFor | null {
  const userId = wordOrNull(claims, 'sds_user_id');
  if (userId === null || claims.fhirUser !== undefined) return null;
  return Object.freeze({
    userId,
    roleProfileId: wordOrNull(claims, 'sds_role_profile_id'),
    roleCode: wordOrNull(claims, 'role_code'),
    org: wordOrNull(claims, 'org'),
    service: wordOrNull(claims, 'service'),
    team: wordOrNull(claims, 'team'),
  });
}

/** A SMART fhirUser may be absolute; ours are relative to the FHIR base. */
function relative(reference: unknown, base: string): unknown {
  return typeof reference === 'string' && reference.startsWith(`${base}/`)
    ? reference.slice(base.length + 1)
    : reference;
}

const OPTIONAL = ['patient', 'client_kid', 'acr', 'purpose_of_use', ...PERSON_CLAIMS];

/**
 * Reads the caller out of proven claims. `type` is the token's `typ` in lower case, `base` the FHIR base URL.
 * Returns a fault when it is no access token or a claim of the token contract (house.md section 2) is missing or wrong.
 */
export function callerOf(type: string, claims: JsonObject, base: string): Caller | TokenFault {
  if (!isAccess(type, claims)) return type === 'at+jwt' || type === 'jwt' ? 'not-access' : 'type';
  const { iss, sub, jti, exp, client_id: clientId, scope, fhirUser } = claims;
  if (!isWord(clientId)) return 'client-missing';
  if (typeof scope !== 'string' || !SCOPES.test(scope)) return 'scope';
  if (OPTIONAL.some((name) => claims[name] !== undefined && !isWord(claims[name]))) return 'claim';
  if (!isWord(iss) || !isWord(sub) || !isWord(jti) || typeof exp !== 'number') return 'claim';
  const signedIn = claims.auth_time;
  if (signedIn !== undefined && !(typeof signedIn === 'number' && Number.isSafeInteger(signedIn))) return 'claim';
  const user = relative(fhirUser, base) ?? null;
  if (user !== null && !(typeof user === 'string' && FHIR_USER.test(user))) return 'fhir-user';
  const patient = wordOrNull(claims, 'patient');
  const patientId = patient === null ? null : PATIENT.exec(patient)?.[1];
  if (patientId === undefined) return 'claim';
  return Object.freeze({
    issuer: iss,
    subject: sub,
    clientId,
    clientKey: wordOrNull(claims, 'client_kid'),
    jti,
    scopes: Object.freeze(scope.split(' ')),
    fhirUser: user,
    org: wordOrNull(claims, 'org'),
    patient: patientId === null ? null : `Patient/${patientId}`,
    acr: wordOrNull(claims, 'acr'),
    authTime: signedIn === undefined ? null : new Date(signedIn * 1000),
    purposeClaim: wordOrNull(claims, 'purpose_of_use'),
    actingFor: actingFor(claims),
    expiresAt: new Date(exp * 1000),
  });
}
