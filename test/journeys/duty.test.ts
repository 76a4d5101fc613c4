/** Who somebody is today: the duty list, students, supervisors, her own record and her relatives' (R-06, R-11, R-12, R-40). */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { CANON, reference, snomed } from '../../src/care/canon.ts';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { at, type Client } from '../harness/client.ts';
import { agreement, practitionerRole, TEAM, team } from '../harness/directory.ts';
import { familyOf, nhsNumberOf, note } from '../harness/family.ts';
import { type Service, staff, startService } from '../harness/service.ts';

let service: Service;
let ahead = 0;
const HOUR = 3_600_000;
const NUMBER = nhsNumberOf(80_001);
const R = { meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }] } };
const extension = (name: string, to: string) => ({
  extension: [{ url: `${CANON}/StructureDefinition/${name}`, valueReference: reference(to) }],
});
const hours = (count: number) => new Date(Date.now() + count * HOUR).toISOString();

beforeAll(async () => {
  service = await startService({ clock: () => new Date(Date.now() + ahead) });
  await service.directory();
  await service.family('mine', { nhsNumber: NUMBER });
  await service.load([note('mine-n', 'mine', 'N'), note('mine-r', 'mine', 'R', R)]);
}, 60_000);
afterAll(() => service.close());
afterEach(() => {
  ahead = 0;
});

const parameters = (said: Readonly<Record<string, string>>): Resource => ({
  resourceType: 'Parameters',
  parameter: Object.entries(said).map(([name, value]) =>
    name === 'patient' ? { name, valueReference: { reference: value } } : { name, valueString: value },
  ),
});
const reason = (json: JsonObject) => at(json, 'issue.0.details.coding.0.code');
const duty = (id: string, who: string, of: string): Resource => ({
  resourceType: 'Schedule',
  id,
  ...extension('duty-team', of),
  actor: [reference(`PractitionerRole/${who}`)],
});
const slot = (id: string, of: string, status = 'busy'): Resource => ({
  resourceType: 'Slot',
  id,
  ...extension('duty-team', of),
  schedule: reference('Schedule/agency'),
  status,
  start: hours(-1),
  end: hours(2),
});
const status = async (client: Client, path: string) => (await client.get(path)).status;

describe('the duty list (R-06 e, R-40; vectors 39, 47)', () => {
  test('who stands on a team’s list today sees what the team sees, until the slot ends or is taken away', async () => {
    const agency = service.as(staff('hv-none'));
    expect(await status(agency, 'Observation/mine-r')).toBe(403);
    await service.load([duty('agency', 'hv-none', TEAM.healthVisitors)]);
    expect(await status(agency, 'Observation/mine-r')).toBe(403);
    await service.load([slot('today', TEAM.healthVisitors)]);
    expect(await status(agency, 'Observation/mine-r')).toBe(200);
    const { rows } = await service.pool.query('select body from audit order by xid desc, id desc limit 1');
    expect(JSON.parse(rows[0].body).explanation).toBe('duty-list');
    ahead = 2 * HOUR;
    expect(await status(agency, 'Observation/mine-r')).toBe(403);
    ahead = 0;
    await service.load([slot('today', TEAM.healthVisitors, 'free')]);
    expect(await status(agency, 'Observation/mine-r')).toBe(403);
    await service.load([slot('today', TEAM.midwives)]);
    expect(await status(agency, 'Observation/mine-r')).toBe(403);
  });

  test('another service is not let in by it, whoever writes her on the list', async () => {
    const other = service.as(staff('mw-other'));
    expect(await status(other, 'Observation/mine-n')).toBe(403);
    await service.load([duty('agency', 'mw-other', TEAM.healthVisitors), slot('today', TEAM.healthVisitors)]);
    expect(await status(other, 'Observation/mine-n')).toBe(403);
    await service.load([duty('agency', 'hv-none', TEAM.healthVisitors)]);
    expect(await status(service.as(staff('hv-none')), 'Observation/mine-n')).toBe(200);
    await service.load([slot('today', TEAM.healthVisitors, 'free')]);
  });

  test('only an admin of the team’s own service writes it: a list that anybody writes would be a way in', async () => {
    const { id: _id, ...list } = duty('x', 'hv-none', TEAM.healthVisitors);
    for (const who of ['midwife', 'health-visitor', 'nursery-nurse', 'hv-system', 'epr'])
      expect([403, 404]).toContain((await service.as(who).post('Schedule', list)).status);
    expect((await service.as('admin').post('Schedule', list)).status).toBe(201);
    const theirs = { ...list, ...extension('duty-team', TEAM.midwives) };
    expect((await service.as('admin').post('Schedule', theirs)).status).toBe(404);
    const { id: _slot, ...hers } = slot('y', TEAM.midwives);
    expect((await service.as('admin').post('Slot', hers)).status).toBe(404);
    const { extension: _none, ...diary } = list;
    const made = await service.as('health-visitor').post('Schedule', { ...diary, resourceType: 'Schedule' });
    expect(made.status).toBe(201);
    const turned = { ...made.json, ...extension('duty-team', TEAM.healthVisitors), resourceType: 'Schedule' };
    expect((await service.as('health-visitor').put(`Schedule/${made.json.id}`, turned)).status).toBe(403);
  });
});

