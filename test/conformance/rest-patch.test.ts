/** PATCH (R4 http.html#patch): JSON Patch and FHIRPath Patch, by id and by criteria, all or nothing. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { at, type Client, issue, JSON_PATCH, textAt } from '../harness/client.ts';
import { newMother } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;
let epr: Client;

beforeAll(async () => {
  service = await startService();
  await service.directory();
  epr = service.as('epr');
}, 60_000);
afterAll(() => service.close());

const create = async (surname: string) => {
  const made = await epr.post('Patient', newMother(surname));
  return { id: textAt(made.json, 'id'), value: textAt(made.json, 'identifier.0.value') };
};

const replace = (path: string, value: string) => ({
  resourceType: 'Parameters',
  parameter: [
    {
      name: 'operation',
      part: [
        { name: 'type', valueCode: 'replace' },
        { name: 'path', valueString: path },
        { name: 'value', valueDate: value },
      ],
    },
  ],
});

test('JSON Patch', async () => {
  const { id } = await create('JsonPatch');
  const operations = [
    { op: 'test', path: '/name/0/family', value: 'JsonPatch' },
    { op: 'replace', path: '/birthDate', value: '1980-08-08' },
    { op: 'add', path: '/name/0/given/-', value: 'Second' },
  ];
  const reply = await epr.patch(`Patient/${id}`, operations, JSON_PATCH);
  expect([reply.status, reply.headers.get('etag'), reply.json.birthDate]).toEqual([200, 'W/"2"', '1980-08-08']);
  expect(at(reply.json, 'name.0.given')).toEqual(['Test', 'Second']);
  expect((await epr.get(`Patient/${id}`)).json).toEqual(reply.json);
});

test('FHIRPath Patch', async () => {
  const { id } = await create('PathPatch');
  const reply = await epr.patch(`Patient/${id}`, replace('Patient.birthDate', '1981-01-01'));
  expect([reply.status, reply.json.birthDate]).toEqual([200, '1981-01-01']);
});

test('by criteria: one match is changed, none is 404, several are 412', async () => {
  const { value, id } = await create('CondPatch');
  const path = `Patient?identifier=${encodeURIComponent(value)}`;
  const operations = [{ op: 'replace', path: '/birthDate', value: '1982-01-01' }];
  const reply = await epr.patch(path, operations, JSON_PATCH);
  expect([reply.status, reply.json.id]).toEqual([200, id]);
  expect((await epr.patch('Patient?identifier=nobody-has-this', operations, JSON_PATCH)).status).toBe(404);
  await create('Twice');
  await create('Twice');
  expect((await epr.patch('Patient?family=Twice', operations, JSON_PATCH)).status).toBe(412);
});

test.each([
  [
    'a stale If-Match (H21)',
    [{ op: 'replace', path: '/birthDate', value: '1999-01-01' }],
    { 'if-match': 'W/"9"' },
    412,
  ],
  ['a test that fails', [{ op: 'test', path: '/birthDate', value: '1900-01-01' }], {}, 422],
  ['a path that leads nowhere', [{ op: 'remove', path: '/photo/0' }], {}, 422],
  ['a result that is not valid', [{ op: 'replace', path: '/gender', value: 'banana' }], {}, 422],
  ['another id', [{ op: 'replace', path: '/id', value: 'other' }], {}, 422],
  ['another type', [{ op: 'replace', path: '/resourceType', value: 'Group' }], {}, 422],
  ['no list', { op: 'remove', path: '/birthDate' }, {}, 400],
  [
    'a second operation that fails',
    [
      { op: 'remove', path: '/birthDate' },
      { op: 'remove', path: '/nothing' },
    ],
    {},
    422,
  ],
])('refused, and nothing changes: %s', async (_words, operations, headers, status) => {
  const { id } = await create('Refused');
  const before = await epr.get(`Patient/${id}`);
  const reply = await epr.patch(`Patient/${id}`, operations, { ...JSON_PATCH, ...headers });
  expect([[status, 400].includes(reply.status), reply.json.resourceType]).toEqual([true, 'OperationOutcome']);
  if (status === 412) expect(reply.status).toBe(412);
  expect((await epr.get(`Patient/${id}`)).text).toBe(before.text);
});

test('an unknown id is 404, a deleted one 410, another content type 415', async () => {
  const operations = [{ op: 'remove', path: '/birthDate' }];
  expect((await epr.patch('Patient/nobody', operations, JSON_PATCH)).status).toBe(404);
  const steward = service.as('steward');
  const { id } = await create('Deleted');
  await steward.delete(`Patient/${id}`);
  const gone = await steward.patch(`Patient/${id}`, operations, JSON_PATCH);
  expect([gone.status, issue(gone)]).toEqual([410, 'deleted']);
  expect((await epr.patch(`Patient/${id}`, operations, { 'content-type': 'text/plain' })).status).toBe(415);
});
