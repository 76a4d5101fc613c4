/** What officers do each month: samples, the pack, the proof, kept questions, reconciliation; and alerts told elsewhere. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { publicKeysOf, readStatement } from '../../src/audit/jws.ts';
import { shownTime } from '../../src/console/times.ts';
import { isObject } from '../../src/fhir/resource.ts';
import { startAlertWebhook } from '../../src/jobs/alert-webhook.ts';
import { monthBefore } from '../../src/oversight/samples.ts';
import { insertAlerts } from '../../src/store/models/oversight.ts';
import { type Draw, drawSample, itemsOf } from '../../src/store/models/samples.ts';
import { inTransaction } from '../../src/store/transaction.ts';
import { openBook } from '../../src/wiring/audit.ts';
import {
  browserOf,
  CANARIES,
  type Console,
  NUMBER,
  officerIn,
  overseenConsole,
  REASON,
  trail,
  wordsOf,
} from './console-world.ts';

let world: Console;
let month: string;
beforeAll(async () => {
  world = await overseenConsole();
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/London' }).format(new Date());
  month = day.slice(0, 7);
}, 60_000);
afterAll(() => world.service.close());

const officer = () => officerIn(world);

function quiet(html: string): void {
  for (const canary of [...CANARIES, NUMBER]) expect([canary, html.includes(canary)]).toEqual([canary, false]);
}

describe('random samples (6.7-5)', () => {
  test('the same seed draws the same accesses again, another one others; a month is drawn once', async () => {
    const { pool } = world.service;
    await pool.query(
      `insert into oversight_opened (party, hour, patient, role)
       select 'PractitionerRole/mw-priya', date_trunc('hour', now()), 'Patient/s' || n, 'midwife' from generate_series(1, 200) n`,
    );
    const draw: Draw = {
      month: `${month}-01`,
      from: new Date(Date.now() - 86_400_000),
      until: new Date(Date.now() + 86_400_000),
      organization: 'Organization/maternity-service',
      seed: 'one',
      size: 5,
      by: 'test',
    };
    /** What a draw gives, taken back. */
    const drawn = async (seed: string): Promise<string[]> => {
      let found: string[] = [];
      await inTransaction(pool, async (client) => {
        expect(await drawSample(client, { ...draw, seed })).toBe(true);
        const { rows } = await client.query<{ id: number }>('select max(id) as id from sample');
        found = (await itemsOf(client, rows[0]?.id ?? 0)).map(({ party, patient }) => `${party} ${patient}`);
        throw new Error('taken back');
      }).catch(() => undefined);
      return found;
    };
    const first = await drawn('one');
    expect(first).toHaveLength(5);
    expect(await drawn('one')).toEqual(first);
    expect(await drawn('two')).not.toEqual(first);
    const imran = await officer();
    expect((await imran.fill('/console/samples', '/console/samples', { month: '2999-01' })).status).toBe(422);
    const list = await imran.fill('/console/samples', '/console/samples', { month });
    expect([list.status, (list.html.match(/console\/samples\/\d+"/g) ?? []).length]).toEqual([200, 2]);
    const again = await imran.fill('/console/samples', '/console/samples', { month });
    expect((again.html.match(/console\/samples\/\d+"/g) ?? []).length).toBe(2);
  });

  test('each is looked at: nothing to note, or a case; whose record it was stands in the case alone', async () => {
    const imran = await officer();
    const list = await imran.get('/console/samples');
    const links = [...list.html.matchAll(/\/console\/samples\/(\d+)"/g)].map(([, id]) => id);
    const pages = await Promise.all(links.map((id) => imran.get(`/console/samples/${id}`)));
    const found = pages.find(({ html }) => html.includes('Karl'));
    if (found === undefined) throw new Error('Karl is in no sample');
    quiet(found.html);
    expect(wordsOf(found.html)).toContain('Not personally explained');
    const [, n = ''] = /opened a record[\s\S]*?name="n" value="(\d+)"/.exec(found.html) ?? [];
    expect((await imran.fill(found.address, found.address, { n, [`words-${n}`]: '' })).status).toBe(422);
    const passed = await imran.fill(found.address, found.address, { n, [`words-${n}`]: 'On the duty list that day' });
    expect(wordsOf(passed.html)).toContain('Nothing to note: On the duty list that day');
    const twice = await imran.fill(found.address, found.address, { n, [`words-${n}`]: 'Once more' });
    expect(twice.status).toBe(409);
    const other = pages.find((one) => one !== found)?.html ?? '';
    const [, link = ''] = /href="(\/console\/cases\/open\?sample=\d+&amp;item=\d+)"/.exec(other) ?? [];
    const [sample = '', item = ''] = link.match(/\d+/g) ?? [];
    const opened = await imran.fill('/console/cases/open', '/console/cases/open', { sample, item, reason: REASON });
    expect([opened.status, opened.address.slice(0, 20)]).toEqual([200, '/console/cases/CASE-']);
    expect(wordsOf((await imran.get(`/console/samples/${sample}`)).html)).toContain('In a case: CASE-');
    expect((await trail(world.service, 'sample-pass')).length).toBe(1);
    const midwife = browserOf(world.origin);
    await midwife.signIn('midwife');
    for (const path of ['/console/samples', '/console/pack', '/console/exports', found.address])
      expect([path, (await midwife.get(path)).status]).toEqual([path, 403]);
  });

  test('the month before, by London’s calendar', () => {
    expect(monthBefore(new Date('2026-12-31T23:30:00Z'))).toBe('2026-11');
    expect(monthBefore(new Date('2027-01-01T00:30:00Z'))).toBe('2026-12');
    expect(monthBefore(new Date('2026-03-31T23:30:00Z'))).toBe('2026-03');
  });
});

test('the monthly pack (6.7-17): counts, what is unreviewed and how old, as a page and as a file', async () => {
  const at = new Date(Date.now() - 10 * 86_400_000).toISOString();
  const alert = { rule: 'A-01', severity: 'high', mode: 'live', seq: 1, party: 'x', patient: '', why: 'x' } as const;
  await insertAlerts(world.service.pool, [{ ...alert, at }]);
  const imran = await officer();
  const page = await imran.get(`/console/pack?month=${month}`);
  expect(page.status).toBe(200);
  quiet(page.html);
  const words = wordsOf(page.html);
  expect(words).toMatch(/alerts not reviewed now.*6 to 14 days 1 /);
  expect(words).toMatch(/accesses.*refused [1-9].*unexplained [1-9]/);
  expect(words).toMatch(/cases opened [1-9]/);
  expect(words).toMatch(/the trail.*records \d\d/);
  expect((await imran.get('/console/pack?month=2026-13')).status).toBe(422);
  const file = await imran.fill('/console/pack', '/console/pack', { month, reason: REASON, format: 'csv' });
  expect(file.headers.get('content-disposition')).toContain('tandem-monthly-pack');
  expect(file.html).toMatch(/\r\naccesses,refused,\d+/);
  expect((await trail(world.service, 'export monthly-pack csv sha256:')).length).toBe(1);
});

test('the proof as a page (Q13, 6.7-13): made now, kept with its signed report', async () => {
  const imran = await officer();
  expect(wordsOf((await imran.get('/console/proof')).html)).toContain('It has not been proven yet');
  const proven = await imran.fill('/console/proof', '/console/proof', {});
  expect(wordsOf(proven.html)).toMatch(/Whole \d+ records were proven/);
  const [, report = ''] = /class="console-code">([^<]+)</.exec(proven.html) ?? [];
  const jwks: unknown = await (await fetch(`${world.origin}/.well-known/audit-keys.json`)).json();
  const listed = isObject(jwks) && Array.isArray(jwks.keys) ? jwks.keys : [];
  const keys = publicKeysOf(listed.map((one) => JSON.stringify(one)).join('\n'));
  expect(readStatement('audit-report', report, keys)).toMatchObject({ ok: true });
});

test('kept questions (6.7-19) are the officer’s own and hold no number', async () => {
  const imran = await officer();
  const keep = { name: 'Karl this month', question: 'timeline', who: 'Karl', 'from-day': '1' };
  expect((await imran.fill('/console/questions', '/console/questions/saved', { ...keep, name: NUMBER })).status).toBe(
    422,
  );
  await imran.fill('/console/questions', '/console/questions/saved', keep);
  const page = await imran.get('/console/questions');
  expect(page.html).toContain('href="/console/questions?question=timeline&amp;who=Karl&amp;from-day=1"');
  await imran.fill('/console/questions', '/console/questions/saved', { act: 'forget', name: keep.name });
  expect((await imran.get('/console/questions')).html).not.toContain('Karl this month');
});

test('reconciliation (6.7-6): each access beside an appointment, a relationship, or the team alone', async () => {
  const { service } = world;
  await service.load([
    {
      resourceType: 'Appointment',
      id: 'canaryfam-visit',
      status: 'booked',
      start: new Date(Date.now() + 86_400_000).toISOString(),
      end: new Date(Date.now() + 90_000_000).toISOString(),
      participant: [
        { actor: { reference: 'Patient/canaryfam' }, status: 'accepted' },
        { actor: { reference: 'PractitionerRole/nn-karl' }, status: 'accepted' },
      ],
    },
  ]);
  const imran = await officer();
  const opened = await imran.fill('/console/cases/open', '/console/cases/open', {
    'nhs-number': NUMBER,
    reason: REASON,
  });
  const page = await imran.get(`/console/questions?question=reconcile&case=${opened.address.split('/').at(-1)}`);
  quiet(page.html);
  const words = wordsOf(page.html);
  const { day } = shownTime(new Date(Date.now() + 86_400_000));
  expect(words).toMatch(new RegExp(`Karl [^.]*Community nursery nurse .* ${day}, [0-9:]{8} booked yes`));
  expect(words).toMatch(/Priya .*Community midwife .*In the care team.* yes/);
});

describe('alerts told elsewhere (6.7-18)', () => {
  let receiver: Server;
  let got: { request: IncomingMessage; body: string }[];
  let status: number;
  beforeAll(async () => {
    got = [];
    status = 500;
    receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => {
        body += part.toString('utf8');
      });
      request.on('end', () => {
        got.push({ request, body });
        response.writeHead(status, status === 302 ? { Location: '/elsewhere' } : {}).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => receiver.close(resolve)));

  const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
    for (const end = Date.now() + 15_000; Date.now() < end; ) {
      if (await holds()) return;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    throw new Error('it did not happen');
  };

  test('reference, severity and time, signed; tried until it is taken; every failure is told', async () => {
    const { service } = world;
    const at = new Date().toISOString();
    const about = { party: 'PractitionerRole/hv-helen', patient: 'Patient/canaryfam', why: 'Break-glass was used' };
    await service.pool.query('update alert_notice set given_up = true where sent is null');
    const [made] = await insertAlerts(service.pool, [
      { rule: 'A-01', severity: 'high', mode: 'live', at, seq: 2, ...about },
      { rule: 'A-12', severity: 'medium', mode: 'observe', at, seq: 2, ...about },
    ]);
    const logged: string[] = [];
    const at_ = (level: string) => (message: string, ids?: object) =>
      logged.push(`${level} ${message} ${JSON.stringify(ids)}`);
    const log = { debug: at_('debug'), info: at_('info'), warn: at_('warn'), error: at_('error') };
    const book = openBook(service.config, () => new Date());
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/alerts`;
    const hook = startAlertWebhook({ pool: service.pool, url, sign: book.signNotice, log, everyMs: 30, backoffMs: 30 });
    try {
      await until(() => got.length >= 2);
      expect(logged[0]).toMatch(/warn an alert could not be told yet .*status 500/);
      expect(wordsOf((await (await officer()).get('/console')).html)).toMatch(
        /[1-9]\d* alert notices that nobody took/i,
      );
      status = 302;
      const before = got.length;
      await until(() => got.length > before);
      expect(got.every(({ request }) => request.url === '/alerts')).toBe(true);
      status = 204;
      await until(async () => {
        const { rows } = await service.pool.query('select 1 from alert_notice where sent is not null');
        return rows.length === 1;
      });
    } finally {
      await hook.stop();
    }
    const last = got.at(-1);
    expect(JSON.parse(last?.body ?? '{}')).toEqual({ reference: made?.reference, severity: 'high', at });
    const everything = JSON.stringify(got.map(({ body, request }) => [body, request.headers, request.url]));
    expect(everything).not.toMatch(/Helen|hv-helen|canaryfam|A-01|Break-glass|Patient/);
    const keys = publicKeysOf((await book.jwks()).keys.map((one) => JSON.stringify(one)).join('\n'));
    const signed = readStatement('alert-notice', String(last?.request.headers['tandem-signature']), keys);
    expect(signed).toEqual(JSON.parse(last?.body ?? '{}'));
  });

  test('what nobody takes for a day is given up, loudly, and stays on the desk', async () => {
    const { service } = world;
    const at = new Date().toISOString();
    await insertAlerts(service.pool, [
      { rule: 'A-03', severity: 'high', mode: 'live', at, seq: 3, party: 'x', patient: '', why: 'x' },
    ]);
    await service.pool.query(`update alert set raised = now() - interval '25 hours' where rule = 'A-03'`);
    const logged: string[] = [];
    const quietly = () => undefined;
    const log = { debug: quietly, info: quietly, warn: quietly, error: (message: string) => logged.push(message) };
    const url = 'http://127.0.0.1:9/';
    const hook = startAlertWebhook({ pool: service.pool, url, sign: async () => 'x', log, everyMs: 30, backoffMs: 30 });
    await until(() => logged.length > 0);
    await hook.stop();
    expect(logged).toEqual(['an alert could not be told and is given up']);
  });
});
