/** The primitive types of R4: which JSON values they take (datatypes.html, exact regular expressions). */
import { isDate, isDateTime, isInstant, isTime } from './dates.ts';
import type { NumberTexts } from './json.ts';
import type { Json } from './types.ts';

/** R4: "Strings SHALL NOT exceed 1MB in size" (1024 * 1024 characters). */
const MAX_STRING = 1_048_576;
const CODE = /^[^\s]+(?:\s[^\s]+)*$/;
const ID = /^[A-Za-z0-9\-.]{1,64}$/;
const OID = /^urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+$/;
const UUID = /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const BASE64_TEXT = /^[0-9a-zA-Z+/\s]*[0-9a-zA-Z+/]={0,2}$/;
const DECIMAL_TEXT = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** Non-blank text without characters below U+0020 other than tab, line feed and carriage return. */
function isText(value: string): boolean {
  if (value.length > MAX_STRING || !/\S/.test(value)) return false;
  for (let i = 0; i < value.length; i += 1) {
    const unit = value.charCodeAt(i);
    if (unit < 0x20 && unit !== 0x09 && unit !== 0x0a && unit !== 0x0d) return false;
  }
  return true;
}

function isUri(value: string): boolean {
  return value !== '' && !/\s/.test(value);
}

/** Base64: groups of four, white space only between groups (R4 regex), padding only at the end. Linear in the length. */
function isBase64(value: string): boolean {
  const text = value.trim();
  if (!BASE64_TEXT.test(text)) return false;
  if (!/\s/.test(text)) return text.length % 4 === 0;
  return text.split(/\s+/).every((chunk) => chunk.length % 4 === 0);
}

const STRINGS: ReadonlyMap<string, (value: string) => boolean> = new Map([
  ['string', isText],
  ['markdown', isText],
  ['code', (value: string) => CODE.test(value)],
  ['id', (value: string) => ID.test(value)],
  ['uri', isUri],
  ['url', isUri],
  ['canonical', isUri],
  ['oid', (value: string) => OID.test(value)],
  ['uuid', (value: string) => UUID.test(value)],
  ['base64Binary', isBase64],
  ['date', isDate],
  ['dateTime', isDateTime],
  ['instant', isInstant],
  ['time', isTime],
  // what is allowed inside narrative is for definitions to say
  ['xhtml', (value: string) => value !== ''],
]);

/** Lowest and highest value of the whole-number types (32 bits). */
const INTEGERS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['integer', [-2_147_483_648, 2_147_483_647]],
  ['unsignedInt', [0, 2_147_483_647]],
  ['positiveInt', [1, 2_147_483_647]],
]);

/** Whether a name is a primitive type of R4. */
export function isPrimitiveType(type: string): boolean {
  return type === 'boolean' || type === 'decimal' || INTEGERS.has(type) || STRINGS.has(type);
}

/**
 * Whether a JSON value is a valid value of a primitive type; false for unknown types. Empty and blank strings, edge
 * spaces in codes, unreal dates and numbers given as strings are refused. A whole number written `1.0` or `1e3` has lost
 * its spelling here: pass its kept text to `isNumberText`.
 */
export function isPrimitive(type: string, value: Json): boolean {
  if (typeof value === 'string') return STRINGS.get(type)?.(value) ?? false;
  if (typeof value === 'boolean') return type === 'boolean';
  if (typeof value !== 'number' || !Number.isFinite(value)) return false;
  if (type === 'decimal') return true;
  const [lowest, highest] = INTEGERS.get(type) ?? [1, 0];
  return Number.isInteger(value) && value >= lowest && value <= highest;
}

/** Whether the text of a number is one of its type: a decimal may have any spelling, whole numbers only digits. */
export function isNumberText(type: string, text: string): boolean {
  if (type === 'decimal') return DECIMAL_TEXT.test(text);
  const digits = type === 'integer' ? /^-?(?:0|[1-9][0-9]*)$/ : /^(?:0|[1-9][0-9]*)$/;
  return digits.test(text) && isPrimitive(type, Number(text));
}

/** `isPrimitive` for the value at `parent[key]`, with the spelling of numbers. */
export function isPrimitiveAt(
  type: string,
  value: Json,
  at: { parent: object; key: string; numbers: NumberTexts },
): boolean {
  if (!isPrimitive(type, value)) return false;
  const text = typeof value === 'number' && at.numbers.size > 0 ? at.numbers.get(at.parent, at.key) : undefined;
  return text === undefined || isNumberText(type, text);
}
