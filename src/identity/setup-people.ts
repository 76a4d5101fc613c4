/** What `npm run setup` is told: one organisation and two people. Read from JSON, checked, turned into resources. Pure. */
import { createPublicKey, randomUUID } from 'node:crypto';
import { ODS_ORGANIZATION, SDS_USER } from '../fhir/identifiers.ts';
import { isObject } from '../fhir/resource.ts';
import type { Resource } from '../fhir/types.ts';

export interface Administrator {
  given: string;
  family: string;
  /** SDS user id (or that of the local provider) with which she signs in to the console; null = by her key alone. */
  userId: string | null;
  /** Her own public key (JWK, EC P-384 or RSA), when she made it herself; null = the setup makes one and prints it once. */
  publicKey: Readonly<Record<string, unknown>> | null;
}

export interface Wanted {
  organization: string;
  /** By which imports know it again. */
  odsCode: string | null;
  administrators: readonly [Administrator, Administrator];
}

export class SetupError extends Error {}

/** @throws SetupError in one plain sentence */
export function readWanted(text: string): Wanted {
  let given: unknown = null;
  try {
    given = JSON.parse(text);
  } catch {
    // told below; the parser's words would quote the file
  }
  if (!isObject(given)) throw new SetupError('The file is not a JSON object.');
  const { administrators } = given;
  if (!Array.isArray(administrators) || administrators.length !== 2) {
    throw new SetupError('"administrators" is a list of two people: what widens access takes two (R-27).');
  }
  const odsCode = codeOf(given.odsCode ?? null, 'odsCode', ODS_CODE);
  return wantedFrom(
    { organization: named(given.organization, 'organization'), odsCode },
    administrators.map(administrator),
  );
}

/** Two different people. @throws SetupError */
export function wantedFrom(
  { organization, odsCode }: Pick<Wanted, 'organization' | 'odsCode'>,
  people: readonly Administrator[],
): Wanted {
  const [one, two] = people;
  if (one === undefined || two === undefined) throw new SetupError('Two administrators are needed.');
  const nameOf = ({ given, family }: Administrator) => `${given} ${family}`.toLowerCase().replace(/\s+/g, ' ');
  if (nameOf(one) === nameOf(two)) throw new SetupError('The two administrators are two different people.');
  if (one.userId !== null && one.userId === two.userId)
    throw new SetupError('The two administrators have two different user ids.');
  const key = ({ publicKey }: Administrator) => JSON.stringify([publicKey?.x, publicKey?.y, publicKey?.n]);
  if (one.publicKey !== null && two.publicKey !== null && key(one) === key(two)) {
    throw new SetupError('The two administrators have two different keys.');
  }
  return { organization, odsCode, administrators: [one, two] };
}

function administrator(value: unknown): Administrator {
  if (!isObject(value)) throw new SetupError('An administrator is an object with given, family and perhaps publicKey.');
  const { publicKey = null } = value;
  return {
    given: named(value.given, 'given'),
    family: named(value.family, 'family'),
    userId: codeOf(value.userId ?? null, 'userId', USER_ID),
    publicKey: publicKey === null ? null : publicJwk(publicKey),
  };
}

export const ODS_CODE = /^[A-Za-z0-9]{3,10}$/;
/** As identity/person-claims.ts takes them. */
export const USER_ID = /^[A-Za-z0-9._@:+-]{1,128}$/;

/** A code, or null for none. @throws SetupError */
export function codeOf(value: unknown, what: string, form: RegExp): string | null {
  if (value === null || value === '') return null;
  if (typeof value === 'string' && form.test(value.trim())) return value.trim();
  throw new SetupError(`"${what}" is not in its form: letters and digits, or nothing.`);
}

/** A name as it is stored. @throws SetupError */
export function named(value: unknown, what: string): string {
  const text = typeof value === 'string' ? value.trim().replace(/\s+/g, ' ') : '';
  if (text === '' || text.length > 100 || /[<>{}\p{Cc}]/u.test(text)) {
    throw new SetupError(`"${what}" is a name of 1 to 100 characters.`);
  }
  return text;
}

function publicJwk(value: unknown): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw new SetupError('"publicKey" is a JWK.');
  if ('d' in value) throw new SetupError('"publicKey" is a private key: it is not read, and is no secret any more.');
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({ key: value, format: 'jwk' });
    const good =
      asymmetricKeyDetails?.namedCurve === 'secp384r1' ||
      (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048);
    if (good) return value;
  } catch {
    // told below
  }
  throw new SetupError('"publicKey" is an EC P-384 key or an RSA key of 2048 bits or more.');
}

export interface FirstPeople {
  organization: string;
  /** `PractitionerRole/..` of each, in the order they were given. */
  roles: [string, string];
  resources: Resource[];
}

/** The directory resources of these people, under fresh ids. */
export function resourcesFor({ organization, odsCode, administrators }: Wanted, today: string): FirstPeople {
  const org = `Organization/${randomUUID()}`;
  const known = odsCode === null ? {} : { identifier: [{ system: ODS_ORGANIZATION, value: odsCode.toUpperCase() }] };
  const resources: Resource[] = [
    { resourceType: 'Organization', id: idOf(org), ...known, active: true, name: organization },
  ];
  const roleOf = ({ given, family, userId }: Administrator): string => {
    const [person, role] = [randomUUID(), randomUUID()];
    resources.push(
      {
        resourceType: 'Practitioner',
        id: person,
        ...(userId === null ? {} : { identifier: [{ system: SDS_USER, value: userId }] }),
        active: true,
        name: [{ use: 'official', family, given: [given] }],
      },
      {
        resourceType: 'PractitionerRole',
        id: role,
        active: true,
        period: { start: today },
        practitioner: { reference: `Practitioner/${person}`, display: `${given} ${family}` },
        organization: { reference: org, display: organization },
        code: [{ text: 'System administrator' }],
      },
    );
    return `PractitionerRole/${role}`;
  };
  const [one, two] = administrators;
  return { organization: org, roles: [roleOf(one), roleOf(two)], resources };
}

function idOf(reference: string): string {
  return reference.slice(reference.indexOf('/') + 1);
}
