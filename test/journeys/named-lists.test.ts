/**
 * Named lists (R-13: V by name; R-43: EMP and CEL), a label that comes and goes, and a sealed identity: each needs
 * two persons, and no stamp on a row decides.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Coding, JsonObject, Resource } from '../../src/fhir/types.ts';
import { at, type Client, found, type Reply, resources } from '../harness/client.ts';
import { agreement } from '../harness/directory.ts';
import { familyOf, newMother, nhsNumberOf, note } from '../harness/family.ts';
import { type Service, staff, startService } from '../harness/service.ts';

const CODES = 'http://terminology.hl7.org/CodeSystem';
const BORN = '1998-04-05';
const WORDS = 'She asked that these people alone see it';
const NUMBER = { veiled: nhsNumberOf(81_001), colleague: nhsNumberOf(81_002), former: nhsNumberOf(81_003) };
const DAY = 86_400_000;
let service: Service;
let ahead = 0;

beforeAll(async () => {
  service = await startService({ clock: () => new Date(Date.now() + ahead) });
  await service.directory();
  // Between the services V goes only where their agreement says so.
  const { term, ...rest } = agreement();
  const upToV = JSON.stringify(term).replaceAll('"code":"R"', '"code":"V"');
  await service.load([{ ...rest, resourceType: 'Contract', term: JSON.parse(upToV) }]);
  for (const id of ['veiled', 'colleague', 'former'] as const)
    await service.load([...familyOf(id, { nhsNumber: NUMBER[id] }), note(`${id}-note`, id, 'written before')]);
}, 60_000);
afterAll(() => service.close());

const day = (days: number) => new Date(Date.now() + ahead + days * DAY).toISOString().slice(0, 10);
const said = (parts: Readonly<Record<string, string>>): Resource => ({
  resourceType: 'Parameters',
  parameter: Object.entries(parts).map(([name, value]): JsonObject => {
    if (name === 'who') return { name, valueReference: { reference: value } };
    return { name, [name === 'birthDate' ? 'valueDate' : 'valueString']: value };
  }),
});
type Who = keyof typeof NUMBER;
const person = (who: Who) => ({ nhsNumber: NUMBER[who], birthDate: BORN });
const call = (client: Client, name: string, parts: Readonly<Record<string, string>>) =>
  client.post(`Patient/${name}`, said(parts));
const name = (client: Client, who: Who, more: Readonly<Record<string, string>>) =>
  call(client, '$name-person', { ...person(who), until: day(30), text: WORDS, ...more });
const pendingOf = (reply: Reply) => String(at(reply.json, 'parameter.0.valueString'));
const confirm = (client: Client, reply: Reply) => client.post('$confirm', said({ pending: pendingOf(reply) }));
const linesOf = async (client: Client, who: Who) =>
  (await call(client, '$named-people', { ...person(who), text: WORDS })).json.parameter as JsonObject[] | undefined;

/** Writes the mother's own labels as her source says them. */
async function label(id: string, security: Coding[]): Promise<void> {
  const { json } = await service.as('steward').get(`Patient/${id}`);
  const { meta: _meta, ...rest } = json;
  await service.load([
    { ...rest, resourceType: 'Patient', id, ...(security.length === 0 ? {} : { meta: { security } }) },
  ]);
}
const V = { system: `${CODES}/v3-Confidentiality`, code: 'V' };
const EMP = { system: `${CODES}/v3-ActCode`, code: 'EMP' };

/** The people of each success that the trail holds of one step. */
async function recorded(word: string): Promise<string[][]> {
  const { rows } = await service.pool.query<{ patients: string[] }>(
    `select patients from audit where body::json ->> 'detail' like $1 and coalesce(body::json ->> 'outcome', '0') = '0' order by id`,
    [`${word}%`],
  );
  return rows.map(({ patients }) => patients);
}

