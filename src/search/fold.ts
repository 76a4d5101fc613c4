/**
 * Text folding for string search: one source of truth for what is stored and what is asked (FHIR R4 search, "string":
 * case- and accent-insensitive). PostgreSQL never folds; it compares what is made here, byte by byte.
 */
import { createHash } from 'node:crypto';

/** Letters that Unicode does not decompose. Final sigma joins sigma, so that a prefix of a word still matches. */
const LETTERS: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
  ς: 'σ',
  '‘': "'",
  '’': "'",
  ʼ: "'",
  '‐': '-',
  '‑': '-',
  '–': '-',
};
const LETTER = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'gu');
/** ASCII words with one space between them: most of what is stored, and nothing to fold but case. */
const PLAIN = /^(?:[\x21-\x7e]+(?: [\x21-\x7e]+)*)?$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters count as white space, U+0001 is ours
const SPACE = /[\s\u0000-\u001f]+/gu;

/** Lower case, no combining marks, typographic quotes and hyphens as typed ones, white space collapsed. Idempotent. */
export function fold(text: string): string {
  if (PLAIN.test(text)) return text.toLowerCase();
  return stripped(stripped(text).toLowerCase())
    .replace(LETTER, (letter) => LETTERS[letter] ?? letter)
    .replace(SPACE, ' ')
    .trim();
}

function stripped(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}+/gu, '');
}

/** Separates the folded form from the text as written; cannot occur in either. */
export const AS_WRITTEN = '\u0001';
/** A b-tree entry holds 2,704 bytes: 500 units of folded text and 300 as written stay below it in any script. */
const MAX_FOLDED = 500;
const MAX_WRITTEN = 300;

/** The folded text as it is compared: longer texts are found by their first 500 characters. */
export function foldedKey(text: string): string {
  const folded = fold(text);
  return folded.length > MAX_FOLDED ? wellCut(folded, MAX_FOLDED) : folded;
}

/**
 * What one whole value stores: its folded form, then the text as written. A prefix range over the folded form still
 * works, `:exact` is equality of the whole, and sorting uses whole values only; no second row, no look at the body.
 */
export function wholeValue(text: string): string {
  const written = text.replace(SPACE, ' ');
  const kept = written.length > MAX_WRITTEN ? createHash('sha256').update(written).digest('base64url') : written;
  return foldedKey(text) + AS_WRITTEN + kept;
}

/** The folded form of a stored value. */
export function foldedPart(value: string): string {
  const at = value.indexOf(AS_WRITTEN);
  return at < 0 ? value : value.slice(0, at);
}

/** True for whole values, false for the later words of a name or address. */
export function isWhole(value: string): boolean {
  return value.includes(AS_WRITTEN);
}

/** Never cuts a surrogate pair: PostgreSQL refuses half of one. */
function wellCut(text: string, length: number): string {
  const cut = text.slice(0, length);
  return cut.isWellFormed() ? cut : text.slice(0, length - 1);
}

/** No name has more words; free text in `text` must not multiply rows. */
const MAX_TAILS = 8;

/** The folded text from each later word on: "van den Berg" is also found by "den Berg" and "Berg". */
export function laterWords(text: string): string[] {
  const folded = foldedKey(text);
  const tails: string[] = [];
  for (let at = 0; at < folded.length - 1 && tails.length < MAX_TAILS; at++) {
    const char = folded[at];
    if ((char === ' ' || char === '-') && folded[at + 1] !== ' ') tails.push(folded.slice(at + 1));
  }
  return tails;
}

/** Least text greater than every text with this prefix in byte order, or null when there is none. */
export function prefixEnd(prefix: string): string | null {
  const points = Array.from(prefix, (char) => char.codePointAt(0) ?? 0);
  for (let last = points.length - 1; last >= 0; last--) {
    const point = points[last] ?? 0;
    if (point < 0x10ffff) {
      const next = point === 0xd7ff ? 0xe000 : point + 1;
      return String.fromCodePoint(...points.slice(0, last), next);
    }
  }
  return null;
}
