/** Stop events (R-49, R-51; vectors 36, 37, 51, 52): who had the referral hears that it ended, and learns nothing more. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bookingBundle, familyOf } from '../../scripts/story/family.ts';
import { locationsOf } from '../../scripts/story/http.ts';
import { openWebhook, type Webhook } from '../../scripts/story/webhook.ts';
import { ALERT_RULES, THRESHOLDS } from '../../src/audit/alert-rules.ts';
import type { AuditEntry } from '../../src/audit/types.ts';
import { civilDate } from '../../src/care/clock.ts';
import type { JsonObject } from '../../src/fhir/types.ts';
import { at, type Client, entries, resources } from '../harness/client.ts';
import { agreement } from '../harness/directory.ts';
import { consent, nhsNumberOf } from '../harness/family.ts';
import { BACKPORT, restHook } from '../harness/rest-hook.ts';
import { type Service, startService } from '../harness/service.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let service: Service;
let hook: Webhook;
let midwife: Client;
let hvSystem: Client;
let helen: Client;
let serial = 800;
const today = civilDate(new Date());

beforeAll(async () => {
  service = await startService();
  await service.directory();
  hook = await openWebhook();
  midwife = service.as({ like: 'midwife', claims: { client_id: 'epr' } });
  hvSystem = service.as('hv-system');
  helen = service.as('health-visitor');
  for (const [topic, content] of [
    ['antenatal-referral', 'id-only'],
    ['pregnancy-ended', 'empty'],
    ['stop', 'id-only'],
  ] as const) {
    const made = await hvSystem.post('Subscription', restHook(topic, hook.endpoint(topic), content));
    expect([made.status, made.text.slice(0, 300)]).toEqual([201, expect.anything()]);
    await hook.next(topic, 'handshake', () => true, 10_000);
  }
}, 60_000);
afterAll(async () => {
  await service.load([agreement()]);
  await service.close();
  await hook.close();
});

/** A booking at 9+0: held when routine; told at once when urgent. Gives patient and referral. */
async function book(
  priority: 'routine' | 'urgent',
  isTold = priority === 'urgent',
): Promise<{ patient: string; referral: string }> {
  serial += 1;
  const family = familyOf('Aisha', `Stop${serial}`, nhsNumberOf(serial), today, { byPeriod: 63, byScan: 63 });
  const bundle = bookingBundle(family);
  for (const entry of Array.isArray(bundle.entry) ? bundle.entry : []) {
    const resource = at(entry, 'resource');
    if (at(resource, 'resourceType') === 'ServiceRequest') Object.assign(Object(resource), { priority });
  }
  const reply = await midwife.post('', bundle);
  expect([reply.status, entries(reply).length]).toEqual([200, expect.any(Number)]);
  const of = (type: string) => locationsOf(reply.json).find((one) => one.startsWith(`${type}/`)) ?? '';
  const booked = { patient: of('Patient'), referral: of('ServiceRequest') };
  // The Task is made from the feed.
  while (resources(await midwife.get(`Task?focus=${booked.referral}`)).length === 0) await pause(30);
  if (isTold)
    await hook.next('antenatal-referral', 'event-notification', ({ focus }) => focus === booked.referral, 10_000);
  return booked;
}

const step = (referral: string, event: string, more: JsonObject[] = []) =>
  midwife.post(`${referral}/$referral-event`, {
    resourceType: 'Parameters',
    parameter: [{ name: 'event', valueCode: event }, ...more],
  });
const ended = async (number: string): Promise<JsonObject> =>
  (await hook.next('pregnancy-ended', 'event-notification', (one) => one.number === number, 10_000)).bundle;

async function disclosures(referral: string): Promise<AuditEntry[]> {
  const sql = "select body::json as body from audit where body like '%R-49%' order by id";
  const { rows } = await service.pool.query<{ body: AuditEntry }>(sql);
  return rows.map(({ body }) => body).filter(({ entities }) => entities.includes(referral));
}

test('vector 51: what ends while it is held is told to nobody: no event, no number', async () => {
  const held = await book('routine');
  expect((await step(held.referral, 'end-pregnancy')).status).toBe(200);
  const told = await book('urgent');
  expect((await step(told.referral, 'end-pregnancy')).status).toBe(200);
  // The first number there is belongs to the second one, which came after it in the feed.
  await ended('1');
  expect(await disclosures(held.referral)).toEqual([]);
  expect(await disclosures(told.referral)).not.toEqual([]);
  expect((await hvSystem.get(held.referral)).status).toBe(404);
});

