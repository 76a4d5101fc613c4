/** The directory by page: found, added, changed and imported with a preview, handed on, covered, reported; by who may. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { practitionerRole, TEAM, team } from '../harness/directory.ts';
import { type Service, startService } from '../harness/service.ts';
import { browserOf, type Shown, tokenOf, wordsOf } from './console-world.ts';

type Browser = ReturnType<typeof browserOf>;
let service: Service;
let origin: string;
let keeper: Browser;
let second: Browser;
let admin: Browser;

beforeAll(async () => {
  service = await startService();
  await service.directory();
  origin = `http://127.0.0.1:${service.port}`;
  await service.family('fam');
  [keeper, second, admin] = [browserOf(origin), browserOf(origin), browserOf(origin)];
  await keeper.signIn('sysadmin');
  await second.signIn('caldicott-guardian');
  await admin.signIn('admin');
});
afterAll(() => service.close());

/** Sends a form with a file, as a browser does. */
async function upload(browser: Browser, fields: Readonly<Record<string, string>>, file: Uint8Array): Promise<Shown> {
  const page = await browser.get('/console/directory/import');
  const form = new FormData();
  for (const [name, value] of Object.entries({ 'form-token': tokenOf(page.html), ...fields })) form.append(name, value);
  form.append('file', new Blob([new Uint8Array(file)], { type: 'text/csv' }), 'people.csv');
  const headers = { cookie: browser.cookie() };
  const reply = await fetch(`${origin}/console/directory/import`, {
    method: 'POST',
    body: form,
    headers,
    redirect: 'manual',
  });
  const to = reply.headers.get('location');
  if (to !== null) return browser.get(to);
  return { status: reply.status, headers: reply.headers, html: await reply.text(), address: '' };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('a person is added by form: faults at their fields, a preview, a reason, a second person', async () => {
  const path = '/console/directory/add/people';
  const wrong = await keeper.fill(path, path, { staff_number: 'P1', family_name: '', given_name: 'Pia' });
  expect([wrong.status, wordsOf(wrong.html).includes('Nothing stands here; write the family name')]).toEqual([
    422,
    true,
  ]);
  const preview = await keeper.fill(path, path, {
    staff_number: 'P1',
    family_name: 'O\'Neill, "Pip"',
    given_name: 'Pia',
  });
  expect(wordsOf(preview.html)).toContain('1 added, 0 changed');
  const none = await keeper.fill(preview.address, preview.address, { reason: 'x' });
  expect(none.status).toBe(422);
  const sent = await keeper.fill(preview.address, preview.address, { reason: 'She joins us' });
  expect(wordsOf(sent.html)).toContain('It waits for a second person');
  const list = await second.get('/console/proposals');
  const href = /href="(\/console\/proposals\/[a-z0-9]+)"/.exec(list.html)?.[1] ?? '';
  const done = await second.fill(href, href, { act: 'confirm' });
  expect(wordsOf(done.html)).toContain('The change has taken effect');
  const found = await keeper.get('/console/directory?kind=people&name=Neill');
  expect(wordsOf(found.html)).toContain('Pia O');
  const entry = /href="(\/console\/directory\/entry\/people\/[a-z0-9]+)"/.exec(found.html)?.[1] ?? '';
  const form = await keeper.get(`${entry}/change`);
  expect(form.html).toContain('value="P1"');
  const changed = await keeper.fill(`${entry}/change`, `${entry}/change`, {
    staff_number: 'P1',
    family_name: 'Neill',
    given_name: 'Pia',
  });
  expect(wordsOf(changed.html)).toContain('0 added, 1 changed');
});

test('a file is imported by page: faults by line, encodings, and what is new', async () => {
  const head = 'staff_number,family_name,given_name\n';
  const faulty = await upload(keeper, { kind: 'people' }, bytes(`${head}P2,Two\nP3,,Tim\n`));
  expect(faulty.status).toBe(422);
  for (const line of ['people line 2', 'people line 3']) expect(wordsOf(faulty.html)).toContain(line);
  const latin = await upload(
    keeper,
    { kind: 'people' },
    new Uint8Array([...bytes(`${head}P2,`), 0xe9, ...bytes(',T\n')]),
  );
  expect([latin.status, wordsOf(latin.html).includes('not UTF-8')]).toEqual([422, true]);
  expect((await upload(keeper, { kind: 'people' }, bytes(''))).status).toBe(422);
  const good = await upload(keeper, { kind: 'people' }, bytes(`\uFEFF${head}P2,Zwei,Zoë\r\n`));
  expect([good.status, wordsOf(good.html).includes('1 added')]).toEqual([200, true]);
  const many = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`field${i}`, '']));
  expect((await upload(keeper, { kind: 'people', ...many }, bytes(`${head}P2,Zwei,Zoë\r\n`))).status).toBe(403);
  const forged = await fetch(`${origin}/console/directory/import`, {
    method: 'POST',
    body: new FormData(),
    headers: { cookie: keeper.cookie() },
  });
  expect(forged.status).toBe(403);
});

