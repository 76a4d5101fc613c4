/** What officers and keepers work through: today, explaining accesses, reviews with their clock, a person's work, news that did not arrive. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { insertAlerts } from '../../src/store/models/oversight.ts';
import { overseen } from '../harness/overseen.ts';
import {
  browserOf,
  CANARIES,
  type Console,
  lookAround,
  NUMBER,
  openConsole,
  tokenOf,
  trail,
  wordsOf,
} from './console-world.ts';

let world: Console;
beforeAll(async () => {
  world = await openConsole();
  await lookAround(world);
  await overseen(world.service);
}, 60_000);
afterAll(() => world.service.close());

const DAY = 86_400_000;
const REASON = 'Routine look at accesses of this week';

async function as(identity: string) {
  const visitor = browserOf(world.origin);
  await visitor.signIn(identity);
  const send = async (path: string, form: Record<string, string>) =>
    visitor.post(path, { 'form-token': tokenOf((await visitor.get(path)).html), ...form });
  return { ...visitor, send };
}

test('an access without a personal explanation is explained once, and leaves the list for everybody', async () => {
  const imran = await as('ig-officer');
  const list = await imran.get('/console/accesses');
  const paths = [...list.html.matchAll(/href="(\/console\/accesses\/\d+)"/g)].map(([, path = '']) => path);
  const [path = ''] = paths;
  const before = wordsOf((await imran.get('/console')).html);
  expect(before).toContain(`${paths.length} Accesses of 7 days to explain`);
  expect(wordsOf((await imran.get(path)).html)).toContain('Karl');
  expect(wordsOf((await imran.send(path, { words: 'She was there' })).html)).toContain('Write 15 characters or more');
  const words = 'His team lead confirms that he covered that day';
  const after = await imran.send(path, { words });
  expect([after.address, after.html.includes(path)]).toEqual(['/console/accesses', false]);
  expect((await imran.get(path)).status).toBe(404);
  expect((await imran.get('/console/accesses/x')).status).toBe(404);
  expect((await trail(world.service, 'access-explained')).length).toBe(1);
  for (const canary of CANARIES) expect(wordsOf(list.html)).not.toContain(canary);
});

test('break-glass and claims stand with the day by which they are reviewed, the oldest first', async () => {
  const alert = {
    severity: 'high',
    mode: 'live',
    party: 'PractitionerRole/hv-helen',
    patient: '',
    why: 'Used',
  } as const;
  const at = (days: number) => new Date(Date.now() - days * DAY).toISOString();
  await insertAlerts(world.service.pool, [
    { ...alert, rule: 'A-02', at: at(0), seq: 7_001 },
    { ...alert, rule: 'A-01', at: at(20), seq: 7_002 },
    { ...alert, rule: 'A-01', at: at(0), seq: 7_003, party: 'PractitionerRole/ig-imran' },
  ]);
  const words = wordsOf((await (await as('ig-officer')).get('/console/reviews')).html);
  expect(words).toMatch(/Overdue.*A-01 Used.*A-02 Used/);
  expect(words.split('Helen').length - 1).toBe(2);
  expect(words).not.toContain('Imran Fixture A-01');
});

test('a person’s work opens as a case; families are numbers, and nobody looks at her own', async () => {
  const imran = await as('ig-officer');
  const page = await imran.send('/console/person', { who: 'nn-karl', reason: REASON });
  expect(page.address).toMatch(/^\/console\/cases\/CASE-[0-9A-F]+\/timeline$/);
  const words = wordsOf(page.html);
  expect(words).toMatch(/What Karl Fixture opened \d requests?, about 1 person/);
  expect(words).toContain('Not personally explained');
  expect(words).toContain('Person 1');
  for (const canary of [...CANARIES, NUMBER]) expect(words).not.toContain(canary);
  expect(wordsOf((await imran.get(`${page.address}?from-day=31`)).html)).toContain('From date must be a real date');
  expect((await imran.send('/console/person', { who: 'ig-imran', reason: REASON })).status).toBe(403);
  expect((await imran.send('/console/person', { who: 'Nobodyhere', reason: REASON })).status).toBe(422);
  expect((await (await as('midwife')).get(page.address)).status).toBe(403);
  expect(JSON.parse((await trail(world.service, 'timeline CASE'))[0]?.body ?? '{}')).toMatchObject({ outcome: 0 });
});

test('a referral that its addressee may not have stands on a list, with the numbers to ring (A-22)', async () => {
  const { service } = world;
  await service.family('sent', { referral: 'received' });
  const phone = (value: string) => ({ telecom: [{ system: 'phone', value }] });
  const { json } = await service.as('steward').get('Organization/maternity-service');
  await service.load([{ ...json, resourceType: 'Organization', ...phone('01632 960 111') }]);
  const helens = await service.as('steward').get('HealthcareService/hv-north');
  await service.load([{ ...helens.json, resourceType: 'HealthcareService', ...phone('01632 960 222') }]);
  const agent = {
    kind: 'system',
    clientId: 'hv-system',
    service: 'Organization/hv-service',
    name: 'Health visiting system',
  };
  const nothing = {
    issuer: null,
    subject: null,
    role: 'system',
    practitionerRole: null,
    team: null,
    jti: null,
    address: null,
  };
  await service.app.door.audit.write({
    ...{
      at: new Date().toISOString(),
      requestId: 'withheld',
      interaction: 'disclosure',
      action: 'R',
      outcome: 4,
      status: 0,
    },
    ...{
      agent: { ...nothing, ...agent },
      purpose: 'COC',
      rules: ['R-36', 'R-04'],
      reason: 'dsa-expired',
      explanation: null,
    },
    ...{ entities: ['ServiceRequest/sent-referral'], label: 'N', patients: ['Patient/sent'], query: null },
    ...{ recipient: 'Subscription/x', detail: 'withheld' },
  } as Parameters<typeof service.app.door.audit.write>[0]);
  await overseen(service);
  const shah = await as('caldicott-guardian');
  const words = wordsOf((await shah.get('/console/not-arrived')).html);
  expect(words).toContain('The sharing agreement between the two services has ended');
  expect(words).toMatch(/Community midwifery service 01632 960 111.*Health visiting service 01632 960 222/);
  for (const canary of CANARIES) expect(words).not.toContain(canary);
  expect(wordsOf((await shah.get('/console')).html)).toContain('1 Referrals that did not arrive');

  // At once to who sent it and to the team leads, with the numbers; the id for who sent it alone; nobody else hears of it.
  const shown = async (who: string) => wordsOf((await (await as(who)).get('/console/waits')).html);
  const [priya, queenie, helen, tom] = await Promise.all(
    ['midwife', 'team-lead', 'health-visitor', 'admin'].map(shown),
  );
  expect(priya).toMatch(/Did not arrive .*01632 960 111.*01632 960 222.*ServiceRequest\/sent-referral/);
  expect(queenie).toMatch(/Did not arrive .*From Priya Fixture, .*01632 960 111.*01632 960 222/);
  expect(queenie).not.toContain('sent-referral');
  for (const words of [helen, tom]) expect(words).toContain('reached the service it was for');
  const lead = await as('team-lead');
  expect(wordsOf((await lead.get('/console')).html)).toContain('1 Referrals that did not arrive');
  expect(wordsOf((await (await as('service-lead')).get('/console')).html)).toContain('1 News of your service');
  expect((await (await as('service-lead')).get('/console/waits')).status).toBe(403);
  const [, reference = ''] =
    /name="alert" value="(AL-[0-9A-F]{10})"/.exec((await lead.get('/console/waits')).html) ?? [];
  const settled = { alert: reference, [`words-${reference}`]: 'Rang the midwives at 10:20, they wrote it down' };
  // Somebody whose list it is not on cannot settle it, nor say nothing.
  expect((await (await as('health-visitor')).send('/console/waits', settled)).status).toBe(404);
  expect((await lead.send('/console/waits', { alert: reference })).status).toBe(422);
  expect((await lead.send('/console/waits', settled)).status).toBe(200);
  for (const who of ['team-lead', 'midwife']) expect(await shown(who)).toContain('reached the service it was for');
  expect(wordsOf((await shah.get('/console/not-arrived')).html)).toContain('Every referral reached');
  expect((await trail(service, `not-arrived-settled ${reference}`)).length).toBe(2);
});

test('referrals that nobody accepted stand with what happened so far, for those who may see them', async () => {
  const { service } = world;
  await service.family('awaited', { referral: 'received', surname: 'Wartend', given: 'Wanda' });
  await service.family('taken', { referral: 'accepted', surname: 'Genommen', given: 'Gerda' });
  const [helen, priya] = await Promise.all(['health-visitor', 'midwife'].map(as));
  for (const visitor of [helen, priya]) {
    const words = wordsOf((await visitor?.get('/console/waits'))?.html ?? '');
    expect(words).toMatch(/Not accepted yet .*Wanda Wartend .*Priya Fixture .*Delivered/);
    expect(words).not.toContain('Genommen');
    expect(wordsOf((await visitor?.get('/console'))?.html ?? '')).toMatch(
      /[1-9] Referrals that nobody has accepted yet/,
    );
  }
  const nobody = await service.as('health-visitor').get('Patient/awaited');
  expect(nobody.status).toBe(200);
});

test('everybody who signs in has a start that says what waits for her; no page of somebody else', async () => {
  const starts: [string, RegExp][] = [
    ['midwife', /What needs you today .*Requests for a record that ask for your opinion/],
    ['health-visitor', /What needs you today .*Requests for a record that ask for your opinion/],
    ['nursery-nurse', /What needs you today .*Referrals that did not arrive/],
    ['safeguarding', /What needs you today .*Concerns about a child in the last 7 days/],
    ['team-lead', /What needs you today .*Referrals that did not arrive/],
    ['admin', /What needs you today .*Referrals that did not arrive/],
    ['service-lead', /What needs you today .*News of your service that did not arrive/],
    ['ig-officer', /What needs you today .*Is the access record whole/],
    ['caldicott-guardian', /What needs you today .*Requests for a record under way .*Is the access record whole/],
    ['sar-officer', /What needs you today .*Requests for a record past their last day/],
    ['sysadmin', /What needs you today .*Proposals waiting for a second person/],
    ['mother', /Who has viewed/],
  ];
  for (const [who, words] of starts) {
    const page = await (await as(who)).get('/console');
    expect([who, page.status]).toEqual([who, 200]);
    expect(wordsOf(page.html)).toMatch(words);
    if (!['ig-officer', 'caldicott-guardian'].includes(who)) expect(wordsOf(page.html)).not.toContain('Open alerts');
    // Every link of it opens for her.
    const main = page.html.slice(page.html.indexOf('<main'), page.html.indexOf('</main'));
    for (const [, href = ''] of main.matchAll(/href="(\/console[^"#]*)"/g)) {
      if (href === '/console/sign-in') continue;
      expect([who, href, (await (await as(who)).get(href)).status]).toEqual([who, href, 200]);
    }
  }
  const told = await world.service.as('admin').post('$report-concern', {
    resourceType: 'Parameters',
    parameter: Object.entries({ about: 'A child next door', text: 'Shouting at night' }).map(([name, valueString]) => ({
      ...{ name, valueString },
    })),
  });
  expect(told.status).toBe(202);
  const moira = await as('safeguarding');
  expect(wordsOf((await moira.get('/console/concerns')).html)).toContain('Shouting at night');
  expect((await (await as('midwife')).get('/console/concerns')).status).toBe(403);
});

test('administrators see what waits for them', async () => {
  const uma = await as('sysadmin');
  const words = wordsOf((await uma.get('/console')).html);
  expect(words).toContain('What needs you today');
  expect(words).not.toContain('Open alerts');
  expect((await uma.get('/console/alerts')).status).toBe(403);
});

test('alert rules: seeing more holds at once, seeing less waits for a second person, nonsense is refused (R-27)', async () => {
  const [imran, shah] = [await as('ig-officer'), await as('caldicott-guardian')];
  const more = await imran.send('/console/settings', { 'rule-A-04': 'live', 'limit-denials': '4', reason: REASON });
  expect(wordsOf(more.html)).toContain('Last changed by Imran Fixture');
  const less = await imran.send('/console/settings', { 'rule-A-04': 'off', reason: REASON });
  expect(less.address).toMatch(/^\/console\/proposals\//);
  expect(wordsOf(less.html)).toContain('You proposed this, so somebody else confirms it');
  expect((await imran.send(less.address, { act: 'confirm' })).status).toBe(422);
  expect(wordsOf((await shah.send(less.address, { act: 'confirm' })).html)).toContain('taken effect');
  expect((await shah.get('/console/settings')).html).toMatch(/id="rule-A-04"[\s\S]{0,200}value="off" selected/);
  await overseen(world.service);
  const rules = wordsOf((await shah.get('/console/rules')).html);
  expect(rules).toMatch(/A-04 [^;]*Off, medium/);
  expect(rules).toContain('denials: 4');
  const wrong: [Record<string, string>, string][] = [
    [{ 'limit-denials': '0', reason: REASON }, 'enter a number above 0'],
    [{ 'limit-denials': 'many', reason: REASON }, 'enter a number above 0'],
    [{ reason: REASON }, 'Nothing would change'],
    [{ 'rule-A-04': 'live', reason: 'x' }, 'Reason must be 15 characters or more'],
  ];
  for (const [form, words] of wrong) {
    const page = await imran.send('/console/settings', form);
    expect([page.status, wordsOf(page.html).includes(words)]).toEqual([422, true]);
  }
  // Q12: who set what, before and after, newest first; the confirmed proposal stands once.
  const policy = wordsOf((await imran.get('/console/questions?question=policy')).html);
  expect(policy).toMatch(
    /A-04 live A-04 off Dr Shah Fixture .*A-04 observe, denials 5 A-04 live, denials 4 Imran Fixture/,
  );
  // What other rules promise cannot be set at all.
  expect((await imran.get('/console/settings')).html).not.toContain('id="rule-A-01"');
});