test('vector 37: an objection after the referral, then a loss: delivered, empty, recorded with R-49', async () => {
  const { patient, referral } = await book('urgent');
  await service.load(consent(patient.slice('Patient/'.length), 'objected'));
  expect((await hvSystem.get(referral)).status).not.toBe(200);
  expect((await step(referral, 'end-pregnancy')).status).toBe(200);
  const text = JSON.stringify(await ended('2'));
  for (const word of [referral, patient, 'pregnancy-ended', 'ServiceRequest', 'Patient/'])
    expect(text).not.toContain(word);
  const [intent] = await disclosures(referral);
  expect(intent).toMatchObject({
    interaction: 'disclosure',
    outcome: 0,
    rules: ['R-36', 'R-49'],
    detail: 'intent empty',
  });
});

test('vector 36: the agreement has ended, then the pregnancy: delivered, empty; everything else stays closed', async () => {
  const { referral } = await book('urgent');
  const another = await book('urgent');
  await service.load([agreement({ status: 'revoked' })]);
  expect((await hvSystem.get(referral)).status).toBe(403);
  expect((await step(referral, 'end-pregnancy')).status).toBe(200);
  await ended('3');
  const stopped = await step(another.referral, 'withdraw');
  expect(stopped.status).toBe(200);
  const notice = await hook.next('stop', 'event-notification', () => true, 10_000);
  expect([notice.number, notice.focus]).toEqual(['1', another.referral]);
  expect((await hvSystem.get(referral)).status).not.toBe(200);
  await service.load([agreement()]);
});

test('vector 55: a referral whose addressee may not have it is withheld, recorded, and A-22 fires', async () => {
  await service.load([agreement({ status: 'revoked' })]);
  const told = hook.received('antenatal-referral', 'event-notification').length;
  const { referral } = await book('urgent', false);
  let withheld: AuditEntry | undefined;
  for (const end = Date.now() + 8_000; withheld === undefined && Date.now() < end; await pause(30)) {
    const sql = `select body::json as body from audit where body like '%"withheld"%' and body like $1`;
    withheld = (await service.pool.query<{ body: AuditEntry }>(sql, [`%${referral}%`])).rows[0]?.body;
  }
  expect(withheld).toMatchObject({ interaction: 'disclosure', outcome: 4, agent: { clientId: 'hv-system' } });
  expect(withheld && ALERT_RULES.find(({ id }) => id === 'A-22')?.fires(withheld, {} as never, THRESHOLDS)).toBe(true);
  expect(hook.received('antenatal-referral', 'event-notification')).toHaveLength(told);
  await service.load([agreement()]);
  await again();
});

/** The client's Subscription to referrals, which it asks for again when it is in error. */
async function again(): Promise<void> {
  const [mine] = resources(await hvSystem.get('Subscription?status=error'));
  expect(mine).toMatchObject({ status: 'error', error: 'The agreement behind this subscription has ended.' });
  expect(at(mine, 'criteria')).toMatch(/antenatal-referral$/);
  const shaken = hook.received('antenatal-referral', 'handshake').length;
  const { error: _error, ...rest } = Object(mine);
  expect((await hvSystem.put(`Subscription/${at(mine, 'id')}`, { ...rest, status: 'requested' })).status).toBe(200);
  while (hook.received('antenatal-referral', 'handshake').length === shaken) await pause(30);
}

test('vector 24: nothing waits, the agreement ends, and the next event puts the Subscription in error, by the clock of the rules', async () => {
  await service.load([
    agreement({ applies: { start: '2020-01-01', end: new Date(Date.now() - 1_000).toISOString() } }),
  ]);
  const { referral } = await book('urgent', false);
  for (const end = Date.now() + 8_000; Date.now() < end; await pause(30))
    if (resources(await hvSystem.get('Subscription?status=error')).length > 0) break;
  expect(hook.received('antenatal-referral', 'event-notification').some(({ focus }) => focus === referral)).toBe(false);
  await service.load([agreement()]);
  await again();
});

test('vector 52: the referral says ended and no cause; none can be written into it', async () => {
  const { referral } = await book('urgent');
  expect((await helen.get(referral)).status).toBe(200);
  expect((await helen.post(`${referral}/$accept`)).status).toBe(200);
  const cause = await step(referral, 'end-pregnancy', [{ name: 'note', valueString: 'a cause' }]);
  expect([cause.status, cause.text.includes('no note')]).toEqual([422, true]);
  expect((await step(referral, 'end-pregnancy')).status).toBe(200);
  const [task] = resources(await helen.get(`Task?focus=${referral}`));
  expect(at(task ?? {}, 'businessStatus.coding.0.code')).toBe('pregnancy-ended');
  expect([task?.statusReason, task?.note, task?.reasonCode]).toEqual([undefined, undefined, undefined]);
  const forged = { ...(await midwife.get(`Task/${task?.id}`)).json, statusReason: { text: 'a cause' } };
  expect((await midwife.put(`Task/${task?.id}`, forged)).status).toBe(422);
});

