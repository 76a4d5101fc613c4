/**
 * Says what is wrong with a body that `json.ts` did not take: where (line, column, JSON path) and why, never a value.
 * Runs only on refused bodies, so it is written to be exact, not fast.
 */
import { Outcome } from './outcome.ts';

/** Keys that could reach a prototype when an object is copied carelessly (holes H18). */
export const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Longest number text taken: far above any FHIR decimal, far below what makes arithmetic on it costly. */
export const MAX_NUMBER_LENGTH = 128;

type Step = string | number;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const ESCAPE = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y;
const LITERAL = /true|false|null/y;

class Fault extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

interface Cursor {
  readonly text: string;
  readonly maxDepth: number;
  at: number;
  path: Step[];
}

/** `name[0].family`; a key that is not a plain element name is shown as `?`, since it may be content. */
export function jsonPath(path: readonly Step[]): string {
  let out = '';
  for (const step of path) {
    if (typeof step === 'number') out += `[${step}]`;
    else
      out += `${out === '' ? '' : '.'}${/^_?[A-Za-z][A-Za-z0-9]{0,63}$/.test(step) || FORBIDDEN_NAMES.has(step) ? step : '?'}`;
  }
  return out;
}

/** Line and column (both from 1, columns in UTF-16 units) of an offset in a text. */
function position(text: string, at: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let i = text.indexOf('\n'); i !== -1 && i < at; i = text.indexOf('\n', i + 1)) {
    line += 1;
    start = i + 1;
  }
  return { line, column: at - start + 1 };
}

function space(cursor: Cursor): void {
  while (cursor.at < cursor.text.length && ' \t\r\n'.includes(cursor.text.charAt(cursor.at))) cursor.at += 1;
}

function next(cursor: Cursor): string {
  space(cursor);
  return cursor.text.charAt(cursor.at);
}

function take(cursor: Cursor, pattern: RegExp): string | null {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text);
  if (!found) return null;
  cursor.at += found[0].length;
  return found[0];
}

function skipEscape(cursor: Cursor): void {
  cursor.at += 1;
  if (take(cursor, ESCAPE) === null) throw new Fault(cursor.at - 1, 'a backslash escape that JSON does not know');
}

function skipString(cursor: Cursor): string {
  const start = cursor.at;
  cursor.at += 1;
  for (;;) {
    const unit = cursor.text.charCodeAt(cursor.at);
    if (Number.isNaN(unit)) throw new Fault(cursor.at, 'the text ends inside a string');
    if (unit === 0x22) break;
    if (unit < 0x20) throw new Fault(cursor.at, 'a control character inside a string');
    if (unit === 0x5c) skipEscape(cursor);
    else cursor.at += 1;
  }
  cursor.at += 1;
  const value: string = JSON.parse(cursor.text.slice(start, cursor.at));
  if (!value.isWellFormed()) throw new Fault(start, 'a string with half of a surrogate pair');
  return value;
}

function skipNumber(cursor: Cursor): void {
  const start = cursor.at;
  const text = take(cursor, NUMBER);
  if (text === null) throw new Fault(start, 'a number that JSON does not know');
  if (text.length > MAX_NUMBER_LENGTH) throw new Fault(start, `a number longer than ${MAX_NUMBER_LENGTH} characters`);
  if (!Number.isFinite(Number(text))) throw new Fault(start, 'a number too large to hold');
}

function enter(cursor: Cursor): void {
  if (cursor.path.length >= cursor.maxDepth) throw new Fault(cursor.at, `nested deeper than ${cursor.maxDepth} levels`);
  cursor.at += 1;
}

function skipObject(cursor: Cursor): void {
  enter(cursor);
  const keys = new Set<string>();
  if (next(cursor) === '}') {
    cursor.at += 1;
    return;
  }
  for (;;) {
    if (next(cursor) !== '"') throw new Fault(cursor.at, 'a property name in double quotes is missing');
    const start = cursor.at;
    const key = skipString(cursor);
    cursor.path.push(key);
    if (FORBIDDEN_NAMES.has(key)) throw new Fault(start, 'a property name that is not allowed');
    if (keys.has(key)) throw new Fault(start, 'the same property twice in one object');
    keys.add(key);
    if (next(cursor) !== ':') throw new Fault(cursor.at, 'a colon is missing');
    cursor.at += 1;
    skipValue(cursor);
    const after = next(cursor);
    if (after !== ',' && after !== '}') throw new Fault(cursor.at, 'a comma or closing brace is missing');
    cursor.path.pop();
    cursor.at += 1;
    if (after === '}') return;
  }
}

