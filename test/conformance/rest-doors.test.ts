/** What the door answers when a request is not one it takes: 404, 405, 406, 413, 415, 400, and what every answer carries. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { at, type Client, clientOn, FHIR, issue } from '../harness/client.ts';
import { newMother } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;
let epr: Client;

beforeAll(async () => {
  service = await startService({ config: { bodyLimit: 1_000_000 } });
  await service.directory();
  await service.family('one');
  epr = service.as('epr');
}, 60_000);
afterAll(() => service.close());

describe('addresses that lead nowhere', () => {
  test.each([
    'Unicorn',
    'Unicorn/1',
    'Patient/one/extra/parts',
    'Patient/has space',
    'Patient/one/_history/1/2',
    'patient/one',
    '$unknown',
    'Patient/$unknown',
    'Patient/one/$unknown',
    '_search/x',
    'Patient/../Patient/one%2f..',
    `Patient/${'a'.repeat(65)}`,
  ])('%s: 404 with an outcome', async (path) => {
    const reply = await epr.get(path);
    expect([reply.status, reply.json.resourceType]).toEqual([404, 'OperationOutcome']);
  });

  test('outside the FHIR base too', async () => {
    const reply = await clientOn(`http://127.0.0.1:${service.port}`, null).get('nothing/here');
    expect([reply.status, reply.json.resourceType]).toEqual([404, 'OperationOutcome']);
  });
});

describe('methods that are not offered', () => {
  test.each([
    ['POST', 'Patient/one'],
    ['PUT', ''],
    ['DELETE', ''],
    ['PATCH', ''],
    ['DELETE', 'Patient/one/_history'],
    ['PUT', 'Patient/one/_history/1'],
    ['PUT', 'Patient/_search'],
    ['DELETE', 'metadata'],
    ['PROPFIND', 'Patient/one'],
  ])('%s %s: 405 with Allow (RFC 9110 15.5.6)', async (method, path) => {
    const reply = await epr.send(method, path, method === 'PROPFIND' ? undefined : newMother('x'));
    expect([reply.status, reply.json.resourceType]).toEqual([405, 'OperationOutcome']);
    expect(reply.headers.get('allow')).toMatch(/[A-Z]+/);
  });
});

describe('forms of content', () => {
  test.each(['text/turtle', 'image/png', 'application/fhir+json; fhirVersion=3.0', 'application/json;q=0'])(
    'Accept: %s: 406',
    async (accept) => {
      const reply = await epr.get('Patient/one', { accept });
      expect([reply.status, reply.json.resourceType]).toEqual([406, 'OperationOutcome']);
    },
  );

  test.each([FHIR, 'application/json', '*/*', 'text/html, */*;q=0.1', 'application/fhir+json; fhirVersion=4.0', ''])(
    'Accept: %j is answered in FHIR JSON',
    async (accept) => {
      const reply = await epr.get('Patient/one', { accept });
      expect(reply.status).toBe(200);
      expect(reply.headers.get('content-type')).toMatch(/^application\/fhir\+json/);
    },
  );

  test('_format wins over Accept', async () => {
    expect((await epr.get('Patient/one?_format=json', { accept: 'application/xml' })).status).toBe(200);
    expect((await epr.get('Patient/one?_format=ttl')).status).toBe(406);
    expect((await epr.get('Patient/one?_format=application/fhir%2Bjson')).status).toBe(200);
  });

  test.each([
    'text/turtle',
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/fhir+json; charset=iso-8859-1',
    'application/fhir+json; fhirVersion=3.0',
    '',
  ])('a body of Content-Type %j: 415', async (type) => {
    const reply = await epr.post('Patient', JSON.stringify(newMother('x')), { 'content-type': type });
    expect([reply.status, reply.json.resourceType]).toEqual([415, 'OperationOutcome']);
  });

  test('a body in a coding that is not offered is refused clearly', async () => {
    const reply = await epr.post('Patient', JSON.stringify(newMother('x')), { 'content-encoding': 'br' });
    expect(reply.status).toBe(415);
  });

  test.each([
    ['POST', 'Patient'],
    ['PUT', 'Patient/one'],
    ['POST', ''],
    ['POST', 'Patient/$validate'],
  ])('%s %s with an empty body: 400', async (method, path) => {
    const reply = await epr.send(method, path, '');
    expect([reply.status, issue(reply)]).toEqual([400, expect.stringContaining('structure')]);
  });

  test('a body above the limit: 413, told before it is read when declared', async () => {
    const large = JSON.stringify({ ...newMother('x'), text: { status: 'empty', div: 'x'.repeat(2_000_000) } });
    const reply = await epr.post('Patient', large);
    expect([reply.status, issue(reply)]).toEqual([413, 'too-long']);
    expect(reply.headers.get('connection')).toBe('close');
    expect((await epr.get('Patient/one')).status).toBe(200);
  });
});

describe('what every answer carries', () => {
  test('a request id: the caller’s own when it is one, else a fresh one', async () => {
    const own = await epr.get('Patient/one', { 'x-request-id': 'my-request.0001' });
    expect(own.headers.get('x-request-id')).toBe('my-request.0001');
    const odd = await epr.get('Patient/one', { 'x-request-id': 'a b<script>' });
    expect(odd.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect((await epr.get('Patient/nobody')).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('nothing may keep it, and nothing says what it is made of', async () => {
    for (const reply of [
      await epr.get('Patient/one'),
      await epr.get('Patient/nobody'),
      await service.anonymous.get('Patient'),
    ]) {
      expect(reply.headers.get('cache-control')).toBe('no-store');
      expect(reply.headers.get('x-powered-by')).toBeNull();
      expect(reply.headers.get('server')).toBeNull();
    }
  });

  test('no stack traces, no paths of ours, in any refusal', async () => {
    const asked = [
      '_sort=((((',
      'name=%00',
      '_lastUpdated=gt9999-99-99',
      '_count=-1',
      'birthdate=x',
      '_include=(',
      'name:x=y',
    ];
    const replies = await Promise.all([
      ...asked.map((query) => epr.get(`Patient?${query}`)),
      ...['{', '[]', 'null', '"x"', '1'].flatMap((body) => [epr.post('Patient', body), epr.post('', body)]),
      epr.get('Patient/one/_history?_since=x'),
      epr.get('Patient/%00'),
    ]);
    for (const [n, reply] of replies.entries()) {
      expect([n, [400, 404].includes(reply.status), reply.json.resourceType]).toEqual([n, true, 'OperationOutcome']);
      expect(reply.text).not.toMatch(/\/src\/|node_modules|at .*\.ts:\d|Error:/);
    }
  });
});

describe('who needs no token', () => {
  test('a Provenance in a header is refused, never dropped', async () => {
    const reply = await service.as('midwife').get('Patient/one', { 'x-provenance': '{"resourceType":"Provenance"}' });
    expect([reply.status, issue(reply)]).toEqual([400, 'not-supported']);
  });

  test('metadata, the well-known documents and health; nothing else', async () => {
    const root = clientOn(`http://127.0.0.1:${service.port}`, null);
    expect((await service.anonymous.get('metadata')).status).toBe(200);
    expect((await root.get('health/live')).status).toBe(200);
    expect((await root.get('health/ready')).status).toBe(200);
    expect((await root.get('fhir/R4/.well-known/smart-configuration')).status).toBe(200);
    for (const path of [
      'Patient',
      'Patient/one',
      '',
      '_history',
      'StructureDefinition',
      'Questionnaire',
      'Patient/one/$everything',
    ]) {
      const reply = await service.anonymous.get(path);
      expect([path, reply.status]).toEqual([path, 401]);
      expect(reply.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
  });
});

describe('metadata tells the truth', () => {
  test('a CapabilityStatement whose own base, formats and interactions hold', async () => {
    const reply = await service.anonymous.get('metadata');
    expect([reply.json.resourceType, reply.json.fhirVersion, reply.json.kind]).toEqual([
      'CapabilityStatement',
      '4.0.1',
      'instance',
    ]);
    expect(at(reply.json, 'implementation.url')).toBe(service.base);
    expect(reply.json.format).toEqual(['application/fhir+json', 'json', 'application/fhir+xml', 'xml']);
    const checked = await service.as('steward').post('CapabilityStatement/$validate', reply.json);
    expect(JSON.stringify(at(checked.json, 'issue'))).not.toMatch(/"severity":"(error|fatal)"/);
  });
});

describe('$validate', () => {
  test('says what a write would say, and keeps nothing', async () => {
    const before = (await epr.get('Patient?_summary=count')).json.total;
    const fine = await epr.post('Patient/$validate', newMother('Valid'));
    expect([fine.status, at(fine.json, 'issue.0.severity')]).toEqual([200, 'information']);
    const bad = await epr.post('Patient/$validate', { ...newMother('Valid'), gender: 'banana' });
    expect([bad.status, at(bad.json, 'issue.0.severity'), issue(bad)]).toEqual([
      200,
      'error',
      expect.stringContaining('Patient.gender'),
    ]);
    const wrapped = { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: newMother('Valid') }] };
    expect((await epr.post('Patient/$validate', wrapped)).status).toBe(200);
    expect((await epr.get('Patient/$validate')).status).toBe(405);
    expect((await epr.get('Patient?_summary=count')).json.total).toBe(before);
  });
});