describe('R-13: label V is for whom two persons named', () => {
  const [moira, shah, imran] = [
    () => service.as('safeguarding'),
    () => service.as('caldicott-guardian'),
    () => service.as('ig-officer'),
  ];
  const helen = () => service.as('health-visitor');
  const sees = async (client: Client) => [
    (await client.get('Patient/veiled')).status,
    (await client.get('Observation/veiled-note')).status,
    found(await client.get('Observation?patient=Patient/veiled')).includes('Observation/veiled-note'),
  ];

  test('the label closes what was written before it too, and opens it to the named from the next request', async () => {
    expect(await sees(helen())).toEqual([200, 200, true]);
    await label('veiled', [V]);
    expect(await sees(helen())).toEqual([404, 404, false]);
    expect(await sees(service.as('epr'))).toEqual([404, 404, false]);
    expect(await sees(service.as(staff('hv-none')))).toEqual([404, 404, false]);

    const asked = { list: 'V', who: 'PractitionerRole/hv-helen' };
    const proposed = await name(moira(), 'veiled', asked);
    expect(proposed.status).toBe(202);
    expect(await sees(helen())).toEqual([404, 404, false]);
    // Neither she herself, nor the first person again, nor who only runs the machines.
    const sysadmin = service.as('sysadmin');
    expect((await confirm(helen(), proposed)).status).toBe(403);
    expect((await confirm(moira(), proposed)).status).toBe(403);
    expect((await confirm(sysadmin, proposed)).status).toBe(404);
    expect((await sysadmin.post('$proposals', said({}))).text).not.toContain('named');
    expect((await confirm(shah(), proposed)).status).toBe(200);
    expect(await sees(helen())).toEqual([200, 200, true]);
    expect(await sees(service.as('midwife'))).toEqual([404, 404, false]);
    // Who named and who confirmed see nothing by it.
    expect((await shah().get('Patient/veiled', { 'x-purpose-of-use': 'HLEGAL' })).status).not.toBe(200);
    expect(await sees(moira())).toEqual([404, 404, false]);

    const [line] = (await linesOf(imran(), 'veiled')) ?? [];
    expect(JSON.stringify(line)).toContain('PractitionerRole/hv-helen');
    const id = String(at(line, 'part.0.valueString'));
    expect((await call(imran(), '$end-named', { named: id, text: WORDS })).status).toBe(204);
    expect(await sees(helen())).toEqual([404, 404, false]);
    expect((await call(imran(), '$end-named', { named: id, text: WORDS })).status).toBe(404);
    for (const word of ['$name-person V', '$name-person confirmed V', '$named-people', '$end-named'])
      expect([word, await recorded(word)]).toEqual([word, [['Patient/veiled']]]);
  });

  test('an entry ends by itself, and the label leaves nothing behind when it goes', async () => {
    const proposed = await name(moira(), 'veiled', { list: 'V', who: 'PractitionerRole/hv-none', until: day(2) });
    expect((await confirm(shah(), proposed)).status).toBe(200);
    const nell = () => service.as(staff('hv-none'));
    expect(await sees(nell())).toEqual([200, 200, true]);
    const written = await nell().post('Observation', { ...note('x', 'veiled', 'while V'), id: undefined as never });
    expect(written.status).toBe(201);
    ahead = 4 * DAY;
    expect(await sees(nell())).toEqual([404, 404, false]);
    ahead = 0;
    await label('veiled', []);
    expect(await sees(helen())).toEqual([200, 200, true]);
    expect(found(await helen().get('Observation?patient=Patient/veiled'))).toContain(`Observation/${written.json.id}`);
    // A place on the list of a record that is V no more is no relationship.
    expect((await nell().get('Observation/veiled-note')).status).toBe(403);
  });

  test('refused: other roles, unknown people, students of no role, times that are over or too long, oneself', async () => {
    const good = { list: 'V', who: 'PractitionerRole/hv-helen' };
    const status = async (client: Client, more: Readonly<Record<string, string>>, who: Who = 'veiled') =>
      (await name(client, who, { ...good, ...more })).status;
    expect(await status(helen(), {})).toBe(403);
    expect(await status(service.as('epr'), {})).toBe(403);
    expect(await status(service.as('mother'), {})).toBe(404);
    expect(await status(imran(), {})).toBe(403);
    expect(await status(imran(), { list: 'EMP' })).toBe(202);
    expect(await status(moira(), { list: 'R' })).toBe(400);
    expect(await status(moira(), { who: 'PractitionerRole/nobody' })).toBe(422);
    expect(await status(moira(), { who: 'PractitionerRole/sg-moira' })).toBe(422);
    expect(await status(moira(), { who: 'PractitionerRole/ig-imran' })).toBe(422);
    expect(await status(moira(), { until: day(-1) })).toBe(422);
    expect(await status(moira(), { until: day(400) })).toBe(422);
    expect(await status(moira(), { text: 'short' })).toBe(400);
    const nobody = await call(moira(), '$name-person', {
      ...{ ...good, nhsNumber: nhsNumberOf(81_999), birthDate: BORN, until: day(30), text: WORDS },
    });
    expect(nobody.status).toBe(404);
  });
});

