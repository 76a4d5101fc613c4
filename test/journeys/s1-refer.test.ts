/** S1 beyond the happy path the story plays (domain.md 1.3 rules 5 to 7, 7.2): however it arrives, the notify rule decides. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bookingBundle, type Family, familyOf, scanObservation } from '../../scripts/story/family.ts';
import { locationsOf } from '../../scripts/story/http.ts';
import { openWebhook, type Webhook } from '../../scripts/story/webhook.ts';
import { addDays, civilDate } from '../../src/care/clock.ts';
import type { JsonObject } from '../../src/fhir/types.ts';
import { at, type Client, entries, issue, type Reply, resources, textAt } from '../harness/client.ts';
import { nhsNumberOf } from '../harness/family.ts';
import { restHook } from '../harness/rest-hook.ts';
import { type Service, staff, startService } from '../harness/service.ts';

const SAMPLE = new URL('../../docs/referral-bundle.json', import.meta.url);
const IN_VAIN_MS = 1_000;

let service: Service;
let hook: Webhook;
/** The EPR with the midwife in front of it, by itself, and those it sends to. */
let midwife: Client;
let epr: Client;
let hvSystem: Client;
let helen: Client;
let serial = 700;
const today = civilDate(new Date());

beforeAll(async () => {
  service = await startService();
  await service.directory();
  hook = await openWebhook();
  midwife = service.as({ like: 'midwife', claims: { client_id: 'epr' } });
  epr = service.as('epr');
  hvSystem = service.as('hv-system');
  helen = service.as('health-visitor');
  const made = await hvSystem.post('Subscription', restHook('antenatal-referral', hook.endpoint('referrals')));
  expect([made.status, made.text.slice(0, 300)]).toEqual([201, expect.anything()]);
  await hook.next('referrals', 'handshake', () => true, 10_000);
}, 60_000);
afterAll(async () => {
  await service.close();
  await hook.close();
});

interface Booked {
  family: Family;
  patient: string;
  referral: string;
}

/** A booking with the referral of the README, changed by `change`. */
async function book(weeks: number, change: (bundle: JsonObject) => void = () => {}): Promise<Booked> {
  serial += 1;
  const gestation = { byPeriod: weeks * 7, byScan: weeks * 7 };
  const family = familyOf('Aisha', `Journey${serial}`, nhsNumberOf(serial), today, gestation);
  const bundle = bookingBundle(family);
  change(bundle);
  const reply = await midwife.post('', bundle);
  expect([reply.status, issueOf(reply)]).toEqual([200, '']);
  const addresses = locationsOf(reply.json);
  const of = (type: string): string => addresses.find((one) => one.startsWith(`${type}/`)) ?? '';
  return { family, patient: of('Patient'), referral: of('ServiceRequest') };
}

const issueOf = (reply: Reply): string => (reply.status < 400 ? '' : `${issue(reply)} ${reply.text.slice(0, 400)}`);
const resourceOf = (bundle: JsonObject, type: string): JsonObject => {
  const list = Array.isArray(bundle.entry) ? bundle.entry : [];
  for (const entry of list) {
    const resource = at(entry, 'resource');
    if (typeof resource === 'object' && resource !== null && !Array.isArray(resource) && resource.resourceType === type)
      return resource;
  }
  throw new Error(`the sample has no ${type}`);
};

