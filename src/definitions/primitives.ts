/**
 * Formats of FHIR primitives (R4 datatypes.html#primitive), as one test per type. Dates are real calendar dates.
 * Own regexes where R4's are too wide (dates) or slow on long texts (string, base64Binary).
 */
export type PrimitiveTest = (value: unknown) => boolean;

// control characters but tab, line feed and carriage return; C1 controls are allowed by R4's regex
const CONTROL = /[^\P{Cc}\t\n\r\x7f-\x9f]/u;
const BLANK = /^[ \r\n\t]*$/;
const URI = /^\S+$/;
const CODE = /^\S+(?: \S+)*$/;
const ID = /^[A-Za-z0-9\-.]{1,64}$/;
const OID = /^urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+$/;
const UUID = /^urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const BASE64_SYMBOL = /^[0-9A-Za-z+/=\s]+$/;
const DATE = /^([0-9]{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12][0-9]|3[01]))?)?$/;
const TIME = /^(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?$/;
const ZONED_TIME =
  /^T(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)$/;

const EQUALS = 61;
const MAX_INTEGER = 2_147_483_647;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysIn(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && leap ? 29 : (MONTH_DAYS[month - 1] ?? 0);
}

function isDate(value: string): boolean {
  const found = DATE.exec(value);
  if (!found || found[1] === '0000') return false;
  return found[3] === undefined || Number(found[3]) <= daysIn(Number(found[1]), Number(found[2]));
}

function isZoned(value: string): boolean {
  return value.length > 10 && isDate(value.slice(0, 10)) && ZONED_TIME.test(value.slice(10));
}

function isText(value: string): boolean {
  return value.length > 0 && value.length <= 1_048_576 && !BLANK.test(value) && !CONTROL.test(value);
}

function isBase64(value: string): boolean {
  if (!BASE64_SYMBOL.test(value)) return false;
  let symbols = 0;
  let padding = 0;
  for (let i = 0; i < value.length; i += 1) {
    const char = value.charCodeAt(i);
    if (char <= 32) continue;
    symbols += 1;
    if (char === EQUALS) padding += 1;
    else if (padding > 0) return false;
  }
  return symbols > 0 && symbols % 4 === 0 && padding <= 2;
}

function ofString(test: (value: string) => boolean): PrimitiveTest {
  return (value) => typeof value === 'string' && test(value);
}

function ofInteger(least: number): PrimitiveTest {
  return (value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= MAX_INTEGER;
}

const TESTS: ReadonlyMap<string, PrimitiveTest> = new Map([
  ['boolean', (value) => typeof value === 'boolean'],
  ['integer', ofInteger(-MAX_INTEGER - 1)],
  ['unsignedInt', ofInteger(0)],
  ['positiveInt', ofInteger(1)],
  ['decimal', (value) => typeof value === 'number' && Number.isFinite(value)],
  ['string', ofString(isText)],
  ['markdown', ofString(isText)],
  ['xhtml', ofString(isText)],
  ['uri', ofString((value) => URI.test(value))],
  ['url', ofString((value) => URI.test(value))],
  ['canonical', ofString((value) => URI.test(value))],
  ['oid', ofString((value) => OID.test(value))],
  ['uuid', ofString((value) => UUID.test(value))],
  ['id', ofString((value) => ID.test(value))],
  ['code', ofString((value) => CODE.test(value) && !CONTROL.test(value))],
  ['base64Binary', ofString(isBase64)],
  ['date', ofString(isDate)],
  ['dateTime', ofString((value) => isDate(value) || isZoned(value))],
  ['instant', ofString(isZoned)],
  ['time', ofString((value) => TIME.test(value))],
]);

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
  return TESTS.get(type) ?? null;
}

/** Words for a wrong value, e.g. `a whole number, without quotes`. */
export function formatOf(type: string): string {
  return FORMATS[type] ?? 'text that is not empty or blank and has no control characters';
}
