/** How requests and answers are written: XML, `_pretty`, compression, CORS, OPTIONS (R4 http.html#mime-type, xml.html). */
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readXml } from '../../src/fhir/xml-read.ts';
import { writeXml } from '../../src/fhir/xml-write.ts';
import { at, type Client, FHIR, issue, textAt } from '../harness/client.ts';
import { newMother } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';
import { testDefinitions } from '../unit/definitions/cache.ts';

const XML = 'application/fhir+xml';
const ORIGIN = 'https://app.example.org';
const { shapes } = await testDefinitions();
const toXml = (resource: object): string => writeXml(JSON.stringify(resource), shapes);
const fromXml = (xml: string): unknown => JSON.parse(readXml(Buffer.from(xml), shapes));

let service: Service;
let epr: Client;

beforeAll(async () => {
  service = await startService({ config: { bodyLimit: 200_000, corsOrigins: [ORIGIN] } });
  await service.directory();
  await service.family('one');
  epr = service.as('epr');
}, 60_000);
afterAll(() => service.close());

describe('XML', () => {
  test.each([
    ['Accept', 'Patient/one', { accept: XML }],
    ['Accept with a weight', 'Patient/one', { accept: `application/json;q=0.5, ${XML};q=0.9` }],
    ['application/xml', 'Patient/one', { accept: 'application/xml' }],
    ['_format=xml', 'Patient/one?_format=xml', { accept: FHIR }],
    ['_format in full', 'Patient/one?_format=application/fhir%2Bxml', {}],
    ['_format with a bare plus', 'Patient/one?_format=application/fhir+xml', {}],
    ['a search', 'Patient?_id=one&_format=xml', {}],
    ['a history', 'Patient/one/_history?_format=xml', {}],
    ['an operation', 'Patient/one/$everything?_format=xml', {}],
    ['a refusal', 'Patient/nobody?_format=xml', {}],
  ])('out, by %s', async (_words, path, headers) => {
    const reply = await epr.get(path, headers);
    expect(reply.headers.get('content-type')).toBe(`${XML}; charset=utf-8`);
    const inJson = await epr.get(path.replace(/[?&]_format=[^&]*/, ''), { accept: FHIR });
    expect(comparable(fromXml(reply.text))).toBe(comparable(inJson.json));
  });

  test('out, by _format in the form of a search; links to later pages keep it, of $everything too', async () => {
    const first = await epr.form('RelatedPerson/_search', '_count=1&_format=xml&_pretty=true');
    expect(first.headers.get('content-type')).toBe(`${XML}; charset=utf-8`);
    const whole = await epr.get('Patient/one/$everything?_count=1&_format=xml&_pretty=true');
    for (const page of [first, whole]) {
      const next =
        /<relation value="next"\/>\s*<url value="([^"]+)"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
      expect(next).toContain('_page=');
      const second = await epr.get(next.slice(service.base.length + (next[service.base.length] === '/' ? 1 : 0)));
      expect([second.status, second.headers.get('content-type')]).toEqual([200, `${XML}; charset=utf-8`]);
      expect(second.text).toContain('\n  <type');
    }
    expect((await epr.form('Observation/_search', 'patient=one&_format=ttl')).status).toBe(406);
  });

  test('in: create, update, transaction and FHIRPath Patch; the same is stored as by JSON', async () => {
    const mother = newMother('Xml');
    const made = await epr.post('Patient', toXml(mother), { 'content-type': `${XML}; charset=utf-8` });
    expect([made.status, made.headers.get('content-type')]).toEqual([201, `${XML}; charset=utf-8`]);
    const id = /<id value="([^"]+)"/.exec(made.text)?.[1] ?? '';
    const { id: _id, meta: _meta, ...content } = (await epr.get(`Patient/${id}`)).json;
    expect(content).toEqual(mother);
    const changed = toXml({ ...mother, id, birthDate: '1991-02-03' });
    const put = await epr.put(`Patient/${id}`, changed, { 'content-type': XML, accept: FHIR });
    expect([put.status, put.json.birthDate]).toEqual([200, '1991-02-03']);
    const patch = toXml({
      resourceType: 'Parameters',
      parameter: [
        {
          name: 'operation',
          part: [
            { name: 'type', valueCode: 'replace' },
            { name: 'path', valueString: 'Patient.birthDate' },
            { name: 'value', valueDate: '1992-03-04' },
          ],
        },
      ],
    });
    const patched = await epr.patch(`Patient/${id}`, patch, { 'content-type': XML, accept: FHIR });
    expect([patched.status, patched.json.birthDate]).toEqual([200, '1992-03-04']);
    const bundle = {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [{ request: { method: 'GET', url: `Patient/${id}` } }],
    };
    const batch = await epr.post('', toXml(bundle), { 'content-type': XML, accept: FHIR });
    expect(at(batch.json, 'entry.0.resource.birthDate')).toBe('1992-03-04');
  });

  test('decimals keep their spelling both ways', async () => {
    const steward = service.as('steward');
    const basic = `<Basic xmlns="http://hl7.org/fhir"><extension url="http://e.org/x"><valueDecimal value="20.00"/></extension><code><text value="x"/></code></Basic>`;
    const made = await steward.post('Basic', basic, { 'content-type': XML });
    expect(made.text).toContain('<valueDecimal value="20.00"/>');
    const id = /<id value="([^"]+)"/.exec(made.text)?.[1] ?? '';
    expect((await steward.get(`Basic/${id}`)).text).toContain('"valueDecimal":20.00');
  });

  test.each([
    [
      'an external entity',
      '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><Patient xmlns="http://hl7.org/fhir"><language value="&e;"/></Patient>',
      400,
    ],
    ['no resource', '<html/>', 400],
    ['nothing', '', 400],
    ['an invalid code', '<Patient xmlns="http://hl7.org/fhir"><gender value="banana"/></Patient>', 422],
    ['more than the limit', `<Patient xmlns="http://hl7.org/fhir">${' '.repeat(200_001)}</Patient>`, 413],
  ])('a body with %s is refused, in XML, and named', async (_words, body, status) => {
    const reply = await epr.post('Patient', body, { 'content-type': XML });
    expect([reply.status, reply.headers.get('content-type')]).toEqual([status, `${XML}; charset=utf-8`]);
    expect(at(fromXml(reply.text) as never, 'resourceType')).toBe('OperationOutcome');
  });
});

