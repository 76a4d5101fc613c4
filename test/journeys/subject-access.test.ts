/** Aisha asks for her record (S10, R-28, R-29): from the request to what is handed over, by two people and a health professional. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { reference } from '../../src/care/canon.ts';
import { isObject } from '../../src/fhir/resource.ts';
import type { Json, JsonObject, Resource } from '../../src/fhir/types.ts';
import { at, type Reply } from '../harness/client.ts';
import { note } from '../harness/family.ts';
import { pdfText } from '../harness/pdf-text.ts';
import { browserOf, type Console, NUMBER, openConsole, tokenOf, trail, wordsOf } from './console-world.ts';

const V3 = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
const R = { meta: { security: [{ system: V3, code: 'R' }] } };
const REASON = 'She asks for all that is kept about her';
/** What must not leave: words of third parties and of what would harm. */
const HIDDEN = ['Neighbourwords', 'Harmwords', 'canaryfam-harm1', 'canaryfam-third2'];

let world: Console;
beforeAll(async () => {
  world = await openConsole();
  const fam = reference('Patient/canaryfam');
  const said = (id: string, text: string, more: JsonObject = {}): Resource => ({
    resourceType: 'Communication',
    id,
    status: 'completed',
    subject: fam,
    payload: [{ contentString: text }],
    ...more,
  });
  await world.service.load([
    note('canaryfam-note1', 'canaryfam', 'Plainwords 12.50'),
    note('canaryfam-harm1', 'canaryfam', 'Harmwords', R),
    said('canaryfam-third2', 'Neighbourwords said so'),
    said('canaryfam-mixed3', 'Herwords', {
      text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">Herwords Neighbourwords</div>' },
      about: [reference('Communication/canaryfam-third2'), reference('Observation/canaryfam-note1')],
      note: [{ text: 'Neighbourwords told us' }, { text: 'Keptwords' }],
    }),
  ]);
  await world.service.as('midwife').get('Observation/canaryfam-note1');
  await world.service.as('midwife').get('Observation/canaryfam-harm1');
}, 60_000);
afterAll(() => world.service.close());

async function somebody(identity: string) {
  const visitor = browserOf(world.origin);
  await visitor.signIn(identity);
  return visitor;
}
type Visitor = Awaited<ReturnType<typeof somebody>>;
const versionIn = (html: string): string => /name="version" value="(\d+)"/.exec(html)?.[1] ?? '0';
const OPEN = '/console/subject-access/open';
const today = () => new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/London' }).format(new Date()).split('-');

async function opened(officer: Visitor, more: Record<string, string> = {}) {
  const [year = '', month = '', day = ''] = today();
  const came = { 'received[day]': day, 'received[month]': month, 'received[year]': year };
  const asked = {
    'nhs-number': NUMBER,
    reason: REASON,
    asker: 'self',
    handover: 'On paper at her next visit',
    ...came,
  };
  return officer.fill(OPEN, OPEN, { ...asked, accesses: 'yes', ...more });
}

const stepOn =
  (visitor: Visitor, address: string) =>
  async (act: string, more: Record<string, string> = {}) => {
    const page = await visitor.get(address);
    return visitor.fill(address, address, { act, version: versionIn(page.html), ...more });
  };

/** Every item of a request: number and title, over all pages. */
async function itemsIn(visitor: Visitor, address: string): Promise<{ n: string; title: string; html: string }[]> {
  const found: { n: string; title: string; html: string }[] = [];
  let next: string | null = `${address}/items`;
  while (next !== null) {
    const page: { html: string } = await visitor.get(next);
    for (const part of page.html.split('<section').slice(1)) {
      const [, n = '', title = ''] = /Item (\d+): ([^<]*)</.exec(part) ?? [];
      found.push({ n, title, html: part });
    }
    next = /href="([^"]*after=[^"]*)">Next items/.exec(page.html)?.[1]?.replaceAll('&amp;', '&') ?? null;
  }
  return found;
}

async function itemWith(visitor: Visitor, address: string, words: string): Promise<string> {
  const found = (await itemsIn(visitor, address)).find(({ html }) => html.includes(words));
  if (found === undefined) throw new Error(`no item holds ${words}`);
  return `${address}/items/${found.n}`;
}

