/** Reading the answers of a QuestionnaireResponse that has passed its checks. */
import type { Coding, JsonObject, Reference } from '../fhir/types.ts';
import { at, isObject, objectsAt, textAt } from './shape.ts';

/** Items with a linkId directly inside a holder (response, group or answer). */
export const itemsOf = (holder: JsonObject | undefined, linkId: string): JsonObject[] =>
  objectsAt(holder, 'item').filter((item) => item.linkId === linkId);

/** The group reached through one linkId per level; undefined when it was not opened. */
export function groupAt(holder: JsonObject, ...linkIds: string[]): JsonObject | undefined {
  let place: JsonObject | undefined = holder;
  for (const linkId of linkIds) place = itemsOf(place, linkId)[0];
  return place;
}

export const answersOf = (holder: JsonObject | undefined, linkId: string): JsonObject[] =>
  itemsOf(holder, linkId).flatMap((item) => objectsAt(item, 'answer'));

export const textsOf = (holder: JsonObject | undefined, linkId: string): string[] =>
  answersOf(holder, linkId).flatMap((answer) => textAt(answer, 'valueString') ?? []);

export const textOf = (holder: JsonObject | undefined, linkId: string): string | undefined =>
  textsOf(holder, linkId)[0];

export const codingsOf = (holder: JsonObject | undefined, linkId: string): Coding[] =>
  answersOf(holder, linkId).flatMap((answer) => {
    const { system, code, display } = isObject(answer.valueCoding) ? answer.valueCoding : {};
    if (typeof system !== 'string' || typeof code !== 'string') return [];
    return [typeof display === 'string' ? { system, code, display } : { system, code }];
  });

export const codeOf = (holder: JsonObject | undefined, linkId: string): string | undefined =>
  codingsOf(holder, linkId)[0]?.code;

export const dateOf = (holder: JsonObject | undefined, linkId: string): string | undefined =>
  textAt(answersOf(holder, linkId)[0], 'valueDate');

export function integerOf(holder: JsonObject | undefined, linkId: string): number | undefined {
  const value = at(answersOf(holder, linkId)[0], 'valueInteger');
  return typeof value === 'number' ? value : undefined;
}

export function booleanOf(holder: JsonObject | undefined, linkId: string): boolean | undefined {
  const value = at(answersOf(holder, linkId)[0], 'valueBoolean');
  return typeof value === 'boolean' ? value : undefined;
}

export function referenceOf(holder: JsonObject | undefined, linkId: string): Reference | undefined {
  const value = at(answersOf(holder, linkId)[0], 'valueReference');
  return isObject(value) ? value : undefined;
}

export interface PractitionerPresent {
  role: string;
  who: Reference;
  attended: boolean;
}

/** The practitioners a joint visit assessment names, with who attended. */
export function practitionersOf(response: JsonObject): PractitionerPresent[] {
  return itemsOf(groupAt(response, 'visit'), 'visit.practitioners').flatMap((item) => {
    const who = referenceOf(item, 'visit.practitioners.ref');
    if (who === undefined) return [];
    const attended = booleanOf(item, 'visit.practitioners.attended') === true;
    return [{ role: codeOf(item, 'visit.practitioners.role') ?? '', who, attended }];
  });
}

/** References of the practitioners who attended, as the assessment says. */
export const answeredPractitioners = (response: JsonObject): string[] =>
  practitionersOf(response).flatMap(({ attended, who }) => (attended ? (who.reference ?? []) : []));
