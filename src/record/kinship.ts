/** Whether two people may be kin or neighbours, by their stored bodies. Pure; says nothing more. */
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

function featuresOf(body: string) {
  const person = parsed(body);
  const addresses = objectsIn(person.address);
  const postcode = (one: JsonObject) => textIn(one.postalCode).replace(/\s/g, '').toUpperCase();
  const lines = (one: JsonObject) =>
    (Array.isArray(one.line) ? one.line : []).map((line) => fold(textIn(line))).join(' ');
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