test('a student reads N while supervised for a time, never R, and breaks no glass (R-40, vector 35)', async () => {
  const student = (more: JsonObject): Resource => ({
    ...practitionerRole('mw-other', { start: '2020-01-01' }),
    id: 'st-one',
    code: [{ coding: [snomed('309454000', 'Student midwife')] }],
    ...more,
  });
  const members = [{ id: 'mw-priya' }, { id: 'st-one' }];
  const supervised = extension('supervisor', 'PractitionerRole/mw-priya');
  const client = service.as(staff('st-one'));
  await service.load([student({ period: { start: '2020-01-01', end: '2099-01-01' } }), team(TEAM.midwives, members)]);
  expect(await status(client, 'Observation/mine-n')).toBe(403);
  await service.load([student(supervised)]);
  expect(await status(client, 'Observation/mine-n')).toBe(403);
  await service.load([student({ ...supervised, period: { start: '2020-01-01', end: '2099-01-01' } })]);
  expect([await status(client, 'Observation/mine-n'), await status(client, 'Observation/mine-r')]).toEqual([200, 403]);
  const glass = parameters({ patient: 'Patient/mine', reason: 'emergency', text: 'A student in a hurry' });
  expect((await client.post('Patient/$break-glass', glass)).status).toBe(403);
});

test('a supervisor reads what her practitioner is assigned to, and writes nothing (R-06 g, vector 40)', async () => {
  const supervisor = service.as(staff('hv-south'));
  expect(await status(supervisor, 'Observation/mine-n')).toBe(403);
  const assigned = practitionerRole('hv-helen');
  await service.load([{ ...assigned, ...extension('supervisor', 'PractitionerRole/hv-south') }]);
  expect([await status(supervisor, 'Observation/mine-n'), await status(supervisor, 'Observation/mine-r')]).toEqual([
    200, 403,
  ]);
  const changed = { ...note('mine-n', 'mine', 'changed'), resourceType: 'Observation' };
  expect((await supervisor.put('Observation/mine-n', changed)).status).toBe(403);
  await service.load([assigned]);
  expect(await status(supervisor, 'Observation/mine-n')).toBe(403);
});

test('her own record is closed to her as staff, whatever role or grant (R-11, vector 16); the number goes nowhere', async () => {
  const own = parameters({ nhsNumber: NUMBER });
  expect((await service.as('admin').post('Practitioner/hv-helen/$own-number', own)).status).toBe(403);
  expect((await service.as('ig-officer').post('Practitioner/nobody/$own-number', own)).status).toBe(404);
  expect((await service.as('ig-officer').post('Practitioner/hv-helen/$own-number', own)).status).toBe(204);
  const helen = service.as('health-visitor');
  const refused = await helen.get('Observation/mine-n');
  expect([refused.status, reason(refused.json)]).toEqual([403, 'own-record']);
  const glass = parameters({ patient: 'Patient/mine', reason: 'emergency', text: 'It is my own record, really' });
  const broken = await helen.post('Patient/$break-glass', glass);
  expect([broken.status, reason(broken.json)]).toEqual([403, 'own-record']);
  const { rows } = await service.pool.query(
    "select entry::text as entry from directory where entry ->> 'kind' = 'own-record'",
  );
  expect(rows.length).toBe(1);
  expect(rows[0].entry).not.toContain(NUMBER);
});

