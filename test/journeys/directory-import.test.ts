/** `$import` over HTTP: dry run, differences, two persons, all or nothing, every line, again and again, and what ends. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isObject } from '../../src/fhir/resource.ts';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { at, type Client, type Reply } from '../harness/client.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;
let first: Client;
let second: Client;

beforeAll(async () => {
  service = await startService();
  await service.directory();
  const read = (await service.as('steward').get('PractitionerRole/ig-imran')).json as Resource;
  const guardian = { ...read, id: 'cg-one', code: [{ text: 'Caldicott Guardian' }] };
  await service.load([{ ...guardian, practitioner: { reference: 'Practitioner/mw-priya' } }]);
  first = service.as('ig-officer');
  second = service.as({
    like: 'ig-officer',
    claims: { sub: 'cg', fhirUser: 'PractitionerRole/cg-one', purpose_of_use: 'HLEGAL' },
  });
});
afterAll(() => service.close());

const FILES = {
  organisations: 'ods_code,name\r\nrx9,"Sample, Trust"\r\n',
  services: 'service_id,name,part_of,kind\nMAT,Midwives of Sample,RX9,maternity\n',
  locations: 'location_id,name,service_id,kind\nL1,Family hub,MAT,building\n',
  teams: 'team_id,name,service_id\nT1,Team one,MAT\n',
  people: '\uFEFFstaff_number,family_name,given_name,sds_user_id\nS1,Müller,Zoë Ann,999800000901\nS2,Two,Tess,\n',
  roles: 'role_id,staff_number,role,service_id,start\nR1,S1,midwife,MAT,2026-01-01\nR2,S2,admin,MAT,2026-01-01\n',
  members: 'team_id,role_id,start\nT1,R1,2026-01-01\n',
};
type Files = Readonly<Record<string, string>>;
const PEOPLE = 'staff_number,family_name,given_name';
const ROLES = 'role_id,staff_number,role,service_id,start';

const importOf = (files: Files, more: JsonObject[] = []): Resource => ({
  resourceType: 'Parameters',
  parameter: [
    ...Object.entries(files).map(([kind, csv]) => ({
      name: 'file',
      part: [
        { name: 'kind', valueCode: kind },
        { name: 'content', valueBase64Binary: Buffer.from(csv).toString('base64') },
      ],
    })),
    ...more,
  ],
});
const REAL = [
  { name: 'dryRun', valueBoolean: false },
  { name: 'reason', valueString: 'Directory of the trust' },
];

const part = (reply: Reply, name: string): JsonObject => {
  const list = Array.isArray(reply.json.parameter) ? reply.json.parameter.filter(isObject) : [];
  return list.find((one) => one.name === name) ?? {};
};
const counts = (reply: Reply): Record<string, unknown> => {
  const { part: list } = part(reply, 'counts');
  return Object.fromEntries(
    (Array.isArray(list) ? list.filter(isObject) : []).map((one) => [String(one.name), one.valueInteger]),
  );
};
const issues = (reply: Reply): string[] =>
  (Array.isArray(reply.json.issue) ? reply.json.issue : []).map((one) => String(at(one, 'diagnostics')));
const imported = (files: Files, more: JsonObject[] = []) => first.post('$import', importOf(files, more));

/** Proposes and confirms. */
async function carriedOut(files: Files, more: JsonObject[] = []): Promise<Reply> {
  const reply = await imported(files, [...REAL, ...more]);
  expect([reply.status, issues(reply)]).toEqual([202, []]);
  const pending = { name: 'pending', valueString: String(part(reply, 'pending').valueString) };
  const done = await second.post('$confirm', { resourceType: 'Parameters', parameter: [pending] });
  expect([done.status, issues(done)]).toEqual([200, []]);
  return reply;
}

