/** The IG officer's console over real HTTP: who may open it, what it shows, what it never shows, and what is recorded. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  browserOf,
  CANARIES,
  type Console,
  lookAround,
  NUMBER,
  openConsole,
  REASON,
  tokenOf,
  trail,
  UNKNOWN,
  wordsOf,
} from './console-world.ts';

let world: Console;
const browser = () => browserOf(world.origin);

beforeAll(async () => {
  world = await openConsole();
  await lookAround(world);
}, 60_000);
afterAll(() => world.service.close());

describe('signing in', () => {
  test('without a session every page leads to the sign-in', async () => {
    for (const path of ['/console', '/console/access-record', '/console/access-record/abc', '/console/idle']) {
      const page = await browser().get(path);
      expect(page.status).toBe(200);
      expect(page.address).toMatch(/^\/console\/sign-in/);
    }
  });

  test('the cookie is out of reach of scripts and other sites, and is another one after signing in', async () => {
    const visitor = browser();
    await visitor.get('/console/sign-in');
    const before = visitor.cookie();
    await visitor.signIn('ig-officer');
    expect(visitor.cookie()).not.toBe(before);
    const given = visitor.setCookies.filter((line) => line.startsWith('tandem-console='));
    expect(given.length).toBeGreaterThanOrEqual(2);
    for (const line of given) {
      expect(line).toMatch(/^tandem-console=[A-Za-z0-9_-]{43}; Path=\/console; HttpOnly; SameSite=Strict$/);
    }
    visitor.use(before);
    expect((await visitor.get('/console/access-record')).address).toBe('/console/sign-in');
  });

  test('a sign-in and a sign-out are in the trail, and the old cookie opens nothing', async () => {
    const visitor = browser();
    const page = await visitor.signIn('ig-officer');
    const cookie = visitor.cookie();
    const [entry] = await trail(world.service, 'console-sign-in');
    expect(JSON.parse(entry?.body ?? '{}')).toMatchObject({
      interaction: 'login',
      outcome: 0,
      agent: { role: 'ig-officer', clientId: 'tandem-console', practitionerRole: 'PractitionerRole/ig-imran' },
    });
    expect((await visitor.signOut(page)).html).toContain('You have signed out');
    expect((await trail(world.service, 'console-sign-out')).length).toBe(1);
    visitor.use(cookie);
    expect((await visitor.get('/console/access-record')).address).toBe('/console/sign-in');
  });

  test('nobody else can be picked: systems, families, inventions', async () => {
    for (const identity of ['steward', 'epr', 'partner', 'nobody', '__proto__', '']) {
      const page = await browser().signIn(identity);
      expect(page.status).toBe(422);
      expect(page.html).toContain('Select who you want to sign in as');
    }
  });

  test('fifteen minutes without activity lock the session; activity keeps it', async () => {
    const visitor = browser();
    await visitor.signIn('ig-officer');
    try {
      for (const minutes of [14, 28]) {
        world.clock.ahead = minutes * 60_000;
        expect((await visitor.get('/console/access-record')).address).toBe('/console/access-record');
      }
      // A page that closes itself is nobody's activity.
      world.clock.ahead = 42 * 60_000;
      expect((await visitor.get('/console/idle')).html).toContain('This page was closed');
      world.clock.ahead = 43 * 60_000 + 1_000;
      const page = await visitor.get('/console/access-record');
      expect(page.address).toBe('/console/sign-in?ended=idle');
      expect(page.html).toContain('nothing happened for 15 minutes');
    } finally {
      world.clock.ahead = 0;
    }
  });

  test('a session ends after twelve hours, however busy', async () => {
    const visitor = browser();
    await visitor.signIn('ig-officer');
    try {
      for (let minutes = 10; minutes < 720; minutes += 10) {
        world.clock.ahead = minutes * 60_000;
        expect((await visitor.get('/console/access-record')).status).toBe(200);
      }
      world.clock.ahead = 720 * 60_000;
      expect((await visitor.get('/console/access-record')).address).toBe('/console/sign-in?ended=expired');
    } finally {
      world.clock.ahead = 0;
    }
  });
});

describe('forms from elsewhere', () => {
  test('a form without its token, with a foreign one or a cross-site one changes nothing', async () => {
    const victim = browser();
    const page = await victim.signIn('ig-officer');
    const other = await browser().get('/console/sign-in');
    const form = { 'nhs-number': NUMBER, reason: REASON };
    const before = (await trail(world.service, 'console-access-record')).length;
    for (const token of [{}, { 'form-token': '' }, { 'form-token': tokenOf(other.html) }]) {
      const refused = await victim.post('/console/access-record', { ...form, ...token });
      expect(refused.status).toBe(403);
      expect(refused.html).toContain('This form was not accepted');
    }
    const crossSite = await victim.post(
      '/console/access-record',
      { ...form, 'form-token': tokenOf(page.html) },
      { 'sec-fetch-site': 'cross-site' },
    );
    expect(crossSite.status).toBe(403);
    const kept = await victim.post('/console/sign-out', {});
    expect(kept.status).toBe(403);
    expect((await victim.get('/console/access-record')).status).toBe(200);
    expect((await trail(world.service, 'console-access-record')).length).toBe(before);
    const refusals = (await trail(world.service, 'forbidden')).map(({ body }) => JSON.parse(body));
    expect(refusals.filter(({ agent }) => agent.clientId === 'tandem-console')).toHaveLength(5);
  });

  test('a form that is too large is refused', async () => {
    const page = await browser().post('/console/sign-in/role', { role: 'x'.repeat(20_000) });
    expect(page.status).toBe(413);
    expect(page.html).toContain('could not be read');
  });
});

describe('who may look', () => {
  test.each(['midwife', 'health-visitor', 'safeguarding', 'admin', 'service-lead'])(
    '%s is turned away clearly, and that is recorded',
    async (identity) => {
      const visitor = browser();
      await visitor.signIn(identity);
      const page = await visitor.get('/console/access-record');
      expect(page.status).toBe(403);
      expect(wordsOf(page.html)).toContain('Only IG officers may ask who looked at a record.');
      const form = { 'form-token': tokenOf(page.html), 'nhs-number': NUMBER, reason: REASON };
      expect((await visitor.post('/console/access-record', form)).status).toBe(403);
      const [entry] = await trail(world.service, 'console-access-record');
      const recorded = JSON.parse(entry?.body ?? '{}');
      expect(recorded).toMatchObject({
        outcome: 4,
        status: 403,
        rules: ['R-26'],
        reason: 'role',
        agent: { role: identity },
      });
      expect(entry?.patients).toEqual([]);
    },
  );

  test('an officer who leaves is out at the next request (H5)', async () => {
    const { service } = world;
    const visitor = browser();
    await visitor.signIn('ig-officer');
    const look = await visitor.look();
    expect(look.status).toBe(200);
    const role = (await service.as('steward').get('PractitionerRole/ig-imran')).json;
    try {
      await service.as('steward').put('PractitionerRole/ig-imran', { ...role, active: false });
      const page = await visitor.get(look.address);
      expect(page.status).toBe(401);
      expect(page.html).toContain('You no longer have access');
      expect(page.html).not.toContain('Testwell');
      expect((await visitor.get('/console/access-record')).address).toBe('/console/sign-in');
      expect((await visitor.signIn('ig-officer')).status).toBe(401);
    } finally {
      await service.as('steward').put('PractitionerRole/ig-imran', { ...role, active: true });
    }
  });

  test('a look belongs to its session', async () => {
    const first = browser();
    await first.signIn('ig-officer');
    const look = await first.look();
    const second = browser();
    await second.signIn('ig-officer');
    const page = await second.get(look.address);
    expect(page.status).toBe(404);
    expect(page.html).toContain('This look has ended');
  });
});

describe('the look', () => {
  test('shows who, when, why and what kind, newest first', async () => {
    const visitor = browser();
    await visitor.signIn('ig-officer');
    const page = await visitor.look();
    const words = wordsOf(page.html);
    expect(page.status).toBe(200);
    expect(words).toContain('999 000 1006');
    expect(words).toContain('Named in the family’s care');
    expect(words).toContain('Permitted by team, not personally explained');
    expect(words).toContain('The role does not include this');
    expect(words).toContain('Synchronisation');
    expect(words).toContain('R-06: A current relationship of care with the family');
    expect(words).toContain('1 linked record');
    const instants = [...page.html.matchAll(/<td[^>]*><span[^>]*>When <\/span><time datetime="([^"]+)"/g)].map(
      (one) => one[1],
    );
    expect(instants.length).toBeGreaterThan(5);
    expect(instants).toEqual([...instants].sort().reverse());
    expect(page.html).toMatch(/title="\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC"/);
  });

  test('is recorded with its reason and number before it is shown, and stands in the next one', async () => {
    const visitor = browser();
    await visitor.signIn('ig-officer');
    const reason = `Routine sample ${Date.now().toString(36)}`;
    await visitor.look(NUMBER, reason);
    const [entry] = await trail(world.service, `console-access-record; reason: ${reason}`);
    expect(entry?.patients.sort()).toEqual(['Patient/canaryfam', 'Patient/canaryfam-baby']);
    expect(JSON.parse(entry?.body ?? '{}')).toMatchObject({
      interaction: 'operation',
      purpose: 'HSYSADMIN',
      rules: ['R-26'],
      entities: ['AuditEvent'],
      query: { cleaned: 'identifier=***' },
      agent: { role: 'ig-officer' },
    });
    expect(entry?.body).not.toContain(NUMBER);
    const next = wordsOf((await visitor.look()).html);
    expect(next).toContain(`Reason given: ${reason}`);
    expect(next).toContain('Governance check');
  });

  test('of an unknown number says so, and is recorded as well', async () => {
    const visitor = browser();
    await visitor.signIn('ig-officer');
    const before = (await trail(world.service, 'console-access-record; reason')).length;
    const page = await visitor.look(UNKNOWN);
    expect(page.status).toBe(200);
    expect(wordsOf(page.html)).toContain('Nothing was found');
    const after = await trail(world.service, 'console-access-record; reason');
    expect(after.length).toBe(before + 1);
    expect(after[0]?.patients).toEqual([]);
  });

  test('holds no content, no names of the family, no ids of its resources, no values of a search', async () => {
    const visitor = browser();
    await visitor.signIn('ig-officer');
    const pages = [await visitor.look()];
    for (let older = olderOf(pages[0]?.html ?? ''); older !== null; older = olderOf(pages.at(-1)?.html ?? '')) {
      pages.push(await visitor.get(older));
      if (pages.length > 20) break;
    }
    const html = pages.map((page) => page.html).join('');
    expect(html).toContain('Searched by: ');
    // The canaries are alive: the trail itself names these resources.
    const { rows } = await world.service.pool.query(`select 1 from audit where body like '%canaryfam-penicillinrash%'`);
    expect(rows.length).toBeGreaterThan(0);
    for (const canary of CANARIES) expect(html.toLowerCase()).not.toContain(canary.toLowerCase());
    expect(html).not.toMatch(/[?&](code|name|identifier)=/);
  });

  test('puts no NHS number into any address, nor into the log', async () => {
    const visitor = browser();
    await visitor.signIn('ig-officer');
    await visitor.look();
    await visitor.look('9990001007');
    await visitor.look(UNKNOWN, 'short');
    expect(visitor.addresses.join(' ')).not.toMatch(/\d{10}|999.?000/);
    expect(world.service.logged.join(' ')).not.toContain(NUMBER);
  });

  test('pages partition the accesses', async () => {
    for (let i = 0; i < 25; i += 1) await world.service.as('midwife').get('Patient/canaryfam');
    const visitor = browser();
    await visitor.signIn('ig-officer');
    const seen: string[] = [];
    let page = await visitor.look();
    for (;;) {
      seen.push(...[...page.html.matchAll(/<dt>Record number<\/dt><dd>(\d+)/g)].map((one) => one[1] ?? ''));
      const older = olderOf(page.html);
      if (older === null) break;
      page = await visitor.get(older);
    }
    expect(seen.length).toBeGreaterThan(30);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.map(Number)).toEqual(seen.map(Number).sort((a, b) => b - a));
  });

  test('can be narrowed to dates and to one person', async () => {
    const visitor = browser();
    await visitor.signIn('ig-officer');
    const page = await visitor.look();
    const karl = /href="([^"#]+)#records">Karl/.exec(page.html)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const his = wordsOf((await visitor.get(karl)).html);
    expect(his).toContain('Every access by Karl');
    const rows = his.slice(his.indexOf('What kind Why'));
    expect(rows).toContain('Karl');
    expect(rows).not.toContain('Priya');
    const past = await visitor.get(`${page.address}?to-day=1&to-month=2&to-year=2020`);
    expect(wordsOf(past.html)).toContain('There is no access to show for these dates or this person');
    for (const bad of ['from-day=31&from-month=2&from-year=2026', 'from-day=1', 'person=someone']) {
      const refused = await visitor.get(`${page.address}?${bad}`);
      expect(refused.status).toBe(422);
      expect(refused.html).toContain('There is a problem');
    }
  });

  test('is not shown when it cannot be recorded', async () => {
    const visitor = browser();
    await visitor.signIn('ig-officer');
    const { audit } = world.service.app.door;
    const write = audit.write;
    const { unavailable } = await import('../../src/store/audit.ts');
    try {
      audit.write = () => Promise.reject(unavailable());
      const page = await visitor.look();
      expect(page.status).toBe(503);
      expect(page.html).toContain('nothing is shown');
      expect(page.html).not.toContain('Karl');
    } finally {
      audit.write = write;
    }
  });
});

describe('headers', () => {
  test('nothing inline, nothing from elsewhere, nothing kept', async () => {
    const visitor = browser();
    await visitor.signIn('ig-officer');
    const page = await visitor.look();
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.html).not.toMatch(/<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|javascript:/i);
    expect(page.html).not.toMatch(/(?:src|href)="https?:/);
  });

  test('styles come from here, are kept for a year, and ask nothing of other sites', async () => {
    const { html } = await browser().get('/console/sign-in');
    for (const [, path = ''] of html.matchAll(/(?:href|src)="(\/console\/assets\/[^"]+)"/g)) {
      const response = await fetch(world.origin + path);
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      if (path.endsWith('.css')) expect(await response.text()).not.toMatch(/url\(["']?https?:/);
    }
    expect((await fetch(`${world.origin}/console/assets/../../package.json`)).status).toBe(404);
    expect((await browser().get('/console/assets/x/..%2f..%2fpackage.json')).status).toBe(404);
  });
});

test('what is typed comes back as text, never as markup', async () => {
  const visitor = browser();
  await visitor.signIn('ig-officer');
  const sly = '<script>alert(1)</script><img src=x onerror=alert(1)>';
  const page = await visitor.look('"><script>x</script>', sly);
  expect(page.status).toBe(422);
  expect(page.html).not.toContain('<script>');
  expect(page.html).toContain('&lt;script&gt;');
  const shown = await visitor.look(NUMBER, sly);
  expect(shown.status).toBe(200);
  expect(shown.html).not.toContain('<img');
  expect((await visitor.look()).html).not.toContain('<img');
});

/** Address of the next older page, or null. */
function olderOf(html: string): string | null {
  const found = /href="([^"#]*[?&;]before=\d+)#records"/.exec(html)?.[1];
  return found?.replaceAll('&amp;', '&') ?? null;
}
