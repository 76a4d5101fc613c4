/**
 * The text of a search in the audit trail. Raw text holds names, NHS numbers and clinical codes: it is encrypted. The
 * cleaned text keeps every parameter name and only values that say nothing about a person (domain.md 6.4).
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';

/** Result parameters whose values shape the answer and name nobody. */
const SHAPING: ReadonlySet<string> = new Set([
  '_count',
  '_sort',
  '_total',
  '_summary',
  '_elements',
  '_include',
  '_revinclude',
  '_format',
  '_pretty',
  '_lastUpdated',
  '_since',
  '_at',
  '_type',
  '_outputFormat',
]);

/** Parameters that may hold a reference by id; any other form of value is masked. */
const REFERENCES: ReadonlySet<string> = new Set([
  '_id',
  'actor',
  'appointment',
  'based-on',
  'care-team',
  'encounter',
  'entity',
  'episode-of-care',
  'focus',
  'organization',
  'owner',
  'participant',
  'patient',
  'performer',
  'practitioner',
  'requester',
  'subject',
]);

const REFERENCE = /^(?:[A-Z][A-Za-z]{1,63}\/)?[A-Za-z0-9.-]{1,64}(?:\/_history\/\d{1,9})?$/;
/** Ten digits may be an NHS number sent where an id belongs. */
const NUMBER = /\d[\d\s-]{8,}\d/;
const MASKED = '***';

/**
 * The cleaned form of a query string (without `?`): names stay, in order; values stay only for result parameters and
 * literal references. Everything unknown is masked, so a parameter that is added later is safe before anyone lists it.
 */
export function cleanQuery(raw: string): string {
  if (raw === '') return '';
  return raw
    .split('&')
    .map((part) => {
      const split = part.indexOf('=');
      const name = decode(split < 0 ? part : part.slice(0, split));
      const value = decode(split < 0 ? '' : part.slice(split + 1));
      // A name is a client's text too: only the shape of a parameter name is let through.
      const shown = /^[A-Za-z0-9_:.-]{1,128}$/.test(name) && !NUMBER.test(name) ? name : MASKED;
      return `${shown}=${keeps(name, value) ? value : MASKED}`;
    })
    .join('&');
}

function keeps(name: string, value: string): boolean {
  if (NUMBER.test(value) && !/^\D{0,2}\d{4}-\d{2}/.test(value)) return false;
  if (SHAPING.has(name)) return /^[A-Za-z0-9_:.,+*/-]{0,256}$/.test(value);
  const base = name.split(':')[0] ?? name;
  return !name.includes('.') && REFERENCES.has(base) && value.split(',').every((one) => REFERENCE.test(one));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/** Marks the algorithm and layout, so that keys and algorithms can change later. */
const PREFIX = 'q1.';
const IV = 12;
const TAG = 16;

/** Random bytes for nonces, fetched in blocks: one call to the system for each search took a twelfth of its time. */
let nonces = Buffer.alloc(0);
let used = 0;

function nextNonce(): Buffer {
  if (used + IV > nonces.length) {
    nonces = randomBytes(IV * 256);
    used = 0;
  }
  used += IV;
  return nonces.subarray(used - IV, used);
}

/** The key as an object, made once for each key. */
const keys = new WeakMap<Buffer, KeyObject>();

function keyObject(key: Buffer): KeyObject {
  const known = keys.get(key);
  if (known !== undefined) return known;
  const made = createSecretKey(key);
  keys.set(key, made);
  return made;
}

/**
 * Encrypts raw query text with AES-256-GCM: `q1.` and base64url of nonce, tag and text. The request id is bound in, so
 * that one record's text cannot be moved into another. Throws RangeError when the key is not 32 bytes.
 */
export function encryptQuery(raw: string, key: Buffer, requestId: string): string {
  const iv = nextNonce();
  const cipher = createCipheriv('aes-256-gcm', keyObject(key), iv).setAAD(Buffer.from(requestId));
  const text = Buffer.concat([cipher.update(raw, 'utf8'), cipher.final()]);
  return PREFIX + Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
}

/** The raw query text again, or null when the key is another one or the text was changed. */
export function decryptQuery(stored: string, key: Buffer, requestId: string): string | null {
  if (!stored.startsWith(PREFIX)) return null;
  const bytes = Buffer.from(stored.slice(PREFIX.length), 'base64url');
  if (bytes.length < IV + TAG) return null;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV)).setAAD(Buffer.from(requestId));
    decipher.setAuthTag(bytes.subarray(IV, IV + TAG));
    return decipher.update(bytes.subarray(IV + TAG), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return null;
  }
}

/**
 * The `query` part of an audit entry for one search. `path` (`Patient`, `Patient/1/Encounter`, empty for all types) goes
 * with the raw text alone: an answer without rows names no type, and who replays the search must know what was searched.
 */
export function auditedQuery(
  raw: string,
  count: number,
  secret: { key: Buffer; requestId: string },
  path: string | null = null,
): { cleaned: string; raw: string; count: number } {
  const whole = path === null ? raw : `/${path}?${raw}`;
  return { cleaned: cleanQuery(raw), raw: encryptQuery(whole, secret.key, secret.requestId), count };
}

/** Path and query of a raw text that was kept with its path; null for any other. */
export function searchedPath(raw: string): { path: string; query: string } | null {
  const match = /^\/([A-Za-z0-9\-./*]{0,200})\?/.exec(raw);
  return match === null ? null : { path: match[1] ?? '', query: raw.slice(match[0].length) };
}