test('a dry run tells each difference and writes nothing; the same import is proposed, confirmed, and then unchanged', async () => {
  const dry = await imported(FILES);
  expect([dry.status, issues(dry)]).toEqual([200, []]);
  expect(part(dry, 'status').valueCode).toBe('dry-run');
  expect(counts(dry)).toEqual({ added: 9, changed: 0, ended: 0, unchanged: 0 });
  expect(dry.text).toContain('"valueString":"name[1].given[2]"');
  expect(dry.text).toContain('people line 2');
  expect((await first.get('Organization?name=Sample')).json.entry).toHaveLength(1);

  await carriedOut(FILES);
  const person = await first.get('Practitioner?identifier=999800000901');
  expect(at(person.json, 'entry.0.resource.name.0')).toEqual({
    use: 'official',
    family: 'Müller',
    given: ['Zoë', 'Ann'],
  });
  expect(at((await first.get('Organization?identifier=RX9')).json, 'entry.0.resource.name')).toBe('Sample, Trust');
  const again = await imported(FILES, REAL);
  expect([again.status, part(again, 'status').valueCode, counts(again).unchanged]).toEqual([200, 'unchanged', 9]);
  // As one file of text, the way a script sends it.
  const csv = await first.send('POST', '$import?kind=people', FILES.people, {
    'content-type': 'text/csv; charset=utf-8',
  });
  expect([csv.status, counts(csv).unchanged]).toEqual([200, 2]);
});

test('field by field: one changed name is one difference; columns that are not there stay as they are', async () => {
  const people = 'staff_number,family_name,given_name\nS1,Müller-Smith,Zoë Ann\nS2,Two,Tess\n';
  const dry = await imported({ people });
  expect(counts(dry)).toEqual({ added: 0, changed: 1, ended: 0, unchanged: 1 });
  expect(part(dry, 'change').part).toEqual(
    expect.arrayContaining([
      { name: 'action', valueCode: 'changed' },
      {
        name: 'field',
        part: [
          { name: 'path', valueString: 'name[1].family' },
          { name: 'before', valueString: 'Müller' },
          { name: 'after', valueString: 'Müller-Smith' },
        ],
      },
    ]),
  );
});

describe('faults', () => {
  test('an import with faults changes nothing and lists every line with what to do', async () => {
    const faulty = {
      people:
        'staff_number,family_name,given_name,sds_user_id\nS9,Nine,Nora,\nS9,Nine,Nora,\nS8,Eight,Ed,999800000901\n',
      roles: [
        'role_id,staff_number,role,service_id,start,end,supervisor',
        'X1,S9,wizard,MAT,2026-01-01,,',
        'X2,S404,midwife,MAT,2026-01-01,,',
        'X3,S9,midwife,NOPE,2026-02-30,,',
        'X4,S9,midwife,MAT,2026-05-01,2026-04-01,',
        'X5,S9,student-midwife,MAT,2026-05-01,,',
        'X6,S9,midwife,MAT',
      ].join('\r\n'),
    };
    const before = await service.pool.query('select count(*) from resource');
    for (const more of [[], REAL]) {
      const reply = await imported(faulty, more);
      expect(reply.status).toBe(422);
      const said = issues(reply);
      for (const line of ['people line 3', 'people line 4', ...[2, 3, 4, 5, 6, 7].map((n) => `roles line ${n}`)])
        expect([line, said.filter((one) => one.startsWith(line)).length > 0]).toEqual([line, true]);
      expect(said.every((one) => one.length > 30)).toBe(true);
    }
    expect((await service.pool.query('select count(*) from resource')).rows).toEqual(before.rows);
    expect((await second.post('$proposals', { resourceType: 'Parameters' })).text).not.toContain('2 added');
  });

  test.each<[string, Resource, number]>([
    ['no file', importOf({}), 400],
    ['an unknown kind', importOf({ wizards: 'a,b' }), 400],
    ['an unknown parameter', importOf(FILES, [{ name: 'force', valueBoolean: true }]), 400],
    [
      'no reason',
      importOf({ teams: 'team_id,name,service_id\nT9,Nine,MAT\n' }, [{ name: 'dryRun', valueBoolean: false }]),
      400,
    ],
  ])('%s is refused', async (_words, body, status) => {
    expect((await first.post('$import', body)).status).toBe(status);
  });

  test('bytes that are no UTF-8 are refused', async () => {
    const bytes = Buffer.concat([
      Buffer.from('team_id,name,service_id\nT9,'),
      Buffer.from([0xe9]),
      Buffer.from(',MAT\n'),
    ]);
    const content = { name: 'content', valueBase64Binary: bytes.toString('base64') };
    const file = { name: 'file', part: [{ name: 'kind', valueCode: 'teams' }, content] };
    const reply = await first.post('$import', { resourceType: 'Parameters', parameter: [file] });
    expect([reply.status, issues(reply).join().includes('UTF-8')]).toEqual([400, true]);
  });

  test.each(['midwife', 'admin', 'service-lead', 'epr', 'hv-system'])(
    '%s does not import the directory',
    async (who) => {
      expect((await service.as(who).post('$import', importOf(FILES))).status).toBe(403);
    },
  );

  test('a proposal that others overtook changes nothing', async () => {
    const reply = await imported({ teams: 'team_id,name,service_id\nT1,Renamed,MAT\n' }, REAL);
    const team = (await first.get('CareTeam?identifier=T1')).json;
    const stored = at(team, 'entry.0.resource');
    await service.load([{ ...(stored as Resource), name: 'Meanwhile' }]);
    const pending = { name: 'pending', valueString: String(part(reply, 'pending').valueString) };
    const done = await second.post('$confirm', { resourceType: 'Parameters', parameter: [pending] });
    expect(done.status).toBe(412);
    expect(at((await first.get('CareTeam?identifier=T1')).json, 'entry.0.resource.name')).toBe('Meanwhile');
  });
});

