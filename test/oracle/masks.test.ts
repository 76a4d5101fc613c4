/**
 * What is shown of a row that may be shown: an independent reading of over random worlds
 * whose every maskable element carries a word of its own. Each mask is proven alive in flips.test.ts.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { prepare } from './answers.ts';
import { difference, marks } from './marks.ts';

test('of every row that may be read, exactly what the rules leave is shown', () => {
  fc.assert(
    fc.property(marks, (one) => {
      expect(difference(one, prepare(one.world), (masks) => masks)).toBeNull();
    }),
    { numRuns: 60 },
  );
}, 60_000);
