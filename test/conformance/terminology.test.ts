/** The terminology operations over HTTP: R4's own, ours and posted definitions; who may ask; what is recorded. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { at, type Client, type Reply, textAt } from '../harness/client.ts';
import { type Service, startService } from '../harness/service.ts';
import { startTermServer, type TermServer } from '../harness/term-server.ts';

let service: Service;
let steward: Client;
let epr: Client;
let other: TermServer;

const ANIMALS: Resource & { id: string } = {
  resourceType: 'CodeSystem',
  id: 'animals',
  url: 'https://elsewhere.example/CodeSystem/animals',
  version: '1',
  status: 'active',
  content: 'complete',
  concept: [{ code: 'dog', display: 'Dog', concept: [{ code: 'pug', display: 'Pug' }] }, { code: 'cat' }],
};
const DOGS: Resource & { id: string } = {
  resourceType: 'ValueSet',
  id: 'dogs',
  url: 'https://elsewhere.example/ValueSet/dogs',
  status: 'active',
  compose: { include: [{ system: ANIMALS.url ?? '', filter: [{ property: 'concept', op: 'is-a', value: 'dog' }] }] },
};
const MAP: Resource & { id: string } = {
  resourceType: 'ConceptMap',
  id: 'words',
  url: 'https://elsewhere.example/ConceptMap/words',
  status: 'active',
  sourceUri: 'urn:s',
  targetUri: 'urn:t',
  group: [
    {
      source: ANIMALS.url ?? '',
      target: 'urn:t',
      element: [{ code: 'dog', target: [{ code: 'chien', equivalence: 'equal' }] }],
    },
  ],
};
const GENDER = 'http://hl7.org/fhir/administrative-gender';
const GENDERS = 'http://hl7.org/fhir/ValueSet/administrative-gender';

const value = (reply: Reply, name: string): unknown => {
  const parts = at(reply.json, 'parameter');
  const part = Array.isArray(parts) ? parts.find((one) => at(one, 'name') === name) : undefined;
  return part === undefined
    ? undefined
    : Object.entries(part as JsonObject).find(([key]) => key.startsWith('value'))?.[1];
};
const ask = (operation: string, parameters: Record<string, string>): Promise<Reply> =>
  epr.get(`${operation}?${new URLSearchParams(parameters)}`);
const post = (operation: string, ...parameter: JsonObject[]): Promise<Reply> =>
  epr.post(operation, { resourceType: 'Parameters', parameter });
const codes = (reply: Reply): unknown[] => {
  const contains = at(reply.json, 'expansion.contains');
  return Array.isArray(contains) ? contains.map((one) => at(one, 'code')) : [];
};

beforeAll(async () => {
  other = await startTermServer();
  service = await startService({ config: { terminology: { url: other.url, timeoutMs: 300, keepSeconds: 60 } } });
  await service.directory();
  steward = service.as('steward');
  epr = service.as('epr');
  await service.load([ANIMALS, DOGS, MAP]);
}, 60_000);
afterAll(async () => {
  await service.close();
  await other.close();
});
beforeEach(() => other.answerWith(() => ({ status: 404 })));

describe('CodeSystem', () => {
  test('$lookup by GET and POST, of R4, ours and posted ones', async () => {
    const got = await ask('CodeSystem/$lookup', { system: GENDER, code: 'male' });
    expect(got.status).toBe(200);
    expect(value(got, 'display')).toBe('Male');
    const posted = await post('CodeSystem/$lookup', {
      name: 'coding',
      valueCoding: { system: ANIMALS.url ?? '', code: 'pug' },
    });
    expect(value(posted, 'display')).toBe('Pug');
    const ours = await ask('CodeSystem/$lookup', {
      system: 'https://tandem.example/fhir/CodeSystem/balance',
      code: 'mixed',
    });
    expect(ours.status).toBe(200);
  });
  test('$lookup of what is not there is a 404, of a bad question a 400', async () => {
    expect((await ask('CodeSystem/$lookup', { system: GENDER, code: 'none' })).status).toBe(404);
    expect((await ask('CodeSystem/$lookup', { system: 'urn:none', code: 'x' })).status).toBe(404);
    expect((await ask('CodeSystem/$lookup', { code: 'male' })).status).toBe(400);
    expect((await ask('CodeSystem/$lookup', { system: GENDER, code: 'male', nonsense: '1' })).status).toBe(400);
  });
  test('$validate-code at type and instance level', async () => {
    const given = { url: GENDER, code: 'male', display: 'Male' };
    expect(value(await ask('CodeSystem/$validate-code', given), 'result')).toBe(true);
    expect(value(await ask('CodeSystem/$validate-code', { ...given, display: 'Man' }), 'result')).toBe(false);
    expect(value(await ask('CodeSystem/animals/$validate-code', { code: 'cat' }), 'result')).toBe(true);
    expect(value(await ask('CodeSystem/animals/$validate-code', { code: 'cow' }), 'result')).toBe(false);
    const whole = { ...ANIMALS, url: 'urn:inline' };
    const inline = await post(
      'CodeSystem/$validate-code',
      { name: 'codeSystem', resource: whole },
      { name: 'code', valueCode: 'cat' },
    );
    expect(value(inline, 'result')).toBe(true);
  });
  test('$subsumes at type and instance level', async () => {
    const v3 = 'http://terminology.hl7.org/CodeSystem/v3-RoleCode';
    const kin = await ask('CodeSystem/$subsumes', { system: v3, codeA: 'FAMMEMB', codeB: 'NMTHF' });
    expect(value(kin, 'outcome')).toBe('subsumes');
    expect(value(await ask('CodeSystem/animals/$subsumes', { codeA: 'pug', codeB: 'dog' }), 'outcome')).toBe(
      'subsumed-by',
    );
  });
});

describe('ValueSet', () => {
  test('$expand of R4, ours and posted ones, at type and instance level', async () => {
    expect(codes(await ask('ValueSet/$expand', { url: GENDERS }))).toEqual(['male', 'female', 'other', 'unknown']);
    expect(codes(await ask('ValueSet/$expand', { url: GENDERS, filter: 'MALE', count: '1' }))).toEqual(['male']);
    expect(codes(await ask('ValueSet/$expand', { url: 'https://tandem.example/fhir/ValueSet/agreed' }))).toEqual([
      'yes',
      'partly',
      'no',
    ]);
    expect(codes(await ask('ValueSet/administrative-gender/$expand', { count: '2' }))).toEqual(['male', 'female']);
    const dogs = await ask('ValueSet/dogs/$expand', {});
    expect(dogs.json).toMatchObject({
      expansion: { total: 2, contains: [{ code: 'dog', contains: [{ code: 'pug' }] }] },
    });
    expect(dogs.json.compose).toBeUndefined();
  });
  test('$expand of a value set in the body, which draws on what is stored', async () => {
    const { id: _id, ...own } = {
      ...DOGS,
      url: 'urn:own',
      compose: {
        include: [{ valueSet: [DOGS.url ?? ''] }],
        exclude: [{ system: ANIMALS.url ?? '', concept: [{ code: 'dog' }] }],
      },
    };
    expect(codes(await post('ValueSet/$expand', { name: 'valueSet', resource: own }))).toEqual(['pug']);
  });
  test('what cannot be listed is said to be so', async () => {
    const reply = await ask('ValueSet/$expand', { url: 'http://hl7.org/fhir/ValueSet/condition-code' });
    expect(reply.status).toBe(422);
    expect(at(reply.json, 'issue.0.code')).toBe('not-supported');
    expect((await ask('ValueSet/$expand', { url: 'urn:none' })).status).toBe(404);
    expect((await ask('ValueSet/$expand', {})).status).toBe(400);
  });
  test('$validate-code by code, coding and concept; undecided is not wrong', async () => {
    expect(value(await ask('ValueSet/$validate-code', { url: GENDERS, code: 'male', system: GENDER }), 'result')).toBe(
      true,
    );
    expect(
      value(
        await ask('ValueSet/$validate-code', { url: DOGS.url as string, code: 'cat', system: ANIMALS.url as string }),
        'result',
      ),
    ).toBe(false);
    const concept = {
      coding: [
        { system: 'urn:x', code: 'y' },
        { system: ANIMALS.url ?? '', code: 'pug' },
      ],
    };
    expect(
      value(
        await post('ValueSet/dogs/$validate-code', { name: 'codeableConcept', valueCodeableConcept: concept }),
        'result',
      ),
    ).toBe(true);
    const unsure = await ask('ValueSet/$validate-code', {
      url: 'http://hl7.org/fhir/ValueSet/condition-code',
      code: '1',
      system: 'http://snomed.info/sct',
    });
    expect(unsure.status).toBe(422);
  });
});

test('ConceptMap/$translate at type and instance level, by map or through those that fit', async () => {
  const dog = { system: ANIMALS.url as string, code: 'dog' };
  for (const reply of [
    await ask('ConceptMap/words/$translate', dog),
    await ask('ConceptMap/$translate', { ...dog, url: MAP.url as string }),
    await ask('ConceptMap/$translate', { ...dog, target: 'urn:t' }),
  ]) {
    expect(value(reply, 'result')).toBe(true);
    expect(JSON.stringify(reply.json)).toContain('"chien"');
  }
  expect(value(await ask('ConceptMap/$translate', { ...dog, target: 'urn:other' }), 'result')).toBe(false);
});

describe('who may ask', () => {
  test('everybody with a token, and nobody without', async () => {
    for (const who of ['midwife', 'health-visitor', 'admin', 'ig-officer', 'mother', 'service-lead']) {
      expect([who, (await service.as(who).get(`ValueSet/$expand?url=${GENDERS}`)).status]).toEqual([who, 200]);
    }
    expect((await service.anonymous.get(`ValueSet/$expand?url=${GENDERS}`)).status).toBe(401);
    expect((await epr.put('ValueSet/$expand', {})).status).toBe(405);
  });
  test('each is recorded, refusals too', async () => {
    const requestId = `terms-${Date.now()}`;
    await epr.get('CodeSystem/$lookup?system=urn:none&code=x', { 'x-request-id': requestId });
    const { rows } = await service.pool.query(
      `select body::jsonb ->> 'detail' as detail, body::jsonb ->> 'status' as status from audit where body like $1`,
      [`%${requestId}%`],
    );
    expect(rows).toEqual([{ detail: 'not-found', status: '404' }]);
  });
  test('what is posted counts only when it is active', async () => {
    await service.load([{ ...DOGS, id: 'draft', url: 'urn:draft', status: 'draft' }]);
    expect((await ask('ValueSet/$expand', { url: 'urn:draft' })).status).toBe(404);
    expect((await ask('ValueSet/draft/$expand', {})).status).toBe(200);
  });
  test('nobody replaces what R4 defines', async () => {
    await service.load([{ ...DOGS, id: 'false-gender', url: GENDERS }]);
    expect(codes(await ask('ValueSet/$expand', { url: GENDERS }))).toEqual(['male', 'female', 'other', 'unknown']);
  });
});

test('the CapabilityStatement names each once, with the definition of R4', async () => {
  const { json } = await steward.get('metadata');
  const resources = at(json, 'rest.0.resource');
  const operations = (type: string): string[] => {
    const found = Array.isArray(resources) ? resources.find((one) => at(one, 'type') === type) : undefined;
    const list = at(found, 'operation');
    return Array.isArray(list)
      ? list
          .map((one) => textAt(one, 'definition'))
          .filter((one) => one.includes(`/${type}-`))
          .sort()
      : [];
  };
  const of = (...names: string[]): string[] => names.map((name) => `http://hl7.org/fhir/OperationDefinition/${name}`);
  expect(operations('CodeSystem')).toEqual(of('CodeSystem-lookup', 'CodeSystem-subsumes', 'CodeSystem-validate-code'));
  expect(operations('ValueSet')).toEqual(of('ValueSet-expand', 'ValueSet-validate-code'));
  expect(operations('ConceptMap')).toEqual(of('ConceptMap-translate'));
});

describe('searches by value set', () => {
  const SYSTEM = ANIMALS.url ?? '';
  const LARGE = 'https://elsewhere.example/ValueSet/large';
  const codeSet = (count: number, id: string): Resource & { id: string } => ({
    resourceType: 'ValueSet',
    id,
    url: `https://elsewhere.example/ValueSet/${id}`,
    status: 'active',
    compose: { include: [{ system: SYSTEM, concept: Array.from({ length: count }, (_, i) => ({ code: `c${i}` })) }] },
  });
  /** What the search finds, or why it is refused. */
  const found = async (query: string): Promise<unknown> => {
    const reply = await steward.get(`Basic?_total=accurate&${query}`);
    return reply.status === 200 ? at(reply.json, 'total') : [reply.status, at(reply.json, 'issue.0.code')];
  };

  beforeAll(async () => {
    const basics = ['dog', 'pug', 'cat'].map((code) => ({
      resourceType: 'Basic',
      id: code,
      code: { coding: [{ system: SYSTEM, code }] },
    }));
    await service.load([...basics, codeSet(1_001, 'large'), codeSet(3, 'small')]);
    await steward.put('ValueSet/draft-dogs', { ...DOGS, id: 'draft-dogs', url: 'urn:draft', status: 'draft' });
  });

  test.each<[string, string, unknown]>([
    ['posted, with a filter on the hierarchy', `code:in=${DOGS.url}`, 2],
    ['the others', `code:not-in=${DOGS.url}`, 1],
    ['by its id', 'code:in=ValueSet/dogs', 2],
    ['a draft by its id', 'code:in=ValueSet/draft-dogs', 2],
    ['a draft by its url', 'code:in=urn:draft', [400, 'value']],
    ['in a filter', `_filter=code in ${DOGS.url}`, 2],
    ['in a filter, negated', `_filter=code ni ${DOGS.url}`, 1],
    ['two of them', `code:in=${DOGS.url},https://elsewhere.example/ValueSet/small`, 2],
    ['of no code that is used', 'code:in=https://elsewhere.example/ValueSet/small', 0],
    ['more codes than are searched for', `code:in=${LARGE}`, [400, 'too-costly']],
    ['nobody knows', 'code:in=urn:nobody', [400, 'value']],
    ['no such id', 'code:in=ValueSet/none', [400, 'value']],
  ])('%s', async (_, query, expected) => {
    expect(await found(query)).toEqual(expected);
  });

  test('of another terminology server: its canonical alone goes out; too large is refused', async () => {
    const expansion = (codes: readonly string[], total: number): JsonObject => ({
      resourceType: 'ValueSet',
      status: 'active',
      expansion: { timestamp: '2026-01-01', total, contains: codes.map((code) => ({ system: SYSTEM, code })) },
    });
    other.answerWith(() => ({ status: 200, body: expansion(['cat', 'dog'], 2) }));
    expect(await found('code:in=urn:elsewhere:pets&code:not-in=urn:elsewhere:pets')).toBe(0);
    expect(await found('code:in=urn:elsewhere:pets')).toBe(2);
    expect(other.asked).toEqual(['/fhir/ValueSet/$expand?url=urn%3Aelsewhere%3Apets&count=1001']);
    other.answerWith(() => ({ status: 200, body: expansion(['cat'], 50_000) }));
    expect(await found('code:in=urn:elsewhere:huge')).toEqual([400, 'too-costly']);
  });
});

