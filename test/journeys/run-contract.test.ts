/** The run contract of house.md section 2 on a real process: ready, tokens by command, a clean end, a quick second start. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { clientOn } from '../harness/client.ts';
import { type ServiceProcess, serviceProcess, TELLS_LOADS } from '../harness/service-process.ts';
import { browserOf, tokenOf, wordsOf } from './console-world.ts';

let service: ServiceProcess;

beforeAll(async () => {
  service = await serviceProcess(null, TELLS_LOADS);
}, 60_000);
afterAll(() => service.close());

const root = () => service.base.replace('/fhir/R4', '');
const command = promisify(execFile);
const cwd = fileURLToPath(new URL('../..', import.meta.url));

test('it gets ready and says where it is', async () => {
  await service.start();
  const ready = await clientOn(root(), null).get('health/ready');
  expect([ready.status, ready.json.status]).toEqual([200, 'ready']);
  expect(service.output()).toContain(`FHIR base  ${service.base}`);
  expect(service.output()).toContain('curl');
});

test('the token command prints one line that opens the door of this service, and of no other', async () => {
  const env = { PATH: process.env.PATH ?? '', DATA_DIR: service.dataDir, MODE: 'demo' };
  const run = (...args: string[]) => command(process.execPath, ['src/identity/token-cli.ts', ...args], { cwd, env });
  const { stdout } = await run('epr', '--base', root());
  expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  expect((await clientOn(service.base, `Bearer ${stdout.trim()}`).get('Patient?_count=1')).status).toBe(200);
  const other = await run('epr', '--base', 'http://127.0.0.1:1');
  expect((await clientOn(service.base, `Bearer ${other.stdout.trim()}`).get('Patient?_count=1')).status).toBe(401);
  await expect(run('nobody')).rejects.toThrow(/Name one identity/);
});

test('the sign-in provider is loaded when somebody signs in, and what was begun goes on after a kill', async () => {
  expect(service.output()).not.toContain('LOADED');
  const browser = browserOf(root());
  const list = await browser.get('/console/sign-in/start');
  expect([list.status, list.html.includes('value="ig-officer"')]).toEqual([200, true]);
  expect(service.output()).toContain('LOADED oidc-provider');
  await service.kill();
  await service.start();
  // The page is drawn anew: its form was made by the process that is gone.
  const again = await browser.get(list.address);
  const form = { 'form-token': tokenOf(again.html), identity: 'ig-officer' };
  expect((await browser.post(list.address, form)).headers.get('refresh')).toBe('0; url=/console');
  expect(wordsOf((await browser.get('/console')).html)).toContain('Signed in as Imran');
});

test('SIGTERM: what is under way is answered, the exit code is 0, the next start is quick and finds everything', async () => {
  const epr = service.as('epr');
  const made = await epr.post('Patient', { resourceType: 'Patient', name: [{ family: 'Kept' }] });
  expect(made.status).toBe(201);
  const pending = Promise.all(
    Array.from({ length: 20 }, () =>
      epr.get('Patient?family=Kept').then(
        ({ status }) => status,
        () => 0,
      ),
    ),
  );
  const code = service.stop();
  for (const status of await pending) expect([200, 0]).toContain(status);
  expect(await code).toBe(0);
  const ms = await service.start();
  // 3 s on a quiet machine (house.md); the test machine is shared.
  expect(ms).toBeLessThan(15_000);
  expect((await service.as('epr').get(`Patient/${String(made.json.id)}`)).status).toBe(200);
});

test('audit:verify proves the trail of a service that runs', async () => {
  const env = {
    PATH: process.env.PATH ?? '',
    DATA_DIR: service.dataDir,
    MODE: 'demo',
    DATABASE_URL: service.database.ownerUrl,
    SERVICE_DATABASE_URL: service.database.serviceUrl,
  };
  const { stdout } = await command(process.execPath, ['src/audit-verify.ts'], { cwd, env });
  expect(stdout).toMatch(/^OK: \d+ records/);
});
