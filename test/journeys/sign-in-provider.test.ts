/** Signing in to the console in production through a real OpenID Connect provider: who gets in, and who does not. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Resource } from '../../src/fhir/types.ts';
import { type Service, startService } from '../harness/service.ts';
import {
  returnCookie,
  signInAt,
  startProvider,
  strong,
  type TestProvider,
  throughProvider,
} from '../harness/sign-in-provider.ts';
import { browserOf, wordsOf } from './console-world.ts';

const USER = 'https://fhir.nhs.uk/Id/sds-user-id';
const PROFILE = 'https://fhir.nhs.uk/Id/sds-role-profile-id';
const PEOPLE = {
  imran: strong('910000000001', '555000000001'),
  'imran-without-role': strong('910000000001'),
  'imran-elsewhere': strong('910000000001', '555000000099'),
  'imran-by-password': { ...strong('910000000001', '555000000001'), authentication_assurance_level: '1' },
  priya: strong('910000000002', '555000000002'),
  two: strong('910000000003'),
  leaver: strong('910000000004'),
  stranger: strong('910000000009'),
  silent: { authentication_assurance_level: '3' },
  parent: { fhirUser: 'Patient/one', identity_proofing_level: 'P9', authentication_assurance_level: '3' },
};

let provider: TestProvider;
let demo: Service;
let live: Service;
let origin: string;

/** A person of the directory with her numbers; `roles` are ids of PractitionerRoles. */
async function numbered(practitioner: string, user: string, roles: Readonly<Record<string, string>>): Promise<void> {
  const read = async (path: string): Promise<Resource> => (await demo.as('steward').get(path)).json as Resource;
  const who = await read(`Practitioner/${practitioner}`);
  await demo.load([{ ...who, identifier: [{ system: USER, value: user }] }]);
  for (const [role, profile] of Object.entries(roles)) {
    const what = await read(`PractitionerRole/${role}`);
    await demo.load([{ ...what, identifier: [{ system: PROFILE, value: profile }] }]);
  }
}

beforeAll(async () => {
  provider = await startProvider(PEOPLE);
  demo = await startService();
  await demo.directory();
  await numbered('ig-imran', '910000000001', { 'ig-imran': '555000000001' });
  await numbered('mw-priya', '910000000002', { 'mw-priya': '555000000002' });
  await numbered('hv-south', '910000000003', { 'hv-south': '555000000003' });
  await numbered('hv-none', '910000000004', { 'hv-none': '555000000004' });
  const second = (await demo.as('steward').get('PractitionerRole/hv-south')).json as Resource;
  const left = (await demo.as('steward').get('PractitionerRole/hv-none')).json as Resource;
  await demo.load([
    { ...second, id: 'hv-south-also', identifier: [{ system: PROFILE, value: '555000000013' }] },
    { ...left, active: false },
  ]);
  const signIn = signInAt(provider);
  live = await startService({ beside: demo, config: { mode: 'production', signIn } });
  origin = `http://127.0.0.1:${live.port}`;
}, 60_000);

afterAll(async () => {
  await live?.close();
  await demo?.close();
  await provider?.close();
});

/** The browser at the provider's door. */
async function atTheDoor() {
  const browser = browserOf(origin);
  const page = await browser.get('/console/sign-in');
  const started = await fetch(`${origin}/console/sign-in/start`, { redirect: 'manual' });
  return { browser, page, started };
}

async function signedInAs(login: string) {
  const { browser, started } = await atTheDoor();
  const back = await throughProvider(started.headers.get('location') ?? '', login);
  browser.use(returnCookie(started));
  return { browser, page: await browser.get(back.slice(origin.length)), back };
}

/** Waits for the counted record of a refusal: it is written beside the answer, for strangers. */
async function counted(reason: string): Promise<void> {
  const detail = `body::json ->> 'interaction' = 'anonymous' and body like '%' || $1 || '%'`;
  for (const until = Date.now() + 5_000; Date.now() < until; ) {
    const { rows } = await live.pool.query(`select 1 from audit where ${detail} limit 1`, [reason]);
    if (rows.length > 0) return;
  }
  throw new Error(`no record of a refusal: ${reason}`);
}

test('while the provider is away the console says so, and signs nobody in', async () => {
  const { page, started } = await atTheDoor();
  expect(page.status).toBe(200);
  expect(page.html).not.toMatch(/Priya|Imran/);
  expect(started.status).toBe(503);
  expect(await started.text()).toContain('does not answer');
  await provider.open(`${origin}/console/signed-in`);
});

test('in production nothing but what says how to come in is open without a token', async () => {
  const statusOf = async (path: string, method = 'GET'): Promise<[string, number]> => [
    path,
    (await fetch(`${origin}${path}`, { method, redirect: 'manual' })).status,
  ];
  const open = ['/fhir/R4/metadata', '/fhir/R4/.well-known/smart-configuration', '/.well-known/jwks.json'];
  for (const path of [...open, '/.well-known/audit-keys.json', '/health/live', '/health/ready'])
    expect(await statusOf(path)).toEqual([path, 200]);
  const closed = [
    'Patient',
    'Patient/one',
    'Patient/one/_history',
    'Patient/one/$everything',
    '_history',
    'AuditEvent',
  ];
  const more = ['CodeSystem', 'StructureDefinition', 'ValueSet/$expand?url=x', '$versions', '_async/xxxxxxxxxxxxxxxx'];
  for (const one of [...closed, ...more]) {
    const path = `/fhir/R4/${one}`;
    expect(await statusOf(path)).toEqual([path, 401]);
  }
  for (const one of ['', 'Patient', 'Patient/_search', 'Patient/$validate', 'Patient/$break-glass'])
    expect(await statusOf(`/fhir/R4/${one}`, 'POST')).toEqual([`/fhir/R4/${one}`, 401]);
  for (const one of ['', '/alerts', '/cases', '/questions', '/access-record', '/accesses'])
    expect(await statusOf(`/console${one}`)).toEqual([`/console${one}`, 303]);
});

