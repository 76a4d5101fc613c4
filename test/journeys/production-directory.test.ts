/**
 * Production from nothing: `npm run setup` on a terminal makes two administrators, who sign in through a real OpenID Connect
 * provider and build the directory by pages and two persons; those they enter then sign in and work.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { compiled } from '../harness/compiled.ts';
import { type Service, startService } from '../harness/service.ts';
import {
  returnCookie,
  signInAt,
  startProvider,
  strong,
  type TestProvider,
  throughProvider,
} from '../harness/sign-in-provider.ts';
import { browserOf, type Shown, tokenOf, wordsOf } from './console-world.ts';

type Browser = ReturnType<typeof browserOf>;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PEOPLE = {
  ada: strong('910000000101'),
  bea: strong('910000000102'),
  zoe: strong('910000000103'),
  tom: strong('910000000104'),
};

let provider: TestProvider;
let service: Service;
let origin: string;

beforeAll(async () => {
  provider = await startProvider(PEOPLE);
  const signIn = signInAt(provider);
  service = await startService({ config: { mode: 'production', signIn } });
  origin = `http://127.0.0.1:${service.port}`;
  await provider.open(`${origin}/console/signed-in`);
}, 60_000);
afterAll(async () => {
  await service?.close();
  await provider?.close();
});

/** Runs the setup; on a terminal of its own where the machine has a program for that. */
function setup(answers: readonly string[], onTerminal: boolean) {
  const env = {
    PATH: process.env.PATH ?? '',
    ...compiled(),
    MODE: 'production',
    PUBLIC_URL: 'https://record.example',
    DATA_DIR: service.config.dataDir,
    DATABASE_URL: service.database.ownerUrl,
    SERVICE_DATABASE_URL: service.database.serviceUrl,
  };
  const [command, ...args] = onTerminal
    ? ['script', '-qec', `'${process.execPath}' src/setup.ts`, '/dev/null']
    : [process.execPath, 'src/setup.ts'];
  return new Promise<{ code: number | null; out: string }>((resolve) => {
    const child = spawn(command ?? '', args, { cwd: ROOT, env, stdio: ['pipe', 'pipe', 'pipe'] });
    const left = [...answers];
    let out = '';
    const hear = (chunk: Buffer): void => {
      out += chunk.toString();
      // One answer for each question, as a person types.
      if (/: $/.test(out) && onTerminal) child.stdin.write(`${left.shift() ?? ''}\n`);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    if (!onTerminal) child.stdin.end(`${answers.join('\n')}\n`);
    child.once('exit', (code) => resolve({ code, out }));
  });
}

const ANSWERS = ['Sampleport Trust', 'rx9', 'Ada', 'Example', '910000000101', 'Bea', 'Sample', '910000000102'];
const hasTerminal = process.platform === 'linux' && ['/usr/bin/script', '/bin/script'].some(existsSync);

async function through(browser: Browser, start: string, login: string): Promise<Shown> {
  const started = await fetch(`${origin}${start}`, { redirect: 'manual', headers: { cookie: browser.cookie() } });
  const back = await throughProvider(started.headers.get('location') ?? '', login);
  // The session's cookie does not come along from another site.
  browser.use('tandem-console=');
  browser.use(returnCookie(started));
  return browser.get(back.slice(origin.length));
}

async function signedIn(login: string): Promise<Browser> {
  const browser = browserOf(origin);
  expect((await through(browser, '/console/sign-in/start', login)).status).toBe(200);
  return browser;
}

async function upload(browser: Browser, kind: string, csv: string): Promise<Shown> {
  const page = await browser.get('/console/directory/import');
  const form = new FormData();
  form.append('form-token', tokenOf(page.html));
  form.append('kind', kind);
  form.append('file', new Blob([csv], { type: 'text/csv' }), `${kind}.csv`);
  const reply = await fetch(`${origin}/console/directory/import`, {
    method: 'POST',
    body: form,
    headers: { cookie: browser.cookie() },
    redirect: 'manual',
  });
  expect([kind, reply.status, reply.status === 303 ? '' : wordsOf(await reply.text())]).toEqual([kind, 303, '']);
  const address = reply.headers.get('location') ?? '';
  return browser.fill(address, address, { reason: 'Building the directory' });
}

async function confirmed(browser: Browser): Promise<Shown> {
  const { html } = await browser.get('/console/proposals');
  const href = /href="(\/console\/proposals\/[a-z0-9]+)"/.exec(html)?.[1] ?? '';
  return browser.fill(href, href, { act: 'confirm' });
}

const people = async (): Promise<number> => {
  const { rows } = await service.pool.query<{ n: number }>(
    `select count(*)::int as n from directory where entry ->> 'kind' = 'role'`,
  );
  return rows[0]?.n ?? -1;
};

test('the setup asks on a terminal, asks again what cannot be, and takes piped answers whole or not at all', async () => {
  const few = await setup(ANSWERS.slice(0, 4), false);
  expect([few.code, few.out.includes('ended too early'), await people()]).toEqual([1, true, 0]);
  // On a terminal the first answer is asked again.
  const done = hasTerminal ? await setup(['<b>', ...ANSWERS], true) : await setup(ANSWERS, false);
  expect([done.code, await people()]).toEqual([0, 2]);
  expect(done.out).toContain('"privateKey"');
}, 60_000);

const FILES: readonly [kind: string, csv: string][] = [
  [
    'services',
    'service_id,name,part_of,kind\nMAT,Community midwifery,RX9,maternity\nHV,Health visiting,RX9,health-visiting\n',
  ],
  ['teams', 'team_id,name,service_id\nT1,Team one,MAT\n'],
  [
    'people',
    'staff_number,family_name,given_name,sds_user_id\nA1,Example,Ada,910000000101\nS3,Müller,Zoë,910000000103\nS4,Clerk,Tom,910000000104\n',
  ],
  [
    'roles',
    'role_id,staff_number,role,service_id,start\nR3,S3,midwife,MAT,2026-01-01\nR3b,S3,team-lead,MAT,2026-01-01\nR4,S4,admin,MAT,2026-01-01\n',
  ],
  ['members', 'team_id,role_id,start\nT1,R3,2026-01-01\n'],
];

test('two administrators build the directory; one alone changes nothing; a confirmation wants a fresh proof', async () => {
  const [ada, bea] = [await signedIn('ada'), await signedIn('bea')];
  expect((await ada.get('/console')).status).toBe(200);
  let isFirst = true;
  for (const [kind, csv] of FILES) {
    const sent = await upload(ada, kind, csv);
    expect([kind, wordsOf(sent.html).includes('waits for a second person')]).toEqual([kind, true]);
    if (isFirst) {
      const asked = await confirmed(bea);
      expect([asked.status, wordsOf(asked.html).includes('Confirm that it is you')]).toEqual([403, true]);
      // Somebody else's proof does not count for her session.
      const other = browserOf(origin);
      other.use(bea.cookie());
      expect((await through(other, '/console/sign-in/start?again=yes&to=/console/proposals', 'ada')).status).toBe(401);
      const proof = await through(bea, '/console/sign-in/start?again=yes&to=/console/proposals', 'bea');
      expect([proof.status, proof.headers.get('refresh')]).toEqual([200, '0; url=/console/proposals']);
      await through(ada, '/console/sign-in/start?again=yes&to=/console/proposals', 'ada');
      expect((await confirmed(ada)).status).toBe(422);
    }
    isFirst = false;
    const done = await confirmed(bea);
    expect([kind, done.status, wordsOf(done.html).includes('has taken effect')]).toEqual([kind, 200, true]);
  }
  expect(await people()).toBe(5);
  // The administrator the setup made is the person of the file, not a second one.
  const { rows } = await service.pool.query(`select 1 from directory where entry ->> 'kind' = 'person'`);
  expect(rows).toHaveLength(4);
}, 60_000);

test('those they entered sign in: one role at once, of several she chooses, for this browser alone', async () => {
  const zoe = browserOf(origin);
  const page = await through(zoe, '/console/sign-in/start', 'zoe');
  expect([page.status, wordsOf(page.html).includes('In which role do you sign in?')]).toEqual([200, true]);
  const offered = /name="offered" value="([^"]+)"/.exec(page.html)?.[1] ?? '';
  const [first = ''] = [.../value="(PractitionerRole\/[a-z0-9]+)"/g[Symbol.matchAll](page.html)].map(
    (one) => one[1] ?? '',
  );
  const other = browserOf(origin);
  const theirs = tokenOf((await through(other, '/console/sign-in/start', 'zoe')).html);
  const forged = await other.post('/console/sign-in/role', { 'form-token': theirs, offered, role: first });
  expect(forged.status).toBe(400);
  const choose = (role: string) =>
    zoe.post('/console/sign-in/role', { 'form-token': tokenOf(page.html), offered, role });
  const none = await choose('PractitionerRole/somebody-else');
  expect([none.status, wordsOf(none.html).includes('Select the role in which you sign in')]).toEqual([422, true]);
  expect((await choose(first)).status).toBe(200);
  expect((await zoe.get('/console/directory')).status).toBe(200);

  const tom = await signedIn('tom');
  const start = new Date(Date.now() + 3_600_000).toISOString();
  const end = new Date(Date.now() + 7_200_000).toISOString();
  const done = await upload(tom, 'duty', `team_id,role_id,start,end\nT1,R3b,${start},${end}\n`);
  expect(wordsOf(done.html)).toContain('The directory is changed as it was shown');
  // Out of every browser at once; and who has left is out at the next request.
  const elsewhere = await signedIn('tom');
  await tom.post('/console/sign-out', {
    'form-token': tokenOf((await tom.get('/console/directory')).html),
    everywhere: 'yes',
  });
  expect((await elsewhere.get('/console/directory')).address).toContain('/console/sign-in');
});
