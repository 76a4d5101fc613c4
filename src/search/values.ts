/** From element values to index values, one function per parameter type. What a value is shows in its JSON shape. */
import { parseReference } from '../fhir/references.ts';
import { isObject } from '../fhir/resource.ts';
import type { Json, JsonObject } from '../fhir/types.ts';
import { fold, foldedKey, laterWords, wholeValue } from './fold.ts';
import type { IndexValues, SearchParam } from './types.ts';
import {
  contactValue,
  logicalPrefix,
  ofTypePrefix,
  pushOfTypeWord,
  pushPlainWord,
  pushTokenWords,
  pushUriWords,
  pushValueless,
  word,
  wordPrefix,
} from './words.ts';

/** Adds what one selected value contributes to the index. */
export type Index = (value: Json, out: IndexValues) => void;

/** Choice types a parameter can use when its path names none (`Observation.effective`), as JSON suffixes. */
export const CHOICES: Record<string, ReadonlySet<string>> = {
  token: new Set(['Boolean', 'Code', 'CodeableConcept', 'Coding', 'Identifier', 'ContactPoint', 'Id']),
  reference: new Set(['Reference', 'Canonical', 'Uri']),
  date: new Set(['Date', 'DateTime', 'Instant', 'Period', 'Timing']),
  string: new Set(['String', 'Markdown', 'HumanName', 'Address']),
  uri: new Set(['Uri', 'Url', 'Canonical', 'Oid', 'Uuid']),
  number: new Set(['Decimal', 'Integer', 'PositiveInt', 'UnsignedInt', 'Range']),
  quantity: new Set(['Quantity', 'Age', 'Count', 'Distance', 'Duration', 'Money', 'Range', 'SampledData']),
};

/** Token values: code, boolean, Coding, CodeableConcept, Identifier, ContactPoint. */
export function tokenIndex(type: string, param: SearchParam): Index {
  const prefix = wordPrefix(type, param.code);
  const typed = ofTypePrefix(type, param.code);
  const coding = (value: JsonObject, out: IndexValues): void => {
    const { system, code } = value;
    const from = typeof system === 'string' ? system : null;
    if (typeof code === 'string') pushTokenWords(out.tokens, prefix, from, code);
    else if (from !== null) pushTokenWords(out.tokens, prefix, from, null);
  };
  return (value, out) => {
    const before = out.tokens.length;
    if (isObject(value)) {
      pushTexts(out, prefix, value);
      pushTyped(out, typed, value);
    }
    if (!isObject(value)) pushPlainWord(out.tokens, prefix, String(value));
    else if (Array.isArray(value.coding)) {
      for (const item of value.coding) if (isObject(item)) coding(item, out);
    } else if (typeof value.code === 'string' || value.value === undefined) coding(value, out);
    else pushHolder(out, prefix, value);
    if (out.tokens.length === before) pushValueless(out.tokens, prefix);
  };
}

const codingsOf = (concept: JsonObject): JsonObject[] =>
  Array.isArray(concept.coding) ? concept.coding.filter(isObject) : [];

/** What `:text` searches: CodeableConcept.text, Coding.display, and those of Identifier.type (R4 search, "Modifiers"). */
function pushTexts(out: IndexValues, prefix: string, value: JsonObject): void {
  const concept = isObject(value.type) ? value.type : value;
  for (const text of [concept.text, concept.display, ...codingsOf(concept).map((one) => one.display)]) {
    const folded = typeof text === 'string' ? fold(text) : '';
    if (folded !== '') out.texts.push(`${prefix} ${folded}`);
  }
}

/** Identifiers whose type is coded are found by type and value together. */
function pushTyped(out: IndexValues, prefix: string, { type, value }: JsonObject): void {
  if (!isObject(type) || typeof value !== 'string') return;
  for (const { system, code } of codingsOf(type)) {
    if (typeof system === 'string' && typeof code === 'string') {
      pushOfTypeWord(out.tokens, prefix, [system, code, value]);
    }
  }
}

const CONTACT_SYSTEMS: ReadonlySet<string> = new Set(['phone', 'fax', 'email', 'pager', 'url', 'sms', 'other']);