describe('with the provider there', () => {
  test('an IG officer gets in, is recorded under her own name, and looks', async () => {
    const { browser, page, back } = await signedInAs('imran');
    expect(page.status).toBe(200);
    expect(page.headers.get('refresh')).toBe('0; url=/console');
    const session = browser.setCookies.findLast((line) => line.startsWith('tandem-console='));
    expect(session).toMatch(/HttpOnly; SameSite=Strict/);
    const start = await browser.get('/console/access-record');
    expect(start.status).toBe(200);
    expect(wordsOf(start.html)).toContain('Signed in as Imran');
    const { rows } = await live.pool.query<{ body: string }>(
      `select body from audit where body::json ->> 'detail' = 'console-sign-in; assurance: AAL3' order by xid desc, id desc limit 1`,
    );
    expect(JSON.parse(rows[0]?.body ?? '{}')).toMatchObject({
      interaction: 'login',
      purpose: 'HSYSADMIN',
      agent: {
        issuer: provider.issuer,
        subject: 'imran',
        role: 'ig-officer',
        practitionerRole: 'PractitionerRole/ig-imran',
      },
    });
    // The way back works once, and only for the browser that began it.
    browser.use('tandem-console-return=other');
    expect((await browser.get(back.slice(origin.length))).status).toBe(400);
  });

  test('without a role in the claims her only one is meant', async () => {
    expect((await signedInAs('imran-without-role')).page.status).toBe(200);
  });

  test('a midwife signs in and is turned away at the page, by the rules', async () => {
    const { browser } = await signedInAs('priya');
    expect((await browser.get('/console/access-record')).status).toBe(403);
  });

  test.each<[string, string, string]>([
    ['imran-elsewhere', 'does not know this person', 'not-in-directory'],
    ['stranger', 'does not know this person', 'not-in-directory'],
    ['imran-by-password', 'strong method', 'assurance'],
    ['silent', 'did not say who you are', 'claims'],
    // Parents' pages are off in production: whoever says so (domain.md 1.8).
    ['parent', 'did not say who you are', 'claims'],
  ])('%s is not signed in: %s', async (login, words, reason) => {
    const { browser, page } = await signedInAs(login);
    expect(page.status).toBe(401);
    expect(wordsOf(page.html)).toContain(words);
    expect((await browser.get('/console/access-record')).address).toBe('/console/sign-in');
    await counted(reason);
  });

  test('whoever has several roles and named none is asked, and is nobody until she has chosen', async () => {
    const { browser, page } = await signedInAs('two');
    expect([page.status, wordsOf(page.html).includes('In which role do you sign in?')]).toEqual([200, true]);
    expect((await browser.get('/console/access-record')).address).toBe('/console/sign-in');
  });

  test('a leaver is not signed in', async () => {
    const { browser, page } = await signedInAs('leaver');
    expect(page.status).toBe(401);
    expect((await browser.get('/console/access-record')).address).toBe('/console/sign-in');
  });

  test.each<[string, (back: URL) => void]>([
    ['another state', (back) => back.searchParams.set('state', 'x'.repeat(43))],
    ['another code', (back) => back.searchParams.set('code', 'x'.repeat(43))],
    ['no code', (back) => back.searchParams.delete('code')],
    ['an error of the provider', (back) => back.searchParams.set('error', 'access_denied')],
    ['another issuer', (back) => back.searchParams.set('iss', 'https://evil.example')],
  ])('a way back with %s signs nobody in', async (_words, change) => {
    const { browser, started } = await atTheDoor();
    const back = new URL(await throughProvider(started.headers.get('location') ?? '', 'imran'));
    change(back);
    browser.use(returnCookie(started));
    const page = await browser.get(back.href.slice(origin.length));
    expect(page.status).toBe(401);
    expect((await browser.get('/console/access-record')).address).toBe('/console/sign-in');
  });

  test('a stranger who begins without end pushes nobody out, and what comes back twice is not taken', async () => {
    const mine = await atTheDoor();
    for (let round = 0; round < 11; round += 1) {
      const begun = Array.from({ length: 100 }, () => fetch(`${origin}/console/sign-in/start`, { redirect: 'manual' }));
      for (const one of await Promise.all(begun)) await one.body?.cancel();
    }
    const back = await throughProvider(mine.started.headers.get('location') ?? '', 'imran');
    mine.browser.use(returnCookie(mine.started));
    expect((await mine.browser.get(back.slice(origin.length))).status).toBe(200);
    const again = browserOf(origin);
    again.use(returnCookie(mine.started));
    expect((await again.get(back.slice(origin.length))).status).toBe(400);
  });

  test('what comes back is sealed: a changed cookie begins nothing', async () => {
    const { started } = await atTheDoor();
    const [name, value = ''] = returnCookie(started).split('=');
    const flipped = `${value.slice(0, -4)}${value.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
    for (const one of [flipped, 'x'.repeat(900)]) {
      const browser = browserOf(origin);
      browser.use(`${name}=${one}`);
      expect((await browser.get('/console/signed-in?code=x&state=y')).status).toBe(400);
    }
  });

  test('the code of one browser is worth nothing in another', async () => {
    const mine = await atTheDoor();
    const back = await throughProvider(mine.started.headers.get('location') ?? '', 'imran');
    const other = await atTheDoor();
    other.browser.use(returnCookie(other.started));
    const page = await other.browser.get(back.slice(origin.length));
    expect(page.status).toBe(401);
  });
});