function skipArray(cursor: Cursor): void {
  enter(cursor);
  if (next(cursor) === ']') {
    cursor.at += 1;
    return;
  }
  for (let index = 0; ; index += 1) {
    cursor.path.push(index);
    skipValue(cursor);
    const after = next(cursor);
    if (after !== ',' && after !== ']') throw new Fault(cursor.at, 'a comma or closing bracket is missing');
    cursor.path.pop();
    cursor.at += 1;
    if (after === ']') return;
  }
}

function skipValue(cursor: Cursor): void {
  const first = next(cursor);
  if (first === '') throw new Fault(cursor.at, 'the text ends where a value is missing');
  if (first === '{') skipObject(cursor);
  else if (first === '[') skipArray(cursor);
  else if (first === '"') skipString(cursor);
  else if (first === '-' || (first >= '0' && first <= '9')) skipNumber(cursor);
  else if (take(cursor, LITERAL) === null) throw new Fault(cursor.at, 'a value is missing');
}

function fault(text: string, at: number, path: readonly Step[], why: string): Outcome {
  const { line, column } = position(text, at);
  const where = jsonPath(path);
  const diagnostics = `The body is not acceptable JSON: ${why}, at line ${line}, column ${column}${where ? ` (${where})` : ''}.`;
  return new Outcome(400, [
    {
      severity: 'fatal',
      code: 'structure',
      diagnostics,
      ...(where && !where.includes('?') ? { expression: where } : {}),
    },
  ]);
}

/** The first fault of a text, as a 400 `structure` Outcome; null when this careful reading finds none. */
export function findFault(text: string, maxDepth: number): Outcome | null {
  const cursor: Cursor = { text, maxDepth, at: 0, path: [] };
  try {
    skipValue(cursor);
    if (next(cursor) !== '') throw new Fault(cursor.at, 'something follows the end of the value');
    return null;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return fault(text, error.at, cursor.path, error.message);
  }
}

/** Length of one well-formed UTF-8 sequence at `at` (Unicode table 3-7), or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(at, at + 4);
  const tail = (byte: number): boolean => byte >= 0x80 && byte <= 0xbf;
  if (a < 0x80) return 1;
  if (a >= 0xc2 && a <= 0xdf) return tail(b) ? 2 : 0;
  if (a >= 0xe0 && a <= 0xef) {
    const fits = b >= (a === 0xe0 ? 0xa0 : 0x80) && b <= (a === 0xed ? 0x9f : 0xbf);
    return fits && tail(c) ? 3 : 0;
  }
  const fits = a >= 0xf0 && a <= 0xf4 && b >= (a === 0xf0 ? 0x90 : 0x80) && b <= (a === 0xf4 ? 0x8f : 0xbf);
  return fits && tail(c) && tail(d) ? 4 : 0;
}

/** The 400 for bytes that are not UTF-8 (RFC 8259 section 8.1), naming where the first such byte stands. */
export function encodingFault(bytes: Uint8Array, maxDepth: number): Outcome {
  let at = 0;
  for (let size = sequenceLength(bytes, 0); size > 0 && at < bytes.length; size = sequenceLength(bytes, at)) at += size;
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, at));
  const before = findFault(text, maxDepth);
  const where = before?.issues[0]?.expression;
  const { line, column } = position(text, text.length);
  const diagnostics = `The body is not UTF-8: a byte that cannot stand at line ${line}, column ${column}${where ? ` (${where})` : ''}.`;
  return new Outcome(400, [
    { severity: 'fatal', code: 'invalid', diagnostics, ...(where ? { expression: where } : {}) },
  ]);
}
