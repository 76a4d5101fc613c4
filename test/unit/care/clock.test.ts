import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  addDays,
  addWorkingDays,
  antenatalContactWindow,
  civilDate,
  dateOfGestation,
  daysBetween,
  eddFromLmp,
  formatGestation,
  gestationDays,
  isWorkingDay,
  jointWindow,
  openDue,
  parseGestation,
  releaseOf,
  triageDue,
} from '../../../src/care/clock.ts';

const civil = fc.integer({ min: -20_000, max: 40_000 }).map((n) => addDays('1970-01-01', n));

describe('gestation', () => {
  test('the example of domain.md 2.8: booked at 9+0 on 2 Mar 2026, EDD 5 Oct 2026', () => {
    const edd = '2026-10-05';
    expect(formatGestation(gestationDays(edd, '2026-03-02'))).toBe('9+0');
    expect(dateOfGestation(edd, '12+0')).toBe('2026-03-23');
    expect(jointWindow(edd)).toEqual({ start: '2026-05-18', end: '2026-06-28' });
    expect(jointWindow(edd, '25+0').end).toBe('2026-06-22');
    expect(formatGestation(gestationDays(edd, '2026-06-08'))).toBe('23+0');
    expect(antenatalContactWindow(edd).start).toBe('2026-07-13');
  });

  test('EDD by LMP and gestation agree on every day of every pregnancy', () => {
    fc.assert(
      fc.property(civil, fc.integer({ min: 0, max: 300 }), (lmp, days) => {
        expect(gestationDays(eddFromLmp(lmp), addDays(lmp, days))).toBe(days);
        expect(parseGestation(formatGestation(days))).toBe(days);
        expect(daysBetween(lmp, addDays(lmp, days))).toBe(days);
      }),
    );
  });

  test('moving the EDD moves the window by as many days', () => {
    fc.assert(
      fc.property(civil, fc.integer({ min: -30, max: 30 }), (edd, days) => {
        expect(jointWindow(addDays(edd, days)).start).toBe(addDays(jointWindow(edd).start, days));
        expect(daysBetween(jointWindow(edd).start, jointWindow(edd).end)).toBe(41);
      }),
    );
  });

  test.each(['2026-02-30', '2026-2-3', '', '2026-13-01', 'tomorrow', '2026-10-05T00:00:00Z'])(
    '%p is no date',
    (bad) => {
      expect(() => addDays(bad, 1)).toThrow(/not a date/);
    },
  );

  test.each(['20+7', '20', '+3', '120+1', '20.3'])('%p is no gestation', (bad) => {
    expect(() => parseGestation(bad)).toThrow(/weeks\+days/);
  });

  test('a negative gestation is refused', () => expect(() => formatGestation(-1)).toThrow(/before the start/));

  test('dates are those of Europe/London, summer and winter', () => {
    expect(civilDate(new Date('2026-06-08T23:30:00Z'))).toBe('2026-06-09');
    expect(civilDate(new Date('2026-12-08T23:30:00Z'))).toBe('2026-12-08');
    expect(civilDate(new Date('2026-03-29T00:59:00Z'))).toBe('2026-03-29');
  });
});

describe('release (1.3 rules 6 and 7)', () => {
  const base = { edd: '2026-10-05', datingScan: false, priority: 'routine', safeguarding: false } as const;
  test.each([
    ['booking at 9+0', { today: '2026-03-02' }, { state: 'held', releaseOn: '2026-03-23' }],
    ['the day before 12+0', { today: '2026-03-22' }, { state: 'held', releaseOn: '2026-03-23' }],
    ['12+0', { today: '2026-03-23' }, { state: 'received', priority: 'routine' }],
    ['dating scan at 11+2', { today: '2026-03-18', datingScan: true }, { state: 'received' }],
    ['rule 12+0 ignores the scan', { today: '2026-03-18', datingScan: true, rule: '12+0' }, { state: 'held' }],
    ['immediate', { today: '2026-03-02', rule: 'immediate' }, { state: 'received', priority: 'routine' }],
    ['urgent', { today: '2026-03-02', priority: 'urgent' }, { state: 'received', priority: 'urgent' }],
    ['safeguarding', { today: '2026-03-02', safeguarding: true }, { state: 'received', priority: 'urgent' }],
    ['last day of the window', { today: '2026-06-28' }, { state: 'received', priority: 'routine' }],
    ['late', { today: '2026-06-29' }, { state: 'received', priority: 'urgent', pathway: 'hv-28-week' }],
    ['late by the narrow edge', { today: '2026-06-23', upperEdge: '25+0' }, { pathway: 'hv-28-week' }],
  ] as const)('%s', (_name, question, expected) => {
    expect(releaseOf({ ...base, ...question })).toMatchObject(expected);
  });

  test('a routine referral without EDD is refused, an urgent one is not', () => {
    const { edd: _, ...without } = base;
    expect(() => releaseOf({ ...without, today: '2026-03-02' })).toThrow(/estimated date of delivery/);
    expect(releaseOf({ ...without, priority: 'urgent', today: '2026-03-02' }).state).toBe('received');
  });

  test('nothing urgent, safeguarding or late is ever held; what is held ends at 12+0', () => {
    fc.assert(
      fc.property(
        civil,
        fc.integer({ min: 0, max: 280 }),
        fc.record({ datingScan: fc.boolean(), safeguarding: fc.boolean(), urgent: fc.boolean() }),
        (edd, days, flags) => {
          const today = addDays(edd, days - 280);
          const answer = releaseOf({ ...base, ...flags, edd, today, priority: flags.urgent ? 'urgent' : 'routine' });
          const atOnce = flags.datingScan || flags.safeguarding || flags.urgent || days >= 84;
          expect(answer.state).toBe(atOnce ? 'received' : 'held');
          if (answer.state === 'held') expect(gestationDays(edd, answer.releaseOn ?? '')).toBe(84);
          expect(answer.pathway).toBe(days > 181 ? 'hv-28-week' : undefined);
        },
      ),
    );
  });
});

describe('working days', () => {
  test('weekends and configured holidays are not counted', () => {
    const calendar = { holidays: new Set(['2026-03-24']) };
    expect(addWorkingDays('2026-03-20', 1)).toBe('2026-03-23');
    expect(addWorkingDays('2026-03-23', 1, calendar)).toBe('2026-03-25');
    expect(addWorkingDays('2026-03-23', -1)).toBe('2026-03-20');
  });

  test('triage is due 10 working days after release or 5 before the window closes', () => {
    expect(triageDue('2026-03-23', jointWindow('2026-10-05'))).toBe('2026-04-06');
    expect(triageDue('2026-06-12', jointWindow('2026-10-05'))).toBe('2026-06-22');
    expect(triageDue('2026-06-29', jointWindow('2026-10-05'))).toBe('2026-06-29');
  });

  test('opened within 2 working days, urgent 4 hours', () => {
    expect(openDue(new Date('2026-03-20T09:14:03Z'), 'routine')).toEqual({ date: '2026-03-24' });
    expect(openDue(new Date('2026-03-20T09:14:03Z'), 'urgent')).toEqual({ instant: '2026-03-20T13:14:03.000Z' });
  });

  test('the n-th working day is a working day and n are passed', () => {
    fc.assert(
      fc.property(civil, fc.integer({ min: 1, max: 40 }), (from, count) => {
        const to = addWorkingDays(from, count);
        expect(isWorkingDay(to)).toBe(true);
        let passed = 0;
        for (let day = addDays(from, 1); day <= to; day = addDays(day, 1)) passed += isWorkingDay(day) ? 1 : 0;
        expect(passed).toBe(count);
      }),
    );
  });
});