test('a relative and whoever declared an interest leave it to a colleague; broken glass remains (R-12)', async () => {
  const number = nhsNumberOf(80_002);
  const midwife = service.as('midwife');
  expect(await status(midwife, 'Observation/mine-n')).toBe(200);
  expect(
    (await service.as('ig-officer').post('Practitioner/mw-priya/$own-number', parameters({ nhsNumber: number })))
      .status,
  ).toBe(204);
  const [, , , , ...rest] = familyOf('kin', { nhsNumber: nhsNumberOf(80_003) });
  const [mother, baby, link, partner] = familyOf('kin', { nhsNumber: nhsNumberOf(80_003) });
  const sister = {
    ...partner,
    resourceType: 'RelatedPerson',
    identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: number }],
  };
  await service.load([mother, baby, link, sister, ...rest].filter((one) => one !== undefined));
  const kin = await midwife.get('Patient/kin');
  expect([kin.status, reason(kin.json), at(kin.json, 'issue.1.details.coding.0.code')]).toEqual([
    403,
    'conflict',
    'break-glass',
  ]);
  const declared = await midwife.post('Patient/$declare-conflict', parameters({ patient: 'Patient/mine' }));
  expect(declared.status).toBe(204);
  expect(reason((await midwife.get('Observation/mine-n')).json)).toBe('conflict');
  const glass = parameters({
    patient: 'Patient/mine',
    reason: 'emergency',
    text: 'Nobody else is on the ward tonight',
  });
  expect((await midwife.post('Patient/$break-glass', glass)).status).toBe(201);
  const btg = { 'x-purpose-of-use': 'BTG' };
  expect((await midwife.get('Observation/mine-n', btg)).status).toBe(200);
});

test('a concern (R-46, vector 56): known and unknown alike, read and amended by its author alone, seen by safeguarding', async () => {
  const text = 'Saw the toddler alone in the garden after dark';
  const about = { text, about: 'The family at number 9', birthDate: '1998-04-05' };
  const karl = service.as('nursery-nurse');
  const known = await karl.post('$report-concern', parameters({ ...about, nhsNumber: NUMBER }));
  const unknown = await karl.post('$report-concern', parameters({ ...about, nhsNumber: nhsNumberOf(81_111) }));
  expect([known.status, unknown.status, known.text.length]).toEqual([202, 202, unknown.text.length]);
  expect([...known.headers.keys()]).toEqual([...unknown.headers.keys()]);
  const receipt = String(at(known.json, 'parameter.0.valueString'));
  const add = parameters({ receipt, text: 'It was at nine in the evening' });
  expect((await service.as('midwife').post('$amend-concern', add)).status).toBe(404);
  expect((await service.as('midwife').post('$read-concern', parameters({ receipt }))).status).toBe(404);
  expect((await karl.post('$amend-concern', add)).status).toBe(202);
  const own = await karl.post('$read-concern', parameters({ receipt }));
  expect([own.text.includes(text), own.text.includes('nine in the evening')]).toEqual([true, true]);
  expect((await karl.post('$concerns', parameters({}))).status).toBe(403);
  const queue = await service.as('safeguarding').post('$concerns', parameters({}));
  expect([queue.status, queue.text.split(text).length, queue.text.includes('Patient/')]).toEqual([200, 3, false]);
  for (const who of ['admin', 'ig-officer', 'epr'])
    expect((await service.as(who).post('$report-concern', parameters(about))).status).toBe(202);
  expect((await service.as('mother').post('$report-concern', parameters(about))).status).toBe(404);
});

test('the simulator answers what a request would get, to officers, without content, and is recorded', async () => {
  const officer = service.as('ig-officer');
  const ask = (who: string, resource: string, more = {}) =>
    officer.post('$simulate', parameters({ who, resource, reason: 'Complaint 17', ...more }));
  const said = (json: JsonObject, name: string) => {
    const list = Array.isArray(json.parameter) ? json.parameter : [];
    const one = list.find((part) => at(part, 'name') === name);
    return at(one, 'valueBoolean') ?? at(one, 'valueInteger') ?? at(one, 'valueCode');
  };
  for (const [id, who] of [
    ['hv-south', staff('hv-south')],
    ['mw-other', staff('mw-other')],
    ['ad-tom', 'admin'],
  ] as const) {
    for (const resource of ['Observation/mine-n', 'Observation/mine-r', 'Patient/mine']) {
      const reply = await ask(`PractitionerRole/${id}`, resource);
      expect([id, resource, said(reply.json, 'status')]).toEqual([
        id,
        resource,
        await status(service.as(who), resource),
      ]);
    }
  }
  const system = await ask('Client/epr', 'Observation/mine-n');
  expect([said(system.json, 'permit'), system.text.includes('valueString":"N"')]).toEqual([true, false]);
  const { rows } = await service.pool.query('select body, patients from audit order by xid desc, id desc limit 1');
  expect([JSON.parse(rows[0].body).detail, rows[0].patients]).toEqual([
    '$simulate; reason: Complaint 17',
    ['Patient/mine'],
  ]);
  expect((await ask('PractitionerRole/nobody', 'Observation/mine-n')).status).toBe(422);
  expect((await ask('PractitionerRole/hv-south', 'Observation/nobody')).status).toBe(404);
  const midwife = parameters({ who: 'PractitionerRole/hv-south', resource: 'Patient/mine', reason: 'curious' });
  expect((await service.as('midwife').post('$simulate', midwife)).status).toBe(403);
});

