/** The instance interactions of R4 http.html over HTTP: create, read, vread, update, delete and their conditions. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { at, type Client, issue, JSON_PATCH, type Reply, textAt } from '../harness/client.ts';
import { newMother, note } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;
let epr: Client;
let steward: Client;

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('one');
  epr = service.as('epr');
  steward = service.as('steward');
}, 60_000);
afterAll(() => service.close());

const idIn = (reply: Reply): string => textAt(reply.json, 'id');
const create = async (surname: string): Promise<string> => idIn(await epr.post('Patient', newMother(surname)));

describe('create (http.html#create)', () => {
  test('201 with Location, ETag, Last-Modified and the resource under an id of the server', async () => {
    const reply = await epr.post('Patient', { ...newMother('Create'), id: 'mine', meta: { versionId: '9' } });
    expect(reply.status).toBe(201);
    expect(idIn(reply)).not.toBe('mine');
    expect(reply.headers.get('location')).toBe(`${service.base}/Patient/${idIn(reply)}/_history/1`);
    expect(reply.headers.get('etag')).toBe('W/"1"');
    expect(at(reply.json, 'meta.versionId')).toBe('1');
    const modified = Date.parse(reply.headers.get('last-modified') ?? '');
    expect(modified).toBe(Math.floor(Date.parse(textAt(reply.json, 'meta.lastUpdated')) / 1000) * 1000);
    expect(reply.headers.get('content-type')).toMatch(/^application\/fhir\+json/);
  });

  test('what was created is what is read', async () => {
    const sent = newMother('Same');
    const made = await epr.post('Patient', sent);
    const read = await epr.get(`Patient/${idIn(made)}`);
    expect(read.json).toEqual(made.json);
    const { id: _id, meta: _meta, ...content } = read.json;
    expect(content).toEqual(sent);
  });

  test.each([
    ['minimal', (reply: Reply) => expect(reply.text).toBe('')],
    ['representation', (reply: Reply) => expect(reply.json.resourceType).toBe('Patient')],
    ['OperationOutcome', (reply: Reply) => expect(reply.json.resourceType).toBe('OperationOutcome')],
  ])('Prefer: return=%s', async (wanted, look) => {
    const made = await epr.post('Patient', newMother('Prefer'), { prefer: `return=${wanted}` });
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toContain('/_history/1');
    look(made);
    const changed = await epr.put(`Patient/one`, (await epr.get('Patient/one')).json, { prefer: `return=${wanted}` });
    expect(changed.status).toBe(200);
    look(changed);
  });

  test.each([
    ['another type than the URL', { resourceType: 'Observation' }],
    ['no type at all', { name: [] }],
    ['a type that is none', { resourceType: 'Unicorn' }],
    ['an element that is none', { ...newMother('X'), horn: 1 }],
    ['a list where one value belongs', { ...newMother('X'), birthDate: ['1990-01-01'] }],
    ['an empty list', { ...newMother('X'), name: [] }],
    ['an empty object', { ...newMother('X'), maritalStatus: {} }],
    ['an empty string', { ...newMother('X'), birthDate: '' }],
  ])('refuses %s and keeps nothing', async (_words, body) => {
    const before = (await steward.get('Patient?_summary=count')).json.total;
    const reply = await epr.post('Patient', body);
    expect([400, 422]).toContain(reply.status);
    expect(reply.json.resourceType).toBe('OperationOutcome');
    expect((await steward.get('Patient?_summary=count')).json.total).toBe(before);
  });

  test.each([
    ['a day that never was', { birthDate: '2026-02-30' }, 'Patient.birthDate'],
    ['a code outside a required binding', { gender: 'banana' }, 'Patient.gender'],
    ['two values of a choice', { deceasedBoolean: false, deceasedDateTime: '2026-01-01' }, 'Patient'],
  ])('names the element of %s', async (_words, part, expression) => {
    const reply = await epr.post('Patient', { ...newMother('X'), ...part });
    expect([400, 422]).toContain(reply.status);
    expect(String(at(reply.json, 'issue.0.expression.0'))).toContain(expression);
  });
});

describe('conditional create (http.html#ccreate)', () => {
  test('none: 201; one: 200 and the match as it is; several: 412', async () => {
    const sent = newMother('Condition');
    const value = textAt(sent, 'identifier.0.value');
    const headers = {
      'if-none-exist': `identifier=${encodeURIComponent(`${textAt(sent, 'identifier.0.system')}|${value}`)}`,
    };
    const first = await epr.post('Patient', sent, headers);
    expect(first.status).toBe(201);
    const second = await epr.post('Patient', { ...sent, birthDate: '1990-09-09' }, headers);
    expect([second.status, idIn(second), second.json.birthDate]).toEqual([200, idIn(first), sent.birthDate]);
    expect(second.headers.get('etag')).toBe('W/"1"');
    await epr.post('Patient', sent);
    const third = await epr.post('Patient', sent, headers);
    expect([third.status, issue(third)]).toEqual([412, 'multiple-matches']);
  });

  test('two at once make one', async () => {
    const sent = newMother('Race');
    const headers = { 'if-none-exist': `identifier=${encodeURIComponent(textAt(sent, 'identifier.0.value'))}` };
    const replies = await Promise.all(Array.from({ length: 6 }, () => epr.post('Patient', sent, headers)));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201]);
    expect(new Set(replies.map(idIn)).size).toBe(1);
  });

  test.each(['', 'unknown=1', '_sort=name'])(
    'the condition %j is refused: it would match anything',
    async (criteria) => {
      const reply = await epr.post('Patient', newMother('Bad'), { 'if-none-exist': criteria === '' ? ' ' : criteria });
      expect(reply.status).toBe(400);
    },
  );
});

test('an NHS number without verification status is stored as 02 and said so; what is read goes back unchanged', async () => {
  const status = 'Extension-UKCore-NHSNumberVerificationStatus';
  const code = 'identifier.0.extension.0.valueCodeableConcept.coding.0.code';
  const number = { system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990001111' };
  const profile = 'https://tandem.example/fhir/StructureDefinition/JV-Patient';
  const sent = { ...newMother('Untraced'), identifier: [number] };
  const told = await epr.post('Patient/$validate', sent);
  expect(told.text).not.toContain('error');
  const made = await epr.post('Patient', sent, { prefer: 'return=OperationOutcome' });
  expect([made.status, made.text]).toEqual([201, expect.stringContaining('stored as 02')]);
  const address = made.headers.get('location')?.split('/_history')[0] ?? '';
  const read = await epr.get(address);
  expect([read.text.split(status).length, at(read.json, code)]).toEqual([2, '02']);
  const again = await epr.put(address, read.text);
  expect([again.status, at(again.json, 'identifier')]).toEqual([200, at(read.json, 'identifier')]);
  const removal = [{ op: 'remove', path: '/identifier/0/extension' }];
  expect(at((await epr.patch(address, removal, JSON_PATCH)).json, code)).toBe('02');
  const verified = JSON.parse(read.text.replace('"02"', '"01"'));
  expect(at((await epr.put(address, verified)).json, code)).toBe('01');
  const asked = await epr.post(`Patient/$validate?profile=${profile}`, sent);
  expect(asked.text).toContain('jv-nhs-2');
});

describe('read and vread (http.html#read, #vread)', () => {
  test('304 by If-None-Match and If-Modified-Since, the first winning', async () => {
    const whole = await epr.get('Patient/one');
    const etag = whole.headers.get('etag') ?? '';
    const modified = whole.headers.get('last-modified') ?? '';
    const same = await epr.get('Patient/one', { 'if-none-match': etag });
    expect([same.status, same.text, same.headers.get('etag')]).toEqual([304, '', etag]);
    expect((await epr.get('Patient/one', { 'if-none-match': 'W/"777"' })).status).toBe(200);
    expect((await epr.get('Patient/one', { 'if-modified-since': modified })).status).toBe(304);
    expect((await epr.get('Patient/one', { 'if-modified-since': 'Mon, 01 Jan 2001 00:00:00 GMT' })).status).toBe(200);
    const both = { 'if-none-match': 'W/"777"', 'if-modified-since': modified };
    expect((await epr.get('Patient/one', both)).status).toBe(200);
  });

  test('HEAD is GET without the body', async () => {
    const get = await epr.get('Patient/one');
    const head = await epr.head('Patient/one');
    expect([head.status, head.text]).toEqual([200, '']);
    for (const name of ['etag', 'last-modified', 'content-type', 'content-length'])
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    expect((await epr.head('Patient/nobody')).status).toBe(404);
  });

  test('every version stays readable under its own ETag', async () => {
    const id = await create('Versions');
    const first = await epr.get(`Patient/${id}`);
    await epr.put(`Patient/${id}`, { ...first.json, birthDate: '1991-01-01' });
    const old = await epr.get(`Patient/${id}/_history/1`);
    expect([old.status, old.headers.get('etag'), old.json]).toEqual([200, 'W/"1"', first.json]);
    expect((await epr.get(`Patient/${id}/_history/2`)).json.birthDate).toBe('1991-01-01');
    for (const version of ['3', '0', 'x', '99999999999'])
      expect((await epr.get(`Patient/${id}/_history/${version}`)).status).toBe(404);
  });

  test('_summary and _elements keep what is mandatory and say so', async () => {
    const part = await epr.get('Patient/one?_elements=birthDate');
    expect(Object.keys(part.json).sort()).toEqual(['birthDate', 'id', 'meta', 'resourceType']);
    expect(at(part.json, 'meta.tag.0.code')).toBe('SUBSETTED');
    expect((await epr.get('Patient/one?_elements=birthDate&family=x')).status).toBe(400);
    expect((await epr.get('Patient/one?_summary=wrong')).status).toBe(400);
  });
});

describe('update (http.html#update)', () => {
  test('a new version, ETag and Last-Modified; nothing of the old one is kept', async () => {
    const id = await create('Update');
    const before = await epr.get(`Patient/${id}`);
    const { birthDate: _gone, ...rest } = before.json;
    const reply = await epr.put(`Patient/${id}`, rest, { 'if-match': 'W/"1"' });
    expect([reply.status, reply.headers.get('etag'), reply.json.birthDate]).toEqual([200, 'W/"2"', undefined]);
    expect(Date.parse(textAt(reply.json, 'meta.lastUpdated'))).toBeGreaterThan(
      Date.parse(textAt(before.json, 'meta.lastUpdated')),
    );
  });

  test.each(['W/"7"', '"7"', 'W/"0"'])('If-Match %s that does not hold: 412 and nothing changes (H21)', async (tag) => {
    const before = await epr.get('Patient/one');
    const reply = await epr.put('Patient/one', { ...before.json, active: false }, { 'if-match': tag });
    expect([reply.status, issue(reply)]).toEqual([412, 'conflict']);
    expect((await epr.get('Patient/one')).headers.get('etag')).toBe(before.headers.get('etag'));
  });

  test('of eight writers with the same If-Match one wins', async () => {
    const id = await create('Writers');
    const { json } = await epr.get(`Patient/${id}`);
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        epr.put(`Patient/${id}`, { ...json, birthDate: `1990-01-0${n + 1}` }, { 'if-match': 'W/"1"' }),
      ),
    );
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 412 || status === 409)).toHaveLength(7);
    expect((await epr.get(`Patient/${id}`)).headers.get('etag')).toBe('W/"2"');
  });

  test('without If-Match no acknowledged version is lost', async () => {
    const id = await create('Lost');
    const { json } = await epr.get(`Patient/${id}`);
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, n) => epr.put(`Patient/${id}`, { ...json, birthDate: `1990-01-0${n + 1}` })),
    );
    const versions = replies.filter(({ status }) => status === 200).map(({ headers }) => headers.get('etag'));
    expect(new Set(versions).size).toBe(versions.length);
    expect(replies.every(({ status }) => status === 200 || status === 409)).toBe(true);
  });

  test.each([
    ['another id', { id: 'other' }, 'invalid at Patient.id'],
    ['no id', { id: undefined }, 'invalid at Patient.id'],
    ['another type', { resourceType: 'Observation' }, 'invalid at resourceType'],
  ])('the body has %s: 400', async (_words, part, expected) => {
    const { json } = await epr.get('Patient/one');
    const reply = await epr.put('Patient/one', { ...json, ...part });
    expect([reply.status, issue(reply)]).toEqual([400, expected]);
  });

  test('update as create: systems choose ids, people do not', async () => {
    const body = { ...newMother('Chosen'), id: 'chosen-1' };
    const made = await epr.put('Patient/chosen-1', body);
    expect([made.status, made.headers.get('location')]).toEqual([201, `${service.base}/Patient/chosen-1/_history/1`]);
    const person = await service.as('midwife').put('Patient/chosen-2', { ...body, id: 'chosen-2' });
    expect(person.status).toBe(405);
    expect((await epr.put('Patient/chosen-3', { ...body, id: 'chosen-3' }, { 'if-match': 'W/"1"' })).status).toBe(412);
    expect((await epr.get('Patient/chosen-3')).status).toBe(404);
  });

  test('conditional update: none 201, one 200, several 412', async () => {
    const sent = newMother('CondUpdate');
    const path = `Patient?identifier=${encodeURIComponent(textAt(sent, 'identifier.0.value'))}`;
    const made = await epr.put(path, sent);
    expect(made.status).toBe(201);
    const changed = await epr.put(path, { ...sent, birthDate: '1992-02-02' });
    expect([changed.status, idIn(changed), changed.headers.get('etag')]).toEqual([200, idIn(made), 'W/"2"']);
    expect((await epr.put(path, { ...sent, id: 'wrong' })).status).toBe(400);
    const other = newMother('CondOther');
    const elsewhere = `Patient?identifier=${encodeURIComponent(textAt(other, 'identifier.0.value'))}`;
    const over = await epr.put(elsewhere, { ...other, id: idIn(made) });
    expect([over.status, issue(over)]).toEqual([409, 'conflict at Patient.id']);
    expect((await epr.get(`Patient/${idIn(made)}`)).headers.get('etag')).toBe('W/"2"');
    await epr.post('Patient', sent);
    expect((await epr.put(path, sent)).status).toBe(412);
    expect((await epr.put('Patient', sent)).status).toBe(400);
  });
});

describe('delete (http.html#delete)', () => {
  test('a tombstone: 204, then 410, history kept, repeated deletes 204, undone by an update', async () => {
    await service.load([note('gone', 'one', 'to delete')]);
    const removed = await steward.delete('Observation/gone');
    expect([removed.status, removed.headers.get('etag'), removed.text]).toEqual([204, 'W/"2"', '']);
    const read = await steward.get('Observation/gone');
    expect([read.status, issue(read)]).toEqual([410, 'deleted']);
    expect((await steward.get('Observation/gone/_history/1')).status).toBe(200);
    expect((await steward.get('Observation/gone/_history/2')).status).toBe(410);
    expect((await steward.delete('Observation/gone')).status).toBe(204);
    expect((await steward.get('Observation?_id=gone&_total=accurate')).json.total).toBe(0);
    const back = await steward.put('Observation/gone', note('gone', 'one', 'back again'));
    expect([back.status, back.headers.get('etag')]).toEqual([201, 'W/"3"']);
    expect((await steward.get('Observation/gone')).status).toBe(200);
  });

  test('conditional: one match, no match, several', async () => {
    const mark = [{ system: 'urn:test', value: 'cd' }];
    await service.load([
      note('cd-1', 'one', 'x', { identifier: mark }),
      note('cd-2', 'one', 'x', { identifier: mark }),
    ]);
    expect((await steward.delete('Observation?identifier=cd')).status).toBe(412);
    await steward.delete('Observation/cd-1');
    expect((await steward.delete('Observation?identifier=cd')).status).toBe(204);
    expect((await steward.get('Observation/cd-2')).status).toBe(410);
    expect((await steward.delete('Observation?identifier=cd')).status).toBe(204);
    expect((await steward.delete('Observation')).status).toBe(400);
  });

  test('If-Match is kept by deletes too', async () => {
    await service.load([note('kept', 'one', 'x')]);
    expect((await steward.delete('Observation/kept', { 'if-match': 'W/"4"' })).status).toBe(412);
    expect((await steward.get('Observation/kept')).status).toBe(200);
  });

  test('records of care: 405 with the recipe, for systems and people (R-33, vector 62)', async () => {
    for (const who of ['epr', 'hv-system', 'midwife']) {
      const reply = await service.as(who).delete('Observation/one-edd');
      expect([reply.status, issue(reply)]).toEqual([405, 'not-supported']);
      expect(reply.headers.get('allow')).toMatch(/GET/);
      expect(reply.text).toContain('entered-in-error');
    }
  });
});
