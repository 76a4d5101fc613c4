/** Whoever wants more out of a request for a record than two people agreed on. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { reference } from '../../src/care/canon.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { collect } from '../../src/oversight/sar/collect.ts';
import { reviewItem } from '../../src/oversight/sar/decisions.ts';
import { openRequests } from '../../src/oversight/sar/open-requests.ts';
import { readRequest } from '../../src/oversight/sar/requests.ts';
import { openPool } from '../../src/store/pool.ts';
import { practitionerRole } from '../harness/directory.ts';
import { nhsNumberOf, note } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';
import { GUARDIAN, NURSE, OFFICER, workbench } from '../harness/subject-access.ts';

const MOTHER = nhsNumberOf(85_001);
const CHILD = nhsNumberOf(85_002);

let service: Service;
let desk: ReturnType<typeof workbench>;
beforeAll(async () => {
  service = await startService();
  desk = workbench(service, MOTHER);
  await service.directory();
  await service.family('her', { nhsNumber: MOTHER });
  const kid: Resource = {
    resourceType: 'Patient',
    id: 'kid',
    active: true,
    identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: CHILD }],
    name: [{ family: 'Fixture', given: ['Kid'] }],
    birthDate: '2024-01-05',
    address: [{ line: ['9 Refugeway'], postalCode: 'ZZ9 7ZZ' }],
    contact: [{ name: { family: 'Motherwords' } }],
  };
  const mother: Resource = {
    resourceType: 'RelatedPerson',
    id: 'kid-mother',
    patient: reference('Patient/kid'),
    name: [{ family: 'Motherwords' }],
    relationship: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-RoleCode', code: 'NMTH' }] }],
    identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: MOTHER }],
  };
  // The same human with a second role.
  const twice = { ...practitionerRole(OFFICER), id: 'sar-twice' };
  await service.load([kid, mother, note('kid-note1', 'kid', 'Kidwords'), note('her-note1', 'her', 'Herwords'), twice]);
}, 60_000);
afterAll(() => service.close());

describe('two people', () => {
  test('one human does not agree with herself, under no role and behind no page', async () => {
    const ref = await desk.request();
    const [first] = await desk.queue(ref);
    await desk.decide(ref, first?.n ?? 0, 'release');
    const decision = (await desk.queue(ref))[0]?.decision ?? 0;
    const review = { reference: ref, n: first?.n ?? 0, decision, agreed: true, words: '' };
    for (const who of [OFFICER, 'sar-twice'])
      await expect(reviewItem(desk.door(), await desk.as(who), review)).rejects.toMatchObject({ status: 422 });
    const forged = `insert into sar_review (decision, at, by_party, by_name, person, role, agreed, words)
      select id, now(), 'PractitionerRole/other', 'Other', person, role, true, '' from sar_decision where id = $1`;
    await expect(service.pool.query(forged, [decision])).rejects.toMatchObject({ code: 'TDS02' });
    const turned = `update sar_decision set person = 'x' where id = $1`;
    await expect(service.pool.query(turned, [decision])).rejects.toMatchObject({ code: '42501' });
  });

  test('nothing leaves before both have seen every item, whoever writes the row; a new decision needs a new review', async () => {
    const ref = await desk.request();
    await expect(desk.releaseNow(ref)).rejects.toMatchObject({ status: 409 });
    const forged = `insert into sar_release select id, now(), 'x', 'x', 'x' from sar_job where reference = $1`;
    await expect(service.pool.query(forged, [ref])).rejects.toMatchObject({ code: 'TDS04' });
    await service.pool.query(`update sar_job set ending = 'released' where reference = $1`, [ref]);
    await expect(desk.fhirOf(ref)).rejects.toMatchObject({ status: 409 });
    await service.pool.query('update sar_job set ending = null where reference = $1', [ref]);
    await desk.settle(ref);
    const [first] = await desk.queue(ref);
    await desk.decide(ref, first?.n ?? 0, 'withhold');
    await expect(desk.releaseNow(ref)).rejects.toThrow(/review/);
  });

  test('what was written after it was collected is seen before anything leaves', async () => {
    const ref = await desk.request();
    await desk.settle(ref);
    await service.load([note('her-note1', 'her', 'Herwords, changed')]);
    await expect(desk.releaseNow(ref)).rejects.toThrow(/changed/);
    await collect(desk.door(), await desk.as(OFFICER), ref);
    await expect(desk.releaseNow(ref)).rejects.toThrow(/decide opinion|opinion.*decide|decide/);
    await desk.settle(ref);
    expect(await openRequests(desk.door(), await desk.as(OFFICER))).toMatchObject({
      open: 3,
      late: 3,
      soon: 0,
      ready: 1,
    });
    expect(await openRequests(desk.door(), await desk.as(NURSE))).toBeNull();
    await desk.releaseNow(ref);
    expect(await desk.fhirOf(ref)).toContain('Herwords, changed');
  });
});

describe('what does not leave', () => {
  test('is not named by free text, and not by the number of what leaves', async () => {
    await service.load([
      note('her-secret7', 'her', 'Secretwords'),
      { ...note('her-tells8', 'her', 'see her-secret7'), derivedFrom: [reference('Observation/her-secret7')] },
    ]);
    const ref = await desk.request();
    const rows = await desk.queue(ref);
    const [secret, tells] = ['her-secret7', 'her-tells8'].map((id) => rows.find((one) => one.id === id)?.n ?? 0);
    await desk.decide(ref, secret ?? 0, 'withhold');
    await desk.settle(ref);
    await expect(desk.releaseNow(ref)).rejects.toThrow(`Item ${tells} names item ${secret}`);
    await desk.decide(ref, tells ?? 0, 'redact', ['valueString']);
    await desk.settle(ref);
    await desk.releaseNow(ref);
    const text = await desk.fhirOf(ref);
    expect(text).toContain('her-tells8');
    expect(text).not.toMatch(/her-secret7|Secretwords/);
  });

  test('is not found in an earlier version', async () => {
    await service.load([{ ...note('her-twice9', 'her', 'Oncewords'), note: [{ text: 'Oldsecret' }] }]);
    await service.load([{ ...note('her-twice9', 'her', 'Nowwords'), note: [{ text: 'Newsecret' }] }]);
    const ref = await desk.request({ wantsVersions: true });
    const versions = (await desk.queue(ref)).filter((one) => one.id === 'her-twice9');
    expect(versions.map(({ version: one, newest }) => [one, newest])).toEqual([
      [2, true],
      [1, false],
    ]);
    await desk.decide(ref, versions[0]?.n ?? 0, 'redact', ['note[0].text']);
    await desk.settle(ref);
    await desk.releaseNow(ref);
    const text = await desk.fhirOf(ref);
    expect([text.includes('Oncewords'), text.includes('Nowwords')]).toEqual([true, true]);
    expect(text).not.toMatch(/Oldsecret|Newsecret/);
  });
});

describe('the record of a child (R-29)', () => {
  test('a parent waits for a look at the danger at home; the mother’s data and address are not in it', async () => {
    const asked = { nhsNumber: CHILD, asker: 'parent' as const };
    await expect(desk.request({ ...asked, wantsAccesses: true })).rejects.toMatchObject({ status: 422 });
    const ref = await desk.request(asked);
    const rows = await desk.queue(ref);
    expect(rows.map(({ type }) => type)).not.toContain('RelatedPerson');
    expect(rows.some(({ words }) => words.includes('Herwords'))).toBe(false);
    await desk.settle(ref);
    await expect(desk.releaseNow(ref)).rejects.toThrow(/interest/);
    await desk.act(ref, OFFICER, 'interest');
    // Danger in another family is no sign for this child.
    await service.family('other');
    await service.load([
      {
        ...note('other-danger', 'other', 'x'),
        meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'SDV' }] },
      },
    ]);
    expect(
      (await readRequest(desk.door(), await desk.as(OFFICER), ref)).points.map(({ point }) => point),
    ).not.toContain('interest');
    // It stands in the mother's record; the child's says nothing.
    const flag: Resource = {
      ...note('kid-danger', 'her', 'Dangerwords'),
      meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'SDV' }] },
    };
    await service.load([flag]);
    await collect(desk.door(), await desk.as(OFFICER), ref);
    await desk.settle(ref);
    // The officer's own check counts no longer: there are signs of danger now.
    await expect(desk.releaseNow(ref)).rejects.toThrow(/interest/);
    await desk.act(ref, OFFICER, 'interest');
    await expect(desk.releaseNow(ref)).rejects.toThrow(/interest/);
    await desk.act(ref, NURSE, 'interest');
    await desk.releaseNow(ref);
    const text = await desk.fhirOf(ref);
    expect(text).toContain('Kidwords');
    expect(text).not.toMatch(/Refugeway|ZZ9 7ZZ|Motherwords|Dangerwords|SDV/);
  });
});

test('nobody keeps the request about herself, and a log that was changed says so', async () => {
  const own = { resourceType: 'Parameters', parameter: [{ name: 'nhsNumber', valueString: MOTHER }] };
  expect((await service.as('ig-officer').post('Practitioner/sar-1/$own-number', own)).status).toBe(204);
  await expect(desk.request()).rejects.toMatchObject({ status: 403 });
  const { rows } = await service.pool.query<{ reference: string }>('select reference from sar_job order by id limit 1');
  const ref = rows[0]?.reference ?? '';
  await expect(readRequest(desk.door(), await desk.as(OFFICER), ref)).rejects.toMatchObject({ status: 403 });
  const owner = openPool(service.database.ownerUrl, 1);
  await owner.query('alter table sar_line disable trigger user');
  await owner.query(
    `update sar_line set words = 'x' where n = 2 and job = (select id from sar_job where reference = $1)`,
    [ref],
  );
  await owner.end();
  expect((await readRequest(desk.door(), await desk.as(GUARDIAN), ref)).broken).toBe(2);
});
