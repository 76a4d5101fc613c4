/** Whoever wants more out of a request for a record than two people agreed on. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { reference } from '../../src/care/canon.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { collect } from '../../src/oversight/sar/collect.ts';
import { openRequests } from '../../src/oversight/sar/open-requests.ts';
import { decideItem, readQueue, reviewItem, type Verdict } from '../../src/oversight/sar/queue.ts';
import { copyFile, release } from '../../src/oversight/sar/release.ts';
import {
  type NewRequest,
  nameProfessional,
  openRequest,
  readRequest,
  stepRequest,
} from '../../src/oversight/sar/requests.ts';
import { openPool } from '../../src/store/pool.ts';
import { asPerson } from '../harness/as-person.ts';
import { practitionerRole } from '../harness/directory.ts';
import { nhsNumberOf, note } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';

const MOTHER = nhsNumberOf(85_001);
const CHILD = nhsNumberOf(85_002);
const [OFFICER, GUARDIAN, NURSE] = ['sar-1', 'cg-shah', 'sg-moira'];

let service: Service;
beforeAll(async () => {
  service = await startService();
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
  const twice = { ...practitionerRole(OFFICER ?? ''), id: 'sar-twice' };
  await service.load([kid, mother, note('kid-note1', 'kid', 'Kidwords'), note('her-note1', 'her', 'Herwords'), twice]);
}, 60_000);
afterAll(() => service.close());

const as = (id = '') => asPerson(service, id);
const door = () => service.app.door;
const version = async (ref: string) => (await readRequest(door(), await as(OFFICER), ref)).job.version;

async function act(
  ref: string,
  who: string | undefined,
  name: Parameters<typeof stepRequest>[2]['act'],
  words = 'Said in words, long enough',
) {
  const asked = { reference: ref, act: name, words, version: await version(ref), onDate: null };
  return stepRequest(door(), await as(who), asked);
}

/** A request that is collected and names the nurse. */
async function request(more: Partial<NewRequest> = {}): Promise<string> {
  const asked: NewRequest = {
    ...{ nhsNumber: MOTHER, reason: 'A request of the tests', asker: 'self', received: '2026-01-05' },
    ...{ wantsAccesses: false, wantsVersions: false, handover: 'By hand', ...more },
  };
  const ref = await openRequest(door(), await as(OFFICER), asked);
  await act(ref, OFFICER, 'verify');
  const professional = 'PractitionerRole/sg-moira';
  await nameProfessional(door(), await as(OFFICER), { reference: ref, professional, version: await version(ref) });
  expect(await collect(door(), await as(OFFICER), ref)).toBe(true);
  return ref;
}

async function queue(ref: string) {
  const rows: Awaited<ReturnType<typeof readQueue>>['rows'] = [];
  for (let after: number | null = 0; after !== null; ) {
    const page: Awaited<ReturnType<typeof readQueue>> = await readQueue(door(), await as(GUARDIAN), {
      reference: ref,
      state: null,
      after,
    });
    rows.push(...page.rows);
    after = page.next;
  }
  return rows.map(({ item, shown }) => ({ ...item, words: JSON.stringify(shown) }));
}

async function decide(ref: string, n: number, verdict: Verdict, paths: string[] = [], who = OFFICER) {
  const code = verdict === 'release' ? null : 'third-party';
  await decideItem(door(), await as(who), { reference: ref, n, verdict, code, paths, words: 'Said in words' });
}

/** Decides what is open and agrees with all of it, by another person. */
async function settle(ref: string) {
  for (const item of await queue(ref)) if (item.state === 'open') await decide(ref, item.n, 'release');
  for (const { n, decision, state } of await queue(ref)) {
    const review = { reference: ref, n, decision: decision ?? 0, agreed: true, words: '' };
    if (state === 'second') await reviewItem(door(), await as(GUARDIAN), review);
  }
  await act(ref, NURSE, 'opinion');
}

