/** $validate at every level, and definitions read as resources. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../src/fhir/types.ts';
import { at, type Body, type Client, entries, found, issue, type Reply } from '../harness/client.ts';
import { newMother } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;
let epr: Client;

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('one');
  epr = service.as('epr');
}, 60_000);
afterAll(() => service.close());

const PROFILE = 'https://tandem.example/fhir/StructureDefinition/JV-UnbornBaby';

function parameters(...parts: JsonObject[]): Body {
  return { resourceType: 'Parameters', parameter: parts };
}

function severities(reply: Reply): string[] {
  const issues = at(reply.json, 'issue');
  return (Array.isArray(issues) ? issues : []).map((one) => String(at(one, 'severity')));
}

describe('$validate', () => {
  test('of the system: any type, in its own words', async () => {
    const reply = await epr.post('$validate', { ...newMother('Valid'), gender: 'banana' });
    expect([reply.status, severities(reply), at(reply.json, 'issue.0.expression.0')]).toEqual([
      200,
      ['error'],
      'Patient.gender',
    ]);
    const fine = await epr.post('$validate', newMother('Valid'));
    expect([severities(fine), at(fine.json, 'issue.0.expression.0')]).toEqual([['information'], 'Patient']);
  });

  test('another type than the address says', async () => {
    const reply = await epr.post('Observation/$validate', newMother('Valid'));
    expect([reply.status, severities(reply)]).toEqual([200, ['error']]);
  });

  test.each<[string, (resource: JsonObject) => [string, Body]]>([
    ['in the URL', (resource) => [`Patient/$validate?profile=${PROFILE}`, resource]],
    [
      'in Parameters',
      (resource) => [
        'Patient/$validate',
        parameters(
          { name: 'resource', resource },
          { name: 'profile', valueUri: PROFILE },
          { name: 'mode', valueCode: 'profile' },
        ),
      ],
    ],
  ])('a profile %s', async (_, asked) => {
    const without = { resourceType: 'Patient', birthDate: '2026-01-01' };
    const [path, body] = asked(without);
    expect(severities(await epr.post('Patient/$validate', without))).toEqual(['information']);
    const reply = await epr.post(path, body);
    expect([reply.status, severities(reply)]).toEqual([200, expect.arrayContaining(['error'])]);
  });

  test('a profile nobody knows cannot be met', async () => {
    const reply = await epr.post('Patient/$validate?profile=http://a.example/x', newMother('Valid'));
    expect([severities(reply), issue(reply)]).toEqual([['error'], expect.stringContaining('not-found')]);
  });

  test.each<[string, string, Body]>([
    ['an unknown mode', 'Patient/$validate?mode=maybe', newMother('Valid')],
    ['mode twice', 'Patient/$validate?mode=create&mode=update', newMother('Valid')],
    ['an unknown parameter', 'Patient/$validate?strict=true', newMother('Valid')],
    [
      'an unknown part',
      'Patient/$validate',
      parameters({ name: 'resource', resource: newMother('V') }, { name: 'x', valueCode: 'y' }),
    ],
    ['no resource', 'Patient/$validate', parameters({ name: 'mode', valueCode: 'create' })],
    ['delete without an id', 'Patient/$validate?mode=delete', newMother('Valid')],
    ['profile without one', 'Patient/$validate?mode=profile', newMother('Valid')],
    ['create of an instance', 'Patient/one/$validate?mode=create', newMother('Valid')],
  ])('refused: %s', async (_, path, body) => {
    expect((await epr.post(path, body)).status).toBe(400);
  });

  test('an instance as it is stored, read with GET or POST', async () => {
    const stored = await epr.get('Patient/one/$validate');
    expect([stored.status, severities(stored)]).toEqual([200, expect.not.arrayContaining(['error'])]);
    const posted = await epr.post(
      `Patient/one/$validate`,
      parameters({ name: 'profile', valueUri: 'http://a.example/x' }),
    );
    expect([posted.status, issue(posted)]).toEqual([200, expect.stringContaining('not-found')]);
  });

  test('an update of an instance carries its id', async () => {
    const other = await epr.post('Patient/one/$validate?mode=update', { ...newMother('Valid'), id: 'two' });
    expect([severities(other), at(other.json, 'issue.0.expression.0')]).toEqual([
      expect.arrayContaining(['error']),
      'Patient.id',
    ]);
    const same = await epr.post('Patient/one/$validate?mode=update', { ...newMother('Valid'), id: 'one' });
    expect(severities(same)).not.toContain('error');
  });

  test('whether it could be deleted', async () => {
    expect(severities(await epr.get('Patient/one/$validate?mode=delete'))).toEqual(['error']);
    expect(severities(await service.as('steward').get('Patient/one/$validate?mode=delete'))).toEqual(['information']);
    expect((await epr.get('Patient/one')).status).toBe(200);
  });

  test('a record out of sight and one that is not there are told alike, in every mode', async () => {
    const mother = service.as('mother');
    for (const mode of ['', '?mode=delete', '?mode=update']) {
      const ask = (id: string) =>
        mode === '?mode=update'
          ? mother.post(`Patient/${id}/$validate${mode}`, { ...newMother('x'), id })
          : mother.get(`Patient/${id}/$validate${mode}`);
      const [hidden, unknown] = [await ask('one'), await ask('nobody')];
      expect([hidden.status, hidden.json]).toEqual([unknown.status, unknown.json]);
      expect(hidden.status).toBe(404);
    }
    const about = (id: string) => ({
      ...newMother('x'),
      link: [{ other: { reference: `Patient/${id}` }, type: 'seealso' }],
    });
    const [one, nobody] = [
      await mother.post('$validate', about('one')),
      await mother.post('$validate', about('nobody')),
    ];
    expect(one.json).toEqual(nobody.json);
  });

  test('each is in the access record', async () => {
    await epr.get('Patient/one/$validate');
    const { rows } = await service.pool.query<{ n: number }>(
      `select count(*)::int as n from audit where body like '%$validate%' and body like '%Patient/one%'`,
    );
    expect(Number(rows[0]?.n)).toBeGreaterThan(0);
  });
});

describe('definitions that ship, as resources', () => {
  const CORE = 'http://hl7.org/fhir/StructureDefinition/';

  test.each<[string, string]>([
    ['StructureDefinition/Patient', `${CORE}Patient`],
    ['StructureDefinition/JV-Patient', 'https://tandem.example/fhir/StructureDefinition/JV-Patient'],
    ['ValueSet/administrative-gender', 'http://hl7.org/fhir/ValueSet/administrative-gender'],
    ['CodeSystem/administrative-gender', 'http://hl7.org/fhir/administrative-gender'],
    ['SearchParameter/Patient-birthdate', ''],
    ['OperationDefinition/Resource-validate', 'http://hl7.org/fhir/OperationDefinition/Resource-validate'],
    ['CompartmentDefinition/patient', 'http://hl7.org/fhir/CompartmentDefinition/patient'],
    ['Questionnaire/joint-visit-assessment', 'https://tandem.example/fhir/Questionnaire/joint-visit-assessment'],
  ])('%s, for anyone signed in', async (path, url) => {
    for (const who of ['epr', 'mother', 'ig-officer']) {
      const reply = await service.as(who).get(path);
      if (reply.status === 404 && url === '') continue;
      expect([who, reply.status, reply.headers.get('etag')]).toEqual([who, 200, 'W/"1"']);
      if (url !== '') expect(reply.json.url).toBe(url);
      expect((await service.as(who).get(`${path}/_history/1`)).status).toBe(200);
    }
    expect((await service.anonymous.get(path)).status).toBe(401);
  });

  test('found by url, whoever defined it, and only once', async () => {
    const asked = ['Patient', 'Extension', 'bodyweight'].map((id) => `StructureDefinition?url=${CORE}${id}`);
    for (const path of asked) {
      const reply = await epr.get(`${path}&_total=accurate`);
      expect([reply.status, reply.json.total, at(reply.json, 'entry.0.search.mode')]).toEqual([200, 1, 'match']);
    }
    const none = await epr.get('ValueSet?url=http://a.example/none&_total=accurate');
    expect([none.status, none.json.total]).toEqual([200, 0]);
  });

  test('by what is inside them', async () => {
    const reply = await epr.get('CodeSystem?code=female&_elements=url&_count=100');
    const urls = JSON.stringify(reply.json.entry);
    expect(urls).toContain('http://hl7.org/fhir/administrative-gender');
    expect(urls).not.toContain('http://hl7.org/fhir/publication-status');
  });

  test('pages part the result: ours, R4s and stored ones, in order, each once', async () => {
    const own = { resourceType: 'ValueSet', status: 'active', url: 'http://a.example/ValueSet/own', name: 'ZzzOwn' };
    expect((await service.as('steward').post('ValueSet', own)).status).toBe(201);
    const seen: string[] = [];
    let reply = await epr.get('ValueSet?status=active&_sort=name&_count=200&_total=accurate&_elements=name');
    const total = Number(reply.json.total);
    for (let page = 1; page < 20; page += 1) {
      const entries = reply.json.entry;
      for (const entry of Array.isArray(entries) ? entries : []) seen.push(String(at(entry, 'resource.name')));
      const links = Array.isArray(reply.json.link) ? reply.json.link : [];
      const next = links.find((link) => at(link, 'relation') === 'next');
      if (next === undefined) break;
      reply = await epr.get(String(at(next, 'url')).slice(service.base.length));
    }
    expect(total).toBeGreaterThan(200);
    expect(seen).toHaveLength(total);
    expect(seen.filter((name) => name === 'ZzzOwn')).toHaveLength(1);
    const folded = seen.map((name) => name.toLowerCase());
    expect(folded.indexOf('zzzown')).toBeGreaterThan(folded.length - 20);
  });

  test('along canonical URLs, by chain and by include, and in their words', async () => {
    const based = await epr.get('StructureDefinition?base.name=Quantity&_count=100&_elements=baseDefinition');
    expect(found(based).length).toBeGreaterThan(2);
    for (const entry of entries(based).filter((one) => at(one, 'search.mode') === 'match')) {
      expect(at(entry, 'resource.baseDefinition')).toBe('http://hl7.org/fhir/StructureDefinition/Quantity');
    }
    const led = await epr.get(
      'StructureDefinition?url=http://hl7.org/fhir/StructureDefinition/Age&_include=StructureDefinition:base',
    );
    expect(found(led, 'include')).toEqual(['StructureDefinition/Quantity']);
    const words = await epr.get('Questionnaire?_content=%22joint%20visit%20assessment%22&_count=50');
    expect(found(words)).toContain('Questionnaire/joint-visit-assessment');
    expect(found(await epr.get('Questionnaire?_content=notawordofours'))).toEqual([]);
  });

  test('what they cannot be searched by is told', async () => {
    const reply = await epr.get('StructureDefinition?_has:List:item:_id=x');
    expect(JSON.stringify(reply.json)).toContain('Definitions that ship with the service are not searched by');
  });

  test('nobody changes them', async () => {
    const patient = (await epr.get('StructureDefinition/Patient')).json;
    expect((await service.as('steward').put('StructureDefinition/Patient', patient)).status).toBe(405);
  });

  test('every operation of the statement that is ours has its definition', async () => {
    const text = JSON.stringify((await service.anonymous.get('metadata')).json);
    const ours = new Set(text.match(/https:\/\/tandem\.example\/fhir\/OperationDefinition\/[\w$-]+/g));
    expect(ours.size).toBeGreaterThan(5);
    for (const url of ours) {
      const reply = await epr.get(`OperationDefinition?url=${url}&_total=accurate`);
      expect([url, reply.json.total]).toEqual([url, 1]);
      const checked = await epr.post('OperationDefinition/$validate', at(reply.json, 'entry.0.resource') as JsonObject);
      expect([url, severities(checked)]).toEqual([url, ['information']]);
    }
  });
});

test('an ODS code is stored as it is written by everybody', async () => {
  const steward = service.as('steward');
  const identifier = [{ system: 'https://fhir.nhs.uk/Id/ods-organisation-code', value: 'zz9' }];
  const made = await steward.post('Organization', { resourceType: 'Organization', name: 'x', identifier });
  expect(made.status).toBe(201);
  const found = await steward.get(
    'Organization?identifier=https://fhir.nhs.uk/Id/ods-organization-code|ZZ9&_total=accurate',
  );
  expect(found.json.total).toBe(1);
});
