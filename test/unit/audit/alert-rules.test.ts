/** Every alert rule of domain.md 6.3 by its id: fires on what it is for, stays silent just short of it. */
import { describe, expect, test } from '@jest/globals';
import { ALERT_RULES, THRESHOLDS } from '../../../src/audit/alert-rules.ts';
import { alertSettings } from '../../../src/audit/alert-settings.ts';
import type { AlertFacts } from '../../../src/audit/alert-types.ts';
import type { AuditEntry } from '../../../src/audit/types.ts';
import { anEntry } from './entries.ts';

const QUIET: AlertFacts = {
  relationships: new Set(['care-team']),
  relationshipOver: false,
  consents: new Set(),
  tags: new Set(),
  sameSelf: false,
  sameSurname: false,
  samePostcode: false,
  sameAgeBand: false,
  sameAddress: false,
  neighbour: false,
  colleague: false,
  afterDeath: false,
  afterLoss: false,
  newPlace: false,
  volumeHour: 0,
  volumeUsual: null,
  openedHour: 1,
  openedDay: 1,
  usualHour: null,
  peerMedian: null,
  denials: 0,
  deniedPeople: 0,
  nameSearches: 0,
  openedSince: 0,
  firstExport: false,
  newlyPermitted: false,
  releasedAfterDowngrade: false,
  agreementExpired: false,
  rostered: null,
  endpointChanged: false,
  sameRuleBefore: 0,
  smallRuleNow: false,
  explanation: 'named-role',
};

function fired(entry: Partial<AuditEntry>, facts: Partial<AlertFacts> = {}): string[] {
  return ALERT_RULES.filter((rule) => rule.fires(anEntry(entry), { ...QUIET, ...facts }, THRESHOLDS)).map(
    ({ id }) => id,
  );
}

const DENIED = { outcome: 4, status: 403, reason: 'no-relationship' } as const;
const NOTHING: Partial<AuditEntry> = {};
/** 20:30 in London's summer. */
const NIGHT: Partial<AuditEntry> = { at: '2026-06-23T19:30:00.000Z' };
const search = (cleaned: string): Partial<AuditEntry> => ({
  interaction: 'search-type',
  query: { cleaned, raw: '', count: 1 },
});
const disclosure = (detail: string, entity = 'ServiceRequest/r1'): Partial<AuditEntry> => ({
  interaction: 'disclosure',
  detail,
  entities: [entity],
});

test('an ordinary read by a named person fires nothing', () => {
  expect(fired({})).toEqual([]);
});

