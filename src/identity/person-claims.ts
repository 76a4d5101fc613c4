/**
 * From the claims of a sign-in to a person of the directory (domain.md 4.6). Names of claims are configuration: a local
 * provider (council staff) maps its own. Roles in the claims only say which PractitionerRole is meant: what the role is,
 * and the team, come from the directory.
 */

export interface ClaimNames {
  /** SDS user id, as it stands in Practitioner.identifier. */
  person: string;
  /** SDS role profile id, as it stands in PractitionerRole.identifier. */
  role: string;
  /** Authenticator assurance level, `1` to `3`, with or without "AAL". */
  assurance: string;
}

/** Claims of NHS CIS2. */
export const CIS2_CLAIMS: ClaimNames = {
  person: 'nhsid_useruid',
  role: 'selected_roleid',
  assurance: 'authentication_assurance_level',
};

interface Proof {
  /** Issuer and subject of the provider, as they stand in the trail. */
  issuer: string;
  subject: string;
  /** When she proved who she is, as the provider says; null when it does not. */
  provenAt: Date | null;
  /** How strongly: `AAL1` to `AAL3` for staff, `P9` for a parent. */
  assurance: string;
}

export interface ProvenStaff extends Proof {
  userId: string;
  /** Null when the provider names none: then the person must have only one role. */
  roleProfileId: string | null;
}

/** A parent, of the demo's provider alone: parents' pages are off until an NHS login is configured (domain.md 1.8). */
export interface ProvenParent extends Proof {
  /** `Patient/..` */
  patient: string;
  name: string;
}

export type ProvenPerson = ProvenStaff | ProvenParent;

const WORD = /^[\x21-\x7e]{1,256}$/;
/** Identifiers are looked up in the index: nothing that separates or escapes there. */
const IDENTIFIER = /^[A-Za-z0-9._@:+-]{1,128}$/;

function word(claims: object, name: string): string | null {
  const value: unknown = Object.entries(claims).find(([key]) => key === name)?.[1];
  return typeof value === 'string' && WORD.test(value) ? value : null;
}

/** Authenticator assurance level 1 to 3, or 0 for none that is known. */
function levelOf(claims: object, names: ClaimNames): number {
  return Number(/^(?:AAL)?([1-3])$/i.exec(word(claims, names.assurance) ?? '')?.[1] ?? 0);
}

/** True unless the claims prove at least this level; a missing level proves none. */
export function assuranceFault(claims: object, names: ClaimNames, least: number): boolean {
  const level = levelOf(claims, names);
  return level === 0 || level < least;
}

/** Claim `auth_time`, seconds since 1970. */
function provenAt(claims: object): Date | null {
  const value: unknown = Object.entries(claims).find(([key]) => key === 'auth_time')?.[1];
  return typeof value === 'number' && Number.isFinite(value) ? new Date(value * 1_000) : null;
}

/** The person the proven claims are about, or null when they do not say. */
export function personOf(claims: object, names: ClaimNames): ProvenStaff | null {
  const issuer = word(claims, 'iss');
  const subject = word(claims, 'sub');
  const userId = word(claims, names.person);
  const roleProfileId = word(claims, names.role);
  if (issuer === null || subject === null || userId === null || !IDENTIFIER.test(userId)) return null;
  if (roleProfileId !== null && !IDENTIFIER.test(roleProfileId)) return null;
  const assurance = `AAL${levelOf(claims, names)}`;
  return { issuer, subject, userId, roleProfileId, provenAt: provenAt(claims), assurance };
}

/** The parent the proven claims are about (`fhirUser` of SMART, proven at P9), or null. */
export function parentOf(claims: object): ProvenParent | null {
  const [issuer, subject, patient] = ['iss', 'sub', 'fhirUser'].map((name) => word(claims, name));
  if (issuer == null || subject == null || patient == null || !/^Patient\/[A-Za-z0-9.-]{1,64}$/.test(patient))
    return null;
  const assurance = word(claims, 'identity_proofing_level');
  if (assurance !== 'P9') return null;
  return { issuer, subject, patient, name: word(claims, 'name') ?? patient, provenAt: provenAt(claims), assurance };
}
