/** A real browser for the tests of the pages: Debian's Chromium. Missing in CI it is a failure, elsewhere a printed skip. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const VIEWPORTS = {
  desktop: { width: 1280, height: 900 },
  phone: { width: 390, height: 844 },
} as const;

/** Where a Chromium is, or null. @throws Error in CI, where there must be one */
export function chromiumPath(): string | null {
  const found = PATHS.find((path) => existsSync(path)) ?? null;
  if (found === null && process.env.CI === 'true') throw new Error('CI has no Chromium: .ci/run installs it');
  if (found === null) process.stderr.write('skipped: no Chromium here; apt-get install chromium runs these tests\n');
  return found;
}

export function startChromium(path: string): Promise<Browser> {
  return chromium.launch({ executablePath: path, args: ARGS });
}

/** From the console's sign-in page, through the built-in provider's list, to the page behind it. */
export async function signInAs(page: Page, identity: string): Promise<void> {
  await page.click('main a:has-text("Sign in")');
  await page.check(`input[value="${identity}"]`);
  await page.click('button:has-text("Sign in")');
  await page.waitForURL(({ pathname }) => !pathname.includes('/sign'));
  await page.waitForLoadState('load');
}