test('two imports that add the same person make one; two at once, too', async () => {
  const people = (name: string) => ({ people: `staff_number,family_name,given_name\nD1,${name},Dora\n` });
  const both = await Promise.all([imported(people('One'), REAL), imported(people('Two'), REAL)]);
  const pending = both.map((reply) => ({ name: 'pending', valueString: String(part(reply, 'pending').valueString) }));
  const done = await Promise.all(
    pending.map((one) => second.post('$confirm', { resourceType: 'Parameters', parameter: [one] })),
  );
  expect(done.map(({ status }) => status).toSorted()).toEqual([200, 412]);
  expect((await first.get('Practitioner?identifier=D1')).json.entry).toHaveLength(1);
});

test.each<[string, Files, string]>([
  [
    'one sign-in for two people',
    { people: `${PEOPLE},sds_user_id\nE1,A,B,77\nE2,C,D,77\n` },
    'people line 3, sds_user_id',
  ],
  ['marks of no width in an id', { people: `${PEOPLE}\nE\u200b1,A,B\n` }, 'people line 2, staff_number'],
  ['marks that turn the text', { people: `${PEOPLE}\nE1,A\u202eB,B\n` }, 'people line 2, family_name'],
  ['markup', { people: `${PEOPLE}\nE1,<img src=x>,B\n` }, 'people line 2, family_name'],
  [
    'organisations in a circle',
    { organisations: 'ods_code,name,part_of\nAA1,a,AA2\nAA2,b,AA1\n' },
    'organisations line 3',
  ],
  [
    'an organisation put under its own part',
    { organisations: 'ods_code,name,part_of\nRX9,Sample,BB2\nBB2,b,RX9\n' },
    'organisations line 2',
  ],
  ['semicolons for commas', { people: 'staff_number;family_name;given_name\nE1;A;B\n' }, 'people line 1'],
])('refused by line: %s', async (_words, files, line) => {
  const reply = await imported(files);
  expect([reply.status, issues(reply).some((one) => one.startsWith(line))]).toEqual([422, true]);
});

test('organisations may name one of a later line, students a supervisor of a later line; formulas are words', async () => {
  const organisations = 'ods_code,name,part_of\nCC1,Child,CC2\nCC2,=Parent,\n';
  const roles = `role_id,staff_number,role,service_id,start,end,supervisor\nST1,S2,student-midwife,MAT,2026-01-01,2099-01-01,SU1\nSU1,S1,midwife,MAT,2026-01-01,,\n`;
  const reply = await imported({ organisations, roles });
  expect([reply.status, issues(reply), counts(reply).added]).toEqual([200, [], 4]);
});

test('20,000 lines are looked at in seconds, and more are refused whole', async () => {
  const lines = (count: number) => Array.from({ length: count }, (_, i) => `Z${i},Family${i},Given${i}`).join('\n');
  const many = await imported({ people: `${PEOPLE}\n${lines(20_001)}` });
  expect([many.status, issues(many)]).toEqual([422, [expect.stringContaining('20001 lines are more')]]);
  const most = await imported({ people: `${PEOPLE}\n${lines(20_000)}` });
  expect([most.status, issues(most)]).toEqual([422, [expect.stringContaining('20000 changes are more')]]);
}, 30_000);

