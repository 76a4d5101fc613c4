/** S9 (domain.md 7.2): broken glass and its review, the officer in a real browser; and the variant of label V. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { openPool } from '../../src/store/pool.ts';
import { sealDurable } from '../../src/store/seal.ts';
import { chromiumPath, signInAs, startChromium, VIEWPORTS } from '../harness/chromium.ts';
import { at, type Client, type Reply } from '../harness/client.ts';
import { familyOf, nhsNumberOf } from '../harness/family.ts';
import { staff } from '../harness/service.ts';
import { CANARIES, type Console, NUMBER, openConsole } from './console-world.ts';

const path = chromiumPath();
const inBrowser = path === null ? describe.skip : describe;
const BTG = { 'x-purpose-of-use': 'BTG' };
const WORDS = 'Urgent: a call about the unborn child came in at night';
const SEALED = nhsNumberOf(44_001);
const MINUTE = 60_000;
let world: Console;
let browser: Browser;
let nell: () => Client;

beforeAll(async () => {
  world = await openConsole();
  const [mother, ...rest] = familyOf('sealed', { nhsNumber: SEALED });
  const security = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'V' }];
  await world.service.load([{ ...mother, resourceType: 'Patient', meta: { security } }, ...rest]);
  nell = () => world.service.as(staff('hv-none'));
  if (path !== null) browser = await startChromium(path);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await world?.service.close();
});

const call = (client: Client, name: string, said: Readonly<Record<string, string>>): Promise<Reply> =>
  client.post(`Patient/${name}`, {
    resourceType: 'Parameters',
    parameter: Object.entries(said).map(([key, value]) => {
      if (key === 'clinician') return { name: key, valueReference: { reference: value } };
      return { name: key, [key === 'birthDate' ? 'valueDate' : 'valueString']: value };
    }),
  });
const trace = (nhsNumber: string) => call(nell(), '$trace', { nhsNumber, birthDate: '1998-04-05' });
function said(reply: Reply, name: string): string | undefined {
  const list = Array.isArray(reply.json.parameter) ? reply.json.parameter : [];
  const one = list.find((candidate) => at(candidate, 'name') === name);
  const value = at(one, 'valueCoding.code') ?? at(one, 'valueString') ?? at(one, 'valueInstant');
  return value === undefined ? undefined : String(value);
}

inBrowser('S9', () => {
  let opened = 0;

  test('out of area, no relationship: traced, refused, opened with a reason for sixty minutes, under a banner', async () => {
    const refused = await nell().get('Patient/canaryfam');
    expect([refused.status, refused.text.includes('Kanarienvogel')]).toEqual([403, false]);
    const traced = await trace(NUMBER);
    expect([said(traced, 'result'), traced.text.includes('canaryfam')]).toEqual(['match-restricted', false]);
    const handle = said(traced, 'handle') ?? '';
    const granted = await call(nell(), '$break-glass', { handle, reason: 'urgent-safeguarding', text: WORDS });
    opened = Date.now();
    expect(granted.status).toBe(201);
    const until = Date.parse(said(granted, 'until') ?? '');
    expect(Math.abs(until - opened - 60 * MINUTE)).toBeLessThan(MINUTE);
    const read = await nell().get('Patient/canaryfam', BTG);
    expect([read.status, read.headers.get('x-break-glass')?.startsWith('until=')]).toEqual([200, true]);
    expect((await nell().get('CarePlan?patient=canaryfam', BTG)).status).toBe(200);
    world.clock.ahead = 61 * MINUTE;
    expect((await nell().get('Patient/canaryfam', BTG)).status).toBe(403);
    world.clock.ahead = 0;
  });

  test('Imran has the reference within a minute, opens the case, reads who looked and nothing else, and closes it', async () => {
    // She files her visit afterwards: what the officer compares the access with.
    await world.service.load([
      {
        resourceType: 'Encounter',
        id: 'nell-that-night',
        status: 'finished',
        class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'HH' },
        subject: { reference: 'Patient/canaryfam' },
        participant: [{ individual: { reference: 'PractitionerRole/hv-none' } }],
        period: { start: new Date(opened - 2 * MINUTE).toISOString(), end: new Date(opened).toISOString() },
      },
    ]);
    const page = await (await browser.newContext({ viewport: VIEWPORTS.desktop })).newPage();
    await page.goto(`${world.origin}/console`);
    await signInAs(page, 'ig-officer');
    const reference = await alertOf(page, 'Break-glass was used');
    expect(Date.now() - opened).toBeLessThan(MINUTE);
    // What goes out says which and how grave, and no name (6.3).
    const notices = world.service.logged.filter((line) => line.startsWith('warn alert'));
    expect(notices.some((line) => line.includes(reference))).toBe(true);
    expect(notices.join().match(/canaryfam|Nell|hv-none/)).toBeNull();
    await page.click(
      `li:has-text("${reference}") a:has-text("Open a case"), tr:has-text("${reference}") a:has-text("Open a case"), a[href*="${reference}"]`,
    );
    await page.fill('#reason', 'Broken glass at night by somebody of another area');
    await page.click('button:has-text("Open the case")');
    await page.click('button:has-text("Take this case")');
    await page.waitForLoadState('load');
    const address = page.url();
    await page.click('button:has-text("See who looked")');
    await page.waitForSelector('#records');
    const timeline = await page.content();
    expect(timeline).toContain('Nell');
    expect(timeline).toMatch(/[Bb]reak-glass/);
    for (const canary of CANARIES) expect([canary, timeline.includes(canary)]).toEqual([canary, false]);
    await page.goto(address);
    await page.click('button:has-text("Gather the evidence")');
    // Each of her accesses beside her own visit of that night, with the rule; nothing of what it was about.
    const gathered = (await page.textContent('main')) ?? '';
    expect(gathered).toMatch(/Own visit .*\(finished\)\s+R-06 f/);
    expect(gathered).toMatch(/The family was seen .*\(finished\)/);
    expect(gathered).toContain('R-18: Break-glass access');
    expect(gathered).not.toContain('Priya');
    // By keyboard: choose every access, say what the comparison showed.
    const boxes = page.locator('input[name^="record-"]');
    const accesses = await boxes.count();
    expect(accesses).toBeGreaterThanOrEqual(1);
    await boxes.first().focus();
    for (let n = 0; n < accesses; n += 1) {
      await page.keyboard.press('Space');
      if (n + 1 < accesses) await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Record of attendance: seen at home at 21:10, referred on');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForSelector('text=compared with attendance');
    expect(await page.textContent('main')).toContain(`${accesses} compared`);
    await page.check('input[name="outcome"][value="appropriate"]');
    await page.fill('#decide-words', 'Needed that night; nothing more was opened than was needed');
    await page.click('button:has-text("Record the decision")');
    await page.click('button:has-text("Close the case")');
    await page.waitForLoadState('load');
    const closed = (await page.textContent('main')) ?? '';
    expect(closed).toMatch(/Closed/);
    expect(closed).toMatch(/Agrees with attendance: records? [\d, ]+\. Record of attendance: seen at home at 21:10/);
    // The decision keeps the hash of the evidence it was made on.
    const [, hash = 'none'] = /accesses?; SHA-256 ([0-9a-f]{64})/.exec(closed) ?? [];
    expect(closed).toContain(
      `gathered in line 3, SHA-256 ${hash}; ${accesses} compared with attendance, ${accesses} agree.`,
    );
    for (const canary of CANARIES.filter((one) => one !== NUMBER)) expect(closed).not.toContain(canary);
  }, 120_000);

  test('the chain is proven whole, and a changed row is named', async () => {
    const { service } = world;
    await sealDurable(service.pool);
    const verify = () => service.as('ig-officer').get('AuditEvent/$verify');
    const partOf = (reply: Reply, name: string): unknown => {
      const list = Array.isArray(reply.json.parameter) ? reply.json.parameter : [];
      const one = list.find((candidate) => at(candidate, 'name') === name);
      return at(one, 'valueBoolean') ?? at(one, 'valueDecimal');
    };
    expect(partOf(await verify(), 'result')).toBe(true);
    const owner = openPool(service.database.ownerUrl, 1);
    const { rows } = await owner.query<{ seq: string }>(
      `select s.seq from audit_seal s join audit a on a.xid = s.xid and a.id = s.id where a.body like '%break-glass:%' limit 1`,
    );
    await owner.query("set tandem.audit_maintenance = 'on'");
    await owner.query(
      `update audit a set body = replace(a.body, 'hv-none', 'hv-helen') from audit_seal s
       where s.seq = $1 and a.xid = s.xid and a.id = s.id`,
      [rows[0]?.seq],
    );
    await owner.end();
    const broken = await verify();
    expect([partOf(broken, 'result'), Number(partOf(broken, 'first-broken'))]).toEqual([false, Number(rows[0]?.seq)]);
  }, 60_000);
});

/** Looks at the list of alerts until one of these words is there. Gives its reference. */
async function alertOf(page: Page, words: string): Promise<string> {
  for (const end = Date.now() + MINUTE; Date.now() < end; await page.waitForTimeout(500)) {
    await page.goto(`${world.origin}/console/alerts`);
    const found = /AL-[0-9A-F]{10}/.exec((await page.textContent('main')) ?? '');
    if (found !== null && (await page.textContent('main'))?.includes(words)) return found[0];
  }
  throw new Error('no alert within a minute');
}

test('variant V: a telephone instead of a handle, nobody alone, and the lead opens it to the one who called', async () => {
  const traced = await trace(SEALED);
  expect([said(traced, 'result'), said(traced, 'handle')]).toEqual(['contact-safeguarding', undefined]);
  expect(said(traced, 'contact')).toContain('safeguarding lead');
  const alone = { patient: 'Patient/sealed', reason: 'emergency', text: WORDS };
  const byAddress = nell().post('Patient/$break-glass', {
    resourceType: 'Parameters',
    parameter: Object.entries(alone).map(([name, value]) =>
      name === 'patient' ? { name, valueReference: { reference: value } } : { name, valueString: value },
    ),
  });
  expect((await byAddress).status).toBe(404);
  const person = { nhsNumber: SEALED, birthDate: '1998-04-05', reason: 'urgent-safeguarding', text: WORDS };
  const lead = world.service.as('safeguarding');
  expect((await call(lead, '$grant-emergency', { ...person, clinician: 'PractitionerRole/hv-none' })).status).toBe(201);
  expect((await nell().get('Patient/sealed', BTG)).status).toBe(200);
  expect((await lead.get('Patient/sealed', BTG)).status).toBe(404);
});