const releaseNow = async (ref: string) =>
  release(door(), await as(OFFICER), { reference: ref, version: await version(ref) });
const fhirOf = async (ref: string) =>
  (await copyFile(door(), await as(OFFICER), { reference: ref, kind: 'fhir' })).bytes.toString('utf8');

describe('two people', () => {
  test('one human does not agree with herself, under no role and behind no page', async () => {
    const ref = await request();
    const [first] = await queue(ref);
    await decide(ref, first?.n ?? 0, 'release');
    const decision = (await queue(ref))[0]?.decision ?? 0;
    const review = { reference: ref, n: first?.n ?? 0, decision, agreed: true, words: '' };
    for (const who of [OFFICER, 'sar-twice'])
      await expect(reviewItem(door(), await as(who), review)).rejects.toMatchObject({ status: 422 });
    const forged = `insert into sar_review (decision, at, by_party, by_name, person, role, agreed, words)
      select id, now(), 'PractitionerRole/other', 'Other', person, role, true, '' from sar_decision where id = $1`;
    await expect(service.pool.query(forged, [decision])).rejects.toMatchObject({ code: 'TDS02' });
    const turned = `update sar_decision set person = 'x' where id = $1`;
    await expect(service.pool.query(turned, [decision])).rejects.toMatchObject({ code: '42501' });
  });

  test('nothing leaves before both have seen every item, whoever writes the row; a new decision needs a new review', async () => {
    const ref = await request();
    await expect(releaseNow(ref)).rejects.toMatchObject({ status: 409 });
    const forged = `insert into sar_release select id, now(), 'x', 'x', 'x' from sar_job where reference = $1`;
    await expect(service.pool.query(forged, [ref])).rejects.toMatchObject({ code: 'TDS04' });
    await service.pool.query(`update sar_job set ending = 'released' where reference = $1`, [ref]);
    await expect(fhirOf(ref)).rejects.toMatchObject({ status: 409 });
    await service.pool.query('update sar_job set ending = null where reference = $1', [ref]);
    await settle(ref);
    const [first] = await queue(ref);
    await decide(ref, first?.n ?? 0, 'withhold');
    await expect(releaseNow(ref)).rejects.toThrow(/review/);
  });

  test('what was written after it was collected is seen before anything leaves', async () => {
    const ref = await request();
    await settle(ref);
    await service.load([note('her-note1', 'her', 'Herwords, changed')]);
    await expect(releaseNow(ref)).rejects.toThrow(/changed/);
    await collect(door(), await as(OFFICER), ref);
    await expect(releaseNow(ref)).rejects.toThrow(/decide opinion|opinion.*decide|decide/);
    await settle(ref);
    expect(await openRequests(door(), await as(OFFICER))).toMatchObject({ open: 3, late: 3, soon: 0, ready: 1 });
    expect(await openRequests(door(), await as(NURSE))).toBeNull();
    await releaseNow(ref);
    expect(await fhirOf(ref)).toContain('Herwords, changed');
  });
});