/** Ticks what stands plainly on the first page, then decides or agrees with the rest one by one. */
async function finish(visitor: Visitor, address: string, act: 'release' | 'agree'): Promise<void> {
  const items = `${address}/items`;
  const page = await visitor.get(`${items}?state=${act === 'agree' ? 'second' : 'open'}`);
  const ticks = [...page.html.matchAll(/name="(item-\d+)" value="(\d+)"/g)].map(([, name = '', value = '']) => [
    name,
    value,
  ]);
  expect((await visitor.fill(items, items, { act, ...Object.fromEntries(ticks) })).status).toBe(200);
  for (const { n, html } of await itemsIn(visitor, address)) {
    const waits = act === 'release' ? html.includes('No decision') : html.includes('Waits for a second person');
    if (!waits) continue;
    const item = `${items}/${n}`;
    const decision = /name="decision" value="(\d+)"/.exec((await visitor.get(item)).html)?.[1];
    const form = act === 'release' ? { verdict: 'release' } : { act: 'agree', decision: decision ?? '' };
    if (act === 'release' || decision !== undefined) expect((await visitor.fill(item, item, form)).status).toBe(200);
  }
}

describe('a request for a record', () => {
  test('from the form to the copies: two people, a health professional, nothing before, and nothing left out leaks', async () => {
    const sheila = await somebody('sar-officer');
    expect((await sheila.get('/console')).html).toContain('href="/console/subject-access"');
    expect((await opened(sheila, { 'nhs-number': '9990001138' })).status).toBe(404);
    expect((await opened(sheila, { asker: 'parent' })).status).toBe(422);
    const page = await opened(sheila);
    expect([page.status, page.address.slice(0, 28)]).toEqual([200, '/console/subject-access/SAR-']);
    const { address } = page;
    const step = stepOn(sheila, address);
    // Nothing is taken in before it is known who asks.
    expect((await step('collect')).status).toBe(409);
    expect((await step('verify', { 'verify-words': 'Passport seen at the desk' })).status).toBe(200);
    expect((await step('name', { professional: 'PractitionerRole/ad-tom' })).status).toBe(422);
    expect((await step('name', { professional: 'PractitionerRole/sg-moira' })).status).toBe(200);
    const collected = await step('collect');
    expect([collected.status, wordsOf(collected.html).includes('wait for a decision')]).toEqual([200, true]);
    expect((await step('release')).status).toBe(409);

    // The clock stands still while she is asked what she means.
    expect((await step('pause', { 'pause-words': 'Asked which years she means' })).status).toBe(200);
    expect(wordsOf((await sheila.get(address)).html)).toContain('The clock stands still');
    expect((await step('resume', { 'resume-words': 'All of them' })).status).toBe(200);

    // The officer decides; serious harm is the health professional's.
    const moira = await somebody('safeguarding');
    expect((await moira.get('/console')).html).toContain('href="/console/asked-of-me"');
    const asked = await moira.get('/console/asked-of-me');
    expect(asked.html).toContain(`href="${address}"`);
    expect(wordsOf(asked.html)).toContain('Your opinion on serious harm');
    const harm = await itemWith(sheila, address, 'Harmwords');
    const withhold = { verdict: 'withhold', code: 'serious-harm', words: 'Would put her at risk' };
    expect((await sheila.fill(harm, harm, withhold)).status).toBe(403);
    expect((await moira.fill(harm, harm, withhold)).status).toBe(200);
    const third = await itemWith(sheila, address, 'said so');
    const others = { code: 'third-party', words: 'What a neighbour said' };
    expect((await sheila.fill(third, third, { verdict: 'withhold', ...others })).status).toBe(200);
    const mixed = await itemWith(sheila, address, 'Keptwords');
    expect((await sheila.fill(mixed, mixed, { verdict: 'redact', ...others })).status).toBe(422);
    const cut = [...(await sheila.get(mixed)).html.matchAll(/value="(note\[0\]\.text)"/g)].map(([, path = '']) => path);
    expect(cut).toEqual(['note[0].text']);
    expect((await sheila.fill(mixed, mixed, { verdict: 'redact', 'cut-0': 'note[0].text', ...others })).status).toBe(
      200,
    );
    await finish(sheila, address, 'release');
    expect((await step('release')).status).toBe(409);

    // Who decided does not agree; the opinion is still missing.
    const own = await sheila.get(third);
    expect(own.html).not.toContain('Second person</h2>');
    const shah = await somebody('caldicott-guardian');
    await finish(moira, address, 'agree');
    await finish(shah, address, 'agree');
    expect(wordsOf((await sheila.get(address)).html)).toContain('has not given an opinion');
    expect((await step('release')).status).toBe(409);
    const opinion = { 'opinion-words': 'The rest can go without serious harm' };
    expect((await step('opinion', opinion)).status).toBe(409);
    expect((await stepOn(moira, address)('opinion', opinion)).status).toBe(200);
    const released = await step('release');
    expect([released.status, wordsOf(released.html).includes('Released')]).toEqual([200, true]);
    expect((await step('note', { 'note-words': 'Too late' })).status).toBe(409);

    const save = async (kind: string) => {
      const form = tokenOf((await sheila.get(address)).html);
      const answer = await fetch(`${world.origin}${address}/copy`, {
        method: 'POST',
        headers: { cookie: sheila.cookie() },
        body: new URLSearchParams({ kind, 'form-token': form }),
      });
      expect(answer.status).toBe(200);
      return Buffer.from(await answer.arrayBuffer());
    };
    const bundle = (await save('fhir')).toString('utf8');
    expect(at(JSON.parse(bundle), 'type')).toBe('collection');
    const pdf = pdfText(await save('pdf'));
    for (const hidden of HIDDEN) {
      expect([hidden, bundle.includes(hidden)]).toEqual([hidden, false]);
      expect([hidden, pdf.words.includes(hidden), pdf.raw.includes(hidden)]).toEqual([hidden, false, false]);
    }
    for (const kept of ['Plainwords', 'Herwords', 'Keptwords']) {
      expect([kept, bundle.includes(kept), pdf.words.includes(kept)]).toEqual([kept, true, true]);
    }
    expect(bundle).not.toMatch(/"security"|SUBSETTED/);
    // The full list of who looked: Priya, with no word of what she opened and did not leave.
    expect(pdf.words).toContain('Who looked at this record');
    expect(pdf.words).toContain('Priya');
    // Moira judged one item and agreed with others: one line, in plain words, not one for each step.
    expect(pdf.words.match(/Moira/g)).toHaveLength(1);
    expect(pdf.words).not.toMatch(/HLEGAL|TREAT|sar-officer/);
    for (const mark of ['/MarkInfo', '/StructTreeRoot', '/Lang (en-GB)', 'DisplayDocTitle true', 'pdfuaid'])
      expect([mark, pdf.raw.includes(mark)]).toEqual([mark, true]);
    expect((await step('hand-over', { 'hand-over-words': 'On paper, to herself' })).status).toBe(200);

    const recorded = (await trail(world.service, 'sar')).map(({ body, patients }) => ({
      ...JSON.parse(body),
      patients,
    }));
    const copies = recorded.filter((one) => one.interaction === 'disclosure');
    expect(copies.length).toBe(3);
    expect(copies.every((one) => one.purpose === 'HLEGAL' && one.patients.includes('Patient/canaryfam'))).toBe(true);
    for (const visited of sheila.addresses) expect(visited).not.toMatch(/9990001006|canaryfam/);
  }, 60_000);

  test('is nobody else’s: no content for the privacy officer, no way in for others, none through the FHIR door', async () => {
    const imran = await somebody('ig-officer');
    const list = await imran.get('/console/subject-access');
    expect([list.status, list.html.includes(NUMBER), list.html.includes('canaryfam')]).toEqual([200, false, false]);
    const reference = /SAR-[0-9A-F]{10}/.exec(list.html)?.[0] ?? '';
    for (const who of ['ig-officer', 'midwife', 'admin']) {
      const visitor = await somebody(who);
      for (const path of ['', '/items', '/items/1']) {
        const page = await visitor.get(`/console/subject-access/${reference}${path}`);
        expect([who, path, page.status]).toEqual([who, path, 403]);
      }
      expect((await visitor.get(OPEN)).status).toBe(403);
    }
    for (const path of ['Observation/canaryfam-note1', 'Patient/canaryfam'])
      expect((await world.service.as('sar-officer').get(path)).status).toBe(404);
  });
});

