/**
 * Pictures of the console for the README, from a running demo: `DATA_DIR=data node scripts/screenshots.ts [--base URL]`.
 * Needs Chromium (`apt-get install chromium`). A few reads go before, so that there is something to see.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = `${ROOT}docs/images/`;
const MAX_BYTES = 150_000;
const NHS_NUMBER = '9990001006';

const { values } = parseArgs({ options: { base: { type: 'string', default: 'http://127.0.0.1:8080' } } });
const base = values.base.replace(/\/+$/, '');
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
if (executablePath === undefined) {
  process.stderr.write('There is no Chromium here: apt-get install chromium\n');
  process.exit(1);
}

await lookAround();
mkdirSync(FOLDER, { recursive: true });
const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu'] });
const DESKTOP = { width: 1280, height: 900 };
await shoot(browser, 'console-today', DESKTOP, async () => {});
await shoot(browser, 'console-access-record', { width: 1280, height: 1250 }, look);
await shoot(browser, 'console-access-record-phone', { width: 390, height: 844 }, look);
await shoot(browser, 'console-agreement', DESKTOP, (page) => page.goto(`${base}/console/agreements/sharing-mw-hv`));
await shoot(browser, 'console-simulator', DESKTOP, simulate);
await shoot(browser, 'console-case', { width: 1180, height: 620 }, compare);
await browser.close();

/** People and systems of the demo read the family that the picture is about; one is refused. */
async function lookAround(): Promise<void> {
  const paths = ['Patient/aisha', `Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|${NHS_NUMBER}`];
  for (const identity of ['midwife', 'health-visitor', 'nursery-nurse', 'admin', 'hv-system', 'service-lead']) {
    const token = execFileSync(process.execPath, [`${ROOT}src/identity/token-cli.ts`, identity, '--base', base], {
      encoding: 'utf8',
    });
    for (const path of paths) {
      await fetch(`${base}/fhir/R4/${path}`, { headers: { authorization: `Bearer ${token.trim()}` } });
    }
  }
}

async function shoot(
  from: Browser,
  name: string,
  viewport: { width: number; height: number },
  reach: (page: Page) => Promise<unknown>,
): Promise<void> {
  const page = await from.newPage({ viewport });
  await page.goto(`${base}/console`);
  await page.click('main a:has-text("Sign in")');
  await page.check('input[value="ig-officer"]');
  await page.click('button:has-text("Sign in")');
  await page.waitForURL(({ pathname }) => pathname === '/console');
  await reach(page);
  const path = `${FOLDER}${name}.png`;
  await page.screenshot({ path });
  const { size } = statSync(path);
  if (size > MAX_BYTES) throw new Error(`${name}.png has ${size} bytes, more than ${MAX_BYTES}`);
  process.stdout.write(`docs/images/${name}.png ${Math.round(size / 1000)} kB\n`);
  await page.close();
}

async function look(page: Page): Promise<void> {
  await page.goto(`${base}/console/access-record`);
  await page.fill('#nhs-number', NHS_NUMBER);
  await page.fill('#reason', 'Complaint IG-2031: the family asked who looked');
  await press(page, 'Show who looked');
}

/** A case: each access beside attendance. */
async function compare(page: Page): Promise<void> {
  await page.goto(`${base}/console/cases/open`);
  await page.fill('#nhs-number', NHS_NUMBER);
  await page.fill('#reason', 'Complaint IG-2031: the family asked who looked');
  await press(page, 'Open the case');
  await press(page, 'Take this case');
  await press(page, 'Gather the evidence');
  await page.evaluate("document.getElementById('evidence').scrollIntoView()");
}

/** Somebody without a relationship of care: the picture shows where the way ends. */
async function simulate(page: Page): Promise<void> {
  await page.goto(`${base}/console/simulator`);
  await page.fill('#who', 'hv-21');
  await page.fill('#what', NHS_NUMBER);
  await page.selectOption('#type', 'Patient');
  await page.fill('#reason', 'Complaint IG-2031: who could have looked');
  await press(page, 'Ask');
}

async function press(page: Page, text: string): Promise<void> {
  await page.click(`button:has-text("${text}")`);
  await page.waitForLoadState('load');
}
