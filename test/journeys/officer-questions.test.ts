/** Questions of domain.md 6.2 by name, shown and taken out: for officers, recorded, without content, families by case. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isObject } from '../../src/fhir/resource.ts';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { answerExport, exportQuestion, takeApproved } from '../../src/oversight/export-requests.ts';
import { viewerOf } from '../../src/oversight/own-access-list.ts';
import { provePartners } from '../../src/oversight/partner-chains.ts';
import { insertAlerts } from '../../src/store/models/oversight.ts';
import { openPool } from '../../src/store/pool.ts';
import { sealDurable } from '../../src/store/seal.ts';
import { scratchFolder } from '../harness/cluster.ts';
import { TEAM, team } from '../harness/directory.ts';
import { overseen } from '../harness/overseen.ts';
import { staff } from '../harness/service.ts';
import { testDefinitions } from '../unit/definitions/cache.ts';
import {
  addColleague,
  browserOf,
  CANARIES,
  type Console,
  colleague,
  NUMBER,
  officerIn,
  overseenConsole,
  REASON,
  trail,
  wordsOf,
} from './console-world.ts';

let world: Console;
let caseReference: string;
beforeAll(async () => {
  world = await overseenConsole(async (opened) => {
    await lookCloser(opened);
    await addColleague(opened);
  });
  const imran = await officer();
  const opened = await imran.fill('/console/cases/open', '/console/cases/open', {
    'nhs-number': NUMBER,
    reason: REASON,
  });
  caseReference = opened.address.split('/').at(-1) ?? '';
}, 60_000);
afterAll(() => world.service.close());

const officer = () => officerIn(world);

/** What stands out: kin, a neighbour, after a death; a broken glass; a label that was raised. */
async function lookCloser({ service }: Console): Promise<void> {
  const address = [{ line: ['1 Elsewhere'], postalCode: 'ZZ9 9ZZ' }];
  const kanter = { family: 'Kanarienvogel', given: ['Kanter'], text: 'Kanter' };
  await service.load([
    { resourceType: 'Practitioner', id: 'mw-kanter', active: true, name: [kanter], address },
    {
      resourceType: 'PractitionerRole',
      id: 'mw-kanter',
      active: true,
      period: { start: '2020-01-01' },
      practitioner: { reference: 'Practitioner/mw-kanter' },
      organization: { reference: 'Organization/maternity-service' },
      code: [{ coding: [{ system: 'http://snomed.info/sct', code: '158999002' }] }],
    },
    team(TEAM.midwives, [{ id: 'mw-priya' }, { id: 'mw-kanter' }]),
  ]);
  const kanters = service.as(staff('mw-kanter'));
  expect((await kanters.get('Patient/canaryfam')).status).toBe(200);
  await service.family('gone', { surname: 'Otherwise', given: 'Mary' });
  const gone = (await service.as('midwife').get('Patient/gone')).json as Resource;
  await service.load([{ ...gone, deceasedBoolean: true }]);
  expect((await kanters.get('Patient/gone')).status).toBe(200);
  const note: Resource = {
    resourceType: 'Observation',
    id: 'canaryfam-raised',
    status: 'final',
    code: { text: 'penicillinrash' },
    subject: { reference: 'Patient/canaryfam' },
    valueString: 'penicillinrash',
  };
  const security = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }];
  await service.load([note]);
  await service.load([{ ...note, meta: { security } }]);
  const alert = { rule: 'A-01', severity: 'high', mode: 'live', at: new Date().toISOString(), seq: 1 } as const;
  const of = { party: 'PractitionerRole/hv-helen', patient: 'Patient/canaryfam', why: 'Break-glass was used' };
  await insertAlerts(service.pool, [{ ...alert, ...of }]);
  await service.pool.query(
    `insert into oversight_access (kind, seq, patient, party, at)
     values ('new-place', 1, 'Patient/canaryfam', 'PractitionerRole/nn-karl', now())`,
  );
}

const ask = (question: string, more: Record<string, string> = {}): string =>
  `/console/questions?${new URLSearchParams({ question, ...more })}`;

