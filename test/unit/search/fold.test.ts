import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fold, foldedKey, foldedPart, isWhole, laterWords, prefixEnd, wholeValue } from '../../../src/search/fold.ts';
import { compareText } from '../../../src/search/match.ts';

describe('folding', () => {
  test.each([
    ['Änne', 'anne'],
    ['ÅNGSTRÖM', 'angstrom'],
    ['Straße', 'strasse'],
    ['Œuvre Æsir Łódź Ørsted', 'oeuvre aesir lodz orsted'],
    ['O’Brien', "o'brien"],
    ['Smith‐Jones', 'smith-jones'],
    ['  two \t\n spaces ', 'two spaces'],
    ['e\u0301', 'e'],
    ['İstanbul', 'istanbul'],
    ['ΑΝΔΡΈΑΣ', 'ανδρεασ'],
    ['ﬁnd', 'find'],
    ['100%_\\', '100%_\\'],
  ])('%s -> %s', (text, folded) => expect(fold(text)).toBe(folded));

  test('is idempotent, so that what was folded once is found', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => fold(fold(text)) === fold(text)),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => fold(fold(text)) === fold(text)),
      { numRuns: 500 },
    );
  });

  test('never lets control characters through, so that the separator is ours alone', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !fold(text).includes('\u0001')));
  });
});

describe('stored values', () => {
  test('hold the folded form and the text as written, within an index entry', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 4000 }), (text) => {
        const value = wholeValue(text);
        expect(foldedPart(value)).toBe(foldedKey(text));
        expect(isWhole(value)).toBe(true);
        expect(Buffer.byteLength(value)).toBeLessThan(2500);
        expect(value.isWellFormed()).toBe(true);
      }),
    );
  });

  test('long texts that differ only at the end are different when asked for exactly', () => {
    const long = 'x'.repeat(900);
    expect(wholeValue(`${long}a`)).not.toBe(wholeValue(`${long}b`));
  });

  test.each([
    ['van den Berg', ['den berg', 'berg']],
    ['Smith-Jones', ['jones']],
    ['Anne', []],
    ['a - b', ['- b', 'b']],
  ])('later words of %s', (text, tails) => expect(laterWords(text)).toEqual(tails));
});

describe('prefix ranges', () => {
  test('hold exactly the texts that start with the prefix, in byte order', () => {
    const text = fc.string({ unit: 'binary', maxLength: 4 });
    fc.assert(
      fc.property(text, text, (prefix, other) => {
        const end = prefixEnd(prefix);
        const inside = compareText(other, prefix) >= 0 && (end === null || compareText(other, end) < 0);
        expect(inside).toBe(other.startsWith(prefix));
      }),
      { numRuns: 2000 },
    );
  });

  test('text order is that of UTF-8 bytes', () => {
    const text = fc.string({ unit: 'binary', maxLength: 3 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 1000 },
    );
  });
});
