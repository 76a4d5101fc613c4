/**
 * The XML this service reads, and no more: elements, attributes, comments, the five entities of XML and character
 * references. No DTD, so no entities of anybody's making, nothing fetched from outside and nothing that expands
 * (XXE, "billion laughs"). Why an own scanner: ADR 2026-11-28, XML.
 */
import { type Outcome, refuse } from './outcome.ts';

export interface Cursor {
  text: string;
  at: number;
  depth: number;
  maxDepth: number;
}

export interface Tag {
  /** As written, with its prefix. */
  name: string;
  attributes: Map<string, string>;
  /** `<x/>`: nothing inside. */
  closed: boolean;
  /** Where the tag starts in the text. */
  from: number;
}

const NAME = /[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?/y;
const SPACE = /[ \t\n]+/y;
const VALUE = /"([^"<]*)"|'([^'<]*)'/y;
const PLAIN_TEXT = /[^<]*/y;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
/** Anything but the characters of XML 1.0 (section 2.2). */
const NO_CHARACTER = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const LONGEST_PROLOG = 1_000;

/** A refusal with line and column; never a value of the document. */
export function xmlFault(cursor: Cursor, words: string, expression?: string, at = cursor.at): Outcome {
  const before = cursor.text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - before.lastIndexOf('\n');
  return refuse(400, 'structure', `XML line ${line}, column ${column}: ${words}`, expression);
}