describe('asked', () => {
  test.each<[string, string, () => Record<string, string>, RegExp]>([
    ['Q2', 'timeline', () => ({ who: 'Priya' }), /Priya.*search-type.*read/s],
    ['Q2', 'timeline', () => ({ who: 'hv-system' }), /system/],
    ['Q3', 'unexplained', () => ({ case: caseReference }), /Karl/],
    ['Q4', 'unreviewed', () => ({}), /A-01 Break-glass was used/],
    ['Q5', 'notable', () => ({ case: caseReference }), /Kanter.*same-surname/s],
    ['Q5', 'notable', () => ({ who: 'Kanter' }), /neighbour/],
    ['Q6', 'notable', () => ({ who: 'Karl' }), /new-place/],
    ['Q7', 'busy', () => ({}), /Karl.*1.*1/s],
    ['Q8', 'notable', () => ({ who: 'Kanter' }), /after-death/],
    // Q9 asks of each label and mark: oversight.test.ts opens its list of R, V, S-flag, EMP and CEL.
    ['Q10', 'disclosures', () => ({ case: caseReference }), /nothing to show/],
    ['Q11', 'refusals', () => ({ who: 'Sue' }), /Sue.*R-0/s],
    ['Q11', 'refusals', () => ({ case: caseReference }), /Sue/],
    ['Q11', 'refusals', () => ({}), /Sue/],
    ['Q11', 'refusals', () => ({ rule: 'R-05' }), /Sue/],
    ['Q11', 'refusals', () => ({ rule: 'R-48' }), /nothing to show/],
    ['Q12', 'changes', () => ({}), /PractitionerRole.*added/s],
    ['Q12', 'family-changes', () => ({ case: caseReference }), /Observation 2 changed Normal Restricted.*Consent/s],
    ['Q13', 'proofs', () => ({}), /nothing to show/],
    ['Q15', 'roles', () => ({}), /never used/],
  ])('%s %s %#', async (_q, id, more, expected) => {
    const imran = await officer();
    const page = await imran.get(ask(id, more()));
    expect([id, page.status]).toEqual([id, 200]);
    expect(wordsOf(page.html)).toMatch(expected);
    for (const canary of [...CANARIES, NUMBER]) expect([canary, page.html.includes(canary)]).toEqual([canary, false]);
  });

  test('what is wrong with a question is said beside it; nobody else may ask', async () => {
    const imran = await officer();
    expect((await imran.get(ask('timeline', { who: 'Nobody Atall' }))).status).toBe(404);
    expect((await imran.get(ask('unexplained', { case: 'CASE-0000000000' }))).status).toBe(404);
    expect((await imran.get(ask('unexplained'))).status).toBe(422);
    expect((await imran.get(ask('timeline', { who: NUMBER }))).status).toBe(422);
    expect((await imran.get(ask('unexplained', { case: 'x' }))).status).toBe(422);
    expect((await imran.get(ask('timeline', { who: '%' }))).status).toBe(404);
    expect(wordsOf((await imran.get(ask('timeline', { who: 'a' }))).html)).toContain('Which of them');
    const midwife = browserOf(world.origin);
    await midwife.signIn('midwife');
    expect((await midwife.get(ask('roles'))).status).toBe(403);
    const [entry] = (await trail(world.service, 'question timeline')).map(({ body }) => JSON.parse(body));
    expect(entry.agent.name).toContain('Imran');
  });
});

