/** which change of an agreement widens, and what contradicts what. The oracle is a grid of single questions. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contradiction, widens } from '../../../src/governance/agreement-changes.ts';
import { agreementsOf, contradictoryTerms } from '../../../src/governance/agreements.ts';
import { covers } from '../../../src/governance/evaluate.ts';
import type { AgreementRow, DataClass, Label, Purpose } from '../../../src/governance/types.ts';
import { agreement } from '../../harness/directory.ts';

const DAYS = [1, 2, 3, 4, 5].map((n) => `2026-01-0${n}T00:00:00.000Z`);
const SERVICES = ['Organization/a', 'Organization/b'];
const CLASSES: DataClass[] = ['plan', 'visit'];
const PURPOSES: Purpose[] = ['TREAT', 'COC'];
const LABELS: Label[] = ['N', 'R'];

const row: fc.Arbitrary<AgreementRow> = fc.record({
  fromService: fc.constantFrom(...SERVICES),
  toService: fc.constantFrom(...SERVICES),
  classes: fc.subarray(CLASSES, { minLength: 1 }),
  purposes: fc.subarray(PURPOSES, { minLength: 1 }),
  maxLabel: fc.constantFrom(...LABELS),
  from: fc.constantFrom(null, DAYS[0] ?? '', DAYS[1] ?? ''),
  until: fc.constantFrom(null, DAYS[3] ?? '', DAYS[4] ?? ''),
  revoked: fc.boolean(),
  source: fc.constant('Contract/x'),
});

/** Every single thing that rows permit, as lines. */
function permitted(rows: readonly AgreementRow[]): Set<string> {
  const found = new Set<string>();
  for (const from of SERVICES)
    for (const to of SERVICES)
      for (const dataClass of CLASSES)
        for (const purpose of PURPOSES)
          for (const label of LABELS)
            for (const day of ['2025-12-31T12:00:00.000Z', ...DAYS, '2026-01-06T00:00:00.000Z']) {
              const now = new Date(day);
              const asked = { op: 'agreement', to, purpose, graceDays: 0 } as const;
              const about = { row: { service: from, dataClass, label }, now };
              if (rows.some((one) => covers(one, asked, about)))
                found.add([from, to, dataClass, purpose, label, day].join());
            }
  return found;
}

describe('widens', () => {
  test('false only where nothing more is permitted', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 3 }), fc.array(row, { maxLength: 3 }), (before, after) => {
        if (widens(before, after)) return;
        const had = permitted(before);
        for (const one of permitted(after)) expect(had.has(one)).toBe(true);
      }),
    );
  });

  test('an agreement against itself, without one row, and against nothing', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 3 }), (rows) => {
        expect(widens(rows, rows)).toBe(false);
        expect(widens(rows, rows.slice(1))).toBe(false);
        expect(widens([], rows)).toBe(rows.some(({ revoked }) => !revoked));
      }),
    );
  });
});

const BASE: AgreementRow = {
  ...{ fromService: 'Organization/a', toService: 'Organization/b', classes: ['plan'], purposes: ['TREAT'] },
  ...{ maxLabel: 'N', from: null, until: DAYS[3] ?? null, revoked: false, source: 'Contract/x' },
};

test.each<[string, Partial<AgreementRow>, boolean]>([
  ['another label for the same', { maxLabel: 'R' }, true],
  ['the same label', {}, false],
  ['the other direction', { maxLabel: 'R', fromService: 'Organization/b', toService: 'Organization/a' }, false],
  ['another purpose', { maxLabel: 'R', purposes: ['COC'] }, false],
  ['another kind of record', { maxLabel: 'R', classes: ['visit'] }, false],
  ['a later time', { maxLabel: 'R', from: DAYS[3] ?? null, until: null }, false],
  ['one that is revoked', { maxLabel: 'R', revoked: true }, false],
])('contradiction: %s', (_, more, is) => {
  const other = { ...BASE, ...more };
  expect(contradiction(BASE, [other])).toBe(is ? other : null);
});

test('terms of one paper that contradict each other are named', () => {
  const paper = agreement();
  const terms = Array.isArray(paper.term) ? paper.term : [];
  expect(contradictoryTerms(paper)).toEqual([]);
  const [first] = terms;
  const lower = JSON.parse(JSON.stringify(first).replace('"code":"R"', '"code":"N"'));
  const faults = contradictoryTerms({ ...paper, term: [...terms, lower] });
  expect(faults).toEqual([{ expression: `Contract.term[${terms.length}]`, text: expect.stringContaining('term 0') }]);
});

test('a last day in summer ends at midnight in England, in winter too, and an instant at itself (R-04)', () => {
  const ends = (end: string) => agreementsOf({ ...agreement(), applies: { start: '2026-07-01', end } })[0];
  expect(ends('2027-06-30')).toMatchObject({ from: '2026-06-30T23:00:00.000Z', until: '2027-06-30T23:00:00.000Z' });
  expect(ends('2026-12-31')?.until).toBe('2027-01-01T00:00:00.000Z');
  expect(ends('2026-10')?.until).toBe('2026-11-01T00:00:00.000Z');
  expect(ends('2026-09-01T12:00:00Z')?.until).toBe('2026-09-01T12:00:00.000Z');
});