/** A cursor on decoded text, past the XML declaration. @throws Outcome 400 for characters XML does not have */
export function startXml(decoded: string, maxDepth: number): Cursor {
  const text = decoded.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
  const cursor: Cursor = { text, at: 0, depth: 0, maxDepth };
  const bad = NO_CHARACTER.exec(text);
  if (bad !== null) throw xmlFault(cursor, 'a character that XML does not have', undefined, bad.index);
  if (!text.startsWith('<?xml') || !/[\s]/.test(text[5] ?? '')) return cursor;
  const end = text.indexOf('?>');
  if (end === -1 || end > LONGEST_PROLOG) throw xmlFault(cursor, 'the XML declaration does not end');
  const declaration = text.slice(0, end);
  const encoding = /\bencoding\s*=\s*["']([^"']*)["']/.exec(declaration)?.[1];
  if (encoding !== undefined && !/^utf-8$/i.test(encoding)) throw xmlFault(cursor, 'FHIR is sent in UTF-8 only');
  if (!/\bversion\s*=\s*["']1\.0["']/.test(declaration)) throw xmlFault(cursor, 'only XML 1.0 is read');
  cursor.at = end + 2;
  return cursor;
}

/** Skips blanks, comments and processing instructions between elements. @throws Outcome for text and for a DTD */
export function skipBetween(cursor: Cursor, expression?: string): void {
  for (;;) {
    match(cursor, SPACE);
    const { text, at } = cursor;
    if (text.startsWith('<!--', at)) skipComment(cursor);
    else if (text.startsWith('<?', at)) skipTo(cursor, '?>', 'a processing instruction does not end');
    else if (text.startsWith('<!', at)) throw declaration(cursor);
    else if (at < text.length && text[at] !== '<') {
      throw xmlFault(cursor, 'text stands between elements; values stand in the attribute "value"', expression);
    } else return;
  }
}

function declaration(cursor: Cursor): Outcome {
  if (cursor.text.startsWith('<![CDATA[', cursor.at)) return xmlFault(cursor, 'CDATA is not taken here');
  return xmlFault(cursor, 'a document type or entity declaration is never taken (no DTD, no entities)');
}

function skipComment(cursor: Cursor): void {
  cursor.at += 4;
  const dashes = cursor.text.indexOf('--', cursor.at);
  if (dashes === -1 || cursor.text[dashes + 2] !== '>') throw xmlFault(cursor, 'a comment does not end properly');
  cursor.at = dashes + 3;
}

function skipTo(cursor: Cursor, mark: string, words: string): void {
  const end = cursor.text.indexOf(mark, cursor.at);
  if (end === -1) throw xmlFault(cursor, words);
  cursor.at = end + mark.length;
}

function match(cursor: Cursor, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text);
  if (found !== null) cursor.at = pattern.lastIndex;
  return found;
}

/** Is the next thing an end tag? */
export function atEndTag(cursor: Cursor): boolean {
  return cursor.text.startsWith('</', cursor.at);
}

/** Reads `<name a="b">`. @throws Outcome 400 */
export function openTag(cursor: Cursor): Tag {
  const from = cursor.at;
  if (cursor.text[cursor.at] !== '<') throw xmlFault(cursor, 'an element was expected');
  cursor.at += 1;
  const name = match(cursor, NAME)?.[0];
  if (name === undefined) throw xmlFault(cursor, 'an element name was expected', undefined, from);
  const attributes = new Map<string, string>();
  for (;;) {
    const spaced = match(cursor, SPACE) !== null;
    if (cursor.text.startsWith('/>', cursor.at)) {
      cursor.at += 2;
      return { name, attributes, closed: true, from };
    }
    if (cursor.text[cursor.at] === '>') {
      cursor.at += 1;
      cursor.depth += 1;
      if (cursor.depth > cursor.maxDepth) throw xmlFault(cursor, `more than ${cursor.maxDepth} levels of elements`);
      return { name, attributes, closed: false, from };
    }
    if (!spaced) throw xmlFault(cursor, 'the tag is not well formed');
    readAttribute(cursor, attributes);
  }
}

function readAttribute(cursor: Cursor, attributes: Map<string, string>): void {
  const name = match(cursor, NAME)?.[0];
  if (name === undefined) throw xmlFault(cursor, 'an attribute was expected');
  if (attributes.has(name)) throw xmlFault(cursor, 'an attribute stands twice in one tag');
  match(cursor, SPACE);
  if (cursor.text[cursor.at] !== '=') throw xmlFault(cursor, 'an attribute has no value');
  cursor.at += 1;
  match(cursor, SPACE);
  const start = cursor.at;
  const value = match(cursor, VALUE);
  if (value === null) throw xmlFault(cursor, 'an attribute value is not properly quoted');
  // Literal blanks become spaces before references are read: `&#10;` stays a line end (XML 1.0 section 3.3.3).
  attributes.set(name, resolveReferences(cursor, (value[1] ?? value[2] ?? '').replace(/[\t\n]/g, ' '), start));
}

/** `&amp;` and `&#10;` as what they mean. @throws Outcome 400 for any other entity */
function resolveReferences(cursor: Cursor, raw: string, at: number): string {
  if (!raw.includes('&')) return raw;
  return raw.replace(/&([^;&]{0,40};?)/g, (_whole, inner: string) => characterOf(cursor, inner, at));
}

function characterOf(cursor: Cursor, inner: string, at: number): string {
  const known = inner.endsWith(';') ? ENTITIES[inner.slice(0, -1)] : undefined;
  if (known !== undefined && Object.hasOwn(ENTITIES, inner.slice(0, -1))) return known;
  const digits = /^#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}));$/.exec(inner);
  const code = digits === null ? -1 : Number.parseInt(digits[1] ?? digits[2] ?? '', digits[1] === undefined ? 10 : 16);
  if (code < 0 || code > 0x10ffff || NO_CHARACTER.test(String.fromCodePoint(code))) {
    throw xmlFault(cursor, 'an entity that XML itself does not define, or a character it does not have', undefined, at);
  }
  return String.fromCodePoint(code);
}

/** Reads the end tag of `name`. @throws Outcome 400 */
export function closeTag(cursor: Cursor, name: string): void {
  if (!cursor.text.startsWith(`</${name}`, cursor.at)) throw xmlFault(cursor, `the end of ${name} was expected`);
  cursor.at += 2 + name.length;
  match(cursor, SPACE);
  if (cursor.text[cursor.at] !== '>') throw xmlFault(cursor, `the end of ${name} was expected`);
  cursor.at += 1;
  cursor.depth -= 1;
}

/** Passes over the content and end of an opened element of narrative, checking that it is well formed. */
export function skipElement(cursor: Cursor, tag: Tag): void {
  if (tag.closed) return;
  for (;;) {
    const start = cursor.at;
    const words = match(cursor, PLAIN_TEXT)?.[0] ?? '';
    resolveReferences(cursor, words, start);
    if (cursor.text.startsWith('<!--', cursor.at)) skipComment(cursor);
    else if (cursor.text.startsWith('<!', cursor.at) || cursor.text.startsWith('<?', cursor.at))
      throw declaration(cursor);
    else if (atEndTag(cursor)) {
      closeTag(cursor, tag.name);
      return;
    } else if (cursor.at >= cursor.text.length) throw xmlFault(cursor, `the end of ${tag.name} was expected`);
    else skipElement(cursor, openTag(cursor));
  }
}
