/** Sessions with an attacker's eye, behind https and on two processes: cookies, forms, ways back, and who is still in. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pathHere } from '../../src/console/pages.ts';
import { SECTIONS } from '../../src/console/sections.ts';
import { IDLE_MS } from '../../src/console/session.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { openPool } from '../../src/store/pool.ts';
import { type Service, startService } from '../harness/service.ts';
import { browserOf, tokenOf, trail, wordsOf } from '../journeys/console-world.ts';

const KNOWN = 'https://tandem.example.org';
const clock = { ahead: 0 };
let one: Service;
let two: Service;

const originOf = ({ port }: Service): string => `http://127.0.0.1:${port}`;
/** A browser whose balancer leads to this process. */
const at = (service: Service) => browserOf(originOf(service), KNOWN);
type Browser = ReturnType<typeof at>;

async function signedIn(service: Service, identity: string): Promise<Browser> {
  const browser = at(service);
  const page = await browser.signIn(identity);
  expect([identity, page.status, wordsOf(page.html).includes('Signed in as')]).toEqual([identity, 200, true]);
  return browser;
}

/** Where a page of somebody signed in is found now. */
const stands = async (browser: Browser): Promise<string> => (await browser.get('/console/proposals')).address;

beforeAll(async () => {
  const options = { config: { publicUrl: KNOWN }, clock: () => new Date(Date.now() + clock.ahead) };
  one = await startService(options);
  await one.directory();
  two = await startService({ ...options, beside: one });
}, 60_000);
afterAll(async () => {
  await two?.close();
  await one?.close();
});

describe('who is still in', () => {
  test('signing out everywhere holds in every process at the very next request, for her alone', async () => {
    const [here, hereToo] = [await signedIn(one, 'ig-officer'), await signedIn(one, 'ig-officer')];
    const [there, other] = [await signedIn(two, 'ig-officer'), await signedIn(two, 'sysadmin')];
    for (const browser of [here, hereToo, there, other]) expect(await stands(browser)).toBe('/console/proposals');
    const form = tokenOf((await here.get('/console')).html);
    const out = await here.post('/console/sign-out', { 'form-token': form, everywhere: 'yes' });
    expect(wordsOf(out.html)).toContain('You have signed out');
    for (const browser of [there, hereToo]) {
      const page = await browser.get('/console/proposals');
      expect(page.address).toBe('/console/sign-in?ended=everywhere');
      expect(wordsOf(page.html)).toContain('All your sessions were ended');
    }
    expect(await stands(other)).toBe('/console/proposals');
    // Not for ever: she signs in anew.
    expect(await stands(await signedIn(two, 'ig-officer'))).toBe('/console/proposals');
    const [entry] = await trail(one, 'console-sign-out; everywhere');
    expect(JSON.parse(entry?.body ?? '{}').agent.subject).toBe('ig-imran');
  });

  test('a form that was filled in before does nothing after', async () => {
    const [here, there] = [await signedIn(one, 'sysadmin'), await signedIn(two, 'sysadmin')];
    const form = tokenOf((await there.get('/console/directory')).html);
    const out = tokenOf((await here.get('/console/directory')).html);
    await here.post('/console/sign-out', { 'form-token': out, everywhere: 'yes' });
    const page = await there.post('/console/proposals/x', { 'form-token': form, act: 'confirm' });
    expect(page.address).toBe('/console/sign-in?ended=everywhere');
  });

  test('a leaver and a client that was ended are out of the other process at the very next request', async () => {
    const shah = await signedIn(two, 'caldicott-guardian');
    const hv = two.as('hv-system');
    expect((await hv.get('Patient?_count=1')).status).toBe(200);
    const role = (await one.as('steward').get('PractitionerRole/cg-shah')).json as Resource;
    await one.as('steward').put('PractitionerRole/cg-shah', { ...role, active: false });
    expect((await shah.get('/console/proposals')).status).toBe(401);
    expect(await stands(shah)).toBe('/console/sign-in');
    const owner = openPool(one.database.ownerUrl, 1);
    await owner.query(`update client set ended = now() where client_id = 'hv-system'`);
    expect((await hv.get('Patient?_count=1')).status).toBe(401);
    await owner.query(`update client set ended = null where client_id = 'hv-system'`);
    await owner.end();
  });
});

