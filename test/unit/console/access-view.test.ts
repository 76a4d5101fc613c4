/** The page's words and picture from an answer: every kind told apart, nothing but words. */
import { describe, expect, test } from '@jest/globals';
import { accessView } from '../../../src/console/access-view.ts';
import { kindOf } from '../../../src/console/kinds.ts';
import { pictureOf } from '../../../src/console/picture.ts';
import type { AccessAnswer, AccessEvent, AccessTally } from '../../../src/oversight/ask-access-record.ts';

const LAST = new Date('2026-03-03T09:14:04.123Z');

function tally(over: Partial<AccessTally> = {}): AccessTally {
  return {
    party: 'PractitionerRole/mw-priya',
    kind: 'staff',
    name: 'Priya',
    role: 'midwife',
    service: 'Organization/maternity-service',
    hour: '2026-03-03 09',
    interaction: 'read',
    failed: false,
    explanation: 'named-role',
    requests: 1,
    last: LAST,
    ...over,
  };
}

function event(over: Partial<AccessEvent> = {}): AccessEvent {
  return {
    seq: 7,
    at: LAST.toISOString(),
    requestId: 'request-1',
    agent: {
      kind: 'staff',
      clientId: 'app',
      name: 'Priya',
      role: 'midwife',
      service: 'Organization/maternity-service',
      team: null,
      address: '203.0.113.7',
    },
    interactions: ['read'],
    outcome: 0,
    status: 200,
    purpose: 'TREAT',
    rules: ['R-06'],
    reason: null,
    explanation: null,
    types: [{ type: 'CarePlan', count: 1 }],
    label: 'N',
    searchedBy: [],
    others: false,
    checkReason: null,
    ...over,
  };
}

const answer = (events: AccessEvent[], tallies: AccessTally[] = []): AccessAnswer => ({
  found: 1,
  linked: 0,
  events,
  next: null,
  tallies,
  bounded: false,
  names: new Map([['Organization/maternity-service', 'Community midwifery service']]),
});

const viewOf = (one: AccessEvent) => {
  const [shown] = accessView(answer([one]), { nhsNumber: '9990001006', reason: '', people: new Map() }).events;
  if (shown === undefined) throw new Error('no event');
  return shown;
};

test.each([
  ['explained', {}],
  ['unexplained', { explanation: null }],
  ['other', { explanation: null, interaction: 'search-type' }],
  ['other', { explanation: null, interaction: 'create' }],
  ['explained', { kind: 'family', role: 'mother', explanation: null }],
  ['sync', { kind: 'system', role: 'system', explanation: null }],
  ['sync', { kind: 'internal', role: 'system', explanation: null }],
  ['check', { role: 'ig-officer', explanation: null, interaction: 'operation' }],
  ['refused', { failed: true }],
  ['refused', { failed: true, kind: 'system' }],
] as const)('an access is %s when %j', (kind, over) => {
  expect(kindOf(tally(over))).toBe(kind);
});

