/**
 * One pass over the bytes of a JSON text for what V8's parser lets through. It presumes nothing about the grammar (V8
 * judges that afterwards), reads every byte once and always ends.
 */
import { FORBIDDEN_NAMES, MAX_NUMBER_LENGTH } from './json-fault.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;

/** A number JavaScript would spell differently: its rank among all numbers of the text, and its text. */
export interface KeptNumber {
  rank: number;
  text: string;
}

export interface Scan {
  /** Something V8 accepts and we refuse was seen; `findFault` says what. */
  faulty: boolean;
  /** How many colons stand outside strings: as many as the text has properties. */
  keys: number;
  /** A key that may look like an array index was seen: V8 then orders properties differently from the text. */
  reordered: boolean;
  kept: KeptNumber[];
  /** The string read last, without its quotes, and whether it holds a backslash. */
  start: number;
  end: number;
  escaped: boolean;
}

/** Bytes to skip for the `\u` escape at `at`: 6, or 12 for a surrogate pair; a lone surrogate makes the scan faulty. */
function unicodeEscape(bytes: Buffer, at: number, found: Scan): number {
  const unit = Number.parseInt(bytes.toString('latin1', at + 2, at + 6), 16);
  if (!(unit >= 0xd800 && unit <= 0xdfff)) return 2;
  if (unit <= 0xdbff && /^\\u[dD][c-fC-F]/.test(bytes.toString('latin1', at + 6, at + 10))) return 12;
  found.faulty = true;
  return 6;
}

/** From just after the opening quote to just after the closing one. */
function skipString(bytes: Buffer, from: number, found: Scan): number {
  const length = bytes.length;
  let i = from;
  found.start = from;
  found.escaped = false;
  while (i < length) {
    const byte = bytes[i] as number;
    if (byte === QUOTE) break;
    if (byte === BACKSLASH) {
      found.escaped = true;
      i += bytes[i + 1] === 0x75 ? unicodeEscape(bytes, i, found) : 2;
    } else i += 1;
  }
  found.end = i;
  return i + 1;
}

function forbiddenKey(bytes: Buffer, found: Scan): boolean {
  const raw = bytes.toString('latin1', found.start, found.end);
  if (!found.escaped) return FORBIDDEN_NAMES.has(raw);
  try {
    return FORBIDDEN_NAMES.has(JSON.parse(`"${raw}"`));
  } catch {
    return true;
  }
}

function noteKey(bytes: Buffer, found: Scan): void {
  found.keys += 1;
  const first = bytes[found.start] as number;
  if (found.escaped || (first >= ZERO && first <= NINE)) found.reordered = true;
  const length = found.end - found.start;
  // __proto__ and prototype have 9 characters, constructor 11
  if ((found.escaped || length === 9 || length === 11) && forbiddenKey(bytes, found)) found.faulty = true;
}

/** From the first character of a number to just after its last; keeps its text when JavaScript would change it. */
function skipNumber(bytes: Buffer, from: number, rank: number, found: Scan): number {
  const length = bytes.length;
  let i = from + 1;
  let plain = bytes[from] !== MINUS || bytes[i] !== ZERO;
  while (i < length) {
    const byte = bytes[i] as number;
    if (byte < ZERO || byte > NINE) {
      // . e E + -
      if (byte !== 0x2e && byte !== 0x65 && byte !== 0x45 && byte !== 0x2b && byte !== MINUS) break;
      plain = false;
    }
    i += 1;
  }
  if (plain && i - from <= 15) return i;
  const text = bytes.toString('latin1', from, i);
  const value = Number(text);
  if (text.length > MAX_NUMBER_LENGTH || !Number.isFinite(value)) found.faulty = true;
  if (String(value) !== text) found.kept.push({ rank, text });
  return i;
}

/** Reads all bytes (UTF-8, no byte order mark); stops early only when nested deeper than `maxDepth`. */
export function scanJson(bytes: Buffer, maxDepth: number): Scan {
  const found: Scan = { faulty: false, keys: 0, reordered: false, kept: [], start: 0, end: 0, escaped: false };
  const length = bytes.length;
  let depth = 0;
  let numbers = 0;
  let i = 0;
  while (i < length) {
    const byte = bytes[i] as number;
    if (byte === QUOTE) {
      i = skipString(bytes, i + 1, found);
    } else if (byte === MINUS || (byte >= ZERO && byte <= NINE)) {
      i = skipNumber(bytes, i, numbers, found);
      numbers += 1;
    } else {
      i += 1;
      if (byte === 0x3a) noteKey(bytes, found);
      else if (byte === 0x7d || byte === 0x5d) depth -= 1;
      else if (byte === 0x7b || byte === 0x5b) {
        depth += 1;
        if (depth <= maxDepth) continue;
        found.faulty = true;
        return found;
      }
    }
  }
  return found;
}