test('what contradicts itself is refused with the reason, by line', async () => {
  const head = 'role_id,staff_number,role,service_id,start,end\n';
  const early = { members: 'team_id,role_id,start,end\nT1,R1,2019-01-01,2019-02-01\n' };
  const reply = await imported(early);
  expect([reply.status, issues(reply).join()]).toEqual([422, expect.stringContaining('members line 2')]);
  const person = (await first.get('Practitioner?identifier=S2')).json;
  await service.load([{ ...(at(person, 'entry.0.resource') as Resource), active: false }]);
  const gone = await imported({ roles: `${head}R2b,S2,midwife,MAT,2026-01-01,\n` });
  expect([gone.status, issues(gone).join()]).toEqual([422, expect.stringContaining('roles line 2')]);
  await service.load([{ ...(at(person, 'entry.0.resource') as Resource), active: true }]);
  const role = (await first.get('PractitionerRole?identifier=R2')).json;
  const two = [{ text: 'Team lead' }, { text: 'Service lead' }];
  const both = { ...(at(role, 'entry.0.resource') as Resource), code: two };
  const refused = await first.post('$propose?reason=Both%20of%20it', both);
  expect([refused.status, issues(refused).join()]).toEqual([422, expect.stringContaining('one role')]);
});

test('what is missing ends only when asked, within the services of the file, and by one person', async () => {
  const roles = 'role_id,staff_number,role,service_id,start\nR2,S2,admin,MAT,2026-01-01\n';
  expect(counts(await imported({ roles }))).toEqual({ added: 0, changed: 0, ended: 0, unchanged: 1 });
  const end = { name: 'endMissing', valueBoolean: true };
  // With the role goes her place in the team, and the dry run says so.
  expect(counts(await imported({ roles }, [end]))).toEqual({ added: 0, changed: 1, ended: 1, unchanged: 1 });
  const done = await imported({ roles }, [end, ...REAL]);
  expect([done.status, part(done, 'status').valueCode]).toEqual([200, 'applied']);
  expect(at((await first.get('PractitionerRole?identifier=R1')).json, 'entry.0.resource.active')).toBe(false);
  expect(at((await first.get('PractitionerRole/mw-priya')).json, 'active')).toBe(true);
  // Who comes back has a new role under the same id: nothing of the old one comes back with it.
  const back = await carriedOut({ roles: FILES.roles });
  expect(counts(back)).toEqual({ added: 1, changed: 0, ended: 0, unchanged: 1 });
  expect(counts(await imported({ roles: FILES.roles }))).toEqual({ added: 0, changed: 0, ended: 0, unchanged: 2 });
  // A member who is no longer in the list leaves the team.
  const swapped = await carriedOut({ members: 'team_id,role_id,start\nT1,R1,2026-01-02\nT1,R2,2026-01-01\n' });
  expect(counts(swapped)).toEqual({ added: 0, changed: 1, ended: 0, unchanged: 0 });
  const last = await imported({ members: 'team_id,role_id,start\nT1,R2,2026-01-01\n' }, [end, ...REAL]);
  expect(counts(last)).toEqual({ added: 0, changed: 1, ended: 0, unchanged: 0 });
  const team = (await first.get('CareTeam?identifier=T1')).json;
  const ends = [0, 1, 2].map((n) => typeof at(team, `entry.0.resource.participant.${n}.period.end`));
  expect(ends).toEqual(['string', 'string', 'undefined']);
});

test('a person who is not in the file any more ends in all her roles and teams, and the dry run says so', async () => {
  await carriedOut({
    ...FILES,
    people: `${PEOPLE}\nS5,Five,Fay\n`,
    roles: `${ROLES}\nR5,S5,midwife,MAT,2026-01-01\n`,
    members: 'team_id,role_id,start\nT1,R5,2026-01-01\n',
  });
  const end = { name: 'endMissing', valueBoolean: true };
  const known = (await first.get('Practitioner?_count=200')).json.entry;
  const numbers = (Array.isArray(known) ? known : []).flatMap((entry) => {
    const list = at(entry, 'resource.identifier');
    const own = (Array.isArray(list) ? list.filter(isObject) : []).find((one) =>
      String(one.system).endsWith('/staff-number'),
    );
    return own === undefined || own.value === 'S5' ? [] : [String(own.value)];
  });
  const people = `${PEOPLE}\n${numbers.map((one) => `${one},Same,Same`).join('\n')}\n`;
  const dry = await imported({ people }, [end]);
  expect([dry.status, issues(dry), counts(dry).ended]).toEqual([200, [], 2]);
  expect(dry.text).toContain('R5 ends');
}, 30_000);