describe('what does not leave', () => {
  test('is not named by free text, and not by the number of what leaves', async () => {
    await service.load([
      note('her-secret7', 'her', 'Secretwords'),
      { ...note('her-tells8', 'her', 'see her-secret7'), derivedFrom: [reference('Observation/her-secret7')] },
    ]);
    const ref = await request();
    const rows = await queue(ref);
    const [secret, tells] = ['her-secret7', 'her-tells8'].map((id) => rows.find((one) => one.id === id)?.n ?? 0);
    await decide(ref, secret ?? 0, 'withhold');
    await settle(ref);
    await expect(releaseNow(ref)).rejects.toThrow(`Item ${tells} names item ${secret}`);
    await decide(ref, tells ?? 0, 'redact', ['valueString']);
    await settle(ref);
    await releaseNow(ref);
    const text = await fhirOf(ref);
    expect(text).toContain('her-tells8');
    expect(text).not.toMatch(/her-secret7|Secretwords/);
  });

  test('is not found in an earlier version', async () => {
    await service.load([{ ...note('her-twice9', 'her', 'Oncewords'), note: [{ text: 'Oldsecret' }] }]);
    await service.load([{ ...note('her-twice9', 'her', 'Nowwords'), note: [{ text: 'Newsecret' }] }]);
    const ref = await request({ wantsVersions: true });
    const versions = (await queue(ref)).filter((one) => one.id === 'her-twice9');
    expect(versions.map(({ version: one, newest }) => [one, newest])).toEqual([
      [2, true],
      [1, false],
    ]);
    await decide(ref, versions[0]?.n ?? 0, 'redact', ['note[0].text']);
    await settle(ref);
    await releaseNow(ref);
    const text = await fhirOf(ref);
    expect([text.includes('Oncewords'), text.includes('Nowwords')]).toEqual([true, true]);
    expect(text).not.toMatch(/Oldsecret|Newsecret/);
  });
});

describe('the record of a child (R-29)', () => {
  test('a parent waits for a look at the danger at home; the mother’s data and address are not in it', async () => {
    const asked = { nhsNumber: CHILD, asker: 'parent' as const };
    await expect(request({ ...asked, wantsAccesses: true })).rejects.toMatchObject({ status: 422 });
    const ref = await request(asked);
    const rows = await queue(ref);
    expect(rows.map(({ type }) => type)).not.toContain('RelatedPerson');
    expect(rows.some(({ words }) => words.includes('Herwords'))).toBe(false);
    await settle(ref);
    await expect(releaseNow(ref)).rejects.toThrow(/interest/);
    await act(ref, OFFICER, 'interest');
    // Danger in another family is no sign for this child.
    await service.family('other');
    await service.load([
      {
        ...note('other-danger', 'other', 'x'),
        meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'SDV' }] },
      },
    ]);
    expect((await readRequest(door(), await as(OFFICER), ref)).points.map(({ point }) => point)).not.toContain(
      'interest',
    );
    // It stands in the mother's record; the child's says nothing.
    const flag: Resource = {
      ...note('kid-danger', 'her', 'Dangerwords'),
      meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'SDV' }] },
    };
    await service.load([flag]);
    await collect(door(), await as(OFFICER), ref);
    await settle(ref);
    // The officer's own check counts no longer: there are signs of danger now.
    await expect(releaseNow(ref)).rejects.toThrow(/interest/);
    await act(ref, OFFICER, 'interest');
    await expect(releaseNow(ref)).rejects.toThrow(/interest/);
    await act(ref, NURSE, 'interest');
    await releaseNow(ref);
    const text = await fhirOf(ref);
    expect(text).toContain('Kidwords');
    expect(text).not.toMatch(/Refugeway|ZZ9 7ZZ|Motherwords|Dangerwords|SDV/);
  });
});

test('nobody keeps the request about herself, and a log that was changed says so', async () => {
  const own = { resourceType: 'Parameters', parameter: [{ name: 'nhsNumber', valueString: MOTHER }] };
  expect((await service.as('ig-officer').post('Practitioner/sar-1/$own-number', own)).status).toBe(204);
  await expect(request()).rejects.toMatchObject({ status: 403 });
  const { rows } = await service.pool.query<{ reference: string }>('select reference from sar_job order by id limit 1');
  const ref = rows[0]?.reference ?? '';
  await expect(readRequest(door(), await as(OFFICER), ref)).rejects.toMatchObject({ status: 403 });
  const owner = openPool(service.database.ownerUrl, 1);
  await owner.query('alter table sar_line disable trigger user');
  await owner.query(
    `update sar_line set words = 'x' where n = 2 and job = (select id from sar_job where reference = $1)`,
    [ref],
  );
  await owner.end();
  expect((await readRequest(door(), await as(GUARDIAN), ref)).broken).toBe(2);
});