test('who may open what', async () => {
  const [lead, midwife] = [browserOf(origin), browserOf(origin)];
  await lead.signIn('service-lead');
  await midwife.signIn('midwife');
  const statuses = async (browser: Browser, paths: readonly string[]) =>
    Promise.all(paths.map(async (path) => (await browser.get(`/console/${path}`)).status));
  const paths = ['directory/import', 'directory/add/people', 'movements', 'proposals', 'cover', 'directory'];
  expect(await statuses(keeper, paths)).toEqual([200, 200, 200, 200, 403, 200]);
  expect(await statuses(admin, paths)).toEqual([200, 403, 403, 403, 200, 200]);
  expect(await statuses(midwife, paths)).toEqual([403, 403, 403, 403, 403, 200]);
  expect(await statuses(lead, paths)).toEqual([403, 403, 403, 403, 403, 200]);
  for (const kind of ['organisations', 'services', 'locations', 'teams', 'people', 'roles'])
    expect([kind, await statuses(keeper, [`directory?kind=${kind}`])]).toEqual([kind, [200]]);
  expect(await statuses(admin, ['directory?kind=duty', 'directory/add/duty'])).toEqual([200, 200]);
  expect((await keeper.get('/console/directory/entry/teams/fam')).status).toBeGreaterThanOrEqual(403);
});

test('ending a role ends its sessions at the next request; the report says so; what is open is handed on', async () => {
  const lead: Resource = { ...practitionerRole('mw-other'), id: 'tl-one', code: [{ text: 'Team lead' }] };
  const midwife = practitionerRole('mw-other').code as JsonObject[];
  await service.load([lead, { ...practitionerRole('mw-other'), id: 'mw-new', code: midwife }]);
  const leaver = browserOf(origin);
  await leaver.signIn('midwife');
  expect((await leaver.get('/console/directory')).status).toBe(200);
  const path = '/console/directory/entry/roles/mw-priya';
  const ended = await keeper.fill(path, `${path}/end`, { reason: 'She leaves' });
  expect(wordsOf(ended.html)).toContain('The role has ended');
  expect((await leaver.get('/console/directory')).status).toBe(401);
  expect((await leaver.get('/console/directory')).address).toBe('/console/sign-in');
  const report = wordsOf((await keeper.get('/console/movements?days=7')).html);
  expect(report).toMatch(/Priya Fixture\s+What\s+Left/);
  expect(report).toContain('1 family');
});

test('a person leaves with all her roles; a service ends; neither leaves fewer than two who keep the directory', async () => {
  const sana = service.as({
    like: 'health-visitor',
    claims: { sub: 'hv-south', fhirUser: 'PractitionerRole/hv-south' },
  });
  expect((await sana.get('Practitioner/hv-south')).status).toBe(200);
  const end = async (browser: Browser, entry: string) => {
    const path = `/console/directory/entry/${entry}`;
    return browser.fill(path, `${path}/end`, { reason: 'She leaves us' });
  };
  expect((await end(admin, 'people/hv-south')).status).toBe(403);
  const left = await end(keeper, 'people/hv-south');
  expect([left.status, wordsOf(left.html).includes('She has left')]).toEqual([200, true]);
  expect((await sana.get('Practitioner/hv-south')).status).toBe(401);
  expect((await keeper.get('/console/directory/entry/roles/hv-south')).html).toContain('>Ended<');
  expect((await end(keeper, 'people/hv-south')).status).toBe(422);
  expect((await end(keeper, 'services/hv-north')).status).toBe(200);
  expect((await keeper.get('/console/directory/entry/services/hv-north')).html).toContain('>Ended<');
});

test('cover in two steps', async () => {
  await service.load([team(TEAM.healthVisitors, [{ id: 'hv-helen' }])]);
  const until = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
  const asked = { away: 'PractitionerRole/hv-helen', by: 'PractitionerRole/hv-none', until, reason: 'Sick leave' };
  const wrong = await admin.fill('/console/cover', '/console/cover', { ...asked, until: 'soon' });
  expect(wrong.status).toBe(422);
  const step = await admin.fill('/console/cover', '/console/cover', asked);
  expect([step.status, wordsOf(step.html).includes('Confirm the cover')]).toEqual([200, true]);
  const done = await admin.post('/console/cover', { 'form-token': tokenOf(step.html), ...asked, step: 'confirm' });
  expect(wordsOf(done.html)).toContain('Cover is arranged');
  const helper = service.as({
    like: 'health-visitor',
    claims: { sub: 'hv-none', fhirUser: 'PractitionerRole/hv-none' },
  });
  expect((await helper.get('Patient/fam')).status).toBe(200);
  // What was arranged by mistake is taken back.
  const list = await admin.get('/console/directory?kind=duty');
  const entry = /href="(\/console\/directory\/entry\/duty\/[a-z0-9]+)"/.exec(list.html)?.[1] ?? '';
  expect((await admin.fill(entry, `${entry}/end`, { reason: 'Wrong person' })).status).toBe(200);
  expect((await helper.get('Patient/fam')).status).toBe(403);
});