test('the duty list: an admin of the team writes it at once, for her own service alone', async () => {
  const admin = service.as('admin');
  const TEAM = { system: 'https://tandem.example/fhir/Id/team', value: 'HVT' };
  const ROLE = { system: 'https://tandem.example/fhir/Id/role', value: 'HVR' };
  for (const [path, identifier] of [
    ['CareTeam/hv-team-south', TEAM],
    ['PractitionerRole/hv-none', ROLE],
  ] as const) {
    const read = (await service.as('steward').get(path)).json as Resource;
    await service.load([{ ...read, identifier: [identifier] }]);
  }
  const start = new Date(Date.now() - 3_600_000).toISOString();
  const end = new Date(Date.now() + 3_600_000).toISOString();
  const later = new Date(Date.now() + 86_400_000).toISOString();
  const last = new Date(Date.now() + 90_000_000).toISOString();
  const head = 'team_id,role_id,start,end';
  const duty = `${head}\nHVT,HVR,${start},${end}\nHVT,HVR,${later},${last}\n`;
  expect((await first.post('$import', importOf({ duty }))).status).toBe(422);
  const done = await admin.post('$import', importOf({ duty }, REAL));
  expect([done.status, part(done, 'status').valueCode, issues(done)]).toEqual([200, 'applied', []]);
  expect((await admin.post('$import', importOf({ duty }, REAL))).text).toContain('"unchanged"');
  const other = await admin.post('$import', importOf({ duty: `${head}\nT1,HVR,${start},${end}\n` }, REAL));
  expect([other.status, issues(other)]).toEqual([422, [expect.stringContaining('duty line 2, team_id')]]);
  expect((await admin.post('$import', importOf({ people: FILES.people }))).status).toBe(403);
  // The list of the week without the later time takes that back.
  const shorter = importOf({ duty: `${head}\nHVT,HVR,${start},${end}\n` }, [
    ...REAL,
    { name: 'endMissing', valueBoolean: true },
  ]);
  expect(counts(await admin.post('$import', shorter))).toMatchObject({ ended: 1 });
});

test('a Bundle: by identifiers, entries naming each other as they like; faults by entry', async () => {
  const identifier = (system: string, value: string) => [{ system, value }];
  const bundle = (name: string): JsonObject => ({
    resourceType: 'Bundle',
    type: 'collection',
    entry: [
      {
        fullUrl: 'urn:uuid:0f9b6a0e-7c0f-4d7e-9a63-2f3c1a0b9d11',
        resource: {
          resourceType: 'Organization',
          identifier: identifier('https://fhir.nhs.uk/Id/ods-organisation-code', 'rx8'),
          active: true,
          name,
        },
      },
      {
        resource: {
          resourceType: 'Organization',
          identifier: identifier('https://tandem.example/fhir/Id/service', 'HV8'),
          active: true,
          name: 'Health visitors of eight',
          partOf: { reference: 'urn:uuid:0f9b6a0e-7c0f-4d7e-9a63-2f3c1a0b9d11' },
        },
      },
      {
        resource: {
          resourceType: 'PractitionerRole',
          identifier: identifier('https://fhir.nhs.uk/Id/sds-role-profile-id', '555000000801'),
          active: true,
          practitioner: { identifier: { system: 'https://tandem.example/fhir/Id/staff-number', value: 'S2' } },
          organization: { identifier: { system: 'https://tandem.example/fhir/Id/service', value: 'HV8' } },
          code: [{ text: 'Team lead' }],
        },
      },
    ],
  });
  const send = (one: JsonObject, more: JsonObject[] = []) =>
    first.post('$import', {
      resourceType: 'Parameters',
      parameter: [{ name: 'bundle', resource: one }, ...more],
    });
  const dry = await send(bundle('Eight'));
  expect([dry.status, issues(dry)]).toEqual([200, []]);
  expect(counts(dry)).toEqual({ added: 3, changed: 0, ended: 0, unchanged: 0 });
  const proposed = await send(bundle('Eight'), REAL);
  const pending = { name: 'pending', valueString: String(part(proposed, 'pending').valueString) };
  const done = await second.post('$confirm', { resourceType: 'Parameters', parameter: [pending] });
  expect([done.status, issues(done)]).toEqual([200, []]);
  expect(counts(await send(bundle('Eight')))).toEqual({ added: 0, changed: 0, ended: 0, unchanged: 3 });
  expect(counts(await send(bundle('Eight renamed')))).toMatchObject({ changed: 1, unchanged: 2 });

  const wrong: JsonObject = {
    resourceType: 'Bundle',
    type: 'collection',
    entry: [
      { resource: { resourceType: 'Patient' } },
      { resource: { resourceType: 'Location', name: 'No number' } },
      {
        resource: {
          resourceType: 'Location',
          identifier: identifier('https://tandem.example/fhir/Id/location', 'L77'),
          managingOrganization: { reference: 'Organization/nowhere' },
        },
      },
      { fullUrl: 'urn:uuid:1' },
    ],
  };
  const refused = await send(wrong);
  expect(refused.status).toBe(422);
  expect([1, 2, 3, 4].map((n) => issues(refused).some((one) => one.startsWith(`entry ${n}`)))).toEqual([
    true,
    true,
    true,
    true,
  ]);
});

