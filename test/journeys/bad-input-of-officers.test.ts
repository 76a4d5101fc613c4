/**
 * Bad input of officers, over HTTP: an agreement, a consent or a rule setting that contradicts itself, or would lock
 * everyone out, is refused with the reason, and nothing of it is kept. (Imports with errors: directory-import.test.ts; a
 * tampered record named by position: audit-http.test.ts and seal.test.ts; a failing alert rule: oversight.test.ts.)
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { THRESHOLDS } from '../../src/audit/alert-rules.ts';
import { alertSettings } from '../../src/audit/alert-settings.ts';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { changeAlerts } from '../../src/oversight/alert-changes.ts';
import { resources } from '../harness/client.ts';
import { agreement } from '../harness/directory.ts';
import { addColleague, type Console, colleague, openConsole } from './console-world.ts';

let world: Console;
beforeAll(async () => {
  world = await openConsole();
  await addColleague(world);
}, 60_000);
afterAll(() => world.service.close());

const waiting = async () => (await world.service.pool.query('select id from pending_change')).rows.length;

test.each<[string, (paper: Resource) => Resource, string]>([
  [
    'says two things about the same',
    ({ term, ...paper }) => {
      const [first] = Array.isArray(term) ? term : [];
      // Between two that share nothing yet: no other paper contradicts it.
      const one = JSON.stringify(first).replaceAll('maternity-service', 'trust');
      return { ...paper, term: [JSON.parse(one), JSON.parse(one.replace('"code":"R"', '"code":"N"'))] };
    },
    'it contradicts term 0',
  ],
  [
    'ends before it begins',
    (paper) => ({ ...paper, applies: { start: '2027-02-01', end: '2027-01-01' } }),
    'start SHALL have a lower value than end',
  ],
  [
    'begins in one term after the whole has ended',
    ({ term, ...paper }) => {
      const [first] = Array.isArray(term) ? term : [];
      const later = { ...Object(first), applies: { start: '2027-02-01' } };
      return { ...paper, applies: { start: '2020-01-01', end: '2027-01-01' }, term: [later] };
    },
    'never be in force',
  ],
  [
    'is over, so that it would lock out whom it is for',
    (paper) => ({ ...paper, applies: { start: '2020-01-01', end: '2020-12-31' } }),
    'All of it has ended already',
  ],
])('an agreement that %s is refused with the reason', async (_, changed, words) => {
  const { id: _id, ...paper } = agreement();
  const reply = await world.service.as('ig-officer').post('$propose?reason=Tried%20out', changed(paper));
  expect([reply.status, reply.text]).toEqual([422, expect.stringContaining(words)]);
  expect(await waiting()).toBe(0);
});

test('a consent that contradicts itself is refused with the reason, and nothing of it is kept', async () => {
  const midwife = world.service.as('midwife');
  const party = { reference: { reference: 'Organization/hv-service' } };
  const role = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] };
  const actor: JsonObject[] = [{ role, ...party }];
  const consent = (provision: JsonObject): JsonObject => ({
    resourceType: 'Consent',
    status: 'active',
    scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IRDSCL' }] }],
    patient: { reference: 'Patient/canaryfam' },
    dateTime: '2026-03-02T09:10:00Z',
    organization: [{ reference: 'Organization/maternity-service' }],
    policy: [{ uri: 'https://tandem.example/fhir/policy/joint-visit-sharing' }],
    provision,
  });
  const held = async () => resources(await midwife.get('Consent?patient=canaryfam')).length;
  const before = await held();
  const tries: [JsonObject, string][] = [
    [{ type: 'permit', actor, provision: [{ type: 'deny', actor }] }, 'permits and objects'],
    [{ type: 'deny', actor, period: { start: '2026-03-02', end: '2026-03-01' } }, 'start SHALL have a lower value'],
  ];
  for (const [provision, words] of tries) {
    const reply = await midwife.post('Consent', consent(provision));
    expect([reply.status, reply.text]).toEqual([422, expect.stringContaining(words)]);
  }
  expect(await held()).toBe(before);
});

test('a rule setting that contradicts a promise of another rule, or sees nothing, is refused with the reason', async () => {
  const { door } = world.service.app;
  const her = await colleague(world);
  const set = (rules: Record<string, 'off' | 'live'>, thresholds = THRESHOLDS) =>
    changeAlerts(door, her, alertSettings(null), { choice: { rules, thresholds }, words: 'Tried out by an officer' });
  await expect(set({ 'A-01': 'off' })).rejects.toMatchObject({
    status: 422,
    message: expect.stringContaining('always live'),
  });
  await expect(set({ 'A-99': 'live' })).rejects.toMatchObject({
    status: 422,
    message: expect.stringContaining('there is none'),
  });
  await expect(set({}, { ...THRESHOLDS, denials: 0 })).rejects.toMatchObject({ status: 422 });
  expect(await waiting()).toBe(0);
  expect((await world.service.pool.query('select id from alert_setting')).rows).toEqual([]);
});
