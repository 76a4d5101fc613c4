/** H2: hidden values guessed through predicates, sorting, totals, conditions and errors. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { at, bundleOf, found, issue, pages, resources, textAt } from '../harness/client.ts';
import { familyOf, newMother, nhsNumberOf, note } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;
const HIDDEN_NHS = nhsNumberOf(7_001);
const RESTRICTED_NHS = nhsNumberOf(7_002);
const R = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }];

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('mine');
  await service.family('theirs', {
    midwife: 'mw-other',
    midwives: 'CareTeam/hv-team-south',
    healthVisitor: null,
    nhsNumber: HIDDEN_NHS,
    surname: 'Unguessable',
  });
  const flagged = familyOf('flagged', { nhsNumber: RESTRICTED_NHS, postalCode: 'ZZ9 9ZZ' });
  const [mother, ...rest] = flagged;
  if (mother === undefined) throw new Error('a family has a mother');
  const link = [{ other: { reference: 'Patient/theirs' }, type: 'seealso' }];
  await service.load([{ ...mother, meta: { security: R }, link }, ...rest]);
  await service.load([
    note('secret', 'theirs', 'hidden', { effectiveDateTime: '2020-01-01' }),
    // Hers, pointing at what she may not see; and the other way round.
    note('points-out', 'mine', 'mine', {
      focus: [{ reference: 'Patient/theirs' }],
      hasMember: [{ reference: 'Observation/secret' }],
    }),
    note('points-in', 'theirs', 'theirs', {
      focus: [{ reference: 'Patient/mine' }, { reference: 'Observation/points-out' }],
    }),
  ]);
  // Where she was met is masked for others.
  const visit = (n: number): Resource => ({
    resourceType: 'Encounter',
    id: `place-${n}`,
    status: 'planned',
    class: { code: 'HH' },
    subject: { reference: 'Patient/flagged' },
    location: [{ location: { reference: 'Location/refuge' } }],
    serviceProvider: { reference: 'Organization/maternity-service' },
  });
  await service.load([
    { resourceType: 'Location', id: 'refuge', status: 'active', name: 'Refuge' },
    ...[1, 2, 3].map(visit),
  ]);
}, 60_000);
afterAll(() => service.close());

describe('predicates on what is hidden change nothing', () => {
  test.each([
    'Patient?family=Unguessable',
    `Patient?identifier=${HIDDEN_NHS}`,
    'Patient?_id=theirs',
    'Observation?_id=secret',
    'Observation?date=2020-01-01',
    'Observation?patient=Patient/theirs',
    'Observation?patient=theirs',
    'Consent?patient=Patient/theirs',
    'CareTeam?subject=Patient/theirs',
  ])('%s: nothing, total 0, and no trace of it in an error', async (path) => {
    const reply = await service.as('midwife').get(`${path}&_total=accurate`);
    expect([reply.status, reply.json.total, found(reply)]).toEqual([200, 0, []]);
    const steward = await service.as('steward').get(`${path}&_total=accurate`);
    expect(Number(steward.json.total)).toBeGreaterThan(0);
  });

  // Each of these leads to or through `theirs`, `secret`, or what is masked on `flagged`.
  test.each([
    'Patient?_has:Observation:patient:_id=secret',
    'Patient?_has:Observation:patient:date=2020-01-01',
    'Patient?link:Patient.family=Unguessable',
    'Patient?_has:Observation:patient:patient.family=Unguessable',
    `Observation?subject:Patient.identifier=${HIDDEN_NHS}`,
    'Observation?patient.family=Unguessable',
    'Observation?focus:Patient.family=Unguessable',
    'Observation?focus:Patient._id=theirs',
    'Observation?focus:Patient.family:missing=false',
    'Observation?focus:Patient.gender:not=male',
    'Observation?subject:Patient._has:Observation:focus:_id=points-in',
    'Patient?_has:Observation:focus:code:missing=false',
    'Patient?_has:Observation:focus:code:not=no-such-code',
    'Patient?_has:Observation:focus:_lastUpdated=gt2000-01-01',
    'Patient?_has:Observation:subject:_has:Observation:has-member:_id=points-out',
    'Observation?_filter=focus.family co "guess"',
    'Observation?_filter=focus pr true and focus.family pr true',
    'Patient?_filter=link[family co "guess"].gender pr true',
    'Observation?subject:Patient.address-postalcode=ZZ9',
    'Observation?subject:Patient.address:missing=false&subject=Patient/flagged',
    'Observation?_filter=subject.address co "Lane" and subject re Patient/flagged',
    'Encounter?location:Location.name=Refuge',
    'Patient?_content=Unguessable',
    'Patient?_content=ZZ9',
    'Patient?_content="9ZZ"&_id=flagged',
    'Encounter?_content=refuge',
    'Encounter?_content=refuge&patient=flagged',
    'Encounter?subject:Patient._content=ZZ9',
    'Patient?_has:Encounter:patient:_content=refuge',
    'Observation?patient._content=Unguessable',
    '_type=Patient,Encounter&_content=ZZ9 or refuge or Unguessable',
    'Location?_has:Encounter:location:status=planned',
    'Patient?_has:Encounter:patient:location=Location/refuge',
    'Observation?_has:Observation:focus:subject=Patient/theirs',
    'Patient?_has:Group:member:_id=theirs',
    'Patient?_has:Group:member:_lastUpdated=gt2000-01-01',
    '_type=Patient,Observation&_id=theirs,secret',
    '_type=Observation&patient.family=Unguessable',
    '_id=theirs',
    'Patient/theirs/Observation',
    'Patient/theirs/*',
    'Patient/theirs/Observation?_id=secret',
  ])('%s: as if it were not there, in rows, totals and counts', async (path) => {
    const midwife = service.as('midwife');
    const joined = (more: string) => `${path.includes('?') || path.startsWith('_') ? `${path}&` : `${path}?`}${more}`;
    const ask = (more: string) => joined(more).replace(/^_/, '?_');
    const reply = await midwife.get(ask('_total=accurate'));
    expect([reply.status, reply.json.total, found(reply)]).toEqual([200, 0, []]);
    const count = await midwife.get(ask('_summary=count'));
    expect([count.status, count.json.total]).toEqual([200, 0]);
    const steward = await service.as('steward').get(ask('_total=accurate'));
    expect(Number(steward.json.total)).toBeGreaterThan(0);
  });

  test('what no hidden row may answer is answered by none: a negation finds the visible rows alone', async () => {
    const midwife = service.as('midwife');
    const all = (await midwife.get('Observation?_summary=count')).json.total;
    const not = await midwife.get('Observation?_filter=not (focus.family co "guess")&_total=accurate&_count=0');
    expect([Number(all) > 0, not.json.total]).toEqual([true, all]);
  });

  test('totals, :not and :missing count only what may be seen', async () => {
    const midwife = service.as('midwife');
    const visible = found(await midwife.get('Patient?_count=200')).length;
    for (const query of ['death-date:missing=true', 'gender:not=male'].map((one) => one)) {
      const reply = await midwife.get(`Patient?${query}&_total=accurate&_count=0`);
      expect([query, reply.json.total]).toEqual([query, visible]);
    }
  });
});

describe('restricted demographics (R-16, vectors 14 and 15)', () => {
  test('her address is absent, and nothing finds, sorts or counts her by it', async () => {
    const midwife = service.as('midwife');
    const read = await midwife.get('Patient/flagged');
    expect([read.status, read.json.address, read.json.telecom]).toEqual([200, undefined, undefined]);
    expect(read.text).not.toMatch(/ZZ9|Fixture Lane/);
    for (const query of [
      'address-postalcode=ZZ9',
      'address=Fixture&_id=flagged',
      'address-city=Sampleport&_id=flagged',
      'phone=01632&_id=flagged',
      'address:contains=ZZ9',
    ]) {
      const reply = await midwife.get(`Patient?${query}&_total=accurate`);
      expect([query, reply.status, reply.json.total, found(reply)]).toEqual([query, 200, 0, []]);
    }
    const missing = await midwife.get('Patient?_id=flagged,mine&address:missing=true');
    const sorted = await midwife.get('Patient?_id=flagged,mine&_sort=address-postalcode');
    expect(found(missing)).toEqual(['Patient/flagged']);
    expect(found(sorted)).toHaveLength(2);
    expect(sorted.text).not.toMatch(/ZZ9/);
  });

  test('in every other form of the answer too', async () => {
    const midwife = service.as('midwife');
    const replies = await Promise.all(
      [
        'Patient?_id=flagged',
        'Patient?_id=flagged&_elements=address',
        'Patient/flagged?_elements=address,telecom',
        'Patient/flagged/_history',
        'Patient/flagged/_history/1',
        'Patient/_history',
        '_history?_count=200',
        'Patient/flagged/$everything',
        'Observation?patient=flagged&_include=Observation:subject',
      ].map((path) => midwife.get(path)),
    );
    for (const reply of replies) {
      expect(reply.status).toBe(200);
      expect(reply.text).not.toMatch(/ZZ9 9ZZ/);
    }
    const batch = await midwife.post('', {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [
        { request: { method: 'GET', url: 'Patient/flagged' } },
        { request: { method: 'GET', url: 'Patient?_id=flagged' } },
      ],
    });
    expect(batch.text).not.toMatch(/ZZ9 9ZZ/);
  });

  test('what she was shown in part she cannot write back, test or patch her way into', async () => {
    const midwife = service.as('midwife');
    const shown = (await midwife.get('Patient/flagged')).json;
    const back = await midwife.put('Patient/flagged', { ...shown, birthDate: '1990-01-01' });
    expect([back.status, issue(back)]).toEqual([422, 'business-rule at Patient.meta.tag']);
    const probe = async (value: string) => {
      const operations: JsonObject[] = [{ op: 'test', path: '/address/0/postalCode', value }];
      const reply = await midwife.patch('Patient/flagged', operations, {
        'content-type': 'application/json-patch+json',
      });
      return [reply.status, issue(reply)];
    };
    expect(await probe('ZZ9 9ZZ')).toEqual(await probe('AA1 1AA'));
    const copy = [{ op: 'copy', from: '/address/0/postalCode', path: '/name/0/text' }];
    const copied = await midwife.patch('Patient/flagged', copy, { 'content-type': 'application/json-patch+json' });
    expect([copied.status, copied.text.includes('ZZ9 9ZZ')]).toEqual([403, false]);
    const stored = resources(await service.as('steward').get('Patient?_id=flagged'))[0];
    expect(at(stored, 'address.0.postalCode')).toBe('ZZ9 9ZZ');
  });
});

test('a masked reference is not followed by _include, on later pages neither', async () => {
  const path = 'Encounter?patient=flagged&status=planned&_include=Encounter:location';
  expect(found(await service.as('steward').get(path), 'include')).toEqual(['Location/refuge']);
  const midwife = service.as('midwife');
  for (const count of [1, 2, 50]) {
    const all = await pages(midwife, await midwife.get(`${path}&_count=${count}`));
    expect(all.flatMap((page) => found(page))).toHaveLength(3);
    expect(all.flatMap((page) => found(page, 'include'))).toEqual([]);
  }
});

test('a masked reference is not followed backwards by _revinclude', async () => {
  const path = 'Location?_id=refuge&_revinclude=Encounter:location';
  expect(found(await service.as('steward').get(path), 'include').length).toBe(3);
  const reply = await service.as('midwife').get(path);
  expect([reply.status, found(reply, 'include')]).toEqual([200, []]);
  expect(found(await service.as('midwife').get('Encounter?location=Location/refuge'))).toEqual([]);
});

test('a write is answered under the masks of a read', async () => {
  const epr = service.as('epr');
  const whole = resources(await service.as('steward').get('Patient?_id=flagged'))[0];
  const reply = await epr.put('Patient/flagged', { ...whole, birthDate: '1998-04-06' });
  expect([reply.status, reply.json.birthDate, reply.json.address]).toEqual([200, '1998-04-06', undefined]);
  expect(reply.text).not.toMatch(/ZZ9 9ZZ/);
  const inside = await epr.post('', bundleOf('transaction', [{ ...whole, resourceType: 'Patient' }]), {
    prefer: 'return=representation',
  });
  expect([inside.status, inside.text.includes('ZZ9 9ZZ')]).toEqual([200, false]);
});

describe('conditions tell nothing either', () => {
  test('conditional create on a hidden number: 409 with a handle, no second person, no id (vector 44)', async () => {
    const before = (await service.as('steward').get('Patient?_summary=count')).json.total;
    const reply = await service
      .as('midwife')
      .post('Patient', newMother('Again', HIDDEN_NHS), { 'if-none-exist': `identifier=${HIDDEN_NHS}` });
    expect([reply.status, textAt(reply.json, 'issue.0.details.coding.0.code')]).toEqual([409, 'match-restricted']);
    expect(reply.text).not.toMatch(/theirs|Unguessable/);
    expect((await service.as('steward').get('Patient?_summary=count')).json.total).toBe(before);
  });

  test.each(['put', 'patch', 'delete'] as const)('conditional %s sees no hidden match', async (method) => {
    const midwife = service.as('midwife');
    const path = (family: string) => `Patient?family=${family}`;
    const operations: JsonObject[] = [{ op: 'remove', path: '/birthDate' }];
    const ask = (family: string) =>
      method === 'delete'
        ? midwife.delete(path(family))
        : method === 'put'
          ? midwife.put(path(family), { ...newMother('Stays'), gender: 'banana' })
          : midwife.patch(path(family), operations, { 'content-type': 'application/json-patch+json' });
    const hidden = await ask('Unguessable');
    const unknown = await ask('Nobody-at-all');
    expect([hidden.status, hidden.text]).toEqual([unknown.status, unknown.text]);
  });

  test('a conditional reference to a hidden person leads nowhere', async () => {
    const tx = (criteria: string) =>
      service
        .as('midwife')
        .post(
          '',
          bundleOf('transaction', [{ ...note('x', 'x', 'x'), id: 'x', subject: { reference: `Patient?${criteria}` } }]),
        );
    const hidden = await tx(`identifier=${HIDDEN_NHS}`);
    const unknown = await tx(`identifier=${nhsNumberOf(7_003)}`);
    expect([hidden.status, hidden.text]).toEqual([unknown.status, unknown.text]);
  });

  test('If-Match, If-None-Match and history tell no version of a hidden row', async () => {
    const admin = service.as('admin');
    for (const headers of [
      { 'if-none-match': 'W/"1"' },
      { 'if-none-match': '*' },
      { 'if-modified-since': new Date().toUTCString() },
    ]) {
      const hidden = await admin.get('Patient/theirs', headers);
      const unknown = await admin.get('Patient/nobody', headers);
      expect([hidden.status, hidden.text]).toEqual([unknown.status, unknown.text]);
    }
    for (const tag of ['W/"1"', 'W/"2"']) {
      const hidden = await admin.put('Patient/theirs', { ...newMother('x'), id: 'theirs' }, { 'if-match': tag });
      const unknown = await admin.put('Patient/nobody', { ...newMother('x'), id: 'nobody' }, { 'if-match': tag });
      expect([tag, hidden.status, hidden.text]).toEqual([tag, unknown.status, unknown.text]);
    }
  });
});
