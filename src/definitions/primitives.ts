/** Primitive types as the walker meets them: one test per type (rules in fhir/primitives.ts), and words for people. */
import { isPrimitive, isPrimitiveType } from '../fhir/primitives.ts';
import type { Json } from '../fhir/types.ts';

export type PrimitiveTest = (value: Json) => boolean;

/** What a right value looks like, for people who got it wrong. */
const FORMATS: Readonly<Record<string, string>> = {
  boolean: 'true or false, without quotes',
  integer: 'a whole number, without quotes',
  unsignedInt: 'a whole number of 0 or more, without quotes',
  positiveInt: 'a whole number of 1 or more, without quotes',
  decimal: 'a number, without quotes',
  uri: 'a URI without spaces',
  url: 'a URL without spaces',
  canonical: 'a canonical URL without spaces',
  oid: 'urn:oid: and an object identifier',
  uuid: 'urn:uuid: and a UUID',
  id: '1 to 64 letters, digits, hyphens and full stops',
  code: 'a code: no leading, trailing or double spaces',
  base64Binary: 'base64 text',
  date: 'a real calendar date: YYYY, YYYY-MM or YYYY-MM-DD',
  dateTime: 'a real date (YYYY, YYYY-MM, YYYY-MM-DD) or a date and time with seconds and a time zone',
  instant: 'a real date and time with seconds and a time zone',
  time: 'hh:mm:ss',
};

/** The test of a primitive type, or null when the name is not a primitive's. */
export function primitiveTest(type: string): PrimitiveTest | null {
  return isPrimitiveType(type) ? (value) => isPrimitive(type, value) : null;
}

/** Words for a wrong value, e.g. `a whole number, without quotes`. */
export function formatOf(type: string): string {
  return FORMATS[type] ?? 'text that is not empty or blank and has no control characters';
}
