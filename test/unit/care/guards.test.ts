import { describe, expect, test } from '@jest/globals';
import { local, localConcept } from '../../../src/care/canon.ts';
import { guardAppointment, guardEncounter, guardReferralTask } from '../../../src/care/guards.ts';
import { VISIT_OUTCOME } from '../../../src/care/joint-visit.ts';
import type { Resource } from '../../../src/fhir/types.ts';

const task = (state: string, status: string): Resource => ({
  resourceType: 'Task',
  status,
  code: localConcept('jv-task', 'triage-referral'),
  businessStatus: localConcept('referral-state', state),
});

describe('referral Task written directly', () => {
  test.each<[string, Resource, Resource | undefined, RegExp | undefined]>([
    ['new and held', task('held', 'on-hold'), undefined, undefined],
    ['new and accepted', task('accepted', 'accepted'), undefined, /"held" or "received"/],
    ['status of another state', task('held', 'requested'), undefined, /Task.status "on-hold"/],
    ['an allowed step', task('opened', 'received'), task('received', 'requested'), undefined],
    ['the same state', task('opened', 'received'), task('opened', 'received'), undefined],
    ['a leap', task('triaged', 'in-progress'), task('received', 'requested'), /cannot go from "received" to "triaged"/],
    ['after the end', task('opened', 'received'), task('closed', 'completed'), /it is over/],
    ['ended', task('pregnancy-ended', 'cancelled'), task('received', 'requested'), undefined],
    [
      'ended, with a cause',
      { ...task('pregnancy-ended', 'cancelled'), statusReason: { text: 'a cause' } },
      task('received', 'requested'),
      /others learn only that it ended/,
    ],
    [
      'a cause in a note after the end',
      { ...task('pregnancy-ended', 'cancelled'), note: [{ text: 'a cause' }] },
      task('pregnancy-ended', 'cancelled'),
      /others learn only that it ended/,
    ],
    [
      'ended, with a note of before',
      { ...task('pregnancy-ended', 'cancelled'), note: [{ text: 'phone first' }] },
      { ...task('received', 'requested'), note: [{ text: 'phone first' }] },
      undefined,
    ],
    ['no state', { ...task('x', 'requested') }, undefined, /no referral state/],
    [
      'another kind of Task',
      { ...task('x', 'draft'), code: localConcept('jv-task', 'plan-action') },
      undefined,
      undefined,
    ],
  ])('%s', (_name, after, before, words) => {
    if (words === undefined) expect(() => guardReferralTask(after, before)).not.toThrow();
    else expect(() => guardReferralTask(after, before)).toThrow(words);
  });
});

test('a joint visit is booked only when all have accepted', () => {
  const appointment = (status: string): Resource => ({
    resourceType: 'Appointment',
    status: 'booked',
    serviceType: [localConcept('jv-service', 'joint-visit')],
    participant: [{ status: 'accepted' }, { status }],
  });
  expect(() => guardAppointment(appointment('accepted'))).not.toThrow();
  expect(() => guardAppointment(appointment('tentative'))).toThrow(/all have accepted/);
});

test('joint-complete needs two who attended', () => {
  const period = { start: '2026-06-08T10:00:00Z' };
  const encounter = (...participant: { period?: { start: string } }[]): Resource => ({
    resourceType: 'Encounter',
    status: 'finished',
    type: [localConcept('jv-service', 'joint-visit')],
    extension: [{ url: VISIT_OUTCOME, valueCoding: local('visit-outcome', 'joint-complete') }],
    participant: participant.map((one) => ({ ...one })),
  });
  expect(() => guardEncounter(encounter({ period }, { period }))).not.toThrow();
  expect(() => guardEncounter(encounter({ period }, {}))).toThrow(/both attended/);
});