describe('R-43: tags that come and go', () => {
  const nell = () => service.as(staff('hv-none'));
  const nameIn = async (client: Client) =>
    at(resources(await client.get('Patient?_id=colleague'))[0], 'name.0.family') ?? null;

  test('the name leaves the lists with the tag, comes back with its going, and whoever is named reads it', async () => {
    const task: Resource = {
      resourceType: 'Task',
      id: 'colleague-nell',
      status: 'requested',
      intent: 'order',
      for: { reference: 'Patient/colleague' },
      authoredOn: new Date(Date.now() - 3_600_000).toISOString(),
      code: { coding: [{ system: 'https://tandem.example/fhir/CodeSystem/jv-task', code: 'plan-action' }] },
      owner: { reference: 'PractitionerRole/hv-none' },
    };
    await service.load([task]);
    expect(await nameIn(nell())).toBe('Fixture-colleague');
    await label('colleague', [EMP]);
    expect(await nameIn(nell())).toBeNull();
    const proposed = await name(service.as('ig-officer'), 'colleague', {
      list: 'EMP',
      who: 'PractitionerRole/hv-none',
    });
    expect(proposed.status).toBe(202);
    expect((await confirm(service.as('caldicott-guardian'), proposed)).status).toBe(200);
    expect(await nameIn(nell())).toBe('Fixture-colleague');
    await label('colleague', []);
    const [line] = (await linesOf(service.as('safeguarding'), 'colleague')) ?? [];
    const id = String(at(line, 'part.0.valueString'));
    await call(service.as('safeguarding'), '$end-named', { named: id, text: WORDS });
    expect(await nameIn(nell())).toBe('Fixture-colleague');
    await label('colleague', [EMP]);
    expect(await nameIn(nell())).toBeNull();
  });

  test('a place on such a list is no relationship: without the Task she sees nothing', async () => {
    const proposed = await name(service.as('ig-officer'), 'colleague', {
      list: 'EMP',
      who: 'PractitionerRole/hv-south',
    });
    expect((await confirm(service.as('caldicott-guardian'), proposed)).status).toBe(200);
    expect((await service.as(staff('hv-south')).get('Patient/colleague')).status).toBe(403);
  });
});

