/**
 * Names and addresses that stand around a person in the record, to hold texts against before they leave (R-14, R-17,
 * They are compared with, never shown; whoever asks is inside a request already.
 */
import { isObject } from '../fhir/resource.ts';
import type { Json, JsonObject, Resource } from '../fhir/types.ts';
import { bodiesAround } from '../store/models/sar-around.ts';
import { parseStored } from './decide.ts';
import type { Door } from './types.ts';

export interface WordsAround {
  /** Words of names, folded: other people's, without those that are her own. */
  names: string[];
  /** Lines and postcodes of addresses, hers and theirs. */
  places: string[];
}

/** Shorter words stand everywhere. */
const LEAST_NAME = 3;
const LEAST_PLACE = 5;

/** @param subject `Patient/..` */
export async function wordsAround(door: Pick<Door, 'pool'>, subject: string): Promise<WordsAround> {
  const bodies = await bodiesAround(door.pool, subject);
  const people = bodies.map((body) => parseStored(body).resource);
  const isHer = ({ resourceType, id }: Resource) => `${resourceType}/${id}` === subject;
  const own = new Set(people.filter(isHer).flatMap(({ name }) => namesIn(name)));
  const theirs = people.flatMap((one) => [
    ...(isHer(one) ? [] : namesIn(one.name)),
    ...objects(one.contact).flatMap(({ name }) => namesIn(name)),
  ]);
  const places = people.flatMap((one) => [
    ...placesIn(one.address),
    ...objects(one.contact).flatMap(({ address }) => placesIn(address)),
  ]);
  return { names: [...new Set(theirs)].filter((one) => !own.has(one)), places: [...new Set(places)] };
}

function objects(value: Json | undefined): JsonObject[] {
  return (Array.isArray(value) ? value : [value]).filter(isObject);
}

function texts(value: Json | undefined): string[] {
  return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
}

/** Every word of HumanNames, folded as `namesSomebody` of oversight/sar/hints.ts reads texts. */
function namesIn(value: Json | undefined): string[] {
  return objects(value)
    .flatMap(({ given, family, text }) => [...texts(given), ...texts(family), ...texts(text)])
    .flatMap((one) => [...one.matchAll(/\p{L}[\p{L}\p{M}]*/gu)].map(([word]) => word))
    .map((word) => word.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase())
    .filter((word) => word.length >= LEAST_NAME);
}

/** A line without a number is a name of a town or house that others share: only whole lines with one, and postcodes. */
function placesIn(value: Json | undefined): string[] {
  return objects(value).flatMap(({ line, postalCode }) => [
    ...texts(line).filter((one) => one.trim().length >= LEAST_PLACE && /\d/.test(one)),
    ...texts(postalCode).filter((one) => one.trim().length >= LEAST_PLACE),
  ]);
}
