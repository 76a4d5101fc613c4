/** S7 (domain.md 7.2): her address is restricted, earlier recipients hear of it, and she moves to another team. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openWebhook, type Webhook } from '../../scripts/story/webhook.ts';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { at, type Client, found, resources } from '../harness/client.ts';
import { TEAM } from '../harness/directory.ts';
import { familyOf, nhsNumberOf, note } from '../harness/family.ts';
import { overseen } from '../harness/overseen.ts';
import { type Service, staff, startService } from '../harness/service.ts';

const CANON = 'https://tandem.example/fhir';
const BACKPORT = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition';
const DAY = 86_400_000;
/** Every carrier of place and address of hers has one of these. */
const PLACES = ['ZZ9 7SS', 'Canary Lane', '01632 960777', 'Canary Hub', 'Canary gate'];
let service: Service;
let hook: Webhook;
let ahead = 0;

const said = (parts: Readonly<Record<string, string>>): Resource => ({
  resourceType: 'Parameters',
  parameter: Object.entries(parts).map(
    ([name, value]): JsonObject =>
      name === 'patient'
        ? { name, valueReference: { reference: value } }
        : { name, [name === 'event' ? 'valueCode' : 'valueString']: value },
  ),
});

beforeAll(async () => {
  service = await startService({ clock: () => new Date(Date.now() + ahead) });
  await service.directory();
  hook = await openWebhook();
  const [mother, ...rest] = familyOf('aisha', {
    nhsNumber: nhsNumberOf(55_001),
    referral: 'accepted',
    postalCode: 'ZZ9 7SS',
    visitors: TEAM.healthVisitors,
  });
  const telecom = [{ system: 'phone', value: '01632 960777' }];
  const address = [{ line: ['7 Canary Lane'], postalCode: 'ZZ9 7SS' }];
  await service.load([{ ...mother, resourceType: 'Patient', telecom, address }, ...rest]);
  await service.load([
    { resourceType: 'Location', id: 'canary', name: 'Canary Hub', address: { line: ['Canary Lane'] } },
    {
      resourceType: 'Appointment',
      id: 'visit',
      status: 'booked',
      start: '2026-12-01T10:00:00Z',
      end: '2026-12-01T11:30:00Z',
      description: 'Ring at the Canary gate',
      comment: 'Canary gate',
      participant: [
        { actor: { reference: 'Patient/aisha' }, status: 'accepted' },
        { actor: { reference: 'PractitionerRole/hv-helen' }, status: 'accepted' },
        { actor: { reference: 'Location/canary' }, status: 'accepted' },
      ],
    },
    note('aisha-note', 'aisha', 'words', { performer: [{ reference: 'PractitionerRole/hv-helen' }] }),
  ]);
  const made = await service.as('hv-system').post('Subscription', {
    resourceType: 'Subscription',
    status: 'requested',
    reason: 'a journey',
    criteria: `${CANON}/SubscriptionTopic/stop`,
    channel: {
      type: 'rest-hook',
      endpoint: hook.endpoint('stop'),
      payload: 'application/fhir+json',
      _payload: { extension: [{ url: `${BACKPORT}/backport-payload-content`, valueCode: 'id-only' }] },
    },
  });
  expect(made.status).toBe(201);
  await hook.next('stop', 'handshake', () => true, 10_000);
}, 60_000);
afterEach(() => {
  ahead = 0;
});
afterAll(async () => {
  await service.close();
  await hook.close();
});

const everywhere = [
  'Patient/aisha',
  'Patient/aisha/_history',
  'Patient/aisha/$everything',
  'Patient?_id=aisha&_revinclude=Appointment:patient',
  'Appointment/visit',
  'Appointment?patient=aisha&_include=Appointment:location',
  'Patient?_id=aisha&_elements=address,telecom',
];

