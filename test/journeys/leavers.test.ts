/** Joiners and leavers: what ends with a role at the very next request, what is handed on, and cover that ends by itself. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { settleAll } from '../../src/directory/settle.ts';
import { isObject } from '../../src/fhir/resource.ts';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { at, type Client, type Reply } from '../harness/client.ts';
import { HEALTH_VISITING, practitionerRole, TEAM, team } from '../harness/directory.ts';
import { restHook } from '../harness/rest-hook.ts';
import { type Service, startService } from '../harness/service.ts';
import { dutyOf, endedIn, NOTHING_LEFT, openedFor, until } from './leavers-world.ts';

let service: Service;
let keeper: Client;
let lead: Client;

const member = (name: string): string => `PractitionerRole/${name}`;
const staff = (id: string, code: JsonObject[] = [{ text: 'Team lead' }]): Resource => ({
  ...practitionerRole('mw-other'),
  id,
  code,
  practitioner: { reference: `Practitioner/${id}`, display: id },
});
const as = (id: string): Client => service.as({ like: 'midwife', claims: { sub: id, fhirUser: member(id) } });

beforeAll(async () => {
  service = await startService({ config: { webhookAllow: ['127.0.0.1'] } });
  await service.directory();
  const people = ['mw-new', 'tl-one', 'ad-mat'].map(
    (id): Resource => ({ resourceType: 'Practitioner', id, active: true, name: [{ family: id }] }),
  );
  const midwife = practitionerRole('mw-other').code as JsonObject[];
  await service.load([
    ...people,
    staff('mw-new', midwife),
    staff('tl-one'),
    staff('ad-mat', [{ coding: [{ system: 'http://snomed.info/sct', code: '224608005' }] }]),
  ]);
  await service.load([team(TEAM.midwives, [{ id: 'mw-priya' }, { id: 'tl-one' }, { id: 'mw-new' }])]);
  await service.family('fam');
  await service.family('other', { midwife: 'mw-new' });
  const patient = { reference: 'Patient/fam' };
  await service.load([
    {
      resourceType: 'Task',
      id: 'hers',
      status: 'requested',
      intent: 'order',
      for: patient,
      owner: { reference: member('mw-priya') },
    },
    {
      resourceType: 'Task',
      id: 'done',
      status: 'completed',
      intent: 'order',
      for: patient,
      owner: { reference: member('mw-priya') },
    },
  ]);
  keeper = service.as('sysadmin');
  lead = as('tl-one');
});
afterAll(() => service.close());

const parameters = (values: Readonly<Record<string, string | boolean | readonly string[]>>): Resource => ({
  resourceType: 'Parameters',
  parameter: Object.entries(values).flatMap(([name, value]): JsonObject[] =>
    typeof value === 'boolean'
      ? [{ name, valueBoolean: value }]
      : (typeof value === 'string' ? [value] : value).map((valueString) => ({ name, valueString })),
  ),
});
const listed = (reply: Reply): string[] =>
  (Array.isArray(reply.json.parameter) ? reply.json.parameter.filter(isObject) : [])
    .filter(({ name }) => name === 'item')
    .map((one) => String(at(one, 'part.1.valueReference.reference')))
    .toSorted();
const openWork = (who: Client, role = 'mw-priya') => who.post(`${member(role)}/$open-work`, parameters({}));
const reason = 'She leaves on Friday';

test('what she leaves open is listed for colleagues under their own rules, and for nobody else', async () => {
  const list = await openWork(lead);
  expect(list.status).toBe(200);
  expect(listed(list)).toEqual(expect.arrayContaining(['CareTeam/fam', 'Task/hers']));
  expect(listed(list)).not.toContain('Task/done');
  expect(listed(list)).not.toContain('CareTeam/other');
  // A colleague without these families sees none of them; who keeps the directory may not ask for care at all.
  expect(
    listed(await openWork(service.as({ like: 'midwife', claims: { sub: 'mw-other', fhirUser: member('mw-other') } }))),
  ).toEqual([]);
  const officer = await openWork(keeper);
  expect([officer.status, listed(officer), officer.text.includes('"closed"')]).toEqual([200, [], true]);
  expect((await openWork(service.as('epr'))).status).toBe(403);
  expect((await openWork(service.as('mother'))).status).toBe(404);
});

test('handed on in bulk: all or nothing, to an active colleague of the same service, by who may', async () => {
  const items = listed(await openWork(lead));
  const hand = (who: Client, to: string, list: readonly string[] = items) =>
    who.post(`${member('mw-priya')}/$reassign`, parameters({ to: member(to), item: list, reason }));
  expect((await hand(lead, 'hv-helen')).status).toBe(422);
  expect((await hand(lead, 'mw-priya')).status).toBe(422);
  expect((await hand(lead, 'nobody')).status).toBe(422);
  expect((await hand(lead, 'mw-new', [...items, 'Task/unknown'])).status).toBe(404);
  expect((await hand(lead, 'mw-new', [...items, 'CareTeam/other'])).status).toBe(404);
  expect((await hand(service.as('health-visitor'), 'mw-new')).status).toBe(403);
  expect((await hand(keeper, 'mw-new')).status).toBe(403);
  expect((await hand(service.as('mother'), 'mw-new')).status).toBe(404);
  expect((await lead.get('Task/hers')).json.owner).toEqual({ reference: member('mw-priya') });

  const done = await hand(lead, 'mw-new');
  expect([done.status, at(done.json, 'parameter.0.valueInteger')]).toEqual([200, items.length]);
  expect((await lead.get('Task/hers')).json.owner).toEqual({ reference: member('mw-new') });
  const care = (await lead.get('CareTeam/fam')).json;
  const participants = (Array.isArray(care.participant) ? care.participant.filter(isObject) : []).map((one) => [
    at(one, 'member.reference'),
    at(one, 'period.end') !== undefined,
  ]);
  expect(participants).toEqual(
    expect.arrayContaining([
      [member('mw-priya'), true],
      [member('mw-new'), false],
    ]),
  );
  expect(listed(await openWork(lead))).toEqual([]);
});

test('a lead of another service hands on nothing', async () => {
  await service.load([{ ...staff('tl-hv'), organization: { reference: 'Organization/hv-service' } }]);
  const list = listed(await openWork(lead, 'mw-new'));
  expect(list.length).toBeGreaterThan(0);
  const asked = parameters({ to: member('mw-priya'), item: list, reason });
  expect((await as('tl-hv').post(`${member('mw-new')}/$reassign`, asked)).status).toBe(403);
});

test('ending a role ends tokens, memberships, grants, keys and her contact, at the very next request', async () => {
  const leaver = as('mw-new');
  expect((await leaver.get('Patient/fam')).status).toBe(200);
  const now = new Date();
  const until = new Date(now.getTime() + 3_600_000);
  await service.pool.query(
    `insert into access_grant (id, kind, patient, holder, given_by, reason, words, at, until_at) values ('g1', 'break-glass', 'Patient/x', $1, $1, 'r', 'w', $2, $3)`,
    [member('mw-new'), now, until],
  );
  await service.pool.query(
    `insert into relationship (source, party, patient, kind, until_at) values ('grant:g1', $1, 'Patient/x', 'break-glass', $2)`,
    [member('mw-new'), until],
  );
  const person = (await service.as('steward').get('Practitioner/mw-new')).json as Resource;
  const phone = { system: 'phone', value: '01632960999', use: 'work' };
  await service.load([{ ...person, telecom: [phone] }]);
  const subscription = await service.as('hv-system').post('Subscription', {
    ...restHook('antenatal-referral', 'http://127.0.0.1:9/x'),
    contact: [phone, { system: 'email', value: 'desk@example.org' }],
  });

  expect([subscription.status, subscription.status === 201 ? '' : subscription.text]).toEqual([201, '']);
  const path = `${member('mw-new')}/$leave`;
  for (const who of ['midwife', 'admin', 'hv-system', 'service-lead'])
    expect([who, (await service.as(who).post(path, parameters({ reason }))).status]).toEqual([who, 403]);
  expect((await lead.post(path, parameters({ reason }))).status).toBe(403);
  expect((await keeper.post(path, parameters({ reason: 'x' }))).status).toBe(400);
  expect((await keeper.post(`${member('nobody')}/$leave`, parameters({ reason }))).status).toBe(404);
  const left = await keeper.post(path, parameters({ reason }));
  const counts = (Array.isArray(left.json.parameter) ? left.json.parameter.filter(isObject) : []).map(
    ({ name, valueInteger }) => [name, valueInteger],
  );
  expect([left.status, Object.fromEntries(counts)]).toEqual([
    200,
    { ...{ memberships: 1, duty: 0, contacts: 1, grants: 1 }, ...{ keys: 0, proposals: 0, named: 0, cases: 0 } },
  ]);
  expect((await leaver.get('Patient/fam')).status).toBe(401);
  expect((await keeper.get(member('mw-new'))).json.active).toBe(false);
  const grants = await service.pool.query(`select 1 from relationship where source = 'grant:g1'`);
  expect(grants.rows).toEqual([]);
  const kept = await service.pool.query(`select ended_at from access_grant where id = 'g1'`);
  expect(kept.rows).toEqual([{ ended_at: expect.any(Date) }]);
  const after = await service.as('hv-system').get(`Subscription/${String(subscription.json.id)}`);
  expect([after.text.includes('01632960999'), after.text.includes('desk@example.org')]).toEqual([false, true]);
  expect((await keeper.post(path, parameters({ reason }))).status).toBe(422);
});

test('cover in two steps: what it opens, then done, by an admin of the service; it ends by itself', async () => {
  await service.load([team(TEAM.midwives, [{ id: 'mw-priya' }, { id: 'tl-one' }])]);
  const admin = service.as({ like: 'admin', claims: { sub: 'ad-mat', fhirUser: member('ad-mat') } });
  const covering = service.as({ like: 'midwife', claims: { sub: 'mw-other', fhirUser: member('mw-other') } });
  expect((await covering.get('Patient/fam')).status).toBe(403);
  const until = new Date(Date.now() + 3 * 86_400_000).toISOString();
  const path = `${member('mw-priya')}/$cover`;
  const ask = (who: Client, more: Readonly<Record<string, string | boolean>> = {}) =>
    who.post(path, parameters({ by: member('mw-other'), until, reason: 'Sick until Tuesday', ...more }));
  const first = await ask(admin, { dryRun: true });
  expect([first.status, at(first.json, 'parameter.0.valueReference.reference')]).toEqual([200, TEAM.midwives]);
  expect((await covering.get('Patient/fam')).status).toBe(403);
  for (const who of [lead, keeper, service.as('admin'), service.as('epr')]) expect((await ask(who)).status).toBe(403);
  expect((await ask(admin, { until: new Date(Date.now() + 40 * 86_400_000).toISOString() })).status).toBe(422);
  expect((await ask(admin, { until: '2020-01-01' })).status).toBe(422);
  expect((await ask(admin, { by: member('mw-priya') })).status).toBe(422);
  expect((await ask(admin, { by: member('mw-new') })).status).toBe(422);
  const other = await ask(admin, { by: member('hv-helen') });
  expect([other.status, other.text.includes('same service')]).toEqual([422, true]);
  expect((await ask(admin)).status).toBe(200);
  expect((await covering.get('Patient/fam')).status).toBe(200);
  expect((await ask(admin)).status).toBe(200);
  const { rows } = await service.pool.query<{ n: number }>(
    `select count(*)::int as n from directory where entry ->> 'kind' = 'duty-slot' and (entry ->> 'until') = $1`,
    [until],
  );
  expect(rows[0]?.n).toBeGreaterThan(0);
});

describe('whichever way a role ends', () => {
  const midwife = practitionerRole('mw-other').code as JsonObject[];
  const propose = async (resource: Resource): Promise<Reply> => {
    const reply = await keeper.post('$propose?reason=As%20agreed%20in%20writing', resource);
    if (reply.status !== 202) return reply;
    const pending = { name: 'pending', valueString: String(at(reply.json, 'parameter.0.valueString')) };
    return service.as('ig-officer').post('$confirm', { resourceType: 'Parameters', parameter: [pending] });
  };
  /** A midwife with a team, a duty list, grants, a place on a named list, a key of her own, and a student. */
  const arrives = async (id: string): Promise<Client> => {
    await service.load([
      { resourceType: 'Practitioner', id, active: true, name: [{ family: id }] },
      staff(id, midwife),
    ]);
    const current = (await service.as('steward').get(TEAM.midwives)).json as Resource;
    const participant = Array.isArray(current.participant) ? current.participant : [];
    const hers = { member: { reference: member(id) }, period: { start: '2020-01-01' } };
    await service.load([{ ...current, participant: [...participant, hers] }, ...dutyOf(id, TEAM.midwives)]);
    await openedFor(service, member(id));
    const who = as(id);
    expect([id, (await who.get('Patient/fam')).status]).toEqual([id, 200]);
    return who;
  };
  const student = (supervisor: string): Resource => ({
    ...staff('st-one', [{ coding: [{ system: 'http://snomed.info/sct', code: '309454000' }] }]),
    period: { start: '2020-01-01', end: '2099-01-01' },
    extension: [
      {
        url: 'https://tandem.example/fhir/StructureDefinition/supervisor',
        valueReference: { reference: member(supervisor) },
      },
    ],
  });

  test('by its page: duty, named lists, proposals and her students too', async () => {
    const who = await arrives('lv-page');
    await service.load([student('lv-page')]);
    await service.load([
      team(TEAM.midwives, [{ id: 'mw-priya' }, { id: 'tl-one' }, { id: 'lv-page' }, { id: 'st-one' }]),
    ]);
    expect((await as('st-one').get('Observation?subject=Patient/fam')).status).toBe(200);
    const left = await keeper.post(`${member('lv-page')}/$leave`, parameters({ reason }));
    expect(left.text).toContain('"duty","valueInteger":2');
    expect(left.text).toContain('"keys","valueInteger":1');
    expect(left.text).toContain('"proposals","valueInteger":1');
    expect(left.text).toContain('"named","valueInteger":1');
    expect(left.text).toContain('"cases","valueInteger":1');
    expect((await who.get('Patient/fam')).status).toBe(401);
    expect((await as('st-one').get('Observation?subject=Patient/fam')).status).toBe(403);
    expect(await endedIn(service, member('lv-page'))).toEqual(NOTHING_LEFT);
  });

  test('by two persons: the same, in the commit that ends it', async () => {
    const who = await arrives('lv-two');
    expect((await propose({ ...staff('lv-two', midwife), active: false })).status).toBe(200);
    expect((await who.get('Patient/fam')).status).toBe(401);
    expect(await endedIn(service, member('lv-two'))).toEqual(NOTHING_LEFT);
  });

  test('by its last day: refused to the second, and taken out of all that names it within a minute', async () => {
    const who = await arrives('lv-day');
    const end = new Date(Date.now() + 1_500).toISOString();
    await service.load([{ ...staff('lv-day', midwife), period: { start: '2020-01-01', end } }]);
    expect((await who.get('Patient/fam')).status).toBe(200);
    await until(async () => (await who.get('Patient/fam')).status === 401);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(end));
    await settleAll(service.app.door);
    expect(await endedIn(service, member('lv-day'))).toEqual(NOTHING_LEFT);
  });

  test('a person who ends, ends in all her roles', async () => {
    const who = await arrives('lv-all');
    await service.load([{ ...staff('lv-all', midwife), active: true }]);
    expect(
      (await propose({ resourceType: 'Practitioner', id: 'lv-all', active: false, name: [{ family: 'lv-all' }] }))
        .status,
    ).toBe(200);
    expect((await who.get('Patient/fam')).status).toBe(401);
    expect(await endedIn(service, member('lv-all'))).toEqual(NOTHING_LEFT);
    // Back as a person, she is not back in her role.
    const back = { resourceType: 'Practitioner', id: 'lv-all', active: true, name: [{ family: 'lv-all' }] };
    expect((await propose(back)).status).toBe(200);
    expect((await who.get('Patient/fam')).status).toBe(401);
  });

  test('a mover: the old team, the duty list and what she opened are closed to her at the next request', async () => {
    const who = await arrives('mv-one');
    const moved = { ...staff('mv-one', midwife), organization: { reference: HEALTH_VISITING } };
    expect((await propose(moved)).status).toBe(200);
    expect((await who.get('Patient/fam')).status).toBe(403);
    expect(await endedIn(service, member('mv-one'))).toEqual({ ...NOTHING_LEFT, keys: 1, proposals: 1 });
    // Back again, she begins with nothing.
    expect((await propose(staff('mv-one', midwife))).status).toBe(200);
    expect((await who.get('Patient/fam')).status).toBe(403);
  });

  test('a team change alone closes the old team at the next request', async () => {
    const who = await arrives('mv-two');
    await service.load(dutyOf('mv-two', TEAM.midwives, 'free'));
    await service.pool.query(`delete from relationship where party = $1`, [member('mv-two')]);
    expect((await who.get('Patient/fam')).status).toBe(200);
    await service.load([team(TEAM.midwives, [{ id: 'mw-priya' }, { id: 'tl-one' }])]);
    expect((await who.get('Patient/fam')).status).toBe(403);
  });

  test('an ended role does not begin again, by whomever it is asked', async () => {
    const again = await propose(staff('lv-two', midwife));
    expect([again.status, again.text.includes('gets a new one')]).toEqual([422, true]);
    const longer = await propose({ ...staff('lv-day', midwife), period: { start: '2020-01-01', end: '2099-01-01' } });
    expect(longer.status).toBe(422);
  });
});
