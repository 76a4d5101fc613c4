/** Identifiers of English health care: check digits and the names their systems go by (domain.md 3.2). */
import { isObject } from './resource.ts';
import type { Identifier, Json, JsonObject } from './types.ts';

export const NHS_NUMBER = 'https://fhir.nhs.uk/Id/nhs-number';
export const ODS_ORGANIZATION = 'https://fhir.nhs.uk/Id/ods-organization-code';
export const ODS_SITE = 'https://fhir.nhs.uk/Id/ods-site-code';
export const SDS_USER = 'https://fhir.nhs.uk/Id/sds-user-id';
export const SDS_ROLE_PROFILE = 'https://fhir.nhs.uk/Id/sds-role-profile-id';
export const DOS_SERVICE = 'https://fhir.nhs.uk/Id/dos-service-id';
export const NMC_NUMBER = 'https://fhir.hl7.org.uk/Id/nmc-number';

/** Other names for a system that occur in the wild: GP Connect's old form, the mis-spelt ODS code, the OID. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['http://fhir.nhs.net/Id/nhs-number', NHS_NUMBER],
  ['urn:oid:2.16.840.1.113883.2.1.4.1', NHS_NUMBER],
  ['https://fhir.nhs.uk/Id/ods-organisation-code', ODS_ORGANIZATION],
]);

/** The one name of an identifier system; unknown systems as they are. */
export function canonicalSystem(system: string): string {
  return ALIASES.get(system) ?? system;
}

/** An NHS number without the spaces or hyphens it is printed with; other characters stay. */
export function unspacedNhsNumber(text: string): string {
  return text.replace(/[\s-]/g, '');
}

/** `999 000 1006` for `9990001006`: the printed form, 3 3 4. */
export function printedNhsNumber(number: string): string {
  return `${number.slice(0, 3)} ${number.slice(3, 6)} ${number.slice(6)}`;
}

/**
 * Ten digits with a right Modulus 11 check digit. All-same digits pass the arithmetic and are refused by policy. Takes
 * the unspaced form only.
 */
export function isNhsNumber(text: string): boolean {
  if (!/^[0-9]{10}$/.test(text) || /^(.)\1{9}$/.test(text)) return false;
  let sum = 0;
  for (let i = 0; i < 9; i += 1) sum += Number(text.charAt(i)) * (10 - i);
  // 11 stands for 0; 10 cannot be written, so no digit equals it
  const check = (11 - (sum % 11)) % 11;
  return check === Number(text.charAt(9));
}

/**
 * An identifier with its system under the one name, and NHS numbers unspaced and ODS codes upper-case; the same object
 * when nothing changes.
 */
export function normalIdentifier(identifier: Identifier): Identifier {
  const { system, value } = identifier;
  if (typeof system !== 'string') return identifier;
  const named = canonicalSystem(system);
  let written = value;
  if (typeof value === 'string' && named === NHS_NUMBER) written = unspacedNhsNumber(value);
  if (typeof value === 'string' && (named === ODS_ORGANIZATION || named === ODS_SITE)) written = value.toUpperCase();
  if (named === system && written === value) return identifier;
  return { ...identifier, system: named, ...(written === undefined ? {} : { value: written }) };
}

/** Multiplication in the dihedral group D5, as Verhoeff's scheme uses it. */
function times(a: number, b: number): number {
  if (a < 5) return b < 5 ? (a + b) % 5 : 5 + ((a + b) % 5);
  return b < 5 ? 5 + ((a - b + 5) % 5) : (a - b + 5) % 5;
}

/** Verhoeff's permutation and its powers, by position from the right modulo 8. */
const STEP = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
const POWERS: readonly (readonly number[])[] = Array.from({ length: 8 }).reduce<number[][]>((powers) => {
  const last = powers.at(-1);
  powers.push(last === undefined ? [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] : last.map((digit) => STEP[digit] ?? 0));
  return powers;
}, []);

/** Whether a digit string ends in its Verhoeff check digit. */
export function isVerhoeff(digits: string): boolean {
  let check = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = Number(digits.charAt(digits.length - 1 - i));
    check = times(check, POWERS[i % 8]?.[digit] ?? 0);
  }
  return check === 0;
}

/**
 * A SNOMED CT concept id: 6 to 18 digits, Verhoeff check, partition `00` (short) or `10` (long, with namespace). The
 * sum finds typing errors, not unknown concepts.
 */
export function isConceptId(text: string): boolean {
  if (!/^[1-9][0-9]{5,17}$/.test(text)) return false;
  const partition = text.slice(-3, -1);
  return (partition === '00' || partition === '10') && isVerhoeff(text);
}

const STATUS = 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus';
const STATUS_CODES = 'https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland';
/** Number present but not traced: what is known of a number whose sender says nothing of it. */
const NOT_TRACED = '02';

/**
 * Gives the NHS numbers of a Patient their verification status, in place: one that came without is stored as `02`, so that
 * no reader takes it for verified (domain.md 3.1, 3.4). A status of any kind that is there stays as it is.
 * @returns positions of the identifiers that were given one
 */
export function markUntraced(patient: JsonObject): number[] {
  if (patient.resourceType !== 'Patient' || !Array.isArray(patient.identifier)) return [];
  return patient.identifier.flatMap((identifier, at) => {
    if (!isObject(identifier) || typeof identifier.value !== 'string' || typeof identifier.system !== 'string')
      return [];
    if (canonicalSystem(identifier.system) !== NHS_NUMBER) return [];
    const { extension = [] } = identifier;
    // what is no list of extensions is for validation to refuse
    if (!Array.isArray(extension) || extension.some(saysStatus)) return [];
    const valueCodeableConcept = { coding: [{ system: STATUS_CODES, code: NOT_TRACED }] };
    identifier.extension = [...extension, { url: STATUS, valueCodeableConcept }];
    return [at];
  });
}

/** UK Core's, or the one of its forerunners under another address. */
function saysStatus(extension: Json): boolean {
  return isObject(extension) && typeof extension.url === 'string' && /NHSNumberVerificationStatus/.test(extension.url);
}