describe('an event in words', () => {
  test('of somebody without an explanation of her own', () => {
    expect(viewOf(event())).toMatchObject({
      who: 'Priya',
      about: ['Community midwife', 'Community midwifery service'],
      what: 'Opened: Care plan',
      label: 'Normal',
      purpose: 'Direct care',
      why: 'Permitted by team, not personally explained',
      tags: [{ text: 'Not personally explained', colour: 'yellow' }],
      rules: ['R-06: A current relationship of care with the family'],
      when: { day: '3 Mar 2026', time: '09:14:04', utc: '2026-03-03 09:14:04.123 UTC' },
    });
  });

  test('in summer London is an hour ahead of UTC', () => {
    expect(viewOf(event({ at: '2026-07-03T23:30:00.000Z' })).when).toMatchObject({
      day: '4 Jul 2026',
      time: '00:30:00',
    });
  });

  test('of a refusal', () => {
    const view = viewOf(event({ outcome: 4, status: 403, reason: 'no-relationship', label: null }));
    expect(view).toMatchObject({
      what: 'Tried: opened: Care plan',
      why: 'No current relationship of care with the family',
      tags: [{ text: 'Refused', colour: 'red' }],
    });
    expect(viewOf(event({ outcome: 8, status: 500 })).tags).toEqual([{ text: 'Failed', colour: 'red' }]);
  });

  test('of a system, of the family, of a list with others, of an officer', () => {
    const agent = { ...event().agent };
    expect(viewOf(event({ agent: { ...agent, kind: 'system', name: 'Health visiting system' } })).why).toBe(
      'Sent between systems; no person looked',
    );
    expect(viewOf(event({ agent: { ...agent, kind: 'family', name: null, role: 'mother' } })).who).toBe(
      'The person this record is about',
    );
    expect(
      viewOf(event({ others: true, interactions: ['search-type'], types: [{ type: 'Patient', count: 0 }] })).what,
    ).toBe('Listed: Personal details, in a list with other families');
    const look = event({
      agent: { ...agent, role: 'ig-officer' },
      interactions: ['operation'],
      types: [{ type: 'AuditEvent', count: 1 }],
      checkReason: 'Complaint IG-2031',
      searchedBy: ['identifier'],
    });
    expect(viewOf(look)).toMatchObject({
      what: 'Looked at who opened this record',
      checkReason: 'Complaint IG-2031',
      searchedBy: null,
      tags: [{ text: 'Governance check', colour: 'purple' }],
    });
  });
});

test('people with most to review come first, systems last', () => {
  const tallies = [
    tally({ kind: 'system', party: 'epr', name: 'EPR', requests: 90, explanation: null }),
    tally({ requests: 9 }),
    tally({ party: 'PractitionerRole/nn-karl', name: 'Karl', explanation: null, requests: 2 }),
  ];
  const people = new Map();
  const view = accessView(answer([], tallies), { nhsNumber: '9990001006', reason: '', people });
  expect(view.people.map(({ name }) => name)).toEqual(['Karl', 'Priya', 'EPR']);
  expect([...people.values()].map(({ party }) => party)).toContain('PractitionerRole/nn-karl');
  // The key in an address tells nobody who it is.
  expect([...people.keys()].join(' ')).not.toMatch(/karl|priya/);
});

describe('the picture', () => {
  test('is by hour for one day, by day for more, and says in words what it shows', () => {
    expect(pictureOf([])).toBeNull();
    const hours = pictureOf([tally({ requests: 3 }), tally({ hour: '2026-03-03 11', failed: true })]);
    expect(hours).toMatchObject({ unit: 'hour', max: 3 });
    expect(hours?.bars).toHaveLength(24);
    expect(hours?.summary).toBe('4 requests on 3 Mar 2026 in 2 hours. Most, 3: 09:00 to 09:59.');
    const days = pictureOf([tally(), tally({ hour: '2026-03-09 08', requests: 2 })]);
    expect(days?.bars.map(({ label }) => label)).toHaveLength(7);
    expect(days?.kinds.map(({ kind }) => kind)).toEqual(['explained']);
  });

  test('bars stand on the floor, never leave the picture and hold every request', () => {
    const kinds = [tally(), tally({ explanation: null, requests: 40 }), tally({ failed: true, hour: '2026-03-05 10' })];
    const picture = pictureOf(kinds);
    for (const bar of picture?.bars ?? []) {
      const sum = bar.parts.reduce((total, { count }) => total + count, 0);
      expect(sum).toBe(bar.total);
      expect(bar.counts.reduce((total, count) => total + count, 0)).toBe(bar.total);
      for (const part of bar.parts) {
        expect(part.y).toBeGreaterThanOrEqual(0);
        expect(part.y + part.height).toBeLessThanOrEqual((picture?.floor ?? 0) + 0.2);
      }
    }
  });

  test('of years ends with the newest days', () => {
    const picture = pictureOf([tally({ hour: '2020-01-01 10' }), tally()]);
    expect(picture?.bars.length).toBeLessThanOrEqual(42);
    expect(picture?.bars.at(-1)?.label).toBe('3 Mar 2026');
  });
});
