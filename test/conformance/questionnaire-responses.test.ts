/** Answers against the questionnaire they name, over HTTP (H27): on create, update, in transactions and in $validate. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JsonObject } from '../../src/fhir/types.ts';
import { at, type Client, type Reply, textAt } from '../harness/client.ts';
import { type Service, startService } from '../harness/service.ts';

const URL = 'https://elsewhere.example/Questionnaire/sleep';
let service: Service;
let steward: Client;

const form = (version: string, most: number, more: JsonObject = {}): JsonObject => ({
  resourceType: 'Questionnaire',
  url: URL,
  version,
  status: 'active',
  item: [
    {
      linkId: 'hours',
      type: 'integer',
      required: true,
      extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/maxValue', valueInteger: most }],
    },
  ],
  ...more,
});
const answered = (hours: number, questionnaire: string = URL, more: JsonObject = {}): JsonObject => ({
  resourceType: 'QuestionnaireResponse',
  questionnaire,
  status: 'completed',
  subject: { reference: 'Patient/one' },
  item: [{ linkId: 'hours', answer: [{ valueInteger: hours }] }],
  ...more,
});
const issues = (reply: Reply): string[] => {
  const found = at(reply.json, 'issue');
  return Array.isArray(found)
    ? found.map((one) => `${textAt(one, 'severity')} ${textAt(one, 'code')} ${String(at(one, 'expression.0') ?? '')}`)
    : [];
};
const TOO_MANY = ['error value QuestionnaireResponse.item[0].answer[0]'];

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('one');
  steward = service.as('steward');
  await service.load([
    { id: 'sleep-1', ...form('1.0.0', 24, { status: 'retired' }), resourceType: 'Questionnaire' },
    { id: 'sleep-2', ...form('2.0.0', 12), resourceType: 'Questionnaire' },
    { id: 'sleep-3', ...form('3.0.0', 2, { status: 'draft' }), resourceType: 'Questionnaire' },
  ]);
}, 60_000);
afterAll(() => service.close());

test('a posted questionnaire is found by its canonical; without a version the active one stands first', async () => {
  const refused = await steward.post('QuestionnaireResponse', answered(13));
  expect(refused.status).toBe(422);
  expect(issues(refused)).toEqual(TOO_MANY);
  expect(textAt(refused.json, 'issue.0.diagnostics')).toMatch(/^hours: /);
  expect((await steward.post('QuestionnaireResponse', answered(12))).status).toBe(201);
});

test('with a version exactly that one counts, retired and draft ones too', async () => {
  expect((await steward.post('QuestionnaireResponse', answered(24, `${URL}|1.0.0`))).status).toBe(201);
  expect(issues(await steward.post('QuestionnaireResponse', answered(12, `${URL}|3.0.0`)))).toEqual(TOO_MANY);
});

test('one that is not held is only noticed', async () => {
  const reply = await steward.post('QuestionnaireResponse', answered(99, `${URL}|9.9.9`), {
    prefer: 'return=OperationOutcome',
  });
  expect(reply.status).toBe(201);
  expect(issues(reply)).toContain('warning not-found QuestionnaireResponse.questionnaire');
});

test('an update is checked like a create', async () => {
  const made = await steward.post('QuestionnaireResponse', answered(8));
  const id = textAt(made.json, 'id');
  const changed = await steward.put(`QuestionnaireResponse/${id}`, { ...answered(80), id });
  expect(changed.status).toBe(422);
  expect(issues(changed)).toEqual(TOO_MANY);
});

test('questionnaire and answers may arrive in one transaction, and are checked together', async () => {
  const fresh = `${URL}-fresh`;
  const bundle = (hours: number): JsonObject => ({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      { resource: answered(hours, fresh), request: { method: 'POST', url: 'QuestionnaireResponse' } },
      { resource: form('1', 10, { url: fresh }), request: { method: 'POST', url: 'Questionnaire' } },
    ],
  });
  const refused = await steward.post('', bundle(11));
  expect(refused.status).toBe(422);
  expect(issues(refused)).toEqual(['error value Bundle.entry[0].resource.item[0].answer[0]']);
  expect((await steward.post('', bundle(10))).status).toBe(200);
});

test('$validate says the same, and that a draft may be incomplete', async () => {
  const draft = answered(8, URL, { status: 'in-progress', item: [] });
  delete draft.item;
  expect(issues(await steward.post('QuestionnaireResponse/$validate', answered(13)))).toContain(TOO_MANY[0]);
  expect(issues(await steward.post('QuestionnaireResponse/$validate', draft))).toContain(
    'information informational QuestionnaireResponse.status',
  );
  const complete = { ...draft, status: 'completed' };
  expect(issues(await steward.post('QuestionnaireResponse/$validate', complete))).toContain(
    'error required QuestionnaireResponse.item',
  );
});

test('nobody replaces one of our instruments by posting its url', async () => {
  const url = 'https://tandem.example/fhir/Questionnaire/parent-feedback';
  expect((await steward.post('Questionnaire', form('0.1.0', 99, { url }))).status).toBe(201);
  const reply = await steward.post('QuestionnaireResponse', answered(1, url));
  expect(reply.status).toBe(422);
  expect(issues(reply)).toContain('error not-found QuestionnaireResponse.item[0]');
});

test('a form of somebody who is not named as an author tells, and refuses nothing', async () => {
  await service.pool.query("update definition_author set client = 'somebody' where type = 'Questionnaire'");
  const reply = await steward.post('QuestionnaireResponse', answered(13), { prefer: 'return=OperationOutcome' });
  expect(reply.status).toBe(201);
  expect(issues(reply)).toContain('warning value QuestionnaireResponse.item[0].answer[0]');
});
