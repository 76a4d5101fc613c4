/** The console in a real browser: every state at desktop and phone size without an axe violation, by keyboard, without script. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { SECTIONS } from '../../src/console/sections.ts';
import { chromiumPath, signInAs, startChromium, VIEWPORTS } from '../harness/chromium.ts';
import { practitionerRole } from '../harness/directory.ts';
import { EXAMPLES, fillWorld, STATES } from './console-states.ts';
import { type Console, NUMBER, openConsole, REASON } from './console-world.ts';

const path = chromiumPath();
const inBrowser = path === null ? describe.skip : describe;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let world: Console;
let browser: Browser;

/** What must never happen on any page: script errors, refused resources, requests to other hosts. */
interface Watched {
  page: Page;
  troubles: string[];
}

/** Pages that are opened, with somebody in whose menu they stand. */
const PAGES = SECTIONS.flatMap(({ roles, pages }) =>
  pages.flatMap(({ path: at, show, roles: own }) =>
    show === undefined ? [] : [{ at, who: identityOf(own ?? roles) }],
  ),
);

function identityOf(roles: readonly string[]): string {
  return roles[0] ?? 'ig-officer';
}

test('every page with a parameter has an example', () => {
  const wanted = PAGES.map(({ at }) => at).filter((one) => one.includes(':'));
  expect(Object.keys(EXAMPLES).sort()).toEqual(wanted.sort());
});

inBrowser('the console in Chromium', () => {
  beforeAll(async () => {
    world = await openConsole();
    await fillWorld(world);
    browser = await startChromium(path ?? '');
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await world?.service.close();
  });

  test('every page of the list is accessible and fits at both sizes, and loads nothing from elsewhere', async () => {
    await share(PAGES, async (next) => {
      const people = new Map<string, Watched>();
      for (let one = next(); one !== undefined; one = next()) {
        const { at, who } = one;
        const address = (await EXAMPLES[at]?.(world)) ?? at;
        const [path = '', cookie = ''] = address.split('#');
        const watched = people.get(who) ?? (await signedIn(who));
        people.set(who, watched);
        if (cookie !== '') await useSession(watched.page, cookie);
        const response = await watched.page.goto(world.origin + path);
        expect({ at, status: response?.status() }).toEqual({ at, status: 200 });
        await check(watched, at);
        expect(await watched.page.locator('h1').count()).toBe(1);
      }
      expect([...people.values()].flatMap(({ troubles }) => troubles)).toEqual([]);
    });
  }, 240_000);

  test('so is every state beyond an address: errors, results, refusals', async () => {
    await share(STATES, async (next) => {
      const people = new Map<string, Watched>();
      for (let one = next(); one !== undefined; one = next()) {
        const watched = people.get(one.identity) ?? (await signedIn(one.identity));
        people.set(one.identity, watched);
        await one.reach(watched.page, world.origin);
        await check(watched, one.name);
        if (one.name.endsWith('with errors')) expect(await watched.page.title()).toMatch(/^Error: /);
      }
      expect([...people.values()].flatMap(({ troubles }) => troubles)).toEqual([]);
    });
  }, 240_000);

  test('so are signing in, choosing nobody, choosing a role and having signed out', async () => {
    const also = { ...practitionerRole('nn-karl'), id: 'nn-karl-also' };
    await world.service.load([also]);
    const watched = await newPage({ viewport: VIEWPORTS.desktop });
    const { page } = watched;
    await page.goto(`${world.origin}/console`);
    await check(watched, 'sign-in');
    await page.click('main a:has-text("Sign in")');
    await check(watched, 'the list of the built-in provider');
    await page.click('button:has-text("Sign in")');
    await check(watched, 'the list with an error');
    expect(await page.title()).toMatch(/^Error: /);
    await page.check('input[value="nursery-nurse"]');
    await page.click('button:has-text("Sign in")');
    await check(watched, 'the choice of a role');
    await page.click('button:has-text("Continue")');
    await check(watched, 'the choice of a role with an error');
    expect(await page.title()).toMatch(/^Error: /);
    await page.check('input[value="PractitionerRole/nn-karl-also"]');
    await page.click('button:has-text("Continue")');
    await page.waitForURL('**/console');
    await page.click('button:has-text("Sign out")');
    await check(watched, 'signed out');
    expect(watched.troubles).toEqual([]);
  }, 60_000);

  test('without script every page shows the same, with its forms', async () => {
    const watched = await newPage({ viewport: VIEWPORTS.phone, javaScriptEnabled: false });
    const { page } = watched;
    await page.goto(`${world.origin}/console`);
    await signInAs(page, 'ig-officer');
    for (const { at } of PAGES.filter(({ at, who }) => who === 'ig-officer' && !at.includes(':'))) {
      await page.goto(world.origin + at);
      expect(await page.locator('h1').count()).toBe(1);
      for (const button of await page.locator('main form button').all()) expect(await button.isVisible()).toBe(true);
    }
    expect(watched.troubles).toEqual([]);
  }, 60_000);

  test('by keyboard alone: skip link, sign-in, look, and an error takes the focus', async () => {
    const { page } = await newPage({ viewport: VIEWPORTS.desktop });
    await page.goto(`${world.origin}/console/sign-in`);
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Skip to main content');
    expect(await page.evaluate('getComputedStyle(document.activeElement).clip')).toBe('auto');
    await page.focus('main a:has-text("Sign in")');
    await page.keyboard.press('Enter');
    await page.waitForSelector('input[value="ig-officer"]');
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
    await signInAs(page, 'ig-officer');
    await ask(page, NUMBER, REASON);
    expect(await page.textContent('h1')).toContain('Who looked at this record');
    expect(await page.locator('table').count()).toBeGreaterThanOrEqual(3);
    await page.click('button:has-text("Sign out")');
    expect(await page.textContent('main')).toContain('You have signed out');
  }, 60_000);

  test('going back after signing out shows nothing', async () => {
    const { page } = await newPage({ viewport: VIEWPORTS.desktop });
    await page.goto(`${world.origin}/console`);
    await signInAs(page, 'ig-officer');
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

/** Two browsers' worth of work side by side: each takes the next one when it is free. */
async function share<T>(list: readonly T[], work: (next: () => T | undefined) => Promise<void>): Promise<void> {
  const waiting = [...list];
  const next = () => waiting.shift();
  await Promise.all([work(next), work(next)]);
}

async function signedIn(identity: string): Promise<Watched> {
  const watched = await newPage({ viewport: VIEWPORTS.desktop });
  await watched.page.goto(`${world.origin}/console`);
  await signInAs(watched.page, identity);
  return watched;
}

async function useSession(page: Page, cookie: string): Promise<void> {
  const [name = '', value = ''] = cookie.split('=');
  await page.context().addCookies([{ name, value, domain: '127.0.0.1', path: '/console' }]);
}

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

/** No violation at desktop size and none at phone size, and nothing wider than the phone. */
async function check({ page, troubles }: Watched, state: string): Promise<void> {
  await page.waitForLoadState('load');
  await page.evaluate(AXE);
  for (const [size, viewport] of Object.entries(VIEWPORTS)) {
    await page.setViewportSize(viewport);
    const result: unknown = await page.evaluate(`axe.run(document, { resultTypes: ['violations'],
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
      .then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map((one) => one.html.slice(0, 120)).join(' | ')))`);
    expect({ state, size, violations: result }).toEqual({ state, size, violations: [] });
    const fits = await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth');
    if (fits !== true) troubles.push(`${state} is wider than the screen (${size})`);
  }
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
