/**
 * `_text` and `_content` (R4 search, "text search"): words joined with AND, OR, NOT and parentheses, phrases in quotes; words
 * beside one another must all be there, as in R4's own example `(bone OR liver) and metastases`.
 */
import { fold } from './fold.ts';

export type TextQuery =
  | { op: 'and' | 'or'; of: TextQuery[] }
  | { op: 'not'; of: [TextQuery] }
  | { op: 'phrase'; text: string };

const TOKEN = /"([^"]*)"|([()])|([^\s"()]+)/g;
const MAX_TERMS = 20;

interface Token {
  text: string;
  isWord: boolean;
}

/** The query as a tree; null when it is none: unbalanced, without a word, or with more than twenty. */
export function textQuery(text: string): TextQuery | null {
  const tokens = [...text.matchAll(TOKEN)].map(
    ([all, quoted]): Token => ({ text: quoted ?? all, isWord: quoted !== undefined }),
  );
  if (tokens.length > 4 * MAX_TERMS || (text.split('"').length - 1) % 2 !== 0) return null;
  const reading = { tokens, at: 0, terms: 0 };
  const query = anyOf(reading);
  return query !== null && reading.at === tokens.length && reading.terms <= MAX_TERMS ? query : null;
}

interface Reading {
  tokens: Token[];
  at: number;
  terms: number;
}

function is({ tokens, at }: Reading, word: string): boolean {
  const token = tokens[at];
  return token !== undefined && !token.isWord && token.text.toLowerCase() === word;
}

function anyOf(reading: Reading): TextQuery | null {
  const first = allOf(reading);
  if (first === null) return null;
  const of = [first];
  while (is(reading, 'or')) {
    reading.at++;
    const next = allOf(reading);
    if (next === null) return null;
    of.push(next);
  }
  return of.length === 1 ? first : { op: 'or', of };
}

function allOf(reading: Reading): TextQuery | null {
  const of: TextQuery[] = [];
  while (reading.at < reading.tokens.length && !is(reading, 'or') && !is(reading, ')')) {
    if (is(reading, 'and') && of.length > 0) reading.at++;
    const next = one(reading);
    if (next === null) return null;
    of.push(next);
  }
  const [first] = of;
  return first === undefined ? null : of.length === 1 ? first : { op: 'and', of };
}

function one(reading: Reading): TextQuery | null {
  if (is(reading, 'not')) {
    reading.at++;
    const inner = one(reading);
    return inner === null ? null : { op: 'not', of: [inner] };
  }
  if (is(reading, '(')) {
    reading.at++;
    const inner = anyOf(reading);
    if (inner === null || !is(reading, ')')) return null;
    reading.at++;
    return inner;
  }
  const token = reading.tokens[reading.at];
  if (token === undefined || is(reading, 'and') || is(reading, 'or') || is(reading, ')')) return null;
  reading.at++;
  reading.terms++;
  // As in record_words (migrations 006 and 065): whatever is no letter or digit parts two words.
  const words = fold(token.text)
    .replace(/[^\p{Alphabetic}0-9]+/gu, ' ')
    .trim();
  return words === '' ? null : { op: 'phrase', text: words };
}