test("a family's care team and home are none of the directory's, whatever they call themselves", async () => {
  await service.family('hidden');
  const steward = service.as('steward');
  const care = (await steward.get('CareTeam/hidden')).json as Resource;
  const team = { system: 'https://tandem.example/fhir/Id/team', value: 'HIDDEN' };
  const place = { system: 'https://tandem.example/fhir/Id/location', value: 'HOME' };
  const kind = 'http://terminology.hl7.org/CodeSystem/location-physical-type';
  await service.load([
    { ...care, name: 'Kanarienvogel', identifier: [team] },
    {
      resourceType: 'Location',
      id: 'home',
      status: 'active',
      name: 'Kanarienvogel',
      identifier: [place],
      physicalType: { coding: [{ system: kind, code: 'ho' }] },
    },
  ]);
  const teams = await imported({ teams: 'team_id,name,service_id\nHIDDEN,Other,MAT\n' });
  const places = await imported({ locations: 'location_id,name,service_id\nHOME,Other,MAT\n' });
  for (const reply of [teams, places])
    expect([counts(reply).added, reply.text.includes('Kanarienvogel')]).toEqual([1, false]);
  const naming = async (reference: string) => {
    const location = {
      resourceType: 'Location',
      identifier: [{ system: place.system, value: 'L99' }],
      partOf: { reference },
    };
    const bundle = { resourceType: 'Bundle', type: 'collection', entry: [{ resource: location }] };
    const reply = await first.post('$import', {
      resourceType: 'Parameters',
      parameter: [{ name: 'bundle', resource: bundle }],
    });
    return [reply.status, issues(reply).join().replaceAll(reference, 'it')];
  };
  expect(await naming('Location/home')).toEqual(await naming('Location/nowhere'));
});

test('the last two who keep the directory are not ended, however it is asked', async () => {
  for (const other of ['cg-shah', 'sy-uma']) {
    const read = (await service.as('steward').get(`PractitionerRole/${other}`)).json as Resource;
    await service.load([{ ...read, active: false }]);
  }
  const role = (await first.get('PractitionerRole/cg-one')).json as Resource;
  // A file says it in its dry run already.
  const identifier = [{ system: 'https://tandem.example/fhir/Id/role', value: 'CG1' }];
  await service.load([{ ...role, identifier }]);
  const { id: _id, meta: _meta, ...rest } = role;
  const bundle = {
    resourceType: 'Bundle',
    type: 'collection',
    entry: [{ resource: { ...rest, identifier, active: false } }],
  };
  const asked = { resourceType: 'Parameters', parameter: [{ name: 'bundle', resource: bundle }] };
  const dry = await first.post('$import', asked);
  expect([dry.status, issues(dry)]).toEqual([
    422,
    [expect.stringContaining('Fewer than two people would be left (now)')],
  ]);
  const reply = await first.post('$propose?reason=She%20leaves', { ...role, active: false });
  const pending = { name: 'pending', valueString: String(part(reply, 'pending').valueString) };
  const done = await second.post('$confirm', { resourceType: 'Parameters', parameter: [pending] });
  expect([done.status, issues(done).join()]).toEqual([422, expect.stringContaining('Fewer than two')]);
  expect((await first.get('PractitionerRole/cg-one')).json.active).toBe(true);
});
