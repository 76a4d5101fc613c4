/** The console in a real browser: every state at desktop and phone size without an axe violation, by keyboard, without script. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { insertAlerts } from '../../src/store/models/oversight.ts';
import { chromiumPath, startChromium, VIEWPORTS } from '../harness/chromium.ts';
import { overseen } from '../harness/overseen.ts';
import { type Console, lookAround, NUMBER, openConsole, REASON, UNKNOWN } from './console-world.ts';

const path = chromiumPath();
const inBrowser = path === null ? describe.skip : describe;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let world: Console;
let browser: Browser;

/** An open alert to make a case of, and one that stays. */
async function aFewAlerts({ service }: Console): Promise<void> {
  const alert = { severity: 'high', mode: 'live', at: new Date().toISOString(), why: 'Break-glass was used' } as const;
  const of = (seq: number) => ({
    ...alert,
    rule: 'A-01',
    seq,
    party: 'PractitionerRole/hv-helen',
    patient: 'Patient/canaryfam',
  });
  await insertAlerts(service.pool, [of(1), of(2)]);
}

/** What must never happen on any page: script errors, refused resources, requests to other hosts. */
interface Watched {
  page: Page;
  troubles: string[];
}

inBrowser('the console in Chromium', () => {
  beforeAll(async () => {
    world = await openConsole();
    await lookAround(world);
    await aFewAlerts(world);
    browser = await startChromium(path ?? '');
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await world?.service.close();
  });

  test.each(Object.entries(VIEWPORTS))(
    'every state is accessible, fits and loads nothing from elsewhere: %s',
    async (_, viewport) => {
      const watched = await newPage({ viewport });
      const { page } = watched;
      await page.goto(`${world.origin}/console`);
      await check(watched, 'sign-in');
      await page.click('button:has-text("Sign in")');
      await check(watched, 'sign-in with an error');
      await signIn(page, 'ig-officer');
      await page.goto(`${world.origin}/console/access-record`);
      await check(watched, 'form');
      await ask(page, '9990001007', 'short');
      await check(watched, 'form with errors');
      expect(await page.title()).toMatch(/^Error: /);
      await ask(page, UNKNOWN, REASON);
      await check(watched, 'nothing found');
      await page.click('text=Look at another record');
      await ask(page, NUMBER, REASON);
      await check(watched, 'result');
      await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
      await check(watched, 'result, all opened');
      await page.fill('#from-day', '31');
      await page.click('button:has-text("Update")');
      await check(watched, 'result with filter errors');
      await page.goto(`${world.origin}/console/nowhere`);
      await check(watched, 'not found');
      await page.click('button:has-text("Sign out")');
      await check(watched, 'signed out');
      await signIn(page, 'midwife');
      await check(watched, 'refused');
      expect(watched.troubles).toEqual([]);
    },
    120_000,
  );

  // On the narrow screen alone: what is accessible there is the same page on a wide one.
  test('the desk: today, alerts, cases and accesses are accessible and fit', async () => {
    const watched = await newPage({ viewport: VIEWPORTS.phone });
    const { page } = watched;
    await page.goto(`${world.origin}/console`);
    await signIn(page, 'ig-officer');
    await check(watched, 'start');
    await page.click('text=Alerts');
    await check(watched, 'alerts');
    await page.click('a:has-text("Open a case")');
    await page.click('button:has-text("Open the case")');
    await check(watched, 'a case about an alert, with errors');
    await page.fill('#reason', REASON);
    await page.click('button:has-text("Open the case")');
    await check(watched, 'a new case');
    await page.click('button:has-text("Take this case")');
    await page.click('button:has-text("Record the decision")');
    await check(watched, 'a case with errors');
    await page.goto(`${world.origin}/console/cases`);
    await check(watched, 'cases');
    await page.goto(`${world.origin}/console/cases/open`);
    await check(watched, 'a case by number');
    await page.goto(`${world.origin}/console/accesses`);
    await check(watched, 'accesses');
    await page.goto(`${world.origin}/console/questions?question=timeline&who=Karl`);
    await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
    await check(watched, 'a question and its answer');
    await world.service.pool.query(
      `insert into export_request (asked_by, asked_name, asked, what, title, reason, people)
       values ('PractitionerRole/ig-second', 'Ines Second', now(), '{}', 'Who?', 'A complaint', 60)`,
    );
    await page.goto(`${world.origin}/console/exports`);
    await check(watched, 'files for a second officer');
    await overseen(world.service);
    await page.goto(`${world.origin}/console/samples`);
    await page.fill('#month', '2026-1');
    await page.click('button:has-text("Draw")');
    await check(watched, 'samples with an error');
    await page.fill(
      '#month',
      new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/London' }).format(new Date()).slice(0, 7),
    );
    await page.click('button:has-text("Draw")');
    await page.click('main li a');
    await check(watched, 'a sample');
    await page.goto(`${world.origin}/console/pack`);
    await check(watched, 'monthly pack');
    await page.goto(`${world.origin}/console/proof`);
    await page.click('button:has-text("Prove")');
    await check(watched, 'proof');
    await page.goto(`${world.origin}/console/questions?question=busy`);
    await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
    await page.fill('#name', 'Busy days');
    await page.click('button:has-text("Keep it")');
    await page.goto(`${world.origin}/console/questions`);
    await check(watched, 'kept questions');
    await page.goto(`${world.origin}/console/questions?question=timeline&who=9990001006`);
    await check(watched, 'a question with errors');
    expect(watched.troubles).toEqual([]);
  }, 120_000);

  test('the mother’s one page is accessible and fits', async () => {
    await world.service.family('aisha');
    await world.service.as('midwife').get('Patient/aisha');
    const watched = await newPage({ viewport: VIEWPORTS.phone });
    await watched.page.goto(`${world.origin}/console`);
    await signIn(watched.page, 'mother');
    expect(await watched.page.textContent('main')).toContain('Your midwifery team');
    await check(watched, 'who has viewed my record');
    expect(watched.troubles).toEqual([]);
  }, 60_000);

  test('by keyboard alone: skip link, sign-in, look, and an error takes the focus', async () => {
    const { page } = await newPage({ viewport: VIEWPORTS.desktop });
    await page.goto(`${world.origin}/console/sign-in`);
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Skip to main content');
    expect(await page.evaluate('getComputedStyle(document.activeElement).clip')).toBe('auto');
    await page.focus('input[value="ig-officer"]');
    await page.keyboard.press('Space');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/console');
    await page.click('text=Who looked');
    await page.focus('#nhs-number');
    await page.keyboard.type('999 000 1006');
    await page.keyboard.press('Tab');
    await page.keyboard.type('too short');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.nhsuk-error-summary');
    expect(await page.evaluate('document.activeElement.className')).toContain('nhsuk-error-summary');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('reason');
    await page.keyboard.type(': complaint IG-2031');
    await page.keyboard.press('Tab');
    const outline = await page.evaluate(
      'getComputedStyle(document.activeElement).boxShadow + getComputedStyle(document.activeElement).outline',
    );
    expect(outline).not.toBe('none');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#records');
  }, 60_000);

  test('works without script', async () => {
    const { page } = await newPage({ viewport: VIEWPORTS.phone, javaScriptEnabled: false });
    await page.goto(`${world.origin}/console`);
    await signIn(page, 'ig-officer');
    await ask(page, NUMBER, REASON);
    expect(await page.textContent('h1')).toContain('Who looked at this record');
    expect(await page.locator('table').count()).toBeGreaterThanOrEqual(3);
    await page.click('button:has-text("Sign out")');
    expect(await page.textContent('main')).toContain('You have signed out');
  }, 60_000);

  test('going back after signing out shows nothing', async () => {
    const { page } = await newPage({ viewport: VIEWPORTS.desktop });
    await page.goto(`${world.origin}/console`);
    await signIn(page, 'ig-officer');
    await ask(page, NUMBER, REASON);
    await page.waitForSelector('#records');
    await page.click('button:has-text("Sign out")');
    await page.waitForURL('**/console/sign-in?ended=out');
    await page.goBack();
    await page.waitForLoadState();
    expect(await page.content()).not.toContain('Karl Testwell');
    expect(await page.textContent('main')).not.toContain('Every access');
  }, 60_000);
});