describe('an S-flag from PDS', () => {
  test('her address vanishes from every answer and every search; the earlier recipient hears of it', async () => {
    expect((await service.as('hv-system').get('Patient/aisha')).text).toContain('ZZ9 7SS');
    expect(found(await service.as('health-visitor').get('Patient?address-postalcode=ZZ9'))).toEqual(['Patient/aisha']);
    const epr = service.as('epr');
    const { json } = await epr.get('Patient/aisha');
    const security = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }];
    const flagged = await epr.put('Patient/aisha', { ...json, meta: { security } } as never);
    expect(flagged.status).toBe(200);
    await hook.next('stop', 'event-notification', ({ focus }) => focus === 'Patient/aisha', 10_000);
    for (const who of ['midwife', 'health-visitor', 'admin', 'hv-system', 'epr', 'nursery-nurse'] as const) {
      const client = service.as(who);
      for (const path of everywhere) {
        const { text } = await client.get(path);
        // The hub's own page is no secret; that she goes there is.
        const shown = PLACES.filter(
          (place) => text.includes(place) && !(place.startsWith('Canary') && path.includes('_include')),
        );
        expect([who, path, shown]).toEqual([who, path, []]);
      }
      for (const query of [
        'address-postalcode=ZZ9',
        'address=Canary',
        'phone=01632960777',
        'address:missing=false&_id=aisha',
      ])
        expect([who, query, found(await client.get(`Patient?${query}`))]).toEqual([who, query, []]);
      expect(found(await client.get('Appointment?location=Location/canary'))).toEqual([]);
    }
  });

  test('Helen opens it with a reason for the day; for anybody else A-11 fires', async () => {
    const helen = service.as('health-visitor');
    expect((await helen.post('Patient/$unmask', said({ patient: 'Patient/aisha', text: 'too short' }))).status).toBe(
      400,
    );
    expect(
      (
        await helen.post(
          'Patient/$unmask',
          said({ patient: 'Patient/aisha', text: 'I visit her at home this morning' }),
        )
      ).status,
    ).toBe(201);
    expect((await helen.get('Patient/aisha')).text).toContain('ZZ9 7SS');
    expect((await service.as('midwife').get('Patient/aisha')).text).not.toContain('ZZ9 7SS');
    expect(found(await helen.get('Patient?address-postalcode=ZZ9'))).toEqual([]);
    const task = {
      resourceType: 'Task',
      id: 'nell',
      status: 'requested',
      intent: 'order',
      for: { reference: 'Patient/aisha' },
      authoredOn: new Date().toISOString(),
      code: { coding: [{ system: `${CANON}/CodeSystem/jv-task`, code: 'plan-action' }] },
      owner: { reference: 'PractitionerRole/hv-none' },
    };
    await service.load([task]);
    expect((await service.as(staff('hv-none')).get('Patient/aisha')).status).toBe(200);
    await overseen(service);
    const { rows } = await service.pool.query<{ party: string }>(
      "select distinct party from alert where rule = 'A-11'",
    );
    const parties = rows.map(({ party }) => party);
    expect(parties).toContain('PractitionerRole/hv-none');
    expect(parties).not.toContain('PractitionerRole/hv-helen');
    expect(parties).not.toContain('PractitionerRole/mw-priya');
  });
});

describe('the move', () => {
  const read = (who: Client) => who.get('Observation/aisha-note').then(({ status }) => status);

  test('the new area’s team takes her over; the old team reads on for fourteen days, then nothing', async () => {
    const [helen, sana] = [service.as('health-visitor'), service.as(staff('hv-south'))];
    // Under restricted demographics who has no relationship is told nothing.
    expect([await read(helen), await read(sana)]).toEqual([200, 404]);
    const moved = await helen.post(
      'ServiceRequest/aisha-referral/$referral-event',
      said({ event: 'redirect', owner: TEAM.south, note: 'moved to the south' }),
    );
    expect([moved.status, moved.status === 200 ? '' : moved.text]).toEqual([200, '']);
    const opened = await sana.post('ServiceRequest/aisha-referral/$referral-event', said({ event: 'open' }));
    expect([opened.status, opened.status === 200 ? '' : opened.text]).toEqual([200, '']);
    expect((await sana.post('ServiceRequest/aisha-referral/$accept')).status).toBe(200);
    expect(await read(sana)).toBe(200);
    // Closed as planned: the old team's episode and her place in the family's team end today.
    const end = new Date().toISOString();
    const steward = service.as('steward');
    const episode = (await steward.get('EpisodeOfCare/aisha-hv')).json;
    const team = (await steward.get('CareTeam/aisha')).json;
    const participant = (Array.isArray(team.participant) ? team.participant : []).map((one) =>
      at(one, 'member.reference') === 'PractitionerRole/hv-helen'
        ? { ...Object(one), period: { ...Object(at(one, 'period')), end } }
        : one,
    );
    await service.load([
      {
        ...episode,
        resourceType: 'EpisodeOfCare',
        id: 'aisha-hv',
        status: 'finished',
        period: { ...Object(episode.period), end },
      },
      { ...team, resourceType: 'CareTeam', id: 'aisha', participant },
      {
        ...(await steward.get('Appointment/visit')).json,
        resourceType: 'Appointment',
        id: 'visit',
        status: 'cancelled',
      } as Resource,
    ]);
    expect([await read(helen), await read(sana)]).toEqual([200, 200]);
    ahead = 13 * DAY;
    expect(await read(service.as('health-visitor'))).toBe(200);
    ahead = 15 * DAY;
    expect(await read(service.as('health-visitor'))).toBe(404);
    expect(await read(service.as(staff('hv-south')))).toBe(200);
    // A transferred family keeps its history (1.3 rule 4).
    expect((await service.as(staff('hv-south')).get('Observation/aisha-note/_history')).status).toBe(200);
  });

  test('variant: outside the network the sending team waits for the other service’s answer', async () => {
    await service.family('outside', { referral: 'received' });
    const midwife = service.as('midwife');
    const sent = await midwife.post(
      'ServiceRequest/outside-referral/$referral-event',
      said({ event: 'send-outside', owner: TEAM.midwives }),
    );
    expect([sent.status, sent.status === 200 ? '' : sent.text]).toEqual([200, '']);
    const [task] = resources(await midwife.get('Task?focus=ServiceRequest/outside-referral'));
    expect([at(task, 'businessStatus.coding.0.code'), at(task, 'owner.reference')]).toEqual([
      'sent-outside',
      TEAM.midwives,
    ]);
  });
});
