/** Days, dice and invented numbers of the seed. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { londonInstant, nextClockChange, weekdayOf, workingDay } from '../../../seed/days.ts';
import { nhsNumberAt } from '../../../seed/people.ts';
import { dice } from '../../../seed/random.ts';
import { addDays, civilDate, isWorkingDay } from '../../../src/care/clock.ts';
import { isNhsNumber } from '../../../src/fhir/identifiers.ts';

const anyDay = fc.integer({ min: 0, max: 4_000 }).map((n) => addDays('2024-01-01', n));

describe('days', () => {
  test.each([
    ['2026-03-29', '09:30', '2026-03-29T09:30:00+01:00'],
    ['2026-03-28', '09:30', '2026-03-28T09:30:00+00:00'],
    ['2026-10-25', '09:30', '2026-10-25T09:30:00+00:00'],
    ['2026-10-24', '22:00', '2026-10-24T22:00:00+01:00'],
    ['2026-11-23', '00:15', '2026-11-23T00:15:00+00:00'],
  ])('%s %s is %s', (date, time, instant) => {
    expect(londonInstant(date, time)).toBe(instant);
  });

  test('a London clock time in the day is of that day, whatever the season', () => {
    fc.assert(
      fc.property(anyDay, fc.constantFrom('07:30', '12:00', '23:45'), (day, time) => {
        expect(civilDate(new Date(londonInstant(day, time)))).toBe(day);
      }),
    );
  });

  test('the next change of clocks is a Sunday on which the offset of noon differs from the day before', () => {
    fc.assert(
      fc.property(anyDay, (day) => {
        const sunday = nextClockChange(day);
        expect(weekdayOf(sunday)).toBe(7);
        expect(sunday >= day).toBe(true);
        const offset = (of: string) => londonInstant(of, '12:00').slice(-6);
        expect(offset(sunday)).not.toBe(offset(addDays(sunday, -1)));
      }),
    );
  });

  test('a working day is one, and no further away than a weekend', () => {
    fc.assert(
      fc.property(anyDay, fc.constantFrom(1 as const, -1 as const), (day, step) => {
        const found = workingDay(day, step);
        expect(isWorkingDay(found)).toBe(true);
        expect([0, 1, 2].map((n) => addDays(day, n * step))).toContain(found);
      }),
    );
  });
});

test('dice fall the same for the same word, inside their bounds', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: -50, max: 50 }), fc.nat(100), (word, low, span) => {
      const one = dice(word);
      const other = dice(word);
      for (let n = 0; n < 5; n += 1) {
        const thrown = one.between(low, low + span);
        expect(thrown).toBe(other.between(low, low + span));
        expect(thrown >= low && thrown <= low + span).toBe(true);
      }
    }),
  );
});

test('NHS numbers start where domain.md 3.2 does and are all right', () => {
  const first = ['9990001006', '9990001014', '9990001022', '9990001030', '9990001049', '9990001057'];
  expect(first.map((_one, n) => nhsNumberAt(n))).toEqual(first);
  for (let n = 0; n < 1_600; n += 7) expect(isNhsNumber(nhsNumberAt(n))).toBe(true);
});