describe('Q14: a mother asks who has viewed her record', () => {
  const listOf = async () => (await world.service.as('mother').get('Patient/aisha/$who-viewed')).text;
  const observation = (id: string, label: 'N' | 'R'): Resource => ({
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { text: 'a note' },
    subject: { reference: 'Patient/aisha' },
    valueString: 'a note',
    meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: label }] },
  });

  test('services and months; what is restricted leaves no trace; nobody else gets the list', async () => {
    const { service } = world;
    await service.family('aisha', { nhsNumber: '9990003009' });
    await service.load([observation('aisha-r', 'R')]);
    expect(JSON.parse(await listOf()).parameter).toEqual([{ name: 'available', valueBoolean: true }]);
    const priya = service.as('midwife');
    for (const path of ['Observation/aisha-r', 'Observation?patient=aisha&code=nothing'])
      expect([path, (await priya.get(path)).status]).toEqual([path, 200]);
    const safeguarding = await service.as('safeguarding').get('Patient/aisha');
    const without = await listOf();
    expect(without).not.toContain('team');
    // A list over both kinds counts by its ordinary rows alone.
    await service.load([observation('aisha-n', 'N')]);
    expect((await priya.get('Observation?patient=aisha')).status).toBe(200);
    const month = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/London', year: 'numeric', month: '2-digit' });
    const shown = JSON.parse(await listOf()).parameter[1];
    expect(shown).toEqual({
      name: 'month',
      part: [
        { name: 'when', valueDate: month.format(new Date()) },
        { name: 'who', valueString: 'your midwifery team' },
      ],
    });
    expect([200, 403, 404]).toContain(safeguarding.status);
    for (const who of ['midwife', 'ig-officer', 'epr'])
      expect([who, (await service.as(who).get('Patient/aisha/$who-viewed')).status]).toEqual([who, 404]);
    expect((await service.as('mother').get('Patient/canaryfam/$who-viewed')).status).toBe(404);
    expect((await service.as('mother').get('Patient/aisha/$who-viewed?x=1')).status).toBe(400);
  });

  test('on her page; switched off by one action it is an ordinary message', async () => {
    const { service } = world;
    const aisha = browserOf(world.origin);
    await aisha.signIn('mother');
    expect(wordsOf((await aisha.get('/console')).html)).toContain('Your midwifery team');
    expect((await aisha.get('/console/alerts')).status).toBe(403);
    const patient = (await service.as('midwife').get('Patient/aisha')).json as Resource;
    const person = { nhsNumber: '9990003009', birthDate: String(patient.birthDate) };
    const body = (state: string) => ({
      resourceType: 'Parameters',
      parameter: Object.entries({ ...person, state, reason: 'She asked for it' }).map(([name, valueString]) => ({
        name,
        valueString,
      })),
    });
    expect((await service.as('service-lead').post('$online-view', body('off'))).status).toBe(403);
    expect((await service.as('mother').post('$online-view', body('off'))).status).toBe(404);
    expect((await service.as('midwife').post('$online-view', body('off'))).status).toBe(204);
    expect(await listOf()).toContain('not available at the moment');
    expect(wordsOf((await aisha.get('/console/who-viewed')).html)).toContain('not available at the moment');
    expect((await service.as('ig-officer').post('$online-view', body('on'))).status).toBe(204);
    expect(await listOf()).toContain('your midwifery team');
  });

  test.each([
    ['midwife', [], 'your midwifery team'],
    ['nursery-nurse', [], 'your health visiting team'],
    ['admin', ['midwife', 'admin'], 'your midwifery team'],
    ['admin', ['gp'], null],
    ['safeguarding', ['midwife'], null],
    ['social-worker', ['health-visitor'], null],
    ['caldicott-guardian', [], 'governance check'],
  ] as const)('%s of %s: %s', (role, serviceRoles, words) => {
    expect(viewerOf({ role, serviceRoles: [...serviceRoles] })).toBe(words);
  });
});

test('every AuditEvent of this file meets the profiles it claims (domain.md 6.4)', async () => {
  const { validate } = await testDefinitions();
  const officers = world.service.as({ like: 'ig-officer', claims: { purpose_of_use: 'HSYSADMIN' } });
  const bundle = (await officers.get('AuditEvent?_count=1000')).json as Resource;
  const events = (Array.isArray(bundle.entry) ? bundle.entry : []).flatMap((one) =>
    isObject(one) && isObject(one.resource) ? [one.resource as Resource] : [],
  );
  expect(events.length).toBeGreaterThan(50);
  const claimed = new Set<string>();
  for (const event of events) {
    const profiles = isObject(event.meta) && Array.isArray(event.meta.profile) ? event.meta.profile.map(String) : [];
    for (const one of profiles) claimed.add(one.split('BasicAudit.').at(-1) ?? '');
    const wrong = validate(event, { profiles }).filter(({ severity }) => severity === 'error' || severity === 'fatal');
    expect([event.id, wrong]).toEqual([event.id, []]);
  }
  for (const name of ['PatientRead', 'PatientQuery', 'OAUTHaccessTokenUse.Comprehensive'])
    expect(claimed).toContain(name);
}, 60_000);