describe('fires, and not just short of it', () => {
  const outside = new Set<string>();
  const cases: [string, Partial<AuditEntry>, Partial<AlertFacts>, Partial<AuditEntry>, Partial<AlertFacts>][] = [
    ['A-01', { purpose: 'BTG' }, {}, { purpose: 'ETREAT' }, {}],
    ['A-02', { rules: ['R-07'] }, {}, { rules: ['R-06'] }, {}],
    ['A-03', { outcome: 4, reason: 'own-record' }, {}, DENIED, {}],
    ['A-04', NOTHING, { sameSurname: true, samePostcode: true }, NOTHING, { sameSurname: true }],
    // vector 61: permitted, and an alert
    ['A-05', NOTHING, { sameAddress: true }, DENIED, { sameAddress: true }],
    [
      'A-06',
      NOTHING,
      { tags: new Set(['EMP']) },
      NOTHING,
      { tags: new Set(['EMP']), relationships: new Set(['named']) },
    ],
    ['A-07', DENIED, { relationshipOver: true }, DENIED, {}],
    ['A-08', NOTHING, { openedHour: 31 }, NOTHING, { openedHour: 30 }],
    ['A-09', NIGHT, { rostered: false, openedHour: 3 }, NIGHT, { rostered: null, openedHour: 3 }],
    ['A-10', DENIED, { denials: 5 }, DENIED, { denials: 4, deniedPeople: 2 }],
    ['A-11', { label: 'V' }, { relationships: outside }, { label: 'V' }, { relationships: new Set(['named']) }],
    // a record that is V now, whatever was stamped on the row; the care team alone is no named list
    ['A-11', NOTHING, { consents: new Set(['sealed']) }, NOTHING, { consents: new Set(['handled']) }],
    [
      'A-11',
      NOTHING,
      { consents: new Set(['s-flag']), relationships: outside },
      NOTHING,
      { consents: new Set(['s-flag']) },
    ],
    // vector 17: refused counts, and who is named for it does not
    [
      'A-06',
      DENIED,
      { tags: new Set(['EMP']) },
      DENIED,
      { tags: new Set(['CEL']), relationships: new Set(['handler']) },
    ],
    [
      'A-11',
      NOTHING,
      { consents: new Set(['restriction']), relationships: outside },
      { label: 'R' },
      { relationships: outside },
    ],
    ['A-12', { label: 'R' }, { explanation: null }, { label: 'N' }, { explanation: null }],
    ['A-13', disclosure('export access list'), { firstExport: true }, disclosure('export access list'), {}],
    ['A-14', search('family=***'), { nameSearches: 5 }, search('family=***'), { nameSearches: 5, openedSince: 1 }],
    ['A-15', { label: 'R' }, { newPlace: true }, { label: 'N' }, { newPlace: true }],
    ['A-17', disclosure('delivered id-only'), { endpointChanged: true }, disclosure('delivered id-only'), {}],
    ['A-18', NOTHING, { newlyPermitted: true }, { interaction: 'update', action: 'U' }, { newlyPermitted: true }],
    ['A-19', NOTHING, { sameRuleBefore: 3, smallRuleNow: true }, NOTHING, { sameRuleBefore: 2, smallRuleNow: true }],
    ['A-19', NOTHING, { sameRuleBefore: 3, smallRuleNow: true }, NOTHING, { sameRuleBefore: 9 }],
    ['A-03', NOTHING, { sameSelf: true }, search('family=***'), { sameSelf: true }],
    // vector 34
    ['A-20', NOTHING, { releasedAfterDowngrade: true }, NOTHING, {}],
    ['A-21', NOTHING, { agreementExpired: true }, DENIED, { agreementExpired: true }],
    ['A-22', disclosure('withheld'), {}, disclosure('withheld', 'CarePlan/c1'), {}],
  ];
  test.each(cases)('%s', (id, entry, facts, short, shortFacts) => {
    expect(fired(entry, facts)).toContain(id);
    expect(fired(short, shortFacts)).not.toContain(id);
  });

  test('A-08: an own habit or the peers raise or lower what is usual', () => {
    expect(fired({}, { openedHour: 40, usualHour: { mean: 30, deviation: 4 } })).not.toContain('A-08');
    expect(fired({}, { openedHour: 43, usualHour: { mean: 30, deviation: 4 } })).toContain('A-08');
    expect(fired({}, { openedDay: 60, peerMedian: 15 })).toContain('A-08');
    expect(fired({}, { openedDay: 16, peerMedian: 5 })).toContain('A-08');
    expect(fired({}, { openedDay: 15, peerMedian: 5 })).not.toContain('A-08');
    expect(fired({}, { openedDay: 90, peerMedian: null })).not.toContain('A-08');
  });

  test('A-09: only at night, only off the list, only from the third patient on', () => {
    const at = (hour: string) => ({ at: `2026-01-23T${hour}:00.000Z` });
    const off = { rostered: false, openedHour: 3 };
    expect(fired(at('20:00'), off)).toContain('A-09');
    expect(fired(at('06:59'), off)).toContain('A-09');
    expect(fired(at('07:00'), off)).not.toContain('A-09');
    expect(fired(at('19:59'), off)).not.toContain('A-09');
    expect(fired(at('23:00'), { ...off, openedHour: 2 })).not.toContain('A-09');
    expect(fired(at('23:00'), { ...off, rostered: true })).not.toContain('A-09');
  });

  test('A-17: a spike is far above the usual hour, and above the floor', () => {
    const sent = disclosure('delivered id-only');
    expect(fired(sent, { volumeHour: 501, volumeUsual: 50 })).toContain('A-17');
    expect(fired(sent, { volumeHour: 501, volumeUsual: null })).toContain('A-17');
    expect(fired(sent, { volumeHour: 501, volumeUsual: 51 })).not.toContain('A-17');
    expect(fired(sent, { volumeHour: 500, volumeUsual: 1 })).not.toContain('A-17');
  });

  test('A-16 comes from no record: nothing that is written fires it', () => {
    for (const entry of [NOTHING, DENIED, disclosure('withheld'), search('family=***')])
      expect(fired(entry)).not.toContain('A-16');
  });

  test('A-11: an address restriction counts as well, and a list is not an opening', () => {
    expect(fired({}, { consents: new Set(['s-flag']), relationships: outside })).toContain('A-11');
    expect(fired(search('family=***'), { consents: new Set(['s-flag']), relationships: outside })).not.toContain(
      'A-11',
    );
  });

  test('A-14: a search by id, or of another type’s name, is no search of people by name', () => {
    expect(fired(search('_id=p1'), { nameSearches: 9 })).not.toContain('A-14');
    expect(fired(search('patient.family=***'), { nameSearches: 9 })).toContain('A-14');
  });
});

test('all 22 are there, observing; those promised elsewhere are live', () => {
  expect(ALERT_RULES.map(({ id }) => id)).toEqual(
    Array.from({ length: 22 }, (_, n) => `A-${String(n + 1).padStart(2, '0')}`),
  );
  const inMode = (mode: string) => ALERT_RULES.filter((rule) => rule.mode === mode).map(({ id }) => id);
  expect(inMode('live')).toEqual(['A-01', 'A-02', 'A-03', 'A-11', 'A-16', 'A-21', 'A-22']);
  expect(inMode('off')).toEqual([]);
});

describe('settings', () => {
  test('modes and thresholds by name', () => {
    const { rules, thresholds } = alertSettings('{"rules":{"A-08":"live","A-05":"off"},"thresholds":{"denials":9}}');
    expect(rules.find(({ id }) => id === 'A-08')?.mode).toBe('live');
    expect(rules.find(({ id }) => id === 'A-05')?.mode).toBe('off');
    expect(thresholds).toEqual({ ...THRESHOLDS, denials: 9 });
  });

  test('whom a rule is silent about', () => {
    const { rules } = alertSettings('{"suppress":{"A-05":["Organization/hostel","PractitionerRole/pr-1"]}}');
    expect(rules.find(({ id }) => id === 'A-05')?.suppressed).toEqual(['Organization/hostel', 'PractitionerRole/pr-1']);
  });

  test.each([
    '{"suppress":{"A-01":["Organization/hostel"]}}',
    '{"suppress":{"A-05":["somebody"]}}',
    '{"suppress":{"A-05":"Organization/hostel"}}',
    '{"suppress":{"A-99":[]}}',
    'nothing',
    '[]',
    '{"rule":{}}',
    '{"rules":{"A-99":"live"}}',
    '{"rules":{"A-08":"loud"}}',
    '{"rules":{"A-16":"off"}}',
    '{"rules":{"A-01":"observe"}}',
    '{"thresholds":{"denial":3}}',
    '{"thresholds":{"denials":0}}',
    '{"thresholds":{"denials":"3"}}',
  ])('refused with a reason: %s', (text) => {
    expect(() => alertSettings(text)).toThrow(/alert|threshold/i);
  });
});
