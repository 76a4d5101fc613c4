/** Topics fire as domain.md 1.3 and 4.8 say; the index of subscriptions finds what a look at each one would find. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createMatcher } from '../../../src/events/match.ts';
import type { VersionRead } from '../../../src/events/ports.ts';
import { stopReason } from '../../../src/events/stop-reasons.ts';
import { TOPICS, topicByUrl } from '../../../src/events/topics.ts';
import type { Resource } from '../../../src/fhir/types.ts';
import type { SubscriptionSettings } from '../../../src/store/subscriptions.ts';
import { aPlan, aReferral, aTask, CANON } from './resources.ts';

function topic(code: string) {
  const found = topicByUrl(`${CANON}/SubscriptionTopic/${code}`);
  if (!found) throw new Error(code);
  return found;
}

const version = (resource: Resource, dataClass: VersionRead['dataClass'] = 'referral'): VersionRead => ({
  resource,
  version: 1,
  deleted: false,
  dataClass,
  service: null,
});

describe('antenatal-referral', () => {
  const referral = topic('antenatal-referral');
  const state = (name: string | null, status?: string) => version(aTask('t', 'r1', name, status));

  test.each<[string, VersionRead, VersionRead | null, boolean]>([
    ['created released', state('received'), null, true],
    ['created held', state('held', 'on-hold'), null, false],
    ['released later', state('received'), state('held', 'on-hold'), true],
    ['opened after it was received', state('opened', 'received'), state('received'), false],
    ['accepted straight from held', state('accepted', 'accepted'), state('held', 'on-hold'), true],
    ['withdrawn while held: never told', state('withdrawn', 'cancelled'), state('held', 'on-hold'), false],
    ['pregnancy ended while held: never told', state('pregnancy-ended', 'cancelled'), state('held', 'on-hold'), false],
    ['without business status, requested', state(null), null, true],
    ['without business status, on hold', state(null, 'on-hold'), null, false],
    ['another kind of task', version({ ...aTask('t', 'r1', 'received'), code: { text: 'x' } }), null, false],
  ])('%s', (_, now, before, fires) => {
    expect(referral.fires(now, before)).toBe(fires);
  });

  test('is about the ServiceRequest', () => {
    expect(referral.focus(aTask('t', 'r1', 'received'))).toBe('ServiceRequest/r1');
    expect(referral.focus({ ...aTask('t', 'r1', 'received'), focus: { reference: 'Patient/p1' } })).toBeNull();
    expect(referral.focus({ ...aTask('t', 'r1', 'received'), focus: { identifier: { value: 'x' } } })).toBeNull();
  });
});

describe('care-plan-changed', () => {
  const plan = topic('care-plan-changed');
  test('fires on every version of a plan, not on a CarePlan of another data class', () => {
    expect(plan.fires(version(aPlan('c1'), 'plan'), null)).toBe(true);
    expect(plan.fires(version(aPlan('c1'), 'plan'), version(aPlan('c1'), 'plan'))).toBe(true);
    expect(plan.fires(version(aPlan('c1'), 'confidential'), null)).toBe(false);
    expect(plan.focus(aPlan('c1'))).toBe('CarePlan/c1');
  });
});

describe('stop events (R-49)', () => {
  const released = version(aTask('t', 'r1', 'received'));
  const planned = (status: string) => version({ ...aPlan('c1'), status }, 'plan');
  test.each<[string, string, VersionRead, VersionRead | null, boolean]>([
    ['pregnancy-ended', 'ends', version(aTask('t', 'r1', 'pregnancy-ended', 'cancelled')), released, true],
    [
      'pregnancy-ended',
      'written again',
      version(aTask('t', 'r1', 'pregnancy-ended', 'cancelled')),
      version(aTask('t', 'r1', 'pregnancy-ended', 'cancelled')),
      false,
    ],
    ['pregnancy-ended', 'withdrawn', version(aTask('t', 'r1', 'withdrawn', 'cancelled')), released, false],
    ['stop', 'withdrawn', version(aTask('t', 'r1', 'withdrawn', 'cancelled')), released, true],
    ['stop', 'the end of a pregnancy', version(aTask('t', 'r1', 'pregnancy-ended', 'cancelled')), released, false],
    ['stop', 'a Task in error', version(aTask('t', 'r1', 'received', 'entered-in-error')), released, true],
    ['stop', 'a plan in error', planned('entered-in-error'), planned('active'), true],
    ['stop', 'a plan that goes on', planned('active'), planned('active'), false],
    ['stop', 'another task', version({ ...aTask('t', 'r1', 'withdrawn'), code: { text: 'x' } }), released, false],
    ['stop', 'an end that is taken back', released, version(aTask('t', 'r1', 'pregnancy-ended', 'cancelled')), true],
    ['stop', 'a first version in error: nobody has it', planned('entered-in-error'), null, false],
  ])('%s: %s', (code, _, now, before, fires) => {
    expect(topic(code).fires(now, before)).toBe(fires);
    expect(topic(code)).toMatchObject({ stop: true, filters: {} });
  });
});

describe('the index', () => {
  const performers = ['HealthcareService/a', 'HealthcareService/b', 'HealthcareService/c'];
  const patients = ['Patient/1', 'Patient/2'];
  const filter = fc.oneof(
    fc.record({
      param: fc.constant('performer'),
      values: fc.uniqueArray(fc.constantFrom(...performers), { minLength: 1 }),
    }),
    fc.record({
      param: fc.constant('patient'),
      values: fc.uniqueArray(fc.constantFrom(...patients), { minLength: 1 }),
    }),
  );
  const subscription = fc.record({
    id: fc.constantFrom('s1', 's2', 's3', 's4', 's5', 's6'),
    status: fc.constantFrom<SubscriptionSettings['status']>('requested', 'active', 'error', 'off'),
    topic: fc.constantFrom(...TOPICS.map(({ url }) => url)),
    filters: fc.array(filter, { maxLength: 2 }),
  });

  test('finds what a look at each subscription finds, through any changes', () => {
    fc.assert(
      fc.property(
        fc.array(subscription, { maxLength: 20 }),
        fc.constantFrom(...performers),
        fc.constantFrom(...patients),
        (changes, performer, patient) => {
          const matcher = createMatcher();
          const current = new Map<string, SubscriptionSettings>();
          for (const change of changes) {
            const rest = {
              version: 1,
              subscriber: 'x',
              endpoint: '',
              content: 'empty',
              timeoutMs: 1,
              heartbeatMs: null,
              ends: null,
            } as const;
            const settings: SubscriptionSettings = { ...rest, ...change };
            matcher.put(settings);
            current.set(settings.id, settings);
          }
          const referral = topic('antenatal-referral');
          const expected = [...current.values()]
            .filter(
              (one) =>
                one.status !== 'off' &&
                one.topic === referral.url &&
                one.filters.every(({ param, values }) => values.includes(param === 'performer' ? performer : patient)),
            )
            .map((one) => one.id)
            .sort();
          const found = matcher.find(referral, aReferral('r', performer, patient)).map((one) => one.id);
          expect(found).toEqual(expected);
          expect(matcher.wants(referral) || found.length === 0).toBe(true);
        },
      ),
    );
  });
});

describe('stop-reason (domain.md 2.8), from two versions', () => {
  const NHS = 'https://fhir.nhs.uk/Id/nhs-number';
  const woman = (more: object = {}): Resource => ({
    resourceType: 'Patient',
    id: 'p1',
    birthDate: '1997-01-02',
    identifier: [{ system: NHS, value: '9990001006' }],
    ...more,
  });
  const labelled = (system: string, code: string) =>
    woman({ meta: { security: [{ system: `http://terminology.hl7.org/CodeSystem/${system}`, code }] } });
  const fetus = (valueCode: string): Resource => ({
    resourceType: 'Patient',
    id: 'u1',
    extension: [{ url: 'http://hl7.org/fhir/6.0/StructureDefinition/extension-Patient.fetalStatus', valueCode }],
  });
  const plan = (more: object): Resource => ({ ...aPlan('c1'), subject: { reference: 'Patient/p1' }, ...more });
  test.each<[string, Resource, Resource | null, string | null]>([
    ['PDS restricts her address', labelled('v3-Confidentiality', 'R'), woman(), 'address-restricted'],
    ['a client does', labelled('v3-ActCode', 'LOCIS'), woman(), 'address-restricted'],
    ['it was restricted before', labelled('v3-Confidentiality', 'R'), labelled('v3-ActCode', 'LOCIS'), null],
    ['V is not about her address', labelled('v3-Confidentiality', 'V'), woman(), null],
    ['another number', woman({ identifier: [{ system: NHS, value: '9990001014' }] }), woman(), 'number-superseded'],
    ['the number in groups', woman({ identifier: [{ system: NHS, value: '999 000 1006' }] }), woman(), null],
    ['the number kept as old', woman({ identifier: [{ system: NHS, use: 'old', value: '9990001006' }] }), woman(), 'number-superseded'],
    ['a first number', woman(), woman({ identifier: [] }), null],
    ['another record replaces it', woman({ link: [{ other: { reference: 'Patient/p2' }, type: 'replaced-by' }] }), woman(), 'number-superseded'],
    ['a baby is a fetus again', fetus('unknown'), { ...woman(), identifier: [] }, 'match-undone'],
    ['a loss', fetus('fetal-demise'), fetus('potential-for-live-birth'), null],
    ['a loss is taken back', fetus('potential-for-live-birth'), fetus('fetal-demise'), 'loss-record-undone'],
    ['moved to another person', plan({ subject: { reference: 'Patient/p2' } }), plan({}), 'wrong-patient'],
    ['the same person by full address', plan({ subject: { reference: 'http://x/Patient/p1' } }), plan({}), null],
    ['in error', plan({ status: 'entered-in-error' }), plan({}), 'entered-in-error'],
    ['a goal in error', { resourceType: 'Goal', lifecycleStatus: 'entered-in-error' }, { resourceType: 'Goal' }, 'entered-in-error'],
    ['a condition in error', { resourceType: 'Condition', verificationStatus: { coding: [{ code: 'entered-in-error' }] } }, { resourceType: 'Condition' }, 'entered-in-error'],
    ['a first version', plan({ status: 'entered-in-error' }), null, null],
  ])('%s', (_words, now, before, reason) => {
    expect(stopReason(now, before)).toBe(reason);
  }); // biome-ignore format: one case a line
});