describe('a partner says who opened what it received (4.12)', () => {
  const event = (patient: JsonObject): Resource => ({
    resourceType: 'AuditEvent',
    type: { system: 'http://terminology.hl7.org/CodeSystem/audit-event-type', code: 'rest' },
    action: 'R',
    recorded: '2026-03-23T09:14:04.123Z',
    agent: [{ requestor: true, name: 'Pat Partner', who: { identifier: { value: '555' } } }],
    source: { observer: { display: 'The partner' } },
    entity: [
      { what: { reference: 'https://hv.example.org/fhir/CarePlan/17' }, description: 'penicillinrash' },
      { what: patient },
    ],
  });
  const known = { identifier: { system: 'https://fhir.nhs.uk/Id/nhs-number', value: NUMBER } };

  test('by a client given the scope for it alone, in its own chain; everyone else meets 405', async () => {
    const { service } = world;
    for (const who of ['hv-system', 'ig-officer', 'steward'])
      expect([who, (await service.as(who).post('AuditEvent', event(known))).status]).toEqual([who, 405]);
    const partner = service.as({ like: 'hv-system', claims: { scope: 'system/AuditEvent.c' } });
    const one = await partner.post('AuditEvent', event(known));
    const other = await partner.post('AuditEvent', event({ reference: 'Patient/unknown' }));
    // Somebody known and somebody unknown are answered alike.
    expect([one.status, other.status, one.text, other.text]).toEqual([201, 201, '', '']);
    // A Patient of another server is none of ours, whatever its id; a version of ours is.
    await partner.post('AuditEvent', event({ reference: 'https://hv.example.org/fhir/Patient/canaryfam' }));
    await partner.post('AuditEvent', event({ reference: 'Patient/canaryfam/_history/1' }));
    const { rows } = await service.pool.query<{ patients: string[] }>(
      'select patients from partner_audit order by seq',
    );
    expect(rows.map(({ patients }) => patients)).toEqual([
      ['Patient/canaryfam'],
      ['Patient/unknown'],
      [],
      ['Patient/canaryfam'],
    ]);
    expect((await partner.post('AuditEvent', { ...event(known), recorded: 'yesterday' })).status).toBe(422);
    expect((await partner.post('AuditEvent', { resourceType: 'Basic', code: { text: 'x' } })).status).toBe(422);
    expect((await partner.get('AuditEvent')).status).toBe(403);
    const imran = await officer();
    const page = await imran.get(ask('partner', { case: caseReference }));
    expect(wordsOf(page.html)).toMatch(/1 23 Mar 2026, 09:14:04 .* hv-system Pat Partner R CarePlan/);
    for (const canary of [...CANARIES, NUMBER]) expect([canary, page.html.includes(canary)]).toEqual([canary, false]);
  });

  test('a changed event, one that is gone, and a tail cut off are named by the proof', async () => {
    const { service } = world;
    await sealDurable(service.pool);
    expect(await provePartners(service.pool)).toEqual({ chains: 1, events: 4, faults: [] });
    const owner = openPool(service.database.ownerUrl, 1);
    await expect(owner.query(`update partner_audit set body = '{}'`)).rejects.toMatchObject({ code: 'TDA01' });
    await owner.query('alter table partner_audit disable trigger user');
    const faultsAfter = async (change: string) => {
      await owner.query('begin');
      await owner.query(change);
      await owner.query('commit');
      return (await provePartners(service.pool)).faults.map(
        (fault) => /partner (\S+) is broken at (.*)$/.exec(fault)?.[2],
      );
    };
    await owner.query('create table kept_events as select * from partner_audit');
    const again = 'delete from partner_audit; insert into partner_audit select * from kept_events;';
    expect(await faultsAfter('delete from partner_audit where seq = 4')).toEqual([
      'its event 4: the trail knows this event, but it is gone',
    ]);
    expect(await faultsAfter('delete from partner_audit')).toEqual([
      'its event 1: the trail knows this event, but it is gone',
    ]);
    expect(await faultsAfter(`${again} delete from partner_audit where seq = 2`)).toEqual([
      'its event 2: the sequence jumps to 3',
    ]);
    expect(
      await faultsAfter(`${again} update partner_audit set body = replace(body, 'Pat', 'Tap') where seq = 2`),
    ).toEqual(['its event 2: it was changed, or does not follow from the one before']);
    await owner.query(`begin; set local tandem.audit_maintenance = 'on';
      update audit a set body = replace(a.body, 'console-sign-in', 'console-sign-on') from audit_seal s
      where s.seq = (select min(q.seq) from audit_seal q join audit b on b.xid = q.xid and b.id = q.id where b.body like '%console-sign-in%')
        and a.xid = s.xid and a.id = s.id; commit`);
    await owner.end();
    const told = await service.as('ig-officer').get('AuditEvent/$verify');
    expect(told.text).toMatch(/"result","valueBoolean":false.*"partner-fault".*hv-system is broken at its event 2/);
    await service.as('ig-officer').get('AuditEvent/$verify');
    const raised = await service.pool.query(`select mode from alert where rule = 'A-16'`);
    expect(raised.rows).toEqual([{ mode: 'live' }]);
    // The same on the command line, with an exit code.
    const env = {
      ...process.env,
      DATABASE_URL: service.database.ownerUrl,
      SERVICE_DATABASE_URL: service.database.serviceUrl,
    };
    const run = promisify(execFile)(process.execPath, ['src/audit-verify.ts'], {
      env: { ...env, MODE: 'demo', DATA_DIR: scratchFolder('verify-partners') },
    });
    await expect(run).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        /^BROKEN at record [1-9]\d*: the audit row was changed after it was sealed.*\n(.*\n)*BROKEN: the chain of partner hv-system is broken at its event 2/,
      ),
    });
  }, 30_000);
});