/** The state of the referral as its sender sees it, once it is `wanted` or the time is over. */
async function state(booked: Booked, wanted: string, withinMs = 10_000): Promise<string> {
  const end = Date.now() + withinMs;
  for (;;) {
    const [task] = resources(await midwife.get(`Task?focus=${booked.referral}`));
    const now = task === undefined ? 'none' : textAt(task, 'businessStatus.coding.0.code');
    if (now === wanted || Date.now() > end) return now;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const told = (booked: Booked) =>
  hook.received('referrals', 'event-notification').filter(({ focus }) => focus === booked.referral);

describe('the referral bundle of the README', () => {
  test('is accepted word for word, by the EPR for its midwife; it fits on one screen', async () => {
    const text = readFileSync(SAMPLE, 'utf8');
    expect(text.trimEnd().split('\n').length).toBeLessThan(60);
    const reply = await midwife.post('', text);
    expect([reply.status, issueOf(reply)]).toEqual([200, '']);
    expect(entries(reply).map((entry) => textAt(entry, 'response.status').slice(0, 3))).toEqual(Array(7).fill('201'));
  });

  test('sent again after a lost answer, it writes nothing twice', async () => {
    const reply = await midwife.post('', readFileSync(SAMPLE, 'utf8'));
    expect([reply.status, issueOf(reply)]).toEqual([200, '']);
    expect(entries(reply).map((entry) => textAt(entry, 'response.status').slice(0, 3))).toEqual(Array(7).fill('200'));
  });

  // Its own care team makes the caller's standing stale between the commit and the answer.
  test('a new team beside what is there already: committed once, not once for each repetition', async () => {
    const text = readFileSync(SAMPLE, 'utf8').replaceAll('PREG-SAMPLE-1', 'PREG-SAMPLE-2');
    const reply = await midwife.post('', text);
    expect([reply.status, issueOf(reply)]).toEqual([200, '']);
    expect(entries(reply).map((entry) => textAt(entry, 'response.status').slice(0, 3))).toEqual([
      '200',
      ...Array(6).fill('201'),
    ]);
    const teams = await midwife.get('CareTeam?identifier=https://tandem.example/fhir/Id/pregnancy|PREG-SAMPLE-2');
    expect(resources(teams)).toHaveLength(1);
    const mother = locationsOf(reply.json)[0]?.slice('Patient/'.length);
    expect(resources(await midwife.get(`ServiceRequest?patient=${mother}`))).toHaveLength(2);
  });

  test('the EPR alone cannot say that sharing was explained: a person does (R-01, 5.3)', async () => {
    const text = readFileSync(SAMPLE, 'utf8')
      .replaceAll('9998000017', nhsNumberOf(650))
      .replaceAll('PREG-SAMPLE-1', 'P-3');
    const reply = await epr.post('', text);
    expect([reply.status, reply.json.resourceType]).toEqual([expect.any(Number), 'OperationOutcome']);
    expect([403, 404]).toContain(reply.status);
    expect(resources(await epr.get(`Patient?identifier=${nhsNumberOf(650)}`))).toEqual([]);
  });
});

describe('when the health visiting service hears', () => {
  test('a routine referral at 9+0 is held: nothing there for the addressee by any way, and no word of it', async () => {
    const booked = await book(9);
    expect(await state(booked, 'held')).toBe('held');
    const id = booked.patient.slice('Patient/'.length);
    for (const who of [hvSystem, helen]) {
      expect((await who.get(booked.referral)).status).toBe(404);
      for (const search of [
        `ServiceRequest?patient=${id}`,
        `Task?patient=${id}`,
        `Patient?_id=${id}`,
        `Patient?identifier=${booked.family.nhsNumber}`,
        `Observation?patient=${id}`,
        `EpisodeOfCare?patient=${id}`,
      ]) {
        const reply = await who.get(search);
        expect([search, reply.status, resources(reply).length]).toEqual([search, 200, 0]);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, IN_VAIN_MS));
    expect(told(booked)).toEqual([]);
  });

  test('two who refer her at once make one referral; one of them is told that it is there', async () => {
    const booked = await book(14);
    expect(await state(booked, 'received')).toBe('received');
    const [task] = resources(await midwife.get(`Task?focus=${booked.referral}`));
    const order = (await midwife.get(booked.referral)).json;
    const said = (name: string, value: JsonObject): JsonObject => ({ name, ...value });
    const withdrawn = await midwife.post(`${booked.referral}/$referral-event`, {
      resourceType: 'Parameters',
      parameter: [said('event', { valueCode: 'withdraw' }), said('reason', { valueCode: 'withdrawn' })],
    });
    expect([withdrawn.status, issueOf(withdrawn)]).toEqual([200, '']);
    const request: JsonObject = {
      resourceType: 'Parameters',
      parameter: [
        said('performer', { valueReference: { reference: textAt(order, 'performer.0.reference') } }),
        said('owner', { valueReference: { reference: textAt(task ?? {}, 'owner.reference') } }),
      ],
    };
    const replies = await Promise.all([1, 2, 3].map(() => midwife.post(`${booked.patient}/$refer`, request)));
    expect([replies.map(({ status }) => status).sort(), replies.map(issueOf).join()]).toEqual([
      [200, 409, 409],
      expect.stringContaining('an open referral exists already'),
    ]);
    const open = await midwife.get(`ServiceRequest?patient=${booked.patient}&status=active`);
    expect(resources(open)).toHaveLength(1);
  });

  test('urgent at 9+0 goes at once', async () => {
    const booked = await book(9, (bundle) =>
      Object.assign(resourceOf(bundle, 'ServiceRequest'), { priority: 'urgent' }),
    );
    expect(await state(booked, 'received')).toBe('received');
    const note = await hook.next('referrals', 'event-notification', ({ focus }) => focus === booked.referral, 5_000);
    expect(JSON.stringify(note.bundle)).not.toContain(booked.family.surname);
    expect((await helen.get(booked.referral)).status).toBe(200);
  });

  test('booked after the window has closed: told at once, urgent, for the visit at 28 weeks (rule 7)', async () => {
    const booked = await book(27);
    expect(await state(booked, 'received')).toBe('received');
    const [task] = resources(await midwife.get(`Task?focus=${booked.referral}`));
    expect(task?.priority).toBe('urgent');
    await hook.next('referrals', 'event-notification', ({ focus }) => focus === booked.referral, 5_000);
  });

  test('a pregnancy that ends while it is held: they are never told, and see nothing afterwards', async () => {
    const booked = await book(10);
    expect(await state(booked, 'held')).toBe('held');
    const event: JsonObject = {
      resourceType: 'Parameters',
      parameter: [{ name: 'event', valueCode: 'end-pregnancy' }],
    };
    const ended = await midwife.post(`${booked.referral}/$referral-event`, event);
    expect([ended.status, issueOf(ended)]).toEqual([200, '']);
    // Even a dating scan that is filed afterwards releases nothing.
    const scan = await epr.post('Observation', scanObservation(booked.family, booked.patient, today));
    expect([scan.status, issueOf(scan)]).toEqual([201, '']);
    await new Promise((resolve) => setTimeout(resolve, IN_VAIN_MS));
    expect(told(booked)).toEqual([]);
    expect(await state(booked, 'pregnancy-ended', 0)).toBe('pregnancy-ended');
    for (const who of [hvSystem, helen]) expect((await who.get(booked.referral)).status).toBe(404);
  });

  test('nobody else can release it by hand', async () => {
    const booked = await book(9);
    expect(await state(booked, 'held')).toBe('held');
    const [task] = resources(await midwife.get(`Task?focus=${booked.referral}`));
    const forged = JSON.stringify(task).replace('"held"', '"received"').replace('"on-hold"', '"requested"');
    const system = 'https://tandem.example/fhir/CodeSystem/referral-state';
    const plain = JSON.parse(forged);
    const turned = { ...plain, businessStatus: { coding: [{ code: 'received', system }] } };
    const both = {
      ...task,
      businessStatus: {
        coding: [
          { system, code: 'held' },
          { system, code: 'received' },
        ],
      },
    };
    for (const who of [midwife, epr]) {
      for (const body of [forged, JSON.stringify(turned), JSON.stringify(both)]) {
        const reply = await who.put(`Task/${task?.id}`, body);
        expect([reply.status, await state(booked, 'held', 0)]).toEqual([422, 'held']);
      }
    }
  });
});

describe('the three clocks of a referral', () => {
  test('released, opened and accepted are versions of their own, in this order', async () => {
    const booked = await book(9);
    expect(await state(booked, 'held')).toBe('held');
    const scan = await epr.post('Observation', scanObservation(booked.family, booked.patient, addDays(today, 0)));
    expect(scan.status).toBe(201);
    expect(await state(booked, 'received')).toBe('received');
    expect((await helen.get(booked.referral)).status).toBe(200);
    expect(await state(booked, 'received', 0)).toBe('received');
    const accepted = await helen.post(`${booked.referral}/$accept`);
    expect([accepted.status, issueOf(accepted)]).toEqual([200, '']);
    const [task] = resources(await midwife.get(`Task?focus=${booked.referral}`));
    const versions = resources(await midwife.get(`Task/${task?.id}/_history`)).reverse();
    expect(versions.map((one) => textAt(one, 'businessStatus.coding.0.code'))).toEqual([
      'held',
      'received',
      'opened',
      'accepted',
    ]);
    const times = versions.map((one) => textAt(one, 'meta.lastUpdated'));
    expect(times).toEqual(times.toSorted());
  });

  test('delivered is the acknowledgement, told to whoever may read the referral and to nobody else', async () => {
    // Booked a week ago: attendance of that day opens nothing any more (R-06 f).
    const booked = await book(10);
    expect(await state(booked, 'held')).toBe('held');
    const asked = async (who: Client) => {
      const reply = await who.get(`${booked.referral}/$deliveries`);
      return [reply.status, at(reply.json, 'parameter.0.part.1.valueCode')];
    };
    expect(await asked(midwife)).toEqual([200, undefined]);
    expect(await asked(hvSystem)).toEqual([404, undefined]);
    await epr.post('Observation', scanObservation(booked.family, booked.patient, today));
    const { at: arrived } = await hook.next(
      'referrals',
      'event-notification',
      (one) => one.focus === booked.referral,
      5_000,
    );
    for (let tries = 0; tries < 50 && (await asked(midwife))[1] !== 'delivered'; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const reply = await midwife.get(`${booked.referral}/$deliveries`);
    expect(at(reply.json, 'parameter.0.part')).toEqual([
      { name: 'to', valueString: 'hv-system' },
      { name: 'state', valueCode: 'delivered' },
      { name: 'at', valueInstant: expect.any(String) },
    ]);
    const acknowledged = Date.parse(textAt(reply.json, 'parameter.0.part.2.valueInstant'));
    expect(acknowledged).toBeGreaterThanOrEqual(arrived.getTime());
    expect(await asked(service.as('admin'))).toEqual([200, 'delivered']);
    expect((await asked(service.as(staff('mw-other'))))[0]).toBe(403);
  });
});
