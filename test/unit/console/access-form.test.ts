/** What an officer may type: numbers, reasons and dates by table. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { filterQuery, readFilters, readLookForm } from '../../../src/console/access-form.ts';
import { londonDate } from '../../../src/fhir/london.ts';

const REASON = 'Complaint IG-2031';

describe('the look form', () => {
  test.each([
    ['9990001006', true],
    ['999 000 1006', true],
    [' 999-000-1006 ', true],
    ['', false],
    ['9990001007', false],
    ['999000109', false],
    ['99900010061', false],
    ['1111111111', false],
    ['0000000000', false],
    ['٩٩٩٠٠٠١٠٠٦', false],
    ['9990001006; drop', false],
  ])('NHS number %j: %p', (typed, good) => {
    const form = readLookForm(typed, REASON);
    expect(form.errors).toEqual(good ? [] : [{ field: 'nhs-number', text: expect.any(String) }]);
    // What is wrong comes back as it was typed, so that it can be put right.
    expect(form.nhsNumber).toBe(good ? '9990001006' : typed);
  });

  test.each([
    ['', 'Enter the reason for looking'],
    ['too short', 'Reason must be 15 characters or more'],
    [' a             b ', 'Reason must be 15 characters or more'],
    ['x'.repeat(301), 'Reason must be 300 characters or fewer'],
    ['asked by 999 000 1006 herself', 'Reason must not include an NHS number or other long number'],
    ['x'.repeat(15), null],
    ['x'.repeat(300), null],
  ])('reason %j: %j', (typed, error) => {
    expect(readLookForm('9990001006', typed).errors.map(({ text }) => text)).toEqual(error === null ? [] : [error]);
  });
});

describe('filters', () => {
  const read = (query: string) => readFilters(new URLSearchParams(query));

  test.each([
    ['from-day=27&from-month=3&from-year=2026', '2026-03-27T00:00:00.000Z'],
    ['from-day=30&from-month=3&from-year=2026', '2026-03-29T23:00:00.000Z'],
    ['from-day=01&from-month=07&from-year=2026', '2026-06-30T23:00:00.000Z'],
  ])('%s begins at %s', (query, from) => {
    expect(read(query)).toMatchObject({ range: { from, until: null }, errors: [] });
  });

  test('the last day is included, also the 23 and the 25 hour day', () => {
    expect(read('to-day=29&to-month=3&to-year=2026').range.until).toBe('2026-03-29T23:00:00.000Z');
    expect(read('to-day=25&to-month=10&to-year=2026').range.until).toBe('2026-10-26T00:00:00.000Z');
  });

  test.each([
    'from-day=31&from-month=2&from-year=2026',
    'from-day=1',
    'to-day=x&to-month=1&to-year=2026',
    'from-day=1&from-month=1&from-year=26',
    'from-day=2&from-month=1&from-year=2026&to-day=1&to-month=1&to-year=2026',
  ])('%s is told, and narrows nothing', (query) => {
    const filters = read(query);
    expect(filters.errors).toHaveLength(1);
    expect(filters.range).toEqual({ from: null, until: null });
  });

  test('any day: its range holds exactly the instants of that London day', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-30'), noInvalidDate: true }), (at) => {
        const [year, month, day] = londonDate(at).split('-');
        const { range } = read(
          `from-day=${day}&from-month=${month}&from-year=${year}&to-day=${day}&to-month=${month}&to-year=${year}`,
        );
        const instant = at.toISOString();
        expect(range.from !== null && range.from <= instant).toBe(true);
        expect(range.until !== null && instant < range.until).toBe(true);
        expect(londonDate(new Date(Date.parse(range.until ?? '') - 1))).toBe(`${year}-${month}-${day}`);
      }),
    );
  });

  test('filters survive in links, and only they', () => {
    const filters = read('from-day=1&from-month=2&from-year=2026&person=abc&evil=<x>');
    expect(filterQuery(filters, { before: 12 })).toBe('?from-day=1&from-month=2&from-year=2026&person=abc&before=12');
    expect(filterQuery(read(''))).toBe('');
    expect(read('before=0').before).toBeNull();
    expect(read("before=1'").before).toBeNull();
  });
});