/** Identifier and ContactPoint both have a system and a value; only a ContactPoint's system is one of seven codes. */
function pushHolder(out: IndexValues, prefix: string, value: JsonObject): void {
  if (typeof value.value !== 'string') return;
  const system = typeof value.system === 'string' ? value.system : null;
  if (system === null || !CONTACT_SYSTEMS.has(system)) pushTokenWords(out.tokens, prefix, system, value.value);
  else pushPlainWord(out.tokens, prefix, contactValue(value.value));
}

/** References (local ones as `Type/id`, without version), canonicals and logical references. */
export function referenceIndex(type: string, param: SearchParam, bases: readonly string[]): Index {
  const prefix = wordPrefix(type, param.code);
  const logical = logicalPrefix(type, param.code);
  return (value, out) => {
    const before = out.tokens.length;
    if (typeof value === 'string') pushUriWords(out.tokens, prefix, value);
    else if (isObject(value)) {
      if (typeof value.reference === 'string') pushReference(out, prefix, value.reference, bases);
      if (isObject(value.identifier)) pushLogical(out, logical, value.identifier);
      // A bundle's first entry stands for a reference to it (Bundle.composition, Bundle.message).
      if (typeof value.resourceType === 'string' && typeof value.id === 'string') {
        out.tokens.push(word(prefix, `${value.resourceType}/${value.id}`));
      }
    }
    // To a contained resource, or in words alone: nothing to ask for, yet not missing.
    if (out.tokens.length === before) pushValueless(out.tokens, prefix);
  };
}

function pushReference(out: IndexValues, prefix: string, text: string, bases: readonly string[]): void {
  const parsed = parseReference(text, bases);
  if (parsed?.kind === 'local') out.tokens.push(word(prefix, `${parsed.type}/${parsed.id}`));
  else if (parsed?.kind === 'absolute') out.tokens.push(word(prefix, withoutVersion(parsed.url)));
  else if (parsed?.kind === 'urn') out.tokens.push(word(prefix, parsed.urn));
}

/** An absolute reference without `/_history/n`. */
export function withoutVersion(url: string): string {
  return url.replace(/\/_history\/[^/]+$/, '');
}

function pushLogical(out: IndexValues, prefix: string, identifier: JsonObject): void {
  const { system, value } = identifier;
  if (typeof value !== 'string') return;
  pushTokenWords(out.tokens, prefix, typeof system === 'string' ? system : null, value);
}

/** Uris are exact; canonicals are found with and without their version. */
export function uriIndex(type: string, param: SearchParam): Index {
  const prefix = wordPrefix(type, param.code);
  return (value, out) => {
    if (typeof value === 'string') pushUriWords(out.tokens, prefix, value);
  };
}

/** String parts of HumanName and Address; no element of one means something else in the other. */
const PARTS = [
  'text',
  'family',
  'given',
  'prefix',
  'suffix',
  'line',
  'city',
  'district',
  'state',
  'postalCode',
  'country',
] as const;

/**
 * Strings, names and addresses by part (R4 search, "string"). `narrower` are elements stored under their own
 * parameter; of these only the later words of a part are kept here, so that "Berg" finds "van den Berg" by name.
 */
export function stringIndex(param: SearchParam, narrower: ReadonlySet<string>): Index {
  const { code } = param;
  const part = (text: string, whole: boolean, out: IndexValues): void => {
    if (whole && foldedKey(text) !== '') out.strings.push({ code, value: wholeValue(text) });
    for (const value of laterWords(text)) out.strings.push({ code, value });
  };
  return (value, out) => {
    if (typeof value === 'string') {
      if (foldedKey(value) !== '') out.strings.push({ code, value: wholeValue(value) });
    } else if (isObject(value)) {
      for (const name of PARTS) {
        const held = value[name];
        if (typeof held === 'string') part(held, !narrower.has(name), out);
        else if (Array.isArray(held)) {
          for (const item of held) if (typeof item === 'string') part(item, !narrower.has(name), out);
        }
      }
    }
  };
}

/** Location.position: latitude and longitude as the two numbers of one row. */
export function positionIndex(param: SearchParam): Index {
  const { code } = param;
  return (value, out) => {
    if (!isObject(value)) return;
    const { latitude, longitude } = value;
    if (typeof latitude !== 'number' || typeof longitude !== 'number') return;
    out.numbers.push({ code, low: latitude, high: longitude, unit: null });
  };
}
