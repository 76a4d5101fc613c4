/** Whether two people may be kin or neighbours, by their stored bodies (A-04, A-05). Pure; says nothing more. */
import { isObject } from '../fhir/resource.ts';
import type { JsonObject } from '../fhir/types.ts';
import { fold } from '../search/fold.ts';

export interface Kinship {
  sameSurname: boolean;
  samePostcode: boolean;
  /** Born within five years of each other: as siblings or partners may be. */
  sameAgeBand: boolean;
  sameAddress: boolean;
}

export const NOT_KIN: Kinship = { sameSurname: false, samePostcode: false, sameAgeBand: false, sameAddress: false };

/** The same person by family name, given name and day of birth, where no number says so (domain.md 6.3, A-03). */
export function isSamePerson(practitioner: string, patient: string): boolean {
  const a = selvesOf(practitioner);
  const b = selvesOf(patient);
  return a.some((one) => b.includes(one));
}

function selvesOf(body: string): string[] {
  const { name, birthDate } = parsed(body);
  const day = textIn(birthDate);
  if (day.length !== 10) return [];
  return objectsIn(name).flatMap(({ family, given }) => {
    const [first] = Array.isArray(given) ? given : [];
    const words = [fold(textIn(family)), fold(textIn(first))];
    return words.includes('') ? [] : [[...words, day].join('|')];
  });
}

const BAND_YEARS = 5;

/** Compares a Practitioner with a Patient. What the directory does not hold about staff cannot be the same. */
export function kinshipOf(practitioner: string, patient: string): Kinship {
  const a = featuresOf(practitioner);
  const b = featuresOf(patient);
  const shared = (x: readonly string[], y: readonly string[]) => x.some((one) => y.includes(one));
  return {
    sameSurname: shared(a.surnames, b.surnames),
    samePostcode: shared(a.postcodes, b.postcodes),
    sameAgeBand: a.born !== null && b.born !== null && Math.abs(a.born - b.born) <= BAND_YEARS,
    sameAddress: shared(a.addresses, b.addresses),
  };
}

/** One person as keyed hashes, each behind a letter: family names, postcode, address, year of birth (domain.md 6.3, A-03). */
export function kinKeys(
  person: { familyNames: readonly string[]; postcode: string | null; address: string | null; born: number | null },
  hash: (text: string) => string,
): string[] {
  const postcode = plainPostcode(person.postcode ?? '');
  const address = plainAddress(person.address ?? '');
  return [
    ...person.familyNames.map((name) => keyOf('f', fold(name), hash)),
    ...(postcode === '' ? [] : [keyOf('p', postcode, hash)]),
    ...(postcode === '' || address === '' ? [] : [keyOf('a', `${postcode} ${address}`, hash)]),
    ...(person.born === null ? [] : [keyOf('y', String(person.born), hash)]),
  ];
}

/** Compares such keys with a Patient. */
export function kinshipByKeys(keys: readonly string[], patient: string, hash: (text: string) => string): Kinship {
  const known = new Set(keys);
  const { surnames, postcodes, addresses, born } = featuresOf(patient);
  const has = (letter: string, values: readonly string[]) => values.some((one) => known.has(keyOf(letter, one, hash)));
  const years =
    born === null ? [] : Array.from({ length: 2 * BAND_YEARS + 1 }, (_, i) => String(born - BAND_YEARS + i));
  return {
    sameSurname: has('f', surnames),
    samePostcode: has('p', postcodes),
    sameAgeBand: has('y', years),
    sameAddress: has('a', addresses),
  };
}

const keyOf = (letter: string, text: string, hash: (text: string) => string): string =>
  `${letter}:${hash(`${letter}:${text}`)}`;
const plainPostcode = (text: string): string => text.replace(/\s/g, '').toUpperCase();
/** House and street without what two hands write differently. */
const plainAddress = (text: string): string =>
  fold(text)
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

function featuresOf(body: string) {
  const person = parsed(body);
  const addresses = objectsIn(person.address);
  const postcode = (one: JsonObject) => plainPostcode(textIn(one.postalCode));
  const lines = (one: JsonObject) => plainAddress((Array.isArray(one.line) ? one.line : []).map(textIn).join(' '));
  const born = Number(textIn(person.birthDate).slice(0, 4));
  return {
    surnames: objectsIn(person.name)
      .map((one) => fold(textIn(one.family)))
      .filter((one) => one !== ''),
    postcodes: addresses.map(postcode).filter((one) => one !== ''),
    addresses: addresses
      .filter((one) => postcode(one) !== '' && lines(one) !== '')
      .map((one) => `${postcode(one)} ${lines(one)}`),
    born: born > 0 ? born : null,
  };
}

function parsed(body: string): JsonObject {
  const value: unknown = JSON.parse(body);
  return isObject(value) ? value : {};
}

function objectsIn(value: JsonObject[string]): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function textIn(value: JsonObject[string]): string {
  return typeof value === 'string' ? value : '';
}