test('a subscription to ended pregnancies is empty and is not narrowed', async () => {
  const full = await hvSystem.post(
    'Subscription',
    restHook('pregnancy-ended', hook.endpoint('pregnancy-ended'), 'id-only'),
  );
  expect(full.status).toBe(422);
  const filter = { url: `${BACKPORT}/backport-filter-criteria`, valueString: 'ServiceRequest?patient=Patient/x' };
  const narrow = { ...restHook('stop', hook.endpoint('stop'), 'empty'), _criteria: { extension: [filter] } };
  expect((await hvSystem.post('Subscription', narrow)).text).toContain('not narrowed');
});

describe('what stops about a person reaches who read her record, and nobody else (R-49)', () => {
  const RESTRICTED = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }];
  const change = async (reference: string, to: (resource: JsonObject) => JsonObject): Promise<void> => {
    const { json } = await service.as('steward').get(reference);
    const [type = '', id = ''] = reference.split('/');
    await service.load([{ ...to(json), resourceType: type, id }]);
  };

  test('address restricted: by id to who had her record, empty to who had an announcement about her', async () => {
    const read = await book('urgent');
    expect((await hvSystem.get(read.patient)).status).toBe(200);
    await change(read.patient, (one) => ({ ...one, meta: { security: RESTRICTED } }));
    const notice = await hook.next('stop', 'event-notification', ({ focus }) => focus === read.patient, 10_000);
    expect(JSON.stringify(notice.bundle)).not.toContain('address-restricted');
    const announced = await book('urgent');
    await change(announced.patient, (one) => ({ ...one, meta: { security: RESTRICTED } }));
    const next = String(Number(notice.number) + 1);
    const empty = await hook.next('stop', 'event-notification', (one) => one.number === next, 10_000);
    expect([empty.focus ?? null, JSON.stringify(empty.bundle).includes(announced.patient)]).toEqual([null, false]);
  });

  test('number superseded, and a search counts as a receipt', async () => {
    const { patient } = await book('urgent');
    const found = await hvSystem.get(`Patient?_id=${patient.slice('Patient/'.length)}`);
    expect(resources(found)).toHaveLength(1);
    serial += 1;
    const value = nhsNumberOf(serial);
    await change(patient, (one) => ({
      ...one,
      identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value }],
    }));
    await hook.next('stop', 'event-notification', ({ focus }) => focus === patient, 10_000);
    const [record] = await disclosures(patient);
    expect(record).toMatchObject({ rules: ['R-36', 'R-49'], detail: 'intent id-only' });
  });

  test('moved to another person: who read it hears, the woman of another family stays unread', async () => {
    const [one, other] = [await book('urgent'), await book('urgent')];
    expect((await hvSystem.get(one.referral)).status).toBe(200);
    await change(one.referral, (request) => ({ ...request, subject: { reference: other.patient } }));
    await hook.next('stop', 'event-notification', ({ focus }) => focus === one.referral, 10_000);
  });

  test('A-22: who had it and has no subscription for it must be told by a person', async () => {
    const { referral } = await book('urgent');
    const mine = resources(await hvSystem.get('Subscription?_count=50'));
    const stop = mine.find((one) => String(one.criteria).endsWith('/stop'));
    expect(
      (await hvSystem.put(`Subscription/${stop?.id}`, { ...stop, resourceType: 'Subscription', status: 'off' })).status,
    ).toBe(200);
    expect((await step(referral, 'withdraw')).status).toBe(200);
    let records: AuditEntry[] = [];
    for (const end = Date.now() + 8_000; records.length === 0 && Date.now() < end; ) {
      await pause(30);
      records = await disclosures(referral);
    }
    expect(records).toMatchObject([
      { detail: 'undeliverable', recipient: 'Client/hv-system', rules: ['R-36', 'R-49'] },
    ]);
    const rule = ALERT_RULES.find(({ id }) => id === 'A-22');
    const [record] = records;
    expect(record && rule?.fires(record, {} as never, THRESHOLDS)).toBe(true);
  });
});
