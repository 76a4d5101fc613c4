/** Sharing agreements as officers keep them: register, two persons, warnings, and what happens at the end. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { warnOfEnds } from '../../src/oversight/agreement-warnings.ts';
import { agreement } from '../harness/directory.ts';
import { overseen } from '../harness/overseen.ts';
import { browserOf, CANARIES, type Console, NUMBER, openConsole, tokenOf, UNKNOWN, wordsOf } from './console-world.ts';

let world: Console;
beforeAll(async () => {
  world = await openConsole();
}, 60_000);
afterAll(() => world.service.close());

const DAY = 86_400_000;
const inDays = (days: number): string => new Date(Date.now() + days * DAY).toISOString().slice(0, 10);
const dateFields = (name: string, date: string): Record<string, string> => {
  const [year = '', month = '', day = ''] = date.split('-');
  return { [`${name}-day`]: day, [`${name}-month`]: month, [`${name}-year`]: year };
};
const REASON = 'The signed paper of this spring says so';
const PAPER = {
  title: 'Second paper between the services',
  first: 'Organization/maternity-service',
  second: 'Organization/hv-service',
  direction: 'both',
  'what-plans': 'yes',
  'what-documents': 'yes',
  'purpose-TREAT': 'yes',
  label: 'R',
  basis: 'Article 6(1)(e) and 9(2)(h), as signed',
  retention: 'As the receiving service keeps its own records',
  reason: REASON,
  ...dateFields('from', inDays(0)),
  ...dateFields('until', inDays(200)),
};

async function as(identity: string) {
  const visitor = browserOf(world.origin);
  await visitor.signIn(identity);
  const send = async (path: string, form: Record<string, string>, page = path) =>
    visitor.post(path, { 'form-token': tokenOf((await visitor.get(page)).html), ...form });
  return { ...visitor, send };
}

describe('the register and two persons', () => {
  test('proposed by one, confirmed by another as it was proposed, and both stand in the history', async () => {
    const [imran, shah] = [await as('ig-officer'), await as('caldicott-guardian')];
    const sent = await imran.send('/console/agreements/propose', PAPER);
    expect([sent.status, sent.address.startsWith('/console/proposals/')]).toEqual([200, true]);
    expect(wordsOf(sent.html)).toContain('You proposed this, so somebody else confirms it');
    expect((await imran.send(sent.address, { act: 'confirm' })).status).toBe(422);
    expect(wordsOf((await imran.get('/console/agreements')).html)).not.toContain(PAPER.title);
    const seen = wordsOf((await shah.get(sent.address)).html);
    expect(seen).toContain('Now Nothing: this is new. Proposed In force');
    expect(seen).toContain('care plans and goals');
    const done = await shah.send(sent.address, { act: 'confirm' });
    expect(wordsOf(done.html)).toContain('The change has taken effect');
    const list = await imran.get('/console/agreements');
    const path = /href="(\/console\/agreements\/[^"]+)">Second paper/.exec(list.html)?.[1] ?? '';
    const one = wordsOf((await imran.get(path)).html);
    expect(one).toContain('Imran Fixture, confirmed by Dr Shah Fixture');
    expect(one).toContain('may see what Community midwifery service recorded, for direct care');
    expect(one).toContain(PAPER.retention);

    // Less is at once and alone; more waits.
    const shorter = { ...PAPER, ...dateFields('until', inDays(100)) };
    const less = await imran.send(`${path}/change`, shorter);
    expect(less.address).toBe(path);
    expect(wordsOf(less.html)).toContain('Imran Fixture, alone: it only narrowed');
    const more = await imran.send(`${path}/change`, PAPER);
    expect(wordsOf(more.html)).toContain('Now In force');
    expect(wordsOf((await shah.send(more.address, { act: 'withdraw' })).html)).toContain('Nothing was changed');
    expect((await shah.get(more.address)).status).toBe(404);

    const revoked = await shah.send(`${path}/revoke`, { reason: 'A breach was found at the other service' }, path);
    expect(wordsOf(revoked.html)).toContain('Revoked');
  });

  test('what contradicts itself or another paper is refused with the reason, beside its field', async () => {
    const imran = await as('ig-officer');
    const tries: [Record<string, string>, string][] = [
      [{ ...PAPER, label: 'N' }, 'contradicts Contract/sharing'],
      [{ ...PAPER, ...dateFields('until', inDays(-3)) }, 'Last day must be the same as or after'],
      [
        { ...PAPER, ...dateFields('from', inDays(-9)), ...dateFields('until', inDays(-3)) },
        'All of it has ended already',
      ],
      [{ ...PAPER, second: PAPER.first }, 'Select two different services'],
      [{ ...PAPER, second: 'Organization/nobody' }, 'Select a service from the list'],
      [{ ...PAPER, ...dateFields('from', '2026-02-30') }, 'must be a real date'],
      [{ title: PAPER.title, first: PAPER.first, second: PAPER.second }, 'Select at least one kind of record'],
    ];
    for (const [form, words] of tries) {
      const page = await imran.send('/console/agreements/propose', form);
      expect([page.status, wordsOf(page.html).includes(words)]).toEqual([422, true]);
    }
    expect(wordsOf((await imran.get('/console/proposals')).html)).toContain('Nothing waits');
  });

  test('others keep out: reading for service leads in the record, pages for nobody else', async () => {
    for (const who of ['midwife', 'admin']) {
      const other = await as(who);
      for (const path of ['/console/agreements', '/console/proposals', '/console/agreements/propose'])
        expect((await other.get(path)).status).toBe(403);
    }
    const mother = await (await as('mother')).get('/console/agreements');
    expect([mother.status, mother.html.includes('nothing of each other')]).toEqual([404, false]);
    expect((await (await as('ig-officer')).get('/console/agreements/nowhere')).status).toBe(404);
  });
});

test('R-13, R-43: named lists in the console, proposed by one and confirmed by another, and ended', async () => {
  const [imran, shah] = [await as('ig-officer'), await as('caldicott-guardian')];
  const path = '/console/named-lists';
  const person = { 'nhs-number': NUMBER, ...dateFields('born', '1998-04-05'), reason: REASON };
  const unknown = await imran.send(path, { ...person, 'nhs-number': UNKNOWN, act: 'look' });
  expect([unknown.status, wordsOf(unknown.html).includes('No record has this number')]).toEqual([404, true]);
  expect((await imran.send(path, { ...person, act: 'look', ...dateFields('born', '') })).status).toBe(422);
  const empty = await imran.send(path, { ...person, act: 'look' });
  expect([empty.status, wordsOf(empty.html).includes('Nobody is named')]).toEqual([200, true]);
  const name = { ...person, act: 'name', list: 'EMP', who: 'hv-helen', ...dateFields('until', inDays(30)) };
  expect((await imran.send(path, { ...name, who: 'Nobody at all' })).status).toBe(422);
  expect((await imran.send(path, { ...name, list: 'V' })).status).toBe(403);
  const proposed = await imran.send(path, name);
  expect([proposed.status, proposed.address.startsWith('/console/proposals/')]).toEqual([200, true]);
  const done = await shah.send(proposed.address, { act: 'confirm' });
  expect(wordsOf(done.html)).toContain('The change has taken effect');
  const lines = await shah.send(path, { ...person, act: 'look' });
  expect(wordsOf(lines.html)).toContain('Helen Fixture, list EMP');
  for (const canary of CANARIES) expect([canary, lines.html.includes(canary)]).toEqual([canary, false]);
  const named = /name="named" value="([^"]+)"/.exec(lines.html)?.[1] ?? '';
  const ended = await imran.send(path, { ...person, act: 'end', named });
  expect(wordsOf(ended.html)).toMatch(/Helen Fixture, list EMP From .* over/);
});

test('both Guardians are warned 60, 30, 14, 7 and 1 days before, once each', async () => {
  await world.service.load([agreement({ id: 'ends', applies: { start: '2020-01-01', end: inDays(80) } })]);
  const notes: string[] = [];
  const oversight = { pool: world.service.pool, notify: ({ severity }: { severity: string }) => notes.push(severity) };
  for (const day of [0, 22, 22, 40, 52, 67, 70, 74, 80, 80, 81]) {
    await warnOfEnds(oversight, new Date(Date.now() + day * DAY));
  }
  expect(notes).toEqual(['medium', 'medium', 'medium', 'high', 'high']);
  const words = wordsOf((await (await as('caldicott-guardian')).get('/console/alerts')).html);
  expect(words).toContain('R-04 A sharing agreement ends: Contract/ends, in 59 days');
  // Addressed to the Guardian of the trust that both services belong to; kept with each warning, told on her start.
  const { rows } = await world.service.pool.query<{ days: number; side: string; name: string }>(
    `select days, side, name from agreement_told where contract = 'Contract/ends' order by days desc, side`,
  );
  expect(rows.map(({ days }) => days)).toEqual([60, 60, 30, 30, 14, 14, 7, 7, 1, 1]);
  expect(rows[0]).toEqual({ days: 60, side: 'Organization/hv-service', name: 'Dr Shah Fixture' });
  world.clock.ahead = 40 * DAY;
  expect(wordsOf((await (await as('caldicott-guardian')).get('/console')).html)).toMatch(
    /Contract\/ends : .*You are warned as Caldicott Guardian of Community midwifery service and Health visiting service/,
  );
  world.clock.ahead = 0;
  const page = wordsOf((await (await as('caldicott-guardian')).get('/console/agreements/ends')).html);
  expect(page).toMatch(
    /Warned before it ends Dr Shah Fixture, for .* 1 day before: .*60 days before: .*, Dr Shah Fixture/,
  );
  // A side for which nobody is named is told with the warning.
  const role = (await world.service.as('steward').get('PractitionerRole/cg-shah')).json;
  await world.service
    .as('steward')
    .put('PractitionerRole/cg-shah', { ...role, organization: { reference: 'Organization/hv-service' } });
  await world.service.load([agreement({ id: 'ends-too', applies: { start: '2020-01-01', end: inDays(50) } })]);
  await warnOfEnds(oversight, new Date());
  await world.service.as('steward').put('PractitionerRole/cg-shah', { ...role });
  const unnamed = await world.service.pool.query<{ why: string }>(`select why from alert where why like '%ends-too%'`);
  expect(unnamed.rows.map(({ why }) => why)).toEqual([
    expect.stringContaining('No Caldicott Guardian is named for Community midwifery service'),
  ]);
  await world.service.load([agreement({ id: 'ends-too', status: 'revoked' })]);
  await world.service.load([agreement({ id: 'ends', status: 'revoked' })]);
});

describe('after the end', () => {
  const status = async (who: string) => (await world.service.as(who).get('Patient/canaryfam')).status;

  test('to the second, by the clock: page, API, system and person; what begins later opens nothing before', async () => {
    const ends = Date.now() + 3_600_000;
    const paper = (applies: object) =>
      world.service.load([agreement({ title: 'By the clock', applies: { ...applies } })]);
    const at = async (instant: number) => {
      world.clock.ahead = instant - Date.now();
      const system = await world.service.as('hv-system').get('Patient/canaryfam');
      return [await status('health-visitor'), system.status, /dsa-expired/.test(system.text)];
    };
    await paper({ start: '2020-01-01', end: new Date(ends).toISOString() });
    expect(await at(ends - 60_000)).toEqual([200, 200, false]);
    const imran = await as('ig-officer');
    expect(wordsOf((await imran.get('/console/agreements')).html)).toMatch(/By the clock.*Ends soon/);
    expect(await at(ends)).toEqual([200, 403, true]);
    expect(wordsOf((await imran.get('/console/agreements/sharing')).html)).toContain(
      'Ended: staff may read for 28 days',
    );
    await paper({ start: new Date(ends + 60_000).toISOString() });
    expect((await at(ends))[0]).toBe(403);
    expect((await at(ends + 120_000)).slice(0, 2)).toEqual([200, 200]);
    world.clock.ahead = 0;
  });

  test('systems are refused loudly at once; people who care for her read on for 28 days, each read an alert (A-21)', async () => {
    await world.service.load([agreement({ applies: { start: '2020-01-01', end: inDays(-10) } })]);
    expect(await status('health-visitor')).toBe(200);
    const system = await world.service.as('hv-system').get('Patient/canaryfam');
    expect([system.status, system.text.includes('dsa-expired')]).toEqual([403, true]);
    await overseen(world.service);
    const { rows } = await world.service.pool.query(`select mode from alert where rule = 'A-21'`);
    expect(rows).toEqual([{ mode: 'live' }]);
    const page = wordsOf((await (await as('ig-officer')).get('/console/agreements')).html);
    expect(page).toContain('Ended: staff may read for 28 days more');
  });

  test('a Guardian revokes, and the next read is refused; so is every read from the 29th day on', async () => {
    const shah = await as('caldicott-guardian');
    await shah.send(
      '/console/agreements/sharing/revoke',
      { reason: 'Not renewed: nobody reads on' },
      '/console/agreements/sharing',
    );
    expect(await status('health-visitor')).toBe(403);
    await world.service.load([agreement({ applies: { start: '2020-01-01', end: inDays(-30) } })]);
    expect([await status('health-visitor'), await status('midwife')]).toEqual([403, 200]);
  });
});