describe('taken out', () => {
  const take = async (more: Record<string, string>) => {
    const imran = await officer();
    return imran.fill('/console/questions', '/console/questions/file', {
      question: 'refusals',
      case: caseReference,
      reason: REASON,
      ...more,
    });
  };

  test('a file says who took it and why, and is a disclosure in the trail before it leaves', async () => {
    const csv = await take({ format: 'csv', bom: 'yes' });
    expect([csv.status, csv.headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
    expect(csv.headers.get('content-disposition')).toMatch(/^attachment; filename="tandem-refusals-[\d-]+\.csv"$/);
    const [head = '', columns = '', first = ''] = csv.html.split('\r\n');
    expect(head).toContain(REASON);
    expect(head).toContain('Imran');
    expect(columns).toMatch(/^record,when/);
    expect(first).toContain('Sue');
    for (const canary of [...CANARIES, NUMBER]) expect([canary, csv.html.includes(canary)]).toEqual([canary, false]);
    const [row] = await trail(world.service, 'export refusals csv sha256:');
    expect(JSON.parse(row?.body ?? '{}')).toMatchObject({ interaction: 'disclosure', outcome: 0, rules: ['R-38'] });
    expect(row?.patients).toContain('Patient/canaryfam');
    await overseen(world.service);
    const { rows } = await world.service.pool.query<{ rule: string }>(
      `select rule from alert where rule in ('A-13', 'A-17')`,
    );
    expect(rows.map(({ rule }) => rule)).toEqual(['A-13']);
    const events = await world.service
      .as({ like: 'ig-officer', claims: { purpose_of_use: 'HSYSADMIN' } })
      .get('AuditEvent?subtype=disclose&_count=5');
    expect(events.text).toContain('110106');
    const imran = await officer();
    expect(wordsOf((await imran.get(ask('disclosures', { case: caseReference }))).html)).toContain(
      'PractitionerRole/ig-imran',
    );
  });

  test('Q1 as a file: who looked at this family, without its ids and its number', async () => {
    const imran = await officer();
    const look = await imran.look();
    const file = await imran.fill(look.address, `${look.address}/file`, { format: 'csv' });
    expect([file.status, file.headers.get('content-disposition')]).toEqual([
      200,
      expect.stringContaining('access-record'),
    ]);
    expect(file.html).toContain('Karl');
    // A person this look does not know must not become everybody.
    const stranger = await imran.fill(look.address, `${look.address}/file`, { format: 'csv', person: 'unknown' });
    expect([stranger.status, stranger.headers.get('content-disposition')]).toEqual([422, null]);
    for (const canary of [...CANARIES, NUMBER]) expect([canary, file.html.includes(canary)]).toEqual([canary, false]);
    const [row] = await trail(world.service, 'export access-record csv sha256:');
    expect([row?.patients.includes('Patient/canaryfam'), file.html.includes(REASON)]).toEqual([true, true]);
  });

  test('NDJSON, a sample with a seed, and what is refused', async () => {
    const lines = (await take({ format: 'ndjson', sample: '1', seed: 'march' })).html.trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({
      rows: 1,
      export: { filter: expect.stringContaining('seed march') },
    });
    expect((await take({ reason: 'short' })).status).toBe(422);
    expect((await take({ sample: '0' })).status).toBe(422);
  });

  test('above 50 people: a second officer lets it go, the first takes it once (vector 33)', async () => {
    const { door } = world.service.app;
    const many = Array.from({ length: 51 }, (_, n) => `Patient/cap${n}`);
    const set = `update case_file set patients = $1 where reference = $2`;
    const { rows: was } = await world.service.pool.query<{ patients: string[] }>(
      'select patients from case_file where reference = $1',
      [caseReference],
    );
    await world.service.pool.query(set, [[...(was[0]?.patients ?? []), ...many], caseReference]);
    const waits = await take({});
    expect([waits.status, waits.address.slice(0, 26)]).toEqual([200, '/console/exports?asked=EX-']);
    const reference = waits.address.split('=').at(-1) ?? '';
    expect(wordsOf(waits.html)).toContain(`waits under ${reference}`);
    const refused = (await trail(world.service, 'export refusals')).map(({ body }) => JSON.parse(body));
    expect(refused.some(({ reason, outcome }) => reason === 'cap' && outcome === 4)).toBe(true);
    const imran = await officer();
    const send = (act: string) => imran.fill('/console/exports', '/console/exports', { act, reference });
    expect((await send('take')).status).toBe(409);
    expect((await send('approve')).status).toBe(409);
    const ines = await colleague(world);
    const fresh = { ...ines, caller: { ...ines.caller, authTime: ines.now } };
    await expect(takeApproved(door, ines, reference)).rejects.toMatchObject({ status: 401 });
    await expect(takeApproved(door, fresh, reference)).rejects.toMatchObject({ status: 404 });
    await answerExport(door, ines, reference, true);
    await expect(answerExport(door, ines, reference, false)).rejects.toMatchObject({ status: 409 });
    const file = await send('take');
    expect([file.status, file.html.split('\r\n')[0]]).toEqual([
      200,
      expect.stringContaining(`approved: ${reference} by`),
    ]);
    expect((await send('take')).status).toBe(409);
    const [row] = await trail(world.service, 'export refusals csv sha256:');
    expect([row?.patients.length, row?.body.includes(`approved ${reference}`)]).toEqual([
      51 + (was[0]?.patients.length ?? 0),
      true,
    ]);
    await overseen(world.service);
    // More than the cap in one file is A-13, whoever approved it.
    const alerts = await world.service.pool.query(`select hits from alert where rule = 'A-13'`);
    expect(alerts.rows).toEqual([{ hits: expect.any(Number) }]);
    await world.service.pool.query(set, [was[0]?.patients, caseReference]);
  });

  test('a file needs a sign-in that is not too old (R-39)', async () => {
    const { door } = world.service.app;
    const ines = await colleague(world);
    const question = { id: 'roles' as const, person: '', case: '', rule: '', from: null, until: null };
    const asked = { format: 'csv' as const, bom: false, reason: REASON, sample: null };
    const wanted = { question, period: 'all', asked };
    await expect(exportQuestion(door, ines, wanted)).rejects.toMatchObject({ status: 401 });
    const fresh = { ...ines, caller: { ...ines.caller, authTime: ines.now } };
    expect(await exportQuestion(door, fresh, wanted)).toHaveProperty('file');
  });

  test('a sample is no way around the cap: it counts the people of its own rows', async () => {
    const imran = await officer();
    const file = await imran.fill('/console/questions', '/console/questions/file', {
      question: 'timeline',
      who: 'Priya',
      reason: REASON,
      sample: '1',
      seed: 'x',
    });
    expect(file.status).toBe(200);
    const [row] = await trail(world.service, 'export timeline csv sha256:');
    expect(row?.patients.length).toBeLessThanOrEqual(1);
  });
});