test('restricted use (R-31): kept and not used; its author hears why, others find nothing, until it is lifted', async () => {
  const number = nhsNumberOf(80_010);
  await service.family('held', { nhsNumber: number });
  await service.load([note('held-n', 'held', 'N', { performer: [reference('PractitionerRole/hv-helen')] })]);
  const [helen, priya] = [service.as('health-visitor'), service.as('midwife')];
  expect([await status(helen, 'Observation/held-n'), await status(priya, 'Observation/held-n')]).toEqual([200, 200]);
  const woman = { nhsNumber: number, birthDate: '1998-04-05', reason: 'She disputes it' };
  expect((await priya.post('$restrict', parameters(woman))).status).toBe(403);
  expect((await service.as('ig-officer').post('$restrict', parameters(woman))).status).toBe(204);
  const told = await helen.get('Observation/held-n');
  expect([told.status, reason(told.json)]).toEqual([403, 'restricted-processing']);
  expect((await priya.get('Observation/held-n')).text).toBe((await priya.get('Observation/nobody')).text);
  expect((await priya.get('Observation?patient=held&_total=accurate')).json.total).toBe(0);
  expect((await service.as('ig-officer').post('$lift-restriction', parameters(woman))).status).toBe(204);
  expect(await status(priya, 'Observation/held-n')).toBe(200);
  // An officer settles nothing about a record of her own.
  const own = (value: string) =>
    service.as('caldicott-guardian').post('Practitioner/ig-imran/$own-number', parameters({ nhsNumber: value }));
  expect((await own(number)).status).toBe(204);
  for (const word of ['$restrict', '$lift-restriction'])
    expect([word, (await service.as('ig-officer').post(word, parameters(woman))).status]).toEqual([word, 403]);
  expect((await own(nhsNumberOf(80_011))).status).toBe(204);
  expect(await status(priya, 'Observation/held-n')).toBe(200);
});

test('two persons (R-27): an agreement waits for a second one, as it was proposed; revoking needs one', async () => {
  const code = [{ text: 'Caldicott Guardian' }];
  await service.load([{ ...practitionerRole('mw-other'), id: 'cg-one', code }]);
  const [first, second] = [
    service.as('ig-officer'),
    service.as({
      like: 'ig-officer',
      claims: { sub: 'cg', fhirUser: 'PractitionerRole/cg-one', purpose_of_use: 'HLEGAL' },
    }),
  ];
  const made: Resource = { ...agreement(), resourceType: 'Contract', status: 'amended' };
  const start = await first.post('$propose?reason=New%20terms', made);
  expect([start.status, at(start.json, 'parameter.0.name')]).toEqual([202, 'pending']);
  const pending = parameters({ pending: String(at(start.json, 'parameter.0.valueString')) });
  expect((await second.get('Contract/sharing')).json.status).toBe('executed');
  expect((await first.post('$confirm', pending)).status).toBe(422);
  expect((await service.as('admin').post('$confirm', pending)).status).toBe(403);
  expect((await service.as('midwife').post('$propose?reason=New%20terms', made)).status).toBe(403);
  const confirmed = await second.post('$confirm', pending);
  expect([confirmed.status, confirmed.json.status]).toEqual([200, 'amended']);
  expect((await second.post('$confirm', pending)).status).toBe(404);
  // Alone neither writes it, and what contradicts itself is not even proposed.
  expect((await first.put('Contract/sharing', made)).status).toBe(403);
  const terms = Array.isArray(made.term) ? made.term : [];
  const over = terms.map((term) => Object.assign({}, term, { applies: { start: '2020-01-01', end: '2025-01-01' } }));
  const never = { ...made, applies: { start: '2026-01-02' }, term: over };
  const refused = await first.post('$propose?reason=Wrong%20dates', never);
  expect([refused.status, refused.text.includes('never be in force')]).toEqual([422, true]);
  expect((await first.post('$propose?reason=Not%20mine', note('x', 'mine', 'x'))).status).toBe(422);
  const revoked = await first.post('$propose?reason=Breach%20found', { ...made, status: 'revoked' });
  expect([revoked.status, revoked.json.status]).toEqual([200, 'revoked']);
});