describe('cookies', () => {
  test('over https every one of them is Secure, out of reach of scripts, and of this host alone', async () => {
    const browser = await signedIn(one, 'ig-officer');
    const names = new Set(browser.setCookies.map((line) => line.split('=')[0]));
    expect(names).toContain('__Host-tandem-console');
    expect(names).toContain('__Host-tandem-console-return');
    for (const line of browser.setCookies) {
      expect(line).toMatch(/;\s*secure/i);
      expect(line).toMatch(/;\s*httponly/i);
      expect(line).toMatch(/;\s*samesite=(strict|lax)/i);
      expect(line).not.toMatch(/;\s*domain=/i);
    }
  });

  test('a cookie that somebody planted is worth nothing after the sign-in', async () => {
    const planted = '__Host-tandem-console=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
    const attacker = at(one);
    attacker.use(planted);
    const form = tokenOf((await attacker.get('/console/sign-in/start')).html);
    expect(form).not.toBe('none');
    const victim = at(one);
    victim.use(planted);
    await victim.signIn('ig-officer');
    expect(await stands(victim)).toBe('/console/proposals');
    expect(victim.cookie()).not.toBe(planted);
    expect(await stands(attacker)).toBe('/console/sign-in');
    expect((await victim.post('/console/sign-out', { 'form-token': form })).status).toBe(403);
  });
});

