/** Corrections, statements of dispute and entries in the wrong record: nothing is overwritten, whoever had it hears. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openWebhook, type Webhook } from '../../scripts/story/webhook.ts';
import { reference } from '../../src/care/canon.ts';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { at, type Client, resources } from '../harness/client.ts';
import { note } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';

const BACKPORT = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition';
const R = { meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }] } };

let service: Service;
let hook: Webhook;
let midwife: Client;
let hvSystem: Client;
beforeAll(async () => {
  service = await startService();
  await service.directory();
  for (const id of ['right', 'wrong']) await service.family(id);
  midwife = service.as('midwife');
  hvSystem = service.as('hv-system');
  hook = await openWebhook();
  const channel = { type: 'rest-hook', endpoint: hook.endpoint('stop'), payload: 'application/fhir+json' };
  const content = { extension: [{ url: `${BACKPORT}/backport-payload-content`, valueCode: 'id-only' }] };
  const made = await hvSystem.post('Subscription', {
    ...{ resourceType: 'Subscription', status: 'requested', reason: 'a journey' },
    criteria: 'https://tandem.example/fhir/SubscriptionTopic/stop',
    channel: { ...channel, _payload: content },
  });
  expect(made.status).toBe(201);
  await hook.next('stop', 'handshake', () => true, 10_000);
}, 60_000);
afterAll(async () => {
  await service.close();
  await hook.close();
});

/** A note by the midwife that the other service's system has read. */
async function written(family: string, text: string, more: JsonObject = {}): Promise<string> {
  const { id: _, ...body } = { ...note('x', family, text, more) };
  const made = await midwife.post('Observation', { ...body, resourceType: 'Observation' });
  expect([made.status, made.text.slice(0, 300)]).toEqual([201, expect.anything()]);
  return String(made.json.id);
}
const hears = (id: string) =>
  hook.next('stop', 'event-notification', ({ focus }) => focus === `Observation/${id}`, 15_000);
const parameters = (...parameter: JsonObject[]): Resource => ({ resourceType: 'Parameters', parameter });
const said = (name: string, valueString: string): JsonObject => ({ name, valueString });
const pointer = (json: JsonObject, which: string) =>
  (Array.isArray(json.extension) ? json.extension : [])
    .map((one) => [at(one, 'url'), at(one, 'valueReference.reference')])
    .filter(([url]) => String(url).endsWith(`/${which}`))
    .map(([, to]) => String(to));

describe('a correction', () => {
  test('is a new version with the reason beside it; the old one stays, and who had it is told', async () => {
    const id = await written('right', 'wrong by mistake');
    expect((await hvSystem.get(`Observation/${id}`)).status).toBe(200);
    const { json } = await midwife.get(`Observation/${id}`);
    const resource = { ...json, valueString: 'as it was' };
    const asked = parameters({ name: 'resource', resource }, said('note', 'A slip of the pen, she noticed'));
    expect((await midwife.post(`Observation/${id}/$rectify`, asked)).status).toBe(400);
    const stale = await midwife.post(`Observation/${id}/$rectify`, asked, { 'if-match': 'W/"7"' });
    expect(stale.status).toBe(412);
    const done = await midwife.post(`Observation/${id}/$rectify`, asked, { 'if-match': 'W/"1"' });
    expect([done.status, done.text.slice(0, 400)]).toEqual([200, expect.anything()]);
    const now = await midwife.get(`Observation/${id}`);
    expect([now.json.valueString, at(now.json, 'meta.versionId')]).toEqual(['as it was', '2']);
    const [why = ''] = pointer(now.json, 'amendment');
    expect(at((await midwife.get(why)).json, 'payload.0.contentString')).toBe('A slip of the pen, she noticed');
    expect((await midwife.get(`Observation/${id}/_history/1`)).json.valueString).toBe('wrong by mistake');
    expect((await hears(id)).focus).toBe(`Observation/${id}`);
    // Who may not write it may not correct it.
    for (const who of ['nursery-nurse', 'admin', 'mother'])
      expect(
        (await service.as(who).post(`Observation/${id}/$rectify`, asked, { 'if-match': 'W/"2"' })).status,
      ).toBeGreaterThanOrEqual(403);
  });

  test('of what is restricted has a reason that is as restricted', async () => {
    const id = await written('right', 'private', R);
    const { json } = await midwife.get(`Observation/${id}`);
    const asked = parameters(
      { name: 'resource', resource: { ...json, valueString: 'private still' } },
      said('note', 'She told it otherwise'),
    );
    expect((await midwife.post(`Observation/${id}/$rectify`, asked, { 'if-match': 'W/"1"' })).status).toBe(200);
    const [why = ''] = pointer((await midwife.get(`Observation/${id}`)).json, 'amendment');
    expect((await midwife.get(why)).status).toBe(200);
    expect((await service.as('nursery-nurse').get(why)).status).toBe(403);
  });
});

test('what is kept although she disputes it carries her words, whoever writes it next', async () => {
  const id = await written('right', 'she was late');
  await hvSystem.get(`Observation/${id}`);
  const helen = service.as('health-visitor');
  const words = 'I was not late: the clinic was closed';
  const done = await helen.post(`Observation/${id}/$attach-statement`, parameters(said('statement', words)));
  expect([done.status, done.text.slice(0, 400)]).toEqual([200, expect.anything()]);
  const now = await midwife.get(`Observation/${id}`);
  expect(now.json.valueString).toBe('she was late');
  const [statement = ''] = pointer(now.json, 'statement');
  const kept = (await midwife.get(statement)).json;
  expect([at(kept, 'payload.0.contentString'), at(kept, 'sender.reference')]).toEqual([words, 'Patient/right']);
  expect((await hears(id)).focus).toBe(`Observation/${id}`);
  const { extension: _, ...without } = now.json;
  expect((await midwife.put(`Observation/${id}`, { ...without, resourceType: 'Observation' })).status).toBe(200);
  expect(pointer((await midwife.get(`Observation/${id}`)).json, 'statement')).toEqual([statement]);
  const everything = resources(await midwife.get('Patient/right/$everything?_count=200')).map(({ id: one }) => one);
  expect(everything).toContain(statement.split('/')[1]);
});

test('an entry in the wrong record is an error there and stands where it belongs, and neither names the other', async () => {
  const id = await written('wrong', 'meant for another woman', { encounter: reference('Encounter/wrong-booking') });
  await hvSystem.get(`Observation/${id}`);
  const asked = parameters(
    { name: 'patient', valueReference: { reference: 'Patient/right' } },
    said('note', 'Two charts were open'),
  );
  expect((await service.as('nursery-nurse').post(`Observation/${id}/$move-to-patient`, asked)).status).toBe(403);
  const done = await midwife.post(`Observation/${id}/$move-to-patient`, asked);
  expect([done.status, done.text.slice(0, 400)]).toEqual([200, expect.anything()]);
  const before = await midwife.get(`Observation/${id}`);
  expect([before.json.status, before.text.includes('Patient/right')]).toEqual(['entered-in-error', false]);
  const made = String(at(done.json, 'parameter.0.valueReference.reference')).replace(/\/_history.*/, '');
  const now = await midwife.get(made);
  expect([at(now.json, 'subject.reference'), now.json.valueString]).toEqual([
    'Patient/right',
    'meant for another woman',
  ]);
  expect(now.text).not.toMatch(/wrong/);
  expect((await midwife.get(pointer(now.json, 'amendment')[0] ?? '')).text).not.toMatch(/Patient\/wrong/);
  expect((await hears(id)).focus).toBe(`Observation/${id}`);
});