describe('another terminology server', () => {
  const SCT = 'http://snomed.info/sct';
  const DISORDERS = 'http://hl7.org/fhir/ValueSet/condition-code';
  const verdict = (result: boolean, display = 'Asthma') => ({
    status: 200,
    body: {
      resourceType: 'Parameters',
      parameter: [
        { name: 'result', valueBoolean: result },
        { name: 'display', valueString: display },
      ],
    },
  });

  test('is asked for what is not held here, with codes alone, and its answers are kept', async () => {
    other.answerWith(() => verdict(true));
    const concept = {
      text: 'CANARY her words',
      coding: [{ system: SCT, code: '195967001', display: 'CANARY display' }],
    };
    const given = { name: 'codeableConcept', valueCodeableConcept: concept };
    const url = { name: 'url', valueUri: DISORDERS };
    const first = await post('ValueSet/$validate-code', url, given);
    expect([first.status, value(first, 'result')]).toEqual([200, true]);
    await post('ValueSet/$validate-code', url, given);
    expect(other.asked).toHaveLength(1);
    expect(Object.fromEntries(new URLSearchParams(other.asked[0]?.split('?')[1]))).toEqual({
      url: DISORDERS,
      system: SCT,
      code: '195967001',
    });
    expect(other.asked.join()).not.toContain('CANARY');
  });
  test('words are compared here', async () => {
    other.answerWith(() => verdict(true));
    const reply = await ask('ValueSet/$validate-code', { url: DISORDERS, system: SCT, code: '2', display: 'Cough' });
    expect([value(reply, 'result'), value(reply, 'display')]).toEqual([false, 'Asthma']);
  });
  test('is asked for lists, but never with the words of a search', async () => {
    const listed = { resourceType: 'ValueSet', expansion: { total: 1, contains: [{ system: SCT, code: '3' }] } };
    other.answerWith(() => ({ status: 200, body: listed }));
    expect(codes(await ask('ValueSet/$expand', { url: DISORDERS, count: '5' }))).toEqual(['3']);
    expect(other.asked).toHaveLength(1);
    const searched = await ask('ValueSet/$expand', { url: DISORDERS, filter: 'CANARY' });
    expect([searched.status, other.asked.length]).toEqual([422, 1]);
  });
  test('is not asked about what is known here', async () => {
    await ask('ValueSet/$validate-code', { url: GENDERS, code: 'male', system: GENDER });
    await ask('CodeSystem/$lookup', { system: GENDER, code: 'none' });
    expect(other.asked.filter((one) => one.includes('male'))).toEqual([]);
  });
  test('our SNOMED subset is a fragment: its codes are known, others unknown, not wrong', async () => {
    expect(value(await ask('CodeSystem/$lookup', { system: SCT, code: '225929007' }), 'display')).toBe(
      'Joint home visit',
    );
    expect((await ask('CodeSystem/$validate-code', { url: SCT, code: '195967001' })).status).toBe(422);
    expect(
      codes(await ask('ValueSet/$expand', { url: 'https://tandem.example/fhir/ValueSet/snomed-visit' })),
    ).toHaveLength(9);
  });
  test('answers to a questionnaire are checked against what it knows; when it is away they are only noticed', async () => {
    const form = (answerValueSet: string): JsonObject => ({
      resourceType: 'Questionnaire',
      url: `urn:form:${answerValueSet.slice(-2)}`,
      status: 'active',
      item: [{ linkId: 'a', type: 'choice', answerValueSet }],
    });
    const response = (questionnaire: string, code: string): JsonObject => ({
      resourceType: 'QuestionnaireResponse',
      questionnaire,
      status: 'completed',
      item: [{ linkId: 'a', answer: [{ valueCoding: { system: SCT, code } }] }],
    });
    await service.load([{ id: 'form-1', ...form('urn:elsewhere:v1'), resourceType: 'Questionnaire' }]);
    other.answerWith((path) => verdict(path.includes('code=11')));
    expect((await steward.post('QuestionnaireResponse', response('urn:form:v1', '11'))).status).toBe(201);
    const wrong = await steward.post('QuestionnaireResponse', response('urn:form:v1', '12'));
    expect([wrong.status, at(wrong.json, 'issue.0.diagnostics')]).toEqual([
      422,
      expect.stringContaining('a: the answer is not in'),
    ]);
    const contained = {
      ...form('#own'),
      url: 'urn:form:contained',
      contained: [{ ...DOGS, id: 'own', url: 'urn:contained' }],
    };
    await service.load([{ id: 'form-2', ...contained, resourceType: 'Questionnaire' }]);
    const inside = (code: string): JsonObject => ({
      ...response('urn:form:contained', code),
      item: [{ linkId: 'a', answer: [{ valueCoding: { system: ANIMALS.url ?? '', code } }] }],
    });
    expect((await steward.post('QuestionnaireResponse', inside('pug'))).status).toBe(201);
    expect((await steward.post('QuestionnaireResponse', inside('cat'))).status).toBe(422);
    other.answerWith(() => ({ status: 503 }));
    const unsure = await steward.post('QuestionnaireResponse', response('urn:form:v1', '13'), {
      prefer: 'return=OperationOutcome',
    });
    expect(unsure.status).toBe(201);
    expect(unsure.text).toContain('was not checked');
  });
  test('when it is away operations say so', async () => {
    other.answerWith(() => ({ status: 500 }));
    const reply = await ask('CodeSystem/$lookup', { system: 'http://loinc.org', code: '11778-8' });
    expect([reply.status, at(reply.json, 'issue.0.code')]).toEqual([503, 'transient']);
    expect(textAt(reply.json, 'issue.0.diagnostics')).toMatch(/terminology server .* does not answer/);
    const search = await steward.get('Basic?code:in=urn:elsewhere:away');
    expect([search.status, at(search.json, 'issue.0.code')]).toEqual([503, 'transient']);
  });
});