describe('R-42: an identity is sealed by two, and linked to no other', () => {
  test('the old record closes to all who are not named; no link, no second number; it opens again by two', async () => {
    const helen = service.as('health-visitor');
    const [moira, shah] = [service.as('safeguarding'), service.as('caldicott-guardian')];
    const seal = (client: Client, word = '$seal-identity') => call(client, word, { ...person('former'), text: WORDS });
    expect((await seal(service.as('ig-officer'))).status).toBe(403);
    const other: Resource = {
      ...(familyOf('renamed', { nhsNumber: nhsNumberOf(81_004) })[0] as Resource),
      id: 'renamed',
      link: [{ type: 'seealso', other: { reference: 'Patient/former' } }],
    };
    await service.load([other]);
    const early = await seal(moira);
    expect([early.status, early.text.includes('1 link leads')]).toEqual([422, true]);
    const { link: _link, ...unlinked } = other;
    await service.load([unlinked as Resource]);
    const proposed = await seal(moira);
    expect(proposed.status).toBe(202);
    expect((await helen.get('Patient/former')).status).toBe(200);
    expect((await confirm(shah, proposed)).status).toBe(200);
    for (const path of ['Patient/former', 'Observation/former-note', 'Patient/former/_history'])
      expect([path, (await helen.get(path)).status]).toEqual([path, 404]);
    const traced = await call(helen, '$trace', person('former'));
    expect(at(traced.json, 'parameter.0.valueCoding.code')).toBe('contact-safeguarding');

    // Whoever writes a link to it is told what she would be told of nobody.
    const epr = service.as('epr');
    const made = (to: string) => ({
      ...newMother('Linker'),
      link: [{ type: 'seealso', other: { reference: to } }],
    });
    const [hidden, unknown] = [
      await epr.post('Patient', made('Patient/former')),
      await epr.post('Patient', made('Patient/nobody')),
    ];
    expect([hidden.status, hidden.text]).toEqual([422, unknown.text]);
    // The named see it, and cannot link it or give it another number either.
    const naming = await name(moira, 'former', { list: 'V', who: 'PractitionerRole/mw-priya' });
    expect((await confirm(shah, naming)).status).toBe(200);
    const priya = service.as('midwife');
    const own = (await priya.get('Patient/former')).json as Resource;
    const link = await priya.put('Patient/former', {
      ...own,
      link: [{ type: 'seealso', other: { reference: 'Patient/colleague' } }],
    });
    expect([link.status, link.text.includes('R-42')]).toEqual([422, true]);
    const number = { system: 'https://fhir.nhs.uk/Id/nhs-number', value: nhsNumberOf(81_005) };
    const second = await priya.put('Patient/former', {
      ...own,
      identifier: [...(own.identifier as JsonObject[]), number],
    });
    expect([second.status, second.text.includes('R-42')]).toEqual([422, true]);

    expect((await confirm(shah, await seal(moira, '$unseal-identity'))).status).toBe(200);
    expect((await helen.get('Patient/former')).status).toBe(200);
  });
});

test('nobody keeps the lists of a record of her own, nor seals it, as first or second person (R-11)', async () => {
  const [moira, shah, imran] = (['safeguarding', 'caldicott-guardian', 'ig-officer'] as const).map((who) =>
    service.as(who),
  ) as [Client, Client, Client];
  const asked = { list: 'EMP', who: 'PractitionerRole/hv-helen' };
  const running = await name(imran, 'colleague', asked);
  expect((await confirm(shah, running)).status).toBe(200);
  const [line] = (await linesOf(moira, 'colleague')) ?? [];
  const named = String(at(line, 'part.0.valueString'));
  const waiting = await name(moira, 'colleague', { ...asked, who: 'PractitionerRole/mw-priya' });
  const own = (who: string, value: string) => shah.post(`Practitioner/${who}/$own-number`, said({ nhsNumber: value }));
  expect((await own('sg-moira', NUMBER.colleague)).status).toBe(204);
  expect((await own('ig-imran', NUMBER.colleague)).status).toBe(204);
  const seen = { ...person('colleague'), text: WORDS };
  const steps: [string, () => Promise<Reply>][] = [
    ['name', () => name(moira, 'colleague', asked)],
    ['confirm', () => confirm(imran, waiting)],
    ['list', () => call(moira, '$named-people', seen)],
    ['end', () => call(moira, '$end-named', { named, text: WORDS })],
    ['seal', () => call(moira, '$seal-identity', seen)],
  ];
  for (const [what, step] of steps) {
    const reply = await step();
    expect([what, reply.status, reply.text.includes('interest')]).toEqual([what, 403, true]);
  }
  // What waited waits still, and what ran runs.
  expect((await confirm(shah, waiting)).status).toBe(200);
  expect((await own('ig-imran', nhsNumberOf(81_008))).status).toBe(204);
  expect((await own('sg-moira', nhsNumberOf(81_009))).status).toBe(204);
  expect((await call(imran, '$end-named', { named, text: WORDS })).status).toBe(204);
});