async function newPage(options: Parameters<Browser['newContext']>[0]): Promise<Watched> {
  // The pages' policy forbids foreign script, and axe is one: it goes in through the debugger, past the policy.
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(`script: ${error.message}`));
  page.on('console', (message) => {
    // A 4xx page is reported as a failed resource: those states are wanted here.
    if (message.type() === 'error' && !message.text().includes('status of 4'))
      troubles.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(world.origin)) troubles.push(`elsewhere: ${request.url()}`);
  });
  return { page, troubles };
}

async function check({ page, troubles }: Watched, state: string): Promise<void> {
  await page.waitForLoadState('load');
  await page.evaluate(AXE);
  const result: unknown = await page.evaluate(`axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
    .then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map((one) => one.html.slice(0, 120)).join(' | ')))`);
  expect({ state, violations: result }).toEqual({ state, violations: [] });
  const fits = await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth');
  if (fits !== true) troubles.push(`${state} is wider than the screen`);
}

async function signIn(page: Page, identity: string): Promise<void> {
  await page.check(`input[value="${identity}"]`);
  await page.click('button:has-text("Sign in")');
  await page.waitForLoadState('load');
}

async function ask(page: Page, number: string, reason: string): Promise<void> {
  if ((await page.locator('#nhs-number').count()) === 0) await page.click('text=Who looked');
  await page.fill('#nhs-number', number);
  await page.fill('#reason', reason);
  await page.click('button:has-text("Show who looked")');
  await page.waitForLoadState('load');
}

function focused(page: Page): Promise<unknown> {
  return page.evaluate('document.activeElement.textContent.trim()');
}
