import { describe, expect, test } from '@jest/globals';
import {
  nextReferral,
  nextVisit,
  REFERRAL,
  type ReferralState,
  VISIT,
  visitStateOf,
} from '../../../src/care/states.ts';

/** Written off domain.md 1.3 by hand: state, ServiceRequest.status, Task.status. */
const statuses: [ReferralState, string, string][] = [
  ['held', 'active', 'on-hold'],
  ['received', 'active', 'requested'],
  ['opened', 'active', 'received'],
  ['accepted', 'active', 'accepted'],
  ['triaged', 'active', 'in-progress'],
  ['scheduled', 'active', 'in-progress'],
  ['visited', 'active', 'in-progress'],
  ['plan-agreed', 'active', 'in-progress'],
  ['closed', 'completed', 'completed'],
  ['rejected', 'active', 'rejected'],
  ['redirected', 'active', 'cancelled'],
  ['sent-outside', 'active', 'in-progress'],
  ['declined-by-family', 'revoked', 'cancelled'],
  ['moved-out', 'revoked', 'cancelled'],
  ['withdrawn', 'revoked', 'cancelled'],
  ['pregnancy-ended', 'revoked', 'cancelled'],
];

describe('referral', () => {
  test.each(statuses)('%s is ServiceRequest %s and Task %s', (state, serviceRequest, task) => {
    expect(REFERRAL[state]).toMatchObject({ serviceRequest, task });
  });

  test('the table above is the whole machine', () => expect(Object.keys(REFERRAL).length).toBe(statuses.length));

  test('the ordinary way', () => {
    const events = ['release', 'open', 'accept', 'triage', 'book', 'visit-finished', 'agree-plan', 'close'];
    let state: ReferralState = 'held';
    for (const event of events) state = nextReferral(state, event);
    expect(state).toBe('closed');
  });

  test('held goes only to received, withdrawn and pregnancy-ended', () => {
    expect(Object.values(REFERRAL.held.next).sort()).toEqual(['pregnancy-ended', 'received', 'withdrawn']);
  });

  test.each([
    ['held', 'accept', /allowed: release, withdraw, end-pregnancy/],
    ['received', 'triage', /allowed: open/],
    ['closed', 'open', /nothing more/],
    ['withdrawn', 'release', /nothing more/],
    ['opened', 'constructor', /not possible/],
    ['opened', '__proto__', /not possible/],
  ] as const)('%s does not allow %s', (state, event, words) => {
    expect(() => nextReferral(state, event)).toThrow(words);
    expect(() => nextReferral(state, event)).toThrow(expect.objectContaining({ status: 422 }));
  });

  test.each(['scheduled'] as const)('a visit that did not happen sends %s back to triaged', (state) => {
    expect(nextReferral(state, 'visit-not-in')).toBe('triaged');
    expect(nextReferral(state, 'visit-cancelled')).toBe('triaged');
  });

  test('every state that is neither ended nor closed can still be left', () => {
    for (const [state, row] of Object.entries(REFERRAL)) {
      const over = row.serviceRequest !== 'active' || state === 'redirected';
      expect(Object.keys(row.next).length === 0).toBe(over);
      expect('end-pregnancy' in row.next).toBe(!over);
    }
  });
});

describe('joint visit', () => {
  test.each([
    ['proposed', 'proposed', null, 'triaged'],
    ['pending', 'pending', null, 'triaged'],
    ['booked', 'booked', 'planned', 'scheduled'],
    ['arrived', 'arrived', 'arrived', 'scheduled'],
    ['in-progress', 'arrived', 'in-progress', 'scheduled'],
    ['finished', 'fulfilled', 'finished', 'visited'],
    ['not-in', 'noshow', 'cancelled', 'triaged'],
    ['cancelled', 'cancelled', 'cancelled', 'triaged'],
  ] as const)('%s: Appointment %s, Encounter %s, referral %s', (state, appointment, encounter, referral) => {
    expect(VISIT[state]).toMatchObject({ appointment, encounter, referral });
    expect(visitStateOf(appointment, encounter ?? undefined)).toBe(state);
  });

  test('an unbooked visit cannot begin, a finished one cannot be cancelled', () => {
    expect(() => nextVisit('pending', 'arrive')).toThrow(/allowed: all-accepted, cancel/);
    expect(() => nextVisit('finished', 'cancel')).toThrow(/nothing more/);
    expect(nextVisit('booked', 'not-in')).toBe('not-in');
  });
});
