/** Nobody locks everybody out: two different people who keep the directory stay, now and later. */
import { expect, test } from '@jest/globals';
import type { DirectoryRow } from '../../../src/governance/directory.ts';
import { KEEPERS, lockedOutAt } from '../../../src/governance/keepers.ts';
import type { Role } from '../../../src/governance/types.ts';

const NOW = new Date('2026-11-28T12:00:00Z');
const keeper = (who: string, more: Partial<Extract<DirectoryRow, { kind: 'role' }>> = {}): DirectoryRow => ({
  kind: 'role',
  member: `PractitionerRole/${who}`,
  practitioner: `Practitioner/${who}`,
  service: null,
  healthcareServices: [],
  role: 'sysadmin',
  supervisor: null,
  name: who,
  active: true,
  from: null,
  until: null,
  ...more,
});
const TWO = [keeper('a'), keeper('b')];

test('the roles are those with a second person in the matrix', () => {
  expect(KEEPERS).toEqual(['sysadmin', 'ig-officer', 'caldicott-guardian']);
});

test.each<[string, DirectoryRow[], DirectoryRow[], string | null]>([
  ['one of two ends', TWO, [keeper('a', { active: false }), keeper('b')], NOW.toISOString()],
  [
    'one of two ends later',
    TWO,
    [keeper('a', { until: '2027-01-01T00:00:00.000Z' }), keeper('b')],
    '2027-01-01T00:00:00.000Z',
  ],
  ['one of three ends', [...TWO, keeper('c')], TWO, null],
  ['one of two becomes a midwife', TWO, [keeper('a', { role: 'midwife' as Role }), keeper('b')], NOW.toISOString()],
  [
    'another role of the same person',
    TWO,
    [keeper('a'), keeper('b', { practitioner: 'Practitioner/a' })],
    NOW.toISOString(),
  ],
  ['an officer takes the place', TWO, [keeper('a', { role: 'ig-officer' }), keeper('b')], null],
  ['there was one only', [keeper('a')], [], null],
  [
    'the person behind it ends',
    TWO,
    [...TWO, { kind: 'person', member: 'Practitioner/a', name: 'a', active: false }],
    NOW.toISOString(),
  ],
])('%s', (_words, before, after, at) => expect(lockedOutAt(before, after, NOW)).toBe(at));
