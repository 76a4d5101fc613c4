/**
 * `_text` and `_content` in memory: the twin of record_words (migrations 006 and 065) and of the tsquery that
 * store/criterion-sql.ts writes. A property test holds both equal.
 */
import { isObject } from '../fhir/resource.ts';
import type { Json, Resource } from '../fhir/types.ts';
import type { TextQuery } from './text-query.ts';

/** As many characters of one resource are looked at. */
const MOST = 500_000;
/** The longest word PostgreSQL keeps, in bytes. */
const LONGEST = 2046;

const LETTERS: Readonly<Record<string, string>> = {
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  ı: 'i',
  ς: 'σ',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  þ: 'th',
};

/** Words of each value, in order: a phrase is found within one value. */
export type TextWords = readonly (readonly string[])[];

/** The words of the narrative, or of everything that is said. */
export function textWords(resource: Resource, narrative: boolean): TextWords {
  const values = narrative ? [divOf(resource)] : said(resource);
  const found: string[][] = [];
  let length = 0;
  for (const value of values) {
    const text = folded(value);
    found.push(wordsOf(text.slice(0, Math.max(0, MOST - length))));
    length += text.length;
  }
  return found;
}

function divOf({ text }: Resource): string {
  return isObject(text) && typeof text.div === 'string' ? text.div : '';
}

function said(value: Json | undefined): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (Array.isArray(value)) return value.flatMap(said);
  return isObject(value) ? Object.values(value).flatMap(said) : [];
}

/** The mark-up of a value that begins with it is no word, and whatever is no letter or digit parts two words. */
function folded(text: string): string {
  return (text.startsWith('<') ? text.replace(/<[^>]*>/g, ' ') : text)
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]+/g, '')
    .toLowerCase()
    .replace(/[øłđðıςßæœþ]/g, (letter) => LETTERS[letter] ?? letter)
    .replace(/[^\p{Alphabetic}0-9]+/gu, ' ');
}

/** PostgreSQL's parser takes `1e5` for a number, whatever letters follow it. */
const NUMBER = /^(\d+e\d+)(\D.*)$/;

function wordsOf(text: string): string[] {
  return text
    .split(' ')
    .flatMap((word) => NUMBER.exec(word)?.slice(1) ?? [word])
    .filter((word) => word !== '' && Buffer.byteLength(word) <= LONGEST);
}

/** True when the words of a text satisfy the query. */
export function saysText(words: TextWords, query: TextQuery): boolean {
  switch (query.op) {
    case 'and':
      return query.of.every((one) => saysText(words, one));
    case 'or':
      return query.of.some((one) => saysText(words, one));
    case 'not':
      return !saysText(words, query.of[0]);
    default: {
      const phrase = wordsOf(folded(query.text));
      return phrase.length > 0 && words.some((value) => holdsPhrase(value, phrase));
    }
  }
}

function holdsPhrase(value: readonly string[], phrase: readonly string[]): boolean {
  return value.some((_, at) => phrase.every((word, i) => value[at + i] === word));
}