/** Object keys in one order, without the times of the answer and the parameter that made the difference. */
function comparable(tree: unknown): string {
  return JSON.stringify(tree, (key, value: unknown) => {
    if (key === 'timestamp' || key === 'lastUpdated') return undefined;
    if (typeof value === 'string') return value.replace(/[?&]_format=[^&]*/, '');
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

test('_pretty, in both forms; other values are refused', async () => {
  const pretty = await epr.get('Patient/one?_pretty=true');
  expect(pretty.text).toMatch(/^\{\n {2}"resourceType": "Patient",\n/);
  expect(pretty.json).toEqual((await epr.get('Patient/one?_pretty=false')).json);
  expect((await epr.get('Patient/one?_pretty=true&_format=xml')).text).toMatch(/\n {2}<id value="one"\/>\n/);
  expect((await epr.get('Patient/one?_pretty=maybe')).status).toBe(400);
  const made = await epr.post('Patient?_pretty=true', newMother('Pretty'));
  expect(made.text).toMatch(/^\{\n/);
});

describe('compression', () => {
  test.each([
    ['gzip', 'gzip'],
    ['br', 'br'],
    ['gzip, deflate, br', 'br'],
    ['gzip;q=1, br;q=0.5', 'gzip'],
    ['*', 'br'],
    ['identity', null],
    ['gzip;q=0, br;q=0', null],
  ])('Accept-Encoding: %s', async (asked, coding) => {
    const path = 'metadata';
    const reply = await service.anonymous.get(path, { 'accept-encoding': asked });
    expect(reply.headers.get('content-encoding')).toBe(coding);
    expect(reply.json.resourceType).toBe('CapabilityStatement');
    expect(reply.headers.get('vary') ?? '').toContain(coding === null ? '' : 'Accept-Encoding');
  });

  test('small answers go as they are', async () => {
    const reply = await epr.get('Patient/nobody', { 'accept-encoding': 'gzip, br' });
    expect(reply.headers.get('content-encoding')).toBeNull();
  });

  test('a gzip body is taken; one that unpacks to more than the limit is not', async () => {
    const zipped = (value: object | string) => gzipSync(typeof value === 'string' ? value : JSON.stringify(value));
    const gzip = { 'content-encoding': 'gzip', 'content-type': FHIR };
    expect((await epr.post('Patient', zipped(newMother('Gzip')), gzip)).status).toBe(201);
    const bomb = zipped(`{"resourceType":"Patient","language":"${'a'.repeat(20_000_000)}"}`);
    expect(bomb.length).toBeLessThan(200_000);
    expect([(await epr.post('Patient', bomb, gzip)).status, (await epr.post('Patient', '{}', gzip)).status]).toEqual([
      413, 400,
    ]);
  });
});

describe('CORS and OPTIONS', () => {
  test('a preflight of a configured origin, without a token', async () => {
    const reply = await service.anonymous.send('OPTIONS', 'Patient/one', undefined, {
      origin: ORIGIN,
      'access-control-request-method': 'PUT',
    });
    expect([reply.status, reply.headers.get('access-control-allow-origin')]).toEqual([204, ORIGIN]);
    expect(reply.headers.get('access-control-allow-methods')).toContain('PUT');
    expect(reply.headers.get('access-control-allow-headers')).toContain('If-None-Exist');
  });

  test('answers and refusals expose their headers to that origin only', async () => {
    for (const [origin, allowed] of [
      [ORIGIN, ORIGIN],
      ['https://app.example.org.evil.example', null],
      ['null', null],
    ] as const) {
      for (const path of ['Patient/one', 'Patient/nobody']) {
        const reply = await epr.get(path, { origin });
        expect(reply.headers.get('access-control-allow-origin')).toBe(allowed);
        expect(reply.headers.get('vary')).toContain('Origin');
        expect(reply.headers.get('access-control-expose-headers') !== null).toBe(allowed !== null);
        expect(reply.headers.get('access-control-allow-credentials')).toBeNull();
      }
    }
  });

  test.each([
    ['Patient/one', 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS'],
    ['Patient', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'],
    ['AuditEvent', 'GET, HEAD, OPTIONS'],
    ['metadata', 'GET, HEAD, OPTIONS'],
    ['Patient/one/$everything', 'GET, POST, OPTIONS'],
  ])('OPTIONS %s says what is offered', async (path, allow) => {
    const reply = await service.anonymous.send('OPTIONS', path);
    expect([reply.status, reply.headers.get('allow')]).toEqual([204, allow]);
  });

  test('OPTIONS of an address that leads nowhere: 404', async () => {
    expect((await service.anonymous.send('OPTIONS', 'Unicorn')).status).toBe(404);
  });
});

describe('addresses', () => {
  test.each([
    'Patient/one/',
    'Patient/%6fne',
    '%50atient/one',
    'Patient/one/%24everything',
    'Patient/one/_history/',
    'metadata/',
    'Patient/?_id=one',
  ])('%s is found', async (path) => {
    expect((await epr.get(path)).status).toBe(200);
  });

  test.each([
    ['/fhir/R4/metadata', 200],
    ['http://elsewhere.example/fhir/R4/metadata?mode=full', 200],
    ['http://elsewhere.example/fhir/R4/Patient/one', 401],
    ['http://elsewhere.example/nothing', 404],
  ])('asked for as a proxy is asked: %s', async (path, status) => {
    const answered = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: service.port, path }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject).end();
    });
    expect(answered).toBe(status);
  });

  test('metadata takes mode and refuses what it does not know', async () => {
    expect((await service.anonymous.get('metadata?mode=full')).status).toBe(200);
    expect((await service.anonymous.get('metadata?horn=1')).status).toBe(400);
  });

  test.each([
    ['POST', 'Patient?name=x'],
    ['PUT', 'Patient/one?name=x'],
    ['DELETE', 'Slot/one?name=x'],
    ['PATCH', 'Patient/one?name=x'],
  ])('%s %s: a parameter that would mean nothing is refused', async (method, path) => {
    const reply = await epr.send(method, path, method === 'DELETE' ? undefined : { ...newMother('x'), id: 'one' });
    expect([reply.status, issue(reply)]).toEqual([400, 'not-supported']);
  });
});

describe('small print of http.html', () => {
  test('If-None-Match: * on an update writes only what is not there', async () => {
    const steward = service.as('steward');
    const basic = { resourceType: 'Basic', id: 'only-new', code: { text: 'x' } };
    const put = (tag: string) => steward.put('Basic/only-new', basic, { 'if-none-match': tag });
    expect([(await put('*')).status, (await put('*')).status, (await put('W/"1"')).status]).toEqual([201, 412, 400]);
  });

  test('a delete says what it did when asked to', async () => {
    const steward = service.as('steward');
    await steward.put('Basic/gone', { resourceType: 'Basic', id: 'gone', code: { text: 'x' } });
    const wanted = { prefer: 'return=OperationOutcome' };
    const [first, second] = [await steward.delete('Basic/gone', wanted), await steward.delete('Basic/gone', wanted)];
    expect([first.status, textAt(first.json, 'issue.0.diagnostics')]).toEqual([200, 'Deleted: Basic/gone, version 2']);
    expect([second.status, textAt(second.json, 'issue.0.diagnostics')]).toEqual([200, 'There was nothing to delete']);
  });

  test('a version that the client has is 304, like the current one', async () => {
    expect((await epr.get('Patient/one/_history/1', { 'if-none-match': 'W/"1"' })).status).toBe(304);
  });

  test('the first version under an id of the client’s came by PUT', async () => {
    const history = await service.as('steward').get('Patient/one/_history');
    expect(at(history.json, 'entry.0.request')).toEqual({ method: 'PUT', url: 'Patient/one' });
  });
});

describe('Bundles', () => {
  const system = 'https://example.org/forms';
  const organization = (value: string) => ({
    resourceType: 'Organization',
    name: 'X',
    identifier: [{ system, value }],
  });
  const entry = (method: string, url: string, rest: object = {}) => ({ request: { method, url }, ...rest });
  const send = (type: string, list: object[]) =>
    service
      .as('steward')
      .post('', { resourceType: 'Bundle', type, entry: list as never }, { prefer: 'return=representation' });

  test('two equal conditional creates in one transaction make one resource', async () => {
    const one = {
      resource: organization('twice'),
      request: { method: 'POST', url: 'Organization', ifNoneExist: `identifier=${system}|twice` },
    };
    const reply = await send('transaction', [one, one]);
    expect([at(reply.json, 'entry.0.response.status'), at(reply.json, 'entry.1.response.status')]).toEqual([
      '201 Created',
      '200 OK',
    ]);
    expect(at(reply.json, 'entry.0.resource.id')).toBe(at(reply.json, 'entry.1.resource.id'));
  });

  test.each([
    ['another id than its entry names', 'Organization/put-a', 'put-b', 400],
    ['an id, whose criteria match another', `Organization?identifier=${system}|put-a`, 'put-b', 400],
    ['an id that is taken, whose criteria match nothing', `Organization?identifier=${system}|put-none`, 'put-b', 409],
    ['no id, by criteria', `Organization?identifier=${system}|put-a`, undefined, 200],
    ['the id that its criteria match', `Organization?identifier=${system}|put-a`, 'put-a', 200],
  ])('an update in a transaction with %s', async (_words, url, id, status) => {
    await service.load([
      { ...organization('put-a'), id: 'put-a' },
      { ...organization('put-b'), id: 'put-b' },
    ]);
    const before = (await service.as('steward').get('Organization/put-b')).text;
    const reply = await send('transaction', [entry('PUT', url, { resource: { ...organization('put-a'), id } })]);
    expect(reply.status).toBe(status);
    if (status >= 400) expect(textAt(reply.json, 'issue.0.expression.0')).toBe('Bundle.entry[0].resource.id');
    expect((await service.as('steward').get('Organization/put-b')).text).toBe(before);
  });

  test('criteria of a conditional reference go on behind a second question mark', async () => {
    await service.load([{ ...organization('what'), id: 'what' }]);
    const basic = {
      resourceType: 'Basic',
      code: { text: 'x' },
      author: { reference: 'Organization?name=X?&_id=what' },
    };
    const reply = await send('transaction', [entry('POST', 'Basic', { resource: basic })]);
    expect([reply.status, issue(reply)]).toEqual([400, 'not-found at Bundle.entry[0].resource']);
  });

  test('links of every kind are rewritten; canonicals, uuids and texts are not (http.html#trules)', async () => {
    const urn = 'urn:uuid:0f0f0f0f-1111-4222-8333-444444444444';
    const url = (n: number) => `https://example.org/e${n}`;
    const basic = {
      resourceType: 'Basic',
      text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml"><a href="${urn}">o</a></div>` },
      extension: [
        { url: url(1), valueUri: urn },
        { url: url(2), valueUrl: urn },
        { url: url(3), valueCanonical: urn },
        { url: url(4), valueUuid: urn },
        { url: url(5), valueString: urn },
        { url: url(6), valueReference: { reference: urn } },
      ],
      code: { text: 'x' },
      subject: { reference: urn },
    };
    const reply = await send('transaction', [
      { fullUrl: urn, ...entry('POST', 'Organization', { resource: organization('links') }) },
      entry('POST', 'Basic', { resource: basic }),
    ]);
    const target = `Organization/${textAt(reply.json, 'entry.0.resource.id')}`;
    const stored = at(reply.json, 'entry.1.resource');
    expect(textAt(stored, 'text.div')).toContain(`<a href="${target}">`);
    expect(at(stored, 'extension')).toEqual([
      { url: url(1), valueUri: target },
      { url: url(2), valueUrl: target },
      { url: url(3), valueCanonical: urn },
      { url: url(4), valueUuid: urn },
      { url: url(5), valueString: urn },
      { url: url(6), valueReference: { reference: target } },
    ]);
    expect(textAt(stored, 'subject.reference')).toBe(target);
  });

  test.each(['transaction', 'batch'])('JSON Patch in a Binary, in a %s', async (type) => {
    const made = await send('transaction', [
      entry('POST', 'Organization', { resource: organization(`patch-${type}`) }),
    ]);
    const patch = JSON.stringify([{ op: 'replace', path: '/name', value: 'Y' }]);
    const binary = {
      resourceType: 'Binary',
      contentType: 'application/json-patch+json',
      data: Buffer.from(patch).toString('base64'),
    };
    const id = textAt(made.json, 'entry.0.resource.id');
    const reply = await send(type, [entry('PATCH', `Organization/${id}`, { resource: binary })]);
    expect([at(reply.json, 'entry.0.response.status'), at(reply.json, 'entry.0.resource.name')]).toEqual([
      '200 OK',
      'Y',
    ]);
    const other = await send(type, [
      entry('PATCH', `Organization/${id}`, { resource: { ...binary, contentType: 'text/plain' } }),
    ]);
    expect(other.text).toContain('Binary in a PATCH entry');
  });

  test('a read in a batch says when it last changed', async () => {
    const reply = await send('batch', [entry('GET', 'Patient/one')]);
    expect(Date.parse(textAt(reply.json, 'entry.0.response.lastModified'))).toBeGreaterThan(0);
  });
});
