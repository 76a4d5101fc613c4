/** Which change of the alert rules sees less, and that what others promise cannot be set. */
import { expect, test } from '@jest/globals';
import { type AlertChoice, choiceOf, isSameChoice, seesLess, settingsUnder } from '../../../src/audit/alert-changes.ts';
import { alertSettings } from '../../../src/audit/alert-settings.ts';

const base = alertSettings(null);
const ships = choiceOf(base);
const rules = (change: AlertChoice['rules']): AlertChoice => ({ ...ships, rules: { ...ships.rules, ...change } });
const limits = (change: Partial<AlertChoice['thresholds']>): AlertChoice => ({
  ...ships,
  thresholds: { ...ships.thresholds, ...change },
});

test.each<[string, AlertChoice, boolean]>([
  ['a rule that alerts', rules({ 'A-04': 'live' }), false],
  ['a rule that is off', rules({ 'A-04': 'off' }), true],
  ['one up and one down', rules({ 'A-04': 'live', 'A-05': 'off' }), true],
  ['a lower limit', limits({ denials: 4 }), false],
  ['a higher limit', limits({ denials: 6 }), true],
  ['a longer window', limits({ denialMinutes: 20 }), false],
  ['a shorter window', limits({ denialMinutes: 5 }), true],
  ['nothing', ships, false],
])('%s', (_, after, less) => {
  expect(seesLess(ships, after)).toBe(less);
  expect(isSameChoice(ships, after)).toBe(after === ships);
});

test('a choice read back is the same; a promised rule is not among them and cannot be turned down', () => {
  expect(choiceOf(settingsUnder(base, JSON.stringify(ships)))).toEqual(ships);
  expect(Object.keys(ships.rules)).not.toContain('A-01');
  expect(() => settingsUnder(base, JSON.stringify(rules({ 'A-01': 'off' })))).toThrow('A-01 is always live');
});
