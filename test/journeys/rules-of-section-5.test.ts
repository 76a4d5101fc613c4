/** Rules of domain.md 5.2 over HTTP that no story tells. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { AuditEntry } from '../../src/audit/types.ts';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { at, type Client, clientOn, found, resources } from '../harness/client.ts';
import { HEALTH_VISITING, TEAM } from '../harness/directory.ts';
import { consent, familyOf, familyTeam, newMother, nhsNumberOf, note } from '../harness/family.ts';
import { type Service, staff, startService } from '../harness/service.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const OURS = 'https://tandem.example/fhir';
const CODES = 'http://terminology.hl7.org/CodeSystem';
const WORDS = 'Called to the home by her neighbour tonight';
const NUMBER = nhsNumberOf(33_001);
let service: Service;
let ahead = 0;

beforeAll(async () => {
  service = await startService({ clock: () => new Date(Date.now() + ahead), config: { freshSignIn: 900 } });
  await service.directory();
  await service.family('mine');
  const [mother, ...rest] = familyOf('sealed', { nhsNumber: NUMBER });
  const V = [{ system: `${CODES}/v3-Confidentiality`, code: 'V' }];
  await service.load([{ ...mother, resourceType: 'Patient', meta: { security: V } }, ...rest]);
}, 60_000);
afterEach(() => {
  ahead = 0;
});
afterAll(() => service.close());

const when = (ms: number) => new Date(Date.now() + ahead + ms).toISOString();
const day = (ms: number) => when(ms).slice(0, 10);
const reference = (to: string) => ({ reference: to });
const said = (parts: Readonly<Record<string, string>>): Resource => ({
  resourceType: 'Parameters',
  parameter: Object.entries(parts).map(([name, value]): JsonObject => {
    if (name === 'patient' || name === 'clinician') return { name, valueReference: reference(value) };
    return { name, [name === 'birthDate' ? 'valueDate' : 'valueString']: value };
  }),
});
const task = (id: string, patient: string, owner: string): Resource => ({
  resourceType: 'Task',
  id,
  status: 'requested',
  intent: 'order',
  for: reference(`Patient/${patient}`),
  authoredOn: when(-HOUR),
  code: { coding: [{ system: `${OURS}/CodeSystem/jv-task`, code: 'plan-action' }] },
  owner: reference(`PractitionerRole/${owner}`),
});
async function disclosures(rule: string): Promise<AuditEntry[]> {
  const sql = `select body::json as body from audit where body like '%"disclosure"%' and body like '%${rule}%' order by id`;
  return (await service.pool.query<{ body: AuditEntry }>(sql)).rows.map(({ body }) => body);
}

describe('R-39: a fresh sign-in before broken glass, a change of consent and the grant of two', () => {
  test('an old one is told what to do, and a new one passes; what is read needs none', async () => {
    await service.family('theirs', { midwife: 'mw-other', midwives: TEAM.south, healthVisitor: null });
    const nell = `Bearer ${service.token(staff('hv-none'))}`;
    const priya = clientOn(service.base, `Bearer ${service.token('midwife')}`);
    const moira = clientOn(service.base, `Bearer ${service.token('safeguarding')}`);
    ahead = 2 * HOUR;
    const outsider = clientOn(service.base, nell);
    const asked = said({ patient: 'Patient/theirs', reason: 'emergency', text: WORDS });
    const stale = await outsider.post('Patient/$break-glass', asked);
    expect([stale.status, stale.text.includes('R-39')]).toEqual([401, true]);
    expect(stale.headers.get('www-authenticate')).toContain('error="insufficient_user_authentication"');
    expect(stale.headers.get('www-authenticate')).toContain('max_age="900"');
    const { id: _id, ...word } = consent('mine', 'explained')[0] as Resource;
    expect((await priya.post('Consent', word as Resource)).status).toBe(401);
    const grant = {
      nhsNumber: NUMBER,
      birthDate: '1998-04-05',
      clinician: 'PractitionerRole/hv-none',
      reason: 'emergency',
      text: WORDS,
    };
    expect((await moira.post('Patient/$grant-emergency', said(grant))).status).toBe(401);
    expect((await priya.get('Patient/mine')).status).toBe(200);
    expect((await service.as('midwife').post('Consent', word as Resource)).status).toBe(201);
    expect((await service.as(staff('hv-none')).post('Patient/$break-glass', asked)).status).toBe(201);
  });
});

describe('R-18: the safeguarding lead on call opens V', () => {
  const asked = said({
    nhsNumber: NUMBER,
    birthDate: '1998-04-05',
    clinician: 'PractitionerRole/hv-none',
    reason: 'emergency',
    text: WORDS,
  });
  const grant = (who: Client) => who.post('Patient/$grant-emergency', asked);
  const onList = (id: string, who: string): Resource[] => {
    const extension = [
      { url: `${OURS}/StructureDefinition/duty-team`, valueReference: reference(TEAM.healthVisitors) },
    ];
    return [
      { resourceType: 'Schedule', id, extension, actor: [reference(`PractitionerRole/${who}`)] },
      {
        resourceType: 'Slot',
        id,
        extension,
        schedule: reference(`Schedule/${id}`),
        status: 'busy',
        start: when(-HOUR),
        end: when(2 * HOUR),
      },
    ];
  };

  test('while a duty list names one, she and nobody else of the role; in an hour without one, whoever has it', async () => {
    const { json } = await service.as('steward').get('PractitionerRole/sg-moira');
    const practitioner: Resource = {
      resourceType: 'Practitioner',
      id: 'sg-second',
      active: true,
      name: [{ family: 'Second' }],
    };
    const role = {
      ...json,
      resourceType: 'PractitionerRole',
      id: 'sg-second',
      practitioner: reference('Practitioner/sg-second'),
    };
    const { identifier: _identifier, ...second } = role as Resource;
    await service.load([practitioner, second as Resource]);
    expect((await grant(service.as('safeguarding'))).status).toBe(201);
    // A lead of another service on this one's list is on call for nobody here, and shuts nobody out.
    const away = { ...second, id: 'sg-away', organization: reference('Organization/elsewhere') } as Resource;
    await service.load([{ resourceType: 'Organization', id: 'elsewhere', active: true, name: 'Elsewhere' }, away]);
    await service.load(onList('on-call', 'sg-away'));
    expect((await grant(service.as('safeguarding'))).status).toBe(201);
    await service.load(onList('on-call', 'sg-second'));
    const refused = await grant(service.as('safeguarding'));
    expect([refused.status, refused.text.includes('R-18')]).toEqual([403, true]);
    expect((await grant(service.as(staff('sg-second')))).status).toBe(201);
    ahead = 3 * HOUR;
    expect((await grant(service.as('safeguarding'))).status).toBe(201);
  });
});

describe('R-22: an override says why, on whose advice, and whether the family knows', () => {
  const override = (...parts: JsonObject[]): Resource => ({
    ...(consent('mine', 'explained')[0] as Resource),
    id: undefined as never,
    category: [{ coding: [{ system: `${OURS}/CodeSystem/sharing-state`, code: 'overridden' }] }],
    provision: {
      type: 'permit',
      actor: [
        {
          role: { coding: [{ system: `${CODES}/v3-ParticipationType`, code: 'IRCP' }] },
          reference: reference(HEALTH_VISITING),
        },
      ],
    },
    ...(parts.length === 0
      ? {}
      : { extension: [{ url: `${OURS}/StructureDefinition/safeguarding-override`, extension: parts }] }),
  });
  const why = { url: 'rationale', valueString: 'An unborn child is at risk of harm' };
  const advice = { url: 'advised-by', valueString: 'Named doctor for safeguarding' };

  test('refused with everything that is missing; taken and recorded as a disclosure when it says all', async () => {
    await service.load([task('for-moira', 'mine', 'sg-moira')]);
    const moira = service.as('safeguarding');
    const bare = await moira.post('Consent', override());
    expect([bare.status, bare.text.match(/R-22/g)?.length]).toEqual([422, 4]);
    const untold = await moira.post('Consent', override(why, advice, { url: 'family-told', valueBoolean: false }));
    expect([untold.status, untold.text.includes('why-not-told')]).toEqual([422, true]);
    const told = await moira.post('Consent', override(why, advice, { url: 'family-told', valueBoolean: true }));
    expect([told.status, told.status === 201 ? '' : told.text]).toEqual([201, '']);
    const [record, ...more] = await disclosures('R-22');
    expect(more).toEqual([]);
    expect(record).toMatchObject({
      recipient: HEALTH_VISITING,
      detail: 'override; family told: yes',
      agent: { practitionerRole: 'PractitionerRole/sg-moira' },
    });
    expect(JSON.stringify(record)).not.toContain('unborn child');
    // A clinician decides it on the advice of safeguarding, whom the directory knows, and of nobody else.
    const by = (who: string): JsonObject => ({
      url: 'advised-by',
      valueReference: reference(`PractitionerRole/${who}`),
    });
    const asMidwife = async (advised: JsonObject) => {
      const consented = override(why, advised, { url: 'family-told', valueBoolean: true });
      return (await service.as('midwife').post('Consent', consented)).status;
    };
    expect(await asMidwife(advice)).toBe(403);
    for (const who of ['hv-helen', 'mw-priya', 'nobody']) expect([who, await asMidwife(by(who))]).toEqual([who, 403]);
    expect(await asMidwife(by('sg-moira'))).toBe(201);
    expect(
      (
        await service
          .as('nursery-nurse')
          .post('Consent', override(why, by('sg-moira'), { url: 'family-told', valueBoolean: true }))
      ).status,
    ).toBe(403);
  });
});

describe('R-41: after a death the record is the care team’s', () => {
  test('who had it by a Task has it no more; the team and safeguarding keep it; nothing is sent to the family', async () => {
    await service.family('late');
    await service.load([
      task('late-nell', 'late', 'hv-none'),
      task('late-moira', 'late', 'sg-moira'),
      note('late-note', 'late', 'words'),
    ]);
    const status = async (who: Client) => (await who.get('Observation/late-note')).status;
    const [nell, helen, moira] = [
      service.as(staff('hv-none')),
      service.as('health-visitor'),
      service.as('safeguarding'),
    ];
    expect([await status(nell), await status(helen), await status(moira)]).toEqual([200, 200, 200]);
    const { json } = await service.as('steward').get('Patient/late');
    await service.load([{ ...json, resourceType: 'Patient', id: 'late', deceasedDateTime: day(-DAY) }]);
    expect([await status(nell), await status(helen), await status(moira)]).toEqual([403, 200, 200]);
    expect(found(await nell.get('Observation?patient=Patient/late'))).toEqual([]);
    const refusal = await nell.get('Observation/late-note');
    expect([refusal.text.includes('R-41'), refusal.text.includes('break-glass')]).toEqual([true, true]);
    expect((await nell.post('Observation', { ...note('x', 'late', 'more'), id: undefined as never })).status).toBe(403);
  });
});

describe('R-41: after a pregnancy that ended with no living baby', () => {
  test('what belongs to it is the care team’s, from the next request; undone, it is as it was', async () => {
    await service.family('lost', { referral: 'accepted' });
    await service.load([task('lost-nell', 'lost', 'hv-none'), note('lost-note', 'lost', 'words')]);
    const [nell, helen] = [service.as(staff('hv-none')), service.as('health-visitor')];
    const seen = async () => [
      (await nell.get('Observation/lost-note')).status,
      found(await nell.get('Observation?patient=Patient/lost')).length > 0,
      (await helen.get('Observation/lost-note')).status,
      (await nell.get('Patient/lost')).status,
    ];
    expect(await seen()).toEqual([200, true, 200, 200]);
    const [referral] = resources(await service.as('steward').get('Task?patient=Patient/lost&code=triage-referral'));
    const state = (code: string, status: string) => ({
      ...(referral as Resource),
      status,
      businessStatus: { coding: [{ system: `${OURS}/CodeSystem/referral-state`, code }] },
    });
    await service.load([state('pregnancy-ended', 'cancelled')]);
    expect(await seen()).toEqual([403, false, 200, 200]);
    // An end that was recorded in error is no end.
    await service.load([state('accepted', 'accepted')]);
    expect(await seen()).toEqual([200, true, 200, 200]);
  });
});

describe('R-06 d: a booking and a duty list let no other service in', () => {
  const visit = (patient: string, ...who: string[]): Resource => ({
    resourceType: 'Appointment',
    status: 'booked',
    start: when(2 * DAY),
    end: when(2 * DAY + HOUR),
    participant: [`Patient/${patient}`, ...who].map((one) => ({ actor: reference(one), status: 'accepted' })),
  });

  test('an admin books people of her own service; others only where their service cares for the family already', async () => {
    await service.family('maternity-only', { healthVisitor: null });
    const { json } = await service.as('steward').get('CareTeam/maternity-only');
    const admin = { member: reference('PractitionerRole/ad-tom'), period: { start: '2026-01-05' } };
    await service.family('hers');
    const team = (await service.as('steward').get('CareTeam/hers')).json;
    await service.load([
      { ...team, resourceType: 'CareTeam', id: 'hers', participant: [...(team.participant as JsonObject[]), admin] },
    ]);
    expect(json.resourceType).toBe('CareTeam');
    const tom = service.as('admin');
    const booked = async (patient: string, ...who: string[]) =>
      (await tom.post('Appointment', visit(patient, ...who))).status;
    expect(await booked('hers', 'PractitionerRole/hv-none')).toBe(201);
    expect(await booked('hers', 'PractitionerRole/mw-priya')).toBe(201);
    const priya = service.as('midwife');
    const strange = await priya.post('Appointment', visit('maternity-only', 'PractitionerRole/hv-none'));
    expect([strange.status, strange.text.includes('R-06')]).toEqual([422, true]);
    const byPerson = await priya.post('Appointment', visit('maternity-only', 'Practitioner/hv-none'));
    expect(byPerson.status).toBe(422);
    expect((await service.as(staff('hv-none')).get('Patient/maternity-only')).status).toBe(403);
    const own = await priya.post('Appointment', visit('maternity-only', 'PractitionerRole/mw-priya'));
    expect(own.status).toBe(201);
    const changed = await priya.put(`Appointment/${own.json.id}`, {
      ...visit('maternity-only', 'PractitionerRole/mw-priya', 'PractitionerRole/hv-none'),
      id: String(own.json.id),
    });
    expect(changed.status).toBe(422);
  });

  test('a duty list with somebody of another service says that it opens nothing for her', async () => {
    const duty = (who: string): Resource => ({
      resourceType: 'Schedule',
      extension: [{ url: `${OURS}/StructureDefinition/duty-team`, valueReference: reference(TEAM.healthVisitors) }],
      actor: [reference(`PractitionerRole/${who}`)],
    });
    const asked = { Prefer: 'return=OperationOutcome' };
    const tom = service.as('admin');
    const [own, other] = [
      await tom.post('Schedule', duty('hv-none'), asked),
      await tom.post('Schedule', duty('mw-priya'), asked),
    ];
    expect([own.status, own.text.includes('opens nothing')]).toEqual([201, false]);
    expect([other.status, other.text.includes('opens nothing')]).toEqual([201, true]);
  });
});

describe('R-08: an author finishes her own drafts after a planned ending', () => {
  const draft = (id: string, author: string, status = 'in-progress'): Resource => ({
    resourceType: 'QuestionnaireResponse',
    id,
    status,
    questionnaire: `${OURS}/Questionnaire/early-need-screen`,
    subject: reference('Patient/leaving'),
    authored: when(-20 * DAY),
    author: reference(`PractitionerRole/${author}`),
  });

  test('within the grace, hers, once; nothing else and not after it', async () => {
    const who = { midwife: 'mw-priya', healthVisitor: 'hv-helen', start: '2026-01-05' };
    await service.family('leaving', { visitors: TEAM.south });
    await service.load([
      draft('hers', 'hv-helen'),
      draft('hers-too', 'hv-helen'),
      draft('priyas', 'mw-priya'),
      note('leaving-note', 'leaving', 'x'),
    ]);
    await service.load([familyTeam('leaving', { ...who, end: day(-5 * DAY) })]);
    const helen = service.as('health-visitor');
    expect((await helen.get('QuestionnaireResponse/hers')).status).toBe(200);
    expect((await helen.put('QuestionnaireResponse/priyas', draft('priyas', 'mw-priya', 'stopped'))).status).toBe(403);
    expect((await helen.put('Observation/leaving-note', note('leaving-note', 'leaving', 'changed'))).status).toBe(403);
    const finished = await helen.put('QuestionnaireResponse/hers', draft('hers', 'hv-helen', 'stopped'));
    expect([finished.status, finished.status === 200 ? '' : finished.text]).toEqual([200, '']);
    expect((await helen.put('QuestionnaireResponse/hers', draft('hers', 'hv-helen'))).status).toBe(403);
    expect(
      (await helen.post('QuestionnaireResponse', { ...draft('x', 'hv-helen'), id: undefined as never })).status,
    ).toBe(403);
    ahead = 10 * DAY;
    expect(
      (
        await service
          .as('health-visitor')
          .put('QuestionnaireResponse/hers-too', draft('hers-too', 'hv-helen', 'stopped'))
      ).status,
    ).toBe(403);
  });
});

describe('R-43: a colleague’s name in lists', () => {
  test('her team reads it, others see that somebody is there; by id it is shown, and found by nobody outside', async () => {
    const [mother, ...rest] = familyOf('colleague', { surname: 'Colleague-Name' });
    await service.load([
      { ...mother, resourceType: 'Patient', meta: { security: [{ system: `${CODES}/v3-ActCode`, code: 'EMP' }] } },
      ...rest,
    ]);
    await service.load([task('colleague-nell', 'colleague', 'hv-none')]);
    const [nell, helen] = [service.as(staff('hv-none')), service.as('health-visitor')];
    const listed = async (who: Client, query: string) => resources(await who.get(`Patient?${query}`));
    const hers = await listed(helen, 'family=Colleague-Name&_sort=_id');
    expect(hers.map((one) => [one.id, at(one, 'name.0.family')])).toEqual([
      ['colleague', 'Colleague-Name'],
      ['colleague-baby', 'COLLEAGUE-NAME'],
    ]);
    const baby = await listed(nell, '_id=colleague-baby');
    expect(JSON.stringify(baby).toLowerCase()).not.toContain('colleague-name');
    const [row] = await listed(nell, '_id=colleague');
    expect([row?.id, row?.name, JSON.stringify(row).includes('Colleague-Name')]).toEqual([
      'colleague',
      undefined,
      false,
    ]);
    for (const query of [
      'family=Colleague-Name',
      'name=Colleague',
      'family:missing=false&_id=colleague',
      '_has:Task:patient:_id=colleague-nell&family=colleague',
    ])
      expect([query, await listed(nell, query)]).toEqual([query, []]);
    expect(at((await nell.get('Patient/colleague')).json, 'name.0.family')).toBe('Colleague-Name');
    // The diary goes on: times and places are no secret.
    expect(found(await nell.get('Task?patient=Patient/colleague'))).toContain('Task/colleague-nell');
  });

  test('nor is she named or found by her name in histories of many rows, or in texts about her', async () => {
    const div = '<div xmlns="http://www.w3.org/1999/xhtml">Colleague-Name rang</div>';
    const subject = { reference: 'Patient/colleague', display: 'Colleague-Name' };
    const said = note('colleague-said', 'colleague', 'rang', { subject, text: { status: 'generated', div } });
    await service.load([said]);
    const [nell, helen] = [service.as(staff('hv-none')), service.as('health-visitor')];
    const names = async (who: Client, path: string) => (await who.get(path)).text.includes('Colleague-Name');
    for (const path of ['Patient/_history?_count=200', 'Observation/_history?_count=200', '_history?_count=500']) {
      expect([path, await names(helen, path), await names(nell, path)]).toEqual([path, true, false]);
      expect([path, (await nell.get(path)).text.includes('colleague')]).toEqual([path, true]);
    }
    for (const query of ['_text=rang&_id=colleague-said', '_content=colleague-name']) {
      const of = async (who: Client) => found(await who.get(`Observation?${query}`));
      expect([query, await of(helen), await of(nell)]).toEqual([query, ['Observation/colleague-said'], []]);
    }
    expect(await names(nell, 'Observation/colleague-said')).toBe(true);
  });

  test('a family has no history for others: its page keeps its size and its link to the next', async () => {
    const newest = async () => service.as('health-visitor').get('_history?_count=1');
    const before = resources(await newest()).map(({ id }) => id);
    const [family] = resources(await service.as('steward').get('Group?_id=mine'));
    await service.load([{ ...family, resourceType: 'Group', name: 'Again' }]);
    const first = await newest();
    expect([before.length, resources(first).map(({ id }) => id)]).toEqual([1, before]);
    expect(first.text).toContain('"relation":"next"');
    expect(resources(await service.as('health-visitor').get('Group/_history'))).toEqual([]);
  });
});

test('R-13: what was filed under another woman and is now about one whose record is V is shut in every version', async () => {
  const midwife = service.as('midwife');
  const own = ['Observation/misfiled', 'Observation/misfiled/_history', 'Observation/misfiled/_history/1'];
  const many = ['Observation/_history?_count=200', '_history?_count=500'];
  const seen = () =>
    Promise.all(
      [...own, ...many].map(async (path) => {
        const { status, text } = await midwife.get(path);
        return [path, status, text.includes('misfiled')];
      }),
    );
  await service.load([note('misfiled', 'mine', 'where she lives now')]);
  expect(await seen()).toEqual([...own, ...many].map((path) => [path, 200, true]));
  await service.load([note('misfiled', 'sealed', 'where she lives now')]);
  expect(await seen()).toEqual([...own.map((path) => [path, 404, false]), ...many.map((path) => [path, 200, false])]);
  expect((await midwife.get('Observation/misfiled/$diff?from=1&to=2')).status).toBe(404);
});

test('R-32: what was filed in the wrong record and put right is read in its first version by readers of R alone', async () => {
  await service.family('hers');
  const mother = { sub: 'mine', fhirUser: 'Patient/mine', patient: 'Patient/mine' };
  const [own, midwife] = [service.as({ like: 'mother', claims: mother }), service.as('midwife')];
  const plan = (patient: string): Resource => ({
    ...{ resourceType: 'CarePlan', id: 'mistaken', status: 'active', intent: 'plan', title: 'What she fears' },
    ...{ subject: reference(`Patient/${patient}`), period: { start: day(-DAY) } },
  });
  const told = (who: Client) =>
    Promise.all(
      ['CarePlan/mistaken', 'CarePlan/mistaken/_history/1', 'CarePlan/_history?_count=50', '_history?_count=500'].map(
        async (path) => (await who.get(path)).text.includes('What she fears'),
      ),
    );
  await service.load([plan('mine')]);
  expect(await told(own)).toEqual([true, true, true, true]);
  await service.load([plan('hers')]);
  expect(await told(own)).toEqual([false, false, false, false]);
  expect(await told(midwife)).toEqual([true, true, true, true]);
  expect((await own.get('CarePlan/mistaken/_history')).status).toBe(404);
});

test('R-44: an identifier of another country is taken, and matches nobody by itself', async () => {
  const number = { system: 'https://example.org/another-country/patient-number', value: 'AC-1' };
  const made = async () => service.as('epr').post('Patient', { ...newMother('Border'), identifier: [number] });
  const [one, two] = [await made(), await made()];
  expect([one.status, two.status, one.json.id === two.json.id]).toEqual([201, 201, false]);
  const { rows } = await service.pool.query('select * from kin where child = any ($1) or mother = any ($1)', [
    [`Patient/${one.json.id}`, `Patient/${two.json.id}`],
  ]);
  expect([rows, two.json.link]).toEqual([[], undefined]);
});
