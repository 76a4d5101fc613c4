/** H1: `_include` and `_revinclude` hand over other people's records. Every row of every Bundle is decided. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { found, pages } from '../harness/client.ts';
import { note } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('mine');
  await service.family('theirs', { midwife: 'mw-other', midwives: 'CareTeam/hv-team-south', healthVisitor: null });
  const V = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'V' }];
  await service.load([
    // Hers, but pointing at what she may not see, and the other way round.
    note('points-out', 'mine', 'mine', {
      focus: [{ reference: 'Patient/theirs' }],
      hasMember: [{ reference: 'Observation/sealed' }],
    }),
    note('points-in', 'theirs', 'theirs', { focus: [{ reference: 'Patient/mine' }] }),
    note('sealed', 'mine', 'sealed', { meta: { security: V } }),
  ]);
}, 60_000);
afterAll(() => service.close());

const HIDDEN = /Patient\/theirs"|Fixture-theirs|Observation\/points-in|Observation\/sealed","resource/;

test.each([
  'Observation?_id=points-out&_include=Observation:focus',
  'Observation?_id=points-out&_include=Observation:has-member',
  'Observation?_id=points-out&_include=*',
  'Patient?_id=mine&_revinclude=Observation:focus',
  'Patient?_id=mine&_revinclude=Observation:*',
  'Patient?_revinclude=CareTeam:subject&_revinclude=Consent:patient&_revinclude=EpisodeOfCare:patient',
  'CareTeam?_include=CareTeam:subject&_include=CareTeam:participant',
  'Practitioner?_revinclude=PractitionerRole:practitioner&_revinclude=Encounter:practitioner',
  'Organization?_revinclude=Patient:organization&_revinclude=Encounter:service-provider',
])('%s', async (path) => {
  const all = await service.as('steward').get(path);
  const reply = await service.as('midwife').get(path);
  expect(reply.status).toBe(200);
  const rows = (await pages(service.as('midwife'), reply)).flatMap((page) => [
    ...found(page),
    ...found(page, 'include'),
  ]);
  for (const row of rows) expect([row, (await service.as('midwife').get(row)).status]).toEqual([row, 200]);
  expect(rows.filter((row) => /theirs|points-in|sealed/.test(row))).toEqual([]);
  // The fixture is alive: somebody who may see everything does see more.
  expect(found(all, 'include').length + found(all).length).toBeGreaterThanOrEqual(rows.length);
});

test('what is included is decided before the page limit: hidden rows never push visible ones out', async () => {
  const one = await service.as('midwife').get('Observation?_sort=_id&_count=1&_id=points-in,points-out,sealed');
  expect(found(one)).toEqual(['Observation/points-out']);
});

test('the fixture can fail: the steward is handed all of it', async () => {
  const reply = await service.as('steward').get('Observation?_id=points-out&_include=*');
  expect(found(reply, 'include').sort()).toEqual(
    expect.arrayContaining(['Observation/sealed', 'Patient/mine', 'Patient/theirs']),
  );
  expect(reply.text).toMatch(HIDDEN);
});
