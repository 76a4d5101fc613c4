/** What `npm run setup` is told: one organisation and two people. Read from JSON, checked, turned into resources. Pure. */
import { createPublicKey, randomUUID } from 'node:crypto';
import { isObject } from '../fhir/resource.ts';
import type { Resource } from '../fhir/types.ts';

export interface Administrator {
  given: string;
  family: string;
  /** Her own public key (JWK, EC P-384 or RSA), when she made it herself; null = the setup makes one and prints it once. */
  publicKey: Readonly<Record<string, unknown>> | null;
}

export interface Wanted {
  organization: string;
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
  return wantedFrom(named(given.organization, 'organization'), administrators.map(administrator));
}

/** Two different people. @throws SetupError */
export function wantedFrom(organization: string, people: readonly Administrator[]): Wanted {
  const [one, two] = people;
  if (one === undefined || two === undefined) throw new SetupError('Two administrators are needed.');
  const nameOf = ({ given, family }: Administrator) => `${given} ${family}`.toLowerCase().replace(/\s+/g, ' ');
  if (nameOf(one) === nameOf(two)) throw new SetupError('The two administrators are two different people.');
  const key = ({ publicKey }: Administrator) => JSON.stringify([publicKey?.x, publicKey?.y, publicKey?.n]);
  if (one.publicKey !== null && two.publicKey !== null && key(one) === key(two)) {
    throw new SetupError('The two administrators have two different keys.');
  }
  return { organization, administrators: [one, two] };
}

function administrator(value: unknown): Administrator {
  if (!isObject(value)) throw new SetupError('An administrator is an object with given, family and perhaps publicKey.');
  const { publicKey = null } = value;
  return {
    given: named(value.given, 'given'),
    family: named(value.family, 'family'),
    publicKey: publicKey === null ? null : publicJwk(publicKey),
  };
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
export function resourcesFor({ organization, administrators }: Wanted, today: string): FirstPeople {
  const org = `Organization/${randomUUID()}`;
  const resources: Resource[] = [{ resourceType: 'Organization', id: idOf(org), active: true, name: organization }];
  const roleOf = ({ given, family }: Administrator): string => {
    const [person, role] = [randomUUID(), randomUUID()];
    resources.push(
      { resourceType: 'Practitioner', id: person, active: true, name: [{ use: 'official', family, given: [given] }] },
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