describe('forms from elsewhere', () => {
  const SENDS = SECTIONS.flatMap(({ pages }) => pages.filter(({ send }) => send !== undefined).map(({ path }) => path));
  const FORMS = [...SENDS, '/console/sign-out', '/console/sign-in/role', '/console/sign-in/demo/:id'];

  test('every form wants its token, of this browser, from this site', async () => {
    const [victim, other] = [await signedIn(one, 'ig-officer'), at(one)];
    const own = tokenOf((await victim.get('/console')).html);
    const foreign = tokenOf((await other.get('/console/sign-in/start')).html);
    expect([own, foreign]).not.toContain('none');
    expect(FORMS.length).toBeGreaterThan(30);
    const before = (await one.pool.query(`select 1 from audit where (body::json ->> 'status')::int < 400`)).rowCount;
    for (const form of FORMS) {
      const path = form.replace(/:\w+/g, 'x');
      const answers = [
        await victim.post(path, { act: 'confirm', reason: 'from elsewhere' }),
        await victim.post(path, { 'form-token': foreign }),
        await victim.post(path, { 'form-token': own }, { 'sec-fetch-site': 'cross-site' }),
        await victim.post(path, { 'form-token': own }, { 'sec-fetch-site': 'same-site' }),
      ];
      for (const page of answers)
        expect([path, page.status, wordsOf(page.html).includes('This form was not accepted')]).toEqual([
          path,
          403,
          true,
        ]);
    }
    const after = (await one.pool.query(`select 1 from audit where (body::json ->> 'status')::int < 400`)).rowCount;
    expect(after).toBe(before);
    expect(await stands(victim)).toBe('/console/proposals');
  }, 60_000);

  test("a victim is not signed in as somebody else: neither by the attacker's way back nor on her list", async () => {
    const attacker = at(one);
    const list = await attacker.get('/console/sign-in/start');
    const victim = at(one);
    // The list of another browser's sign-in.
    expect((await victim.get(list.address)).address).toBe('/console/sign-in?ended=stale');
    const hers = tokenOf((await victim.get('/console/sign-in/start')).html);
    const form = { 'form-token': hers, identity: 'ig-officer' };
    expect((await victim.post(list.address, form)).address).toBe('/console/sign-in?ended=stale');
    // The attacker goes as far as the way back, and sends that to the victim, who has begun a sign-in of her own.
    const chosen = await fetch(`${originOf(one)}${list.address}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: attacker.cookies() },
      body: new URLSearchParams({ 'form-token': tokenOf(list.html), identity: 'midwife' }),
    });
    const resume = (chosen.headers.get('location') ?? '').replace(KNOWN, originOf(one));
    const back = await fetch(resume, { redirect: 'manual', headers: { cookie: attacker.cookies() } });
    const way = (back.headers.get('location') ?? '').replace(KNOWN, '');
    expect(way).toMatch(/^\/console\/signed-in\?code=/);
    expect((await at(one).get(way)).status).toBe(400);
    await victim.get('/console/sign-in/start');
    expect((await victim.get(way)).status).toBe(401);
    expect(await stands(victim)).toBe('/console/sign-in');
    // It was good: the attacker herself gets in by it, once.
    expect((await attacker.get(way)).headers.get('refresh')).toBe('0; url=/console');
    expect((await attacker.get(way)).status).toBe(400);
  });
});

describe('ways on', () => {
  test.each([
    ...['//evil.example', 'https://evil.example', '/\\evil.example', '/console/../fhir', '/console//evil.example'],
    ...[
      '/consoleevil',
      '/console/x?y=z',
      'javascript:alert(1)',
      '/console/x\r\nSet-Cookie: a=b',
      '/console/x; url=//evil',
    ],
  ])('%j leads to the start of the console', (to) => {
    expect(pathHere(to)).toBe('/console');
  });

  test('after a proof she goes on within the console, whatever the address said', async () => {
    const browser = await signedIn(one, 'ig-officer');
    for (const [to, wanted] of [
      ['https://evil.example/', '/console'],
      ['//evil.example', '/console'],
      ['/console/proposals', '/console/proposals'],
    ]) {
      const asked = await browser.get(`/console/again?to=${encodeURIComponent(to ?? '')}`);
      const start = /href="https:\/\/tandem\.example\.org(\/console\/sign-in\/start[^"]+)"/.exec(asked.html)?.[1] ?? '';
      const list = await browser.get(start.replaceAll('&amp;', '&'));
      const form = { 'form-token': tokenOf(list.html), identity: 'ig-officer' };
      expect((await browser.post(list.address, form)).headers.get('refresh')).toBe(`0; url=${wanted}`);
    }
  });

  test("another person's proof is none, and one that comes after the lock opens nothing", async () => {
    const browser = await signedIn(one, 'ig-officer');
    const again = '/console/sign-in/start?again=yes&to=/console/proposals';
    const list = await browser.get(again);
    const as = (identity: string, html: string) => ({ 'form-token': tokenOf(html), identity });
    expect((await browser.post(list.address, as('sysadmin', list.html))).status).toBe(401);
    const later = await browser.get(again);
    try {
      clock.ahead = IDLE_MS + 1_000;
      const shown = await browser.get(later.address);
      expect((await browser.post(later.address, as('ig-officer', shown.html))).status).toBe(400);
      expect(await stands(browser)).toMatch(/^\/console\/sign-in/);
    } finally {
      clock.ahead = 0;
    }
  });
});

describe('the built-in provider', () => {
  const asked = {
    ...{ client_id: 'tandem-console', response_type: 'code', scope: 'openid', state: 's', nonce: 'n' },
    ...{ code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' },
    redirect_uri: `${KNOWN}/console/signed-in`,
  };
  const auth = (more: Record<string, string>) =>
    fetch(`${originOf(one)}/demo-sign-in/auth?${new URLSearchParams({ ...asked, ...more })}`, { redirect: 'manual' });
  const goes = async (more: Record<string, string>): Promise<string> =>
    (await auth(more)).headers.get('location') ?? '';

  test('sends a browser nowhere else, signs nobody in unseen, and gives nothing but a code', async () => {
    expect(await goes({})).toMatch(/^\/console\/sign-in\/demo\//);
    for (const redirect_uri of ['https://evil.example/', `${KNOWN}.evil.example/console/signed-in`, `${KNOWN}/console`])
      expect(await goes({ redirect_uri })).toBe('/console/sign-in?ended=stale');
    expect(await goes({ client_id: 'another' })).toBe('/console/sign-in?ended=stale');
    expect(await goes({ prompt: 'none' })).toContain('error=login_required');
    expect(await goes({ response_type: 'id_token' })).toContain('error=');
    const { code_challenge: _left, ...bare } = asked;
    const open = `${originOf(one)}/demo-sign-in/auth?${new URLSearchParams(bare)}`;
    expect((await fetch(open, { redirect: 'manual' })).headers.get('location')).toContain('error=invalid_request');
  });

  test('redeems a code for its own client alone', async () => {
    const token = `${originOf(one)}/demo-sign-in/token`;
    const code = { grant_type: 'authorization_code', code: 'x', redirect_uri: asked.redirect_uri, code_verifier: 'v' };
    for (const more of [{}, { client_id: 'tandem-console' }, { client_id: 'tandem-console', client_secret: 'x' }]) {
      const reply = await fetch(token, { method: 'POST', body: new URLSearchParams({ ...code, ...more }) });
      expect([400, 401]).toContain(reply.status);
      expect(await reply.text()).toMatch(/invalid_(client|request)/);
    }
  });

  test('a mother sees what is hers, proven as she is; a session says how strongly', async () => {
    await one.family('aisha');
    const page = await (await signedIn(two, 'mother')).get('/console');
    expect([page.status, page.address]).toEqual([200, '/console/who-viewed']);
    const [hers] = await trail(one, 'console-sign-in');
    expect(JSON.parse(hers?.body ?? '{}')).toMatchObject({
      detail: 'console-sign-in; assurance: P9',
      purpose: 'PATRQT',
    });
    await signedIn(two, 'midwife');
    const [staff] = await trail(one, 'console-sign-in');
    expect(JSON.parse(staff?.body ?? '{}')).toMatchObject({ detail: 'console-sign-in; assurance: AAL3' });
  });
});