describe('over FHIR', () => {
  const parameters = (values: Record<string, string | boolean>) => ({
    resourceType: 'Parameters',
    parameter: Object.entries(values).map(([name, value]) =>
      typeof value === 'boolean' ? { name, valueBoolean: value } : { name, valueString: value },
    ),
  });
  const partsOf = (body: Json): JsonObject[] => {
    const parts = at(body, 'parameter.0.part');
    return Array.isArray(parts) ? parts.filter(isObject) : [];
  };
  const part = (body: Json, wanted: string) =>
    partsOf(body)
      .filter(({ name }) => name === wanted)
      .map((one) => Object.entries(one).find(([key]) => key.startsWith('value'))?.[1]);

  test('keepers open, step and see a request; its result is there when it is released, and nobody else is told of any', async () => {
    const sheila = world.service.as('sar-officer');
    const opening = { nhsNumber: NUMBER, reason: REASON, asker: 'self', received: '2026-01-05', handover: 'On paper' };
    expect((await sheila.post('Patient/$sar', parameters({ ...opening, asker: 'neighbour' }))).status).toBe(400);
    expect((await sheila.post('Patient/$sar', parameters({ ...opening, nhsNumber: '9990001138' }))).status).toBe(404);
    expect((await world.service.as('midwife').post('Patient/$sar', parameters(opening))).status).toBe(403);
    const made = await sheila.post('Patient/$sar', parameters(opening));
    expect(made.status).toBe(202);
    const [request = ''] = part(made.json, 'reference').map(String);
    expect(made.headers.get('content-location')).toContain(`/Patient/canaryfam/$sar-status?request=${request}`);
    const step = (action: string, more: Record<string, string> = {}, who = 'sar-officer', id = 'canaryfam') =>
      world.service
        .as(who)
        .post(`Patient/${id}/$sar`, parameters({ request, action, text: 'Said in words, long enough', ...more }));
    expect((await step('collect')).status).toBe(409);
    expect((await step('verify')).status).toBe(202);
    expect((await step('dance')).status).toBe(400);
    expect((await step('verify', {}, 'sar-officer', 'nobody')).status).toBe(404);
    expect((await step('name', { professional: 'PractitionerRole/sg-moira' })).status).toBe(202);
    expect((await step('collect')).status).toBe(202);
    expect(part((await step('pause')).json, 'status')).toEqual(['paused']);
    expect(part((await step('resume')).json, 'status')).toEqual(['in-progress']);
    expect((await step('opinion')).status).toBe(409);
    expect((await step('release')).status).toBe(409);
    const seen = await world.service.as('safeguarding').get(`Patient/canaryfam/$sar-status?request=${request}`);
    expect([seen.status, part(seen.json, 'open-point')]).toEqual([200, ['decide', 'opinion']]);
    expect(seen.text).not.toMatch(/Kanarienvogel|Plainwords|Said in words/);

    const result = (ref: string, who = 'sar-officer', kind = 'fhir') =>
      world.service.as(who).get(`Patient/canaryfam/$sar-result?request=${ref}&kind=${kind}`);
    expect((await result(request)).status).toBe(409);
    const released = await world.service.pool.query(`select reference from sar_job where ending = 'released' limit 1`);
    const ref = String(released.rows[0].reference);
    const bundle = await result(ref);
    expect([bundle.status, at(bundle.json, 'type')]).toEqual([200, 'collection']);
    const valid = await world.service.as('steward').post('Bundle/$validate', JSON.parse(bundle.text));
    expect(errorsIn(valid.json)).toEqual([]);
    const pdf = await result(ref, 'sar-officer', 'pdf');
    expect(
      Buffer.from(String(at(pdf.json, 'data')), 'base64')
        .subarray(0, 5)
        .toString(),
    ).toBe('%PDF-');
    expect((await result(ref, 'safeguarding')).status).toBe(403);

    for (const who of ['midwife', 'ig-officer', 'hv-system']) {
      const [known, unknown] = [await ask(who, 'canaryfam'), await ask(who, 'nobody')];
      expect([who, known.status, unknown.status]).toEqual([who, 403, 403]);
      expect(known.text.length).toBe(unknown.text.length);
    }
    expect((await ask('mother', 'canaryfam')).status).toBe(404);
    expect((await ask('sar-officer', 'nobody')).status).toBe(404);
  }, 60_000);

  const ask = (who: string, id: string) => world.service.as(who).get(`Patient/${id}/$sar-status`);
  const errorsIn = (body: Json) => {
    const issues = at(body, 'issue');
    if (!Array.isArray(issues)) return [body];
    return issues.filter(isObject).filter(({ severity }) => severity === 'error' || severity === 'fatal');
  };

  test('she asks for her own record and sees how it stands, and no more; not while her view is switched off', async () => {
    await world.service.family('aisha');
    await world.service.load([{ resourceType: 'RelatedPerson', id: 'danny', patient: reference('Patient/aisha') }]);
    const aisha = world.service.as('mother');
    const asked = parameters({ handover: 'By hand, not by post', accesses: true });
    expect((await aisha.post('Patient/canaryfam/$sar', asked)).status).toBe(404);
    expect((await world.service.as('partner').post('Patient/aisha/$sar', asked)).status).toBe(404);
    const both = await Promise.all([1, 2].map(() => aisha.post('Patient/aisha/$sar', asked)));
    expect(both.map(({ status }) => status).sort()).toEqual([202, 409]);
    const made = both[0]?.status === 202 ? both[0] : (both[1] as Reply);
    expect((await aisha.post('Patient/aisha/$sar', asked)).status).toBe(409);
    const stands = await ask('mother', 'aisha');
    expect(partsOf(stands.json).map(({ name }) => name)).toEqual(['reference', 'status', 'received', 'due']);
    expect(
      (await aisha.get(`Patient/aisha/$sar-result?request=${at(made.json, 'parameter.0.valueString')}`)).status,
    ).toBe(404);
    const list = await (await somebody('sar-officer')).get('/console/subject-access');
    expect(list.html).toContain(String(at(made.json, 'parameter.0.valueString')));
    await world.service.pool.query(
      `insert into online_view_off (patient, by_party, at) values ('Patient/aisha', 'x', now())`,
    );
    expect((await ask('mother', 'aisha')).text).not.toContain('SAR-');
  });
});
