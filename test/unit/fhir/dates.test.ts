import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  dateRange,
  isDate,
  isDateTime,
  isInstant,
  isTime,
  periodRange,
  searchDateRange,
  timingRange,
} from '../../../src/fhir/dates.ts';
import { londonDate, londonDayStart } from '../../../src/fhir/london.ts';

describe('dateRange', () => {
  test.each([
    ['2023', '2023-01-01T00:00:00.000Z', '2024-01-01T00:00:00.000Z', 'year'],
    ['2023-12', '2023-12-01T00:00:00.000Z', '2024-01-01T00:00:00.000Z', 'month'],
    ['2024-02', '2024-02-01T00:00:00.000Z', '2024-03-01T00:00:00.000Z', 'month'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z', '2024-03-01T00:00:00.000Z', 'day'],
    ['2026-03-23T09:14:02Z', '2026-03-23T09:14:02.000Z', '2026-03-23T09:14:03.000Z', 'second'],
    ['2026-06-23T09:14:02+01:00', '2026-06-23T08:14:02.000Z', '2026-06-23T08:14:03.000Z', 'second'],
    ['2026-01-01T00:00:00+14:00', '2025-12-31T10:00:00.000Z', '2025-12-31T10:00:01.000Z', 'second'],
    ['2026-01-01T00:00:00-00:30', '2026-01-01T00:30:00.000Z', '2026-01-01T00:30:01.000Z', 'second'],
    ['2026-01-01T00:00:00.2Z', '2026-01-01T00:00:00.200Z', '2026-01-01T00:00:00.300Z', 'millisecond'],
    ['2026-01-01T00:00:00.999Z', '2026-01-01T00:00:00.999Z', '2026-01-01T00:00:01.000Z', 'millisecond'],
    ['2026-01-01T00:00:00.1234567Z', '2026-01-01T00:00:00.123Z', '2026-01-01T00:00:00.124Z', 'millisecond'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z', '2017-01-01T00:00:01.000Z', 'second'],
    ['0099', '0099-01-01T00:00:00.000Z', '0100-01-01T00:00:00.000Z', 'year'],
    ['9999', '9999-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z', 'year'],
    ['0001-01-01T00:00:00+14:00', '0001-01-01T00:00:00.000Z', '0001-01-01T00:00:00.000Z', 'second'],
  ])('%s', (text, low, high, precision) => {
    expect(dateRange(text)).toEqual({ low, high, precision });
  });

  test.each([
    '',
    '0000',
    '23',
    '2023-00',
    '2023-13',
    '2023-1',
    '2023-02-29',
    '1900-02-29',
    '2023-04-31',
    '2023-01-00',
    '2023-01-01T',
    '2023-01-01T10',
    '2023-01-01T10:00',
    '2023-01-01T10:00Z',
    '2023-01-01T10:00:00',
    '2023-01-01T24:00:00Z',
    '2023-01-01T10:60:00Z',
    '2023-01-01T10:00:61Z',
    '2023-01-01T10:00:00.Z',
    '2023-01-01T10:00:00+14:01',
    '2023-01-01T10:00:00+05:60',
    '2023-01-01t10:00:00z',
    '2023-01-01 10:00:00Z',
    ' 2023',
    '2023\n',
    '20230101',
    '+2023',
    '12023',
    '２０２３',
  ])('refused: %j', (text) => {
    expect(dateRange(text)).toBeNull();
    expect([isDate(text), isDateTime(text), isInstant(text)]).toEqual([false, false, false]);
  });
});

test.each([
  ['2023-01-01', true, true, false],
  ['2023', true, true, false],
  ['2023-01-01T10:00:00Z', false, true, true],
  ['2023-01-01T10:00:00.5+01:00', false, true, true],
])('%s: date %s, dateTime %s, instant %s', (text, date, dateTime, instant) => {
  expect([isDate(text), isDateTime(text), isInstant(text)]).toEqual([date, dateTime, instant]);
});

test.each([
  ['00:00:00', true],
  ['23:59:60.25', true],
  ['24:00:00', false],
  ['12:00', false],
  ['12:00:00Z', false],
  ['1:00:00', false],
])('time %s: %s', (text, expected) => {
  expect(isTime(text)).toBe(expected);
});

describe('searchDateRange', () => {
  test.each([
    ['2026-01-01T10:00', '2026-01-01T10:00:00.000Z', '2026-01-01T10:01:00.000Z'],
    ['2026-01-01T10:00Z', '2026-01-01T10:00:00.000Z', '2026-01-01T10:01:00.000Z'],
    ['2026-01-01T10:00:00', '2026-01-01T10:00:00.000Z', '2026-01-01T10:00:01.000Z'],
    ['2026-01-01T10:00:00 01:00', '2026-01-01T09:00:00.000Z', '2026-01-01T09:00:01.000Z'],
    ['2026-01-01T10:00 01:00', '2026-01-01T09:00:00.000Z', '2026-01-01T09:01:00.000Z'],
    ['2026-01', '2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'],
  ])('%s', (text, low, high) => {
    expect(searchDateRange(text)).toMatchObject({ low, high });
  });

  test.each([
    '2026-01-01T10',
    '2026-01-01 10:00',
    '2026-13',
    'ge2026',
    '2026-02-30',
    'today',
    '2026-01-01T10:00:00  01:00',
  ])('refused: %j', (text) => {
    expect(searchDateRange(text)).toBeNull();
  });
});

describe('properties', () => {
  const moment = fc.date({
    min: new Date('0002-01-01T00:00:00Z'),
    max: new Date('9998-12-31T00:00:00Z'),
    noInvalidDate: true,
  });
  const covers = (text: string, instant: string): boolean => {
    const range = dateRange(text);
    return range !== null && range.low <= instant && instant < range.high;
  };

  test('every real date is taken, at every precision, and covers its own instant', () => {
    fc.assert(
      fc.property(moment, fc.constantFrom(4, 7, 10, 19, 21, 22, 23), (date, length) => {
        const instant = date.toISOString();
        expect(covers(instant.slice(0, length) + (length > 10 ? 'Z' : ''), instant)).toBe(true);
      }),
    );
  });

  test('an unreal day is never taken: same verdict as the calendar', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9999 }),
        fc.integer({ min: 0, max: 14 }),
        fc.integer({ min: 0, max: 33 }),
        (year, month, day) => {
          const two = (n: number): string => String(n).padStart(2, '0');
          const text = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
          const ms = Date.parse(`${text}T00:00:00Z`);
          const real = !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
          expect(isDate(text)).toBe(real);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('the zone moves the range by exactly its offset', () => {
    const zone = fc.integer({ min: -840, max: 840 });
    fc.assert(
      fc.property(moment, zone, (date, offset) => {
        const wall = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, 19);
        const size = Math.abs(offset);
        const suffix = `${offset < 0 ? '-' : '+'}${String(Math.floor(size / 60)).padStart(2, '0')}:${String(size % 60).padStart(2, '0')}`;
        expect(dateRange(wall + suffix)?.low).toBe(`${date.toISOString().slice(0, 19)}.000Z`);
      }),
    );
  });

  test('ranges are whole and half-open: neighbours touch and never overlap', () => {
    fc.assert(
      fc.property(moment, (date) => {
        const today = dateRange(date.toISOString().slice(0, 10));
        const tomorrow = dateRange(new Date(date.getTime() + 86_400_000).toISOString().slice(0, 10));
        expect(today?.high).toBe(tomorrow?.low);
      }),
    );
  });
});

describe('periods and timings', () => {
  const [A, B] = ['2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'];
  test.each([
    [
      { start: '2026', end: '2026-01' },
      { low: A, high: B },
    ],
    [{ start: '2026-01' }, { low: A, high: null }],
    [{ end: '2026-01' }, { low: null, high: B }],
    [{}, null],
    [{ start: '2026-02-30' }, null],
    [{ start: '2026-01', end: 'x' }, null],
    [{ start: '2027', end: '2026' }, null],
  ])('period %j', (period, range) => {
    expect(periodRange(period)).toEqual(range);
  });

  test.each([
    [{ event: ['2026-01-05', '2026-01-01', '2026-01-31'] }, { low: A, high: B }],
    [
      { repeat: { boundsPeriod: { start: '2026-01' } }, event: ['2025'] },
      { low: '2025-01-01T00:00:00.000Z', high: null },
    ],
    [{ repeat: { boundsPeriod: { end: '2026-01' } } }, { low: null, high: B }],
    [{ repeat: { frequency: 1 } }, null],
    [{ event: ['x'] }, null],
    [{}, null],
  ])('timing %j', (timing, range) => {
    expect(timingRange(timing)).toEqual(range);
  });
});

describe('London', () => {
  test.each([
    ['2026-01-31T23:59:59Z', '2026-01-31'],
    ['2026-06-01T23:00:00Z', '2026-06-02'],
    ['2026-03-29T00:59:59Z', '2026-03-29'],
    ['2026-10-24T23:00:00Z', '2026-10-25'],
    ['2026-10-25T23:30:00Z', '2026-10-25'],
  ])('%s is %s', (instant, date) => {
    expect(londonDate(instant)).toBe(date);
    expect(londonDate(new Date(instant))).toBe(date);
  });

  test('a day starts at the first instant that has its date', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('2000-01-01'), max: new Date('2037-12-31'), noInvalidDate: true }),
        (date) => {
          const day = londonDate(date);
          const start = londonDayStart(day);
          expect(londonDate(start)).toBe(day);
          expect(londonDate(new Date(Date.parse(start) - 1)) < day).toBe(true);
        },
      ),
    );
  });
});
