/** The words of `_text` and `_content`: what they mean, and what is no query. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type TextQuery, textQuery } from '../../../src/search/text-query.ts';

function shown(query: TextQuery | null): string {
  if (query === null) return 'none';
  return query.op === 'phrase' ? `"${query.text}"` : `${query.op}(${query.of.map(shown).join(' ')})`;
}

test.each([
  ['bone', '"bone"'],
  ['Bröken bone', 'and("broken" "bone")'],
  ['(bone OR liver) and metastases', 'and(or("bone" "liver") "metastases")'],
  ['"left  arm" not broken', 'and("left arm" not("broken"))'],
  ['a or b and c or d', 'or("a" and("b" "c") "d")'],
  ['not (a or b)', 'not(or("a" "b"))'],
  ['"or"', '"or"'],
  ['((a))', '"a"'],
  ["a' & b", 'none'],
  ["o'brien Location/refuge", 'and("o brien" "location refuge")'],
  ["x'|y:*", '"x y"'],
  ['', 'none'],
  ['   ', 'none'],
  ['%', 'none'],
  ['and', 'none'],
  ['a or', 'none'],
  ['or a', 'none'],
  ['(a', 'none'],
  ['a)', 'none'],
  ['"a', 'none'],
  ['()', 'none'],
  [Array(21).fill('a').join(' '), 'none'],
])('%s is %s', (text, expected) => expect(shown(textQuery(text))).toBe(expected));

test('no text makes it fail', () => {
  const piece = fc.constantFrom('a', '(', ')', '"', 'or', 'and', 'not', ' ', 'é', "'", '|');
  fc.assert(fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => void textQuery(pieces.join(' '))));
});
