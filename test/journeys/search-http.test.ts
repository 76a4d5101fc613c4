/** Search over HTTP (R4 search.html): results under the rules, forms, paging as house.md promises it, strictness. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { at, type Client, entries, found, issue, link, pages, resources, textAt } from '../harness/client.ts';
import { note } from '../harness/family.ts';
import { type Service, staff, startService } from '../harness/service.ts';

let service: Service;
let steward: Client;
let midwife: Client;

const NOTES = 25;

beforeAll(async () => {
  service = await startService();
  await service.directory();
  for (const id of ['one', 'two', 'three']) await service.family(id);
  await service.family('far', { midwife: 'mw-other', midwives: 'CareTeam/hv-team-south', healthVisitor: null });
  const notes = Array.from({ length: NOTES }, (_, n) =>
    note(`n-${String(n).padStart(2, '0')}`, n % 5 === 4 ? 'far' : 'one', `note ${n}`, {
      // Several share a date, so that the order needs more than the sort key.
      effectiveDateTime: `2026-03-${String(1 + Math.floor(n / 6)).padStart(2, '0')}`,
      category: [{ coding: [{ system: 'urn:test', code: 'paged' }] }],
    }),
  );
  await service.load(notes);
  steward = service.as('steward');
  midwife = service.as('midwife');
}, 60_000);
afterAll(() => service.close());

const MINE = NOTES - NOTES / 5;
const PAGED = 'Observation?category=paged';

describe('a searchset', () => {
  test('its links, modes and full URLs', async () => {
    const reply = await steward.get('Patient?family=Fixture-one&_sort=_id');
    expect([reply.status, reply.json.resourceType, reply.json.type]).toEqual([200, 'Bundle', 'searchset']);
    expect(link(reply, 'self')).toBe(`${service.base}/Patient?family=Fixture-one&_sort=_id`);
    expect(found(reply)).toEqual(['Patient/one', 'Patient/one-baby']);
    expect(textAt(entries(reply)[0], 'fullUrl')).toBe(`${service.base}/Patient/one`);
    expect(reply.json.total).toBeUndefined();
  });

  test('POST _search is the same search', async () => {
    const query = 'family=Fixture-one&_sort=_id&_total=accurate';
    const get = await steward.get(`Patient?${query}`);
    const form = await steward.form('Patient/_search', query);
    const split = await steward.form('Patient/_search?_sort=_id&_total=accurate', 'family=Fixture-one');
    for (const reply of [form, split]) {
      expect([reply.status, reply.json.total, found(reply)]).toEqual([200, get.json.total, found(get)]);
    }
    expect((await steward.post('Patient/_search', '{}')).status).toBe(415);
    expect((await steward.get('Patient/_search')).status).toBe(405);
  });

  test('_total, _count=0 and _summary=count say how many may be seen', async () => {
    expect((await midwife.get(`${PAGED}&_total=accurate&_count=3`)).json.total).toBe(MINE);
    for (const query of ['_count=0', '_summary=count']) {
      const reply = await midwife.get(`${PAGED}&${query}`);
      expect([reply.json.total, entries(reply)]).toEqual([MINE, []]);
    }
    expect((await midwife.get(PAGED)).json.total).toBeUndefined();
  });

  test('_summary and _elements leave out, and say so', async () => {
    const reply = await steward.get('Patient?_id=one&_elements=gender,birthDate');
    expect(Object.keys(at(entries(reply)[0], 'resource') ?? {}).sort()).toEqual([
      'birthDate',
      'gender',
      'id',
      'meta',
      'resourceType',
    ]);
    expect(at(entries(reply)[0], 'resource.meta.tag.0.code')).toBe('SUBSETTED');
    const text = await steward.get('Observation?_id=n-00&_summary=true');
    expect(at(entries(text)[0], 'resource.status')).toBe('final');
  });

  test('_include and _revinclude come once, marked, and do not count', async () => {
    const reply = await steward.get(`${PAGED}&subject=Patient/one&_include=Observation:subject&_total=accurate`);
    expect([reply.json.total, found(reply, 'include')]).toEqual([MINE, ['Patient/one']]);
    const back = await steward.get('Patient?_id=one&_revinclude=Observation:subject&_count=1');
    expect(found(back)).toEqual(['Patient/one']);
    expect(found(back, 'include').length).toBeGreaterThan(MINE);
  });

  test('_lastUpdated and _id', async () => {
    const [entry] = entries(await steward.get('Patient?_id=one'));
    const updated = textAt(entry, 'resource.meta.lastUpdated');
    expect(found(await steward.get(`Patient?_id=one&_lastUpdated=${updated}`))).toEqual(['Patient/one']);
    expect(found(await steward.get(`Patient?_id=one&_lastUpdated=gt${updated}`))).toEqual([]);
    expect(found(await steward.get('Patient?_id=one,two,nobody&_sort=_id'))).toEqual(['Patient/one', 'Patient/two']);
  });

  test('references to ourselves are found however they are written (own base)', async () => {
    const body = note('own-base', 'one', 'x', { subject: { reference: `${service.base}/Patient/one` } });
    expect((await steward.put('Observation/own-base', body)).status).toBe(201);
    expect(textAt((await steward.get('Observation/own-base')).json, 'subject.reference')).toBe('Patient/one');
    for (const subject of ['one', 'Patient/one', `${service.base}/Patient/one`]) {
      const reply = await midwife.get(`Observation?_id=own-base&patient=${encodeURIComponent(subject)}`);
      expect([subject, found(reply)]).toEqual([subject, ['Observation/own-base']]);
    }
    expect((await service.as(staff('hv-none')).get('Observation/own-base')).status).toBe(403);
  });
});

describe('strict by default (H13)', () => {
  test.each([
    'unknown=1',
    'family:wrong=x',
    'birthdate=notadate',
    'birthdate=2026-13-01',
    'birthdate=xx2026',
    '_sort=unknown',
    '_count=x',
    '_total=maybe',
    '_summary=perhaps',
    '_include=Patient:unknown',
    '_include=nonsense',
    '_revinclude=Unicorn:subject',
    '_elements=;',
    'family=',
    '_has:Observation:patient=x',
    'general-practitioner.unknown=x',
    'organization:Patient.name=x',
    '_filter=name resembles x',
    '_query=x',
    '_text=%25',
    '_content=a%20or',
    '_list=$current-problems',
    '_contained=true',
    '_include:recurse=Patient:link',
  ])('Patient?%s: 400 naming what', async (query) => {
    const reply = await steward.get(`Patient?${query}`);
    expect([reply.status, reply.json.resourceType]).toEqual([400, 'OperationOutcome']);
    expect(textAt(reply.json, 'issue.0.diagnostics').length).toBeGreaterThan(10);
  });

  test('Prefer: handling=lenient drops unknown parameters, says so, and leaves them out of self', async () => {
    const reply = await steward.get('Patient?unknown=1&_id=one', { prefer: 'handling=lenient' });
    expect([reply.status, found(reply)]).toEqual([200, ['Patient/one']]);
    expect(link(reply, 'self')).toBe(`${service.base}/Patient?_id=one`);
    expect(reply.text).toContain('"mode":"outcome"');
    expect((await steward.get('Patient?birthdate=x', { prefer: 'handling=lenient' })).status).toBe(400);
  });

  test('a search over all types without a criterion is refused, not answered with everything', async () => {
    for (const query of ['', '?', '?_count=5', '?_sort=_id', '?name=x']) {
      const reply = await steward.get(query);
      expect([query, reply.status, issue(reply)]).toEqual([query, 400, 'not-supported']);
    }
  });
});

describe('the paging contract (H3, H23)', () => {
  test.each(['_sort=date', '_sort=-date', '_sort=-_lastUpdated', '_sort=subject,-date', ''])(
    'pages of %j partition what is permitted, in order',
    async (sort) => {
      const whole = found(await midwife.get(`${PAGED}&${sort}&_count=100`));
      expect(new Set(whole).size).toBe(MINE);
      for (const count of [1, 3, 7]) {
        const all = await pages(midwife, await midwife.get(`${PAGED}&${sort}&_count=${count}`));
        expect(all.flatMap((page) => found(page))).toEqual(whole);
        for (const page of all.slice(0, -1)) expect(found(page)).toHaveLength(count);
      }
    },
  );

  test('writes between two pages move nothing from one to the other', async () => {
    const first = await midwife.get(`${PAGED}&_sort=date&_count=6`);
    const whole = found(await midwife.get(`${PAGED}&_sort=date&_count=100`));
    const category = [{ coding: [{ system: 'urn:test', code: 'paged' }] }];
    await service.load([
      note('n-early', 'one', 'before all', { effectiveDateTime: '2026-01-01', category }),
      note('n-01', 'one', 'moved to the end', { effectiveDateTime: '2027-01-01', category }),
    ]);
    await steward.delete('Observation/n-20');
    const all = await pages(midwife, first);
    const seen = all.flatMap((page) => found(page));
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(whole.filter((one) => one !== 'Observation/n-20'));
    await steward.delete('Observation/n-early');
    await service.load([note('n-20', 'one', 'back', { effectiveDateTime: '2026-03-04', category })]);
  });

  test('a page link is bound to who asked (H3)', async () => {
    const first = await midwife.get(`${PAGED}&_sort=date&_count=6`);
    const next = link(first, 'next') ?? '';
    for (const who of ['health-visitor', 'epr', 'steward', 'admin']) {
      const reply = await service.as(who).get(next);
      expect([who, reply.status, found(reply)]).toEqual([who, 410, []]);
    }
    expect((await service.anonymous.get(next)).status).toBe(401);
    expect(found(await midwife.get(next))).toHaveLength(6);
    const forged = next.replace(/_page=.{6}/, '_page=AAAAAA');
    expect((await midwife.get(forged)).status).toBe(410);
  });

  test('a later page shows nothing that is no longer permitted', async () => {
    const first = await midwife.get(`${PAGED}&_sort=date&_count=6`);
    const hidden = note('n-18', 'one', 'restricted meanwhile', {
      effectiveDateTime: '2026-03-04',
      category: [{ coding: [{ system: 'urn:test', code: 'paged' }] }],
      meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'V' }] },
    });
    await service.load([hidden]);
    const seen = (await pages(midwife, first)).flatMap((page) => found(page));
    expect(seen).not.toContain('Observation/n-18');
    expect(seen).toContain('Observation/n-17');
  });
});

describe('values are text, not patterns (H16)', () => {
  const VALUES = [
    '%',
    '_',
    "'",
    '\\\\',
    '\\',
    '*',
    '%25',
    '.*',
    "' or 1=1 --",
    '"',
    '$$',
    '\\%',
    '\u2028',
    '(',
    '[',
    '|',
    ','.repeat(3),
  ];
  test.each(VALUES)('family=%j finds nobody', async (value) => {
    for (const param of [
      'family',
      'name',
      'family:contains',
      'family:exact',
      'address',
      'telecom',
      'address-postalcode',
    ]) {
      const reply = await steward.get(`Patient?${param}=${encodeURIComponent(value)}`);
      expect([param, [200, 400].includes(reply.status), found(reply)]).toEqual([param, true, []]);
    }
  });

  test('a name with punctuation is found by it', async () => {
    const name = "O'Neill_100%";
    await service.family('punctuated', { surname: name });
    for (const param of ['family', 'family:exact', 'family:contains']) {
      const reply = await steward.get(`Patient?${param}=${encodeURIComponent(name)}&_id=punctuated`);
      expect([param, found(reply)]).toEqual([param, ['Patient/punctuated']]);
    }
  });
});

describe('what costs too much is refused at once (H17)', () => {
  test.each([
    ['300 parameters', Array.from({ length: 300 }, (_, n) => `family=a${n}`).join('&')],
    ['300 includes', Array.from({ length: 300 }, () => '_include=Patient:organization').join('&')],
    ['2000 values', `_id=${Array.from({ length: 2_000 }, (_, n) => `x${n}`).join(',')}`],
    ['20 sort keys', `_sort=${Array.from({ length: 20 }, () => 'family').join(',')}`],
    ['a value of 10,000 characters', `family=${'a'.repeat(10_000)}`],
  ])('%s: 400 within half a second', async (_words, query) => {
    const started = performance.now();
    const reply = await steward.form('Patient/_search', query);
    expect([reply.status, issue(reply)]).toEqual([400, 'too-costly']);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('clauses about other rows', () => {
  test.each([
    ['Observation?subject:Patient._id=one&_id=n-00', ['Observation/n-00']],
    ['Observation?patient.family=Fixture-one&_id=n-00', ['Observation/n-00']],
    ['Observation?subject.name:exact=Fixture-one&_id=n-00', ['Observation/n-00']],
    ['Patient?_has:Observation:patient:_id=n-00', ['Patient/one']],
    ['Patient?_has:Observation:subject:status:not=final&_id=one', null],
    ['Patient?_filter=family co "fixture-o" and birthdate gt 1900', ['Patient/one']],
    ['Patient?_filter=not (family co "x") and family co "y"', []],
    ['Patient?_filter=family eq "fixture-ONE" and _id eq one', ['Patient/one']],
    ['Patient?_filter=family eq "fixture-on"', []],
    ['Patient?_filter=family sw "FIXTURE-O" and _id eq one', ['Patient/one']],
    ['Patient?_filter=family sw "one"', []],
    ['Patient?_filter=family ew "-one" and _id eq one', ['Patient/one']],
    ['Patient?_filter=birthdate ne 1900 and _id eq one', ['Patient/one']],
    [
      'Observation?_filter=subject[gender eq female].family co "fixture-o" and (status eq final)&_id=n-00',
      ['Observation/n-00'],
    ],
    ['Observation?subject._has:Group:member:_id=one&_id=n-00', ['Observation/n-00']],
  ])('%s', async (path, expected) => {
    const reply = await steward.get(path);
    expect([path, reply.status]).toEqual([path, 200]);
    if (expected !== null) expect(found(reply)).toEqual(expected);
  });

  test('canonical URLs lead to definitions, stored and shipped, by their version', async () => {
    const url = 'http://canonical.example/Questionnaire/q';
    const shipped = 'https://tandem.example/fhir/Questionnaire/early-need-screen';
    const response = (id: string, questionnaire: string) =>
      steward.put(`QuestionnaireResponse/${id}`, {
        resourceType: 'QuestionnaireResponse',
        id,
        status: 'in-progress',
        questionnaire,
        subject: { reference: 'Patient/one' },
      } as never);
    for (const version of ['1', '2']) {
      const form = { resourceType: 'Questionnaire', id: `q${version}`, url, version, status: 'active' };
      expect(
        (await steward.put(`Questionnaire/q${version}`, { ...form, title: `Form ${version}` } as never)).status,
      ).toBe(201);
    }
    for (const [id, canonical] of [
      ['c-any', url],
      ['c-1', `${url}|1`],
      ['c-2', `${url}|2`],
      ['c-9', `${url}|9`],
      ['c-bb', shipped],
      ['c-bb-no', `${shipped}|0.0`],
    ] as const) {
      expect((await response(id, canonical)).status).toBe(201);
    }
    const ids = async (path: string) => found(await steward.get(path)).map((one) => one.split('/')[1]);
    const responses = 'QuestionnaireResponse?_id=c-any,c-1,c-2,c-9,c-bb,c-bb-no';
    expect(await ids(`${responses}&questionnaire.title=form 1`)).toEqual(['c-1', 'c-any']);
    expect(await ids(`${responses}&questionnaire:Questionnaire.version=2`)).toEqual(['c-2', 'c-any']);
    expect(await ids(`${responses}&questionnaire.url=${shipped}`)).toEqual(['c-bb']);
    expect(await ids(`${responses}&questionnaire.url=${shipped},${url}`)).toEqual(['c-1', 'c-2', 'c-any', 'c-bb']);
    const has = `Questionnaire?url=${url}&_has:QuestionnaireResponse:questionnaire:_id=`;
    expect(await ids(`${has}c-1`)).toEqual(['q1']);
    expect(await ids(`${has}c-any`)).toEqual(['q1', 'q2']);
    expect(await ids(`${has}c-9`)).toEqual([]);
    const include = '_include=QuestionnaireResponse:questionnaire';
    const with1 = await steward.get(`QuestionnaireResponse?_id=c-1,c-bb,c-9&${include}`);
    expect(resources(with1).map((one) => `${one.resourceType}/${one.id}`)).toEqual([
      'QuestionnaireResponse/c-1',
      'QuestionnaireResponse/c-9',
      'QuestionnaireResponse/c-bb',
      'Questionnaire/q1',
      'Questionnaire/early-need-screen',
    ]);
    const led = await steward.get('Questionnaire?_id=q1&_revinclude=QuestionnaireResponse:questionnaire');
    expect(resources(led).map((one) => one.id)).toEqual(['q1', 'c-1', 'c-any']);
    // Under the rules: who may not see the answers learns nothing of the forms they name, nor the other way round.
    const blind = await service
      .as(staff('mw-other'))
      .get(`QuestionnaireResponse?questionnaire.title=form 1&_total=accurate`);
    expect([found(blind), blind.json.total]).toEqual([[], 0]);
    const other = service.as(staff('mw-other'));
    const asked = await other.get(
      `Questionnaire?url=${url}&_has:QuestionnaireResponse:questionnaire:_id=c-1&_total=accurate`,
    );
    expect([found(asked), asked.json.total]).toEqual([[], 0]);
    const hers = await other.get('Questionnaire?_id=q1&_revinclude=QuestionnaireResponse:questionnaire');
    expect(resources(hers).map((one) => one.id)).toEqual(['q1']);
  });

  test('across types: named, or all that a criterion fits', async () => {
    const named = await steward.get('?_type=Patient,Observation&_id=one,n-00&_total=accurate');
    expect([named.json.total, found(named)]).toEqual([2, ['Observation/n-00', 'Patient/one']]);
    expect(link(named, 'self')).toBe(`${service.base}/?_type=Patient,Observation&_id=one,n-00&_total=accurate`);
    expect(found(await steward.get('?_id=n-00'))).toEqual(['Observation/n-00']);
    expect(found(await steward.form('_search', '_type=Observation&patient=one&_id=n-00'))).toEqual([
      'Observation/n-00',
    ]);
    const mixed = await steward.get('?_type=Patient,Observation&family=x');
    expect([mixed.status, textAt(mixed.json, 'issue.0.diagnostics')]).toEqual([400, expect.stringContaining('family')]);
    expect((await steward.get('?_type=Unicorn')).status).toBe(400);
    expect(found(await midwife.get('?_type=Patient,Observation&_id=one,two,n-00'))).toEqual(
      expect.arrayContaining(['Observation/n-00', 'Patient/one']),
    );
  });

  test('a compartment holds what the record of the person holds', async () => {
    const reply = await midwife.get('Patient/one/Observation?code=x&_total=accurate');
    const same = await midwife.get('Observation?patient=one&code=x&_total=accurate');
    expect([reply.status, reply.json.total]).toEqual([200, same.json.total]);
    expect(link(reply, 'self')).toContain('/Patient/one/Observation?code=x');
    const all = await pages(midwife, await midwife.get('Patient/one/*?_count=50'));
    const rows = all.flatMap((page) => found(page));
    expect(rows).toEqual(expect.arrayContaining(['Patient/one', 'Observation/n-00']));
    expect(new Set(rows).size).toBe(rows.length);
    expect((await midwife.get('Organization/x/Observation')).status).toBe(404);
    expect((await midwife.post('Patient/one/Observation', {})).status).toBe(405);
  });

  test('so do those of an Encounter, a RelatedPerson, a Practitioner and a Device, under the same rules', async () => {
    const encounter = { resourceType: 'Encounter', status: 'finished', class: { code: 'HH' } };
    const about = (id: string, whose: string) => [
      { ...encounter, id: `visit-${id}`, subject: { reference: `Patient/${whose}` } },
      note(`of-${id}`, whose, 'in a compartment', {
        encounter: { reference: `Encounter/visit-${id}` },
        performer: [{ reference: 'Practitioner/p-far' }, { reference: `RelatedPerson/${whose}-partner` }],
        device: { reference: 'Device/scales' },
      }),
    ];
    await service.load([...about('one', 'one'), ...about('far', 'far')]);
    const cases: [string, string][] = [
      ['Encounter/visit-one', 'encounter=Encounter/visit-one'],
      ['Encounter/visit-far', 'encounter=Encounter/visit-far'],
      ['RelatedPerson/one-partner', 'performer=RelatedPerson/one-partner'],
      ['Practitioner/p-far', 'performer=Practitioner/p-far'],
      ['Device/scales', 'device=Device/scales'],
      ['Encounter/nobody', 'encounter=Encounter/nobody'],
    ];
    for (const client of [steward, midwife]) {
      for (const [focus, asked] of cases) {
        const same = found(await client.get(`Observation?${asked}`));
        const reply = await client.get(`${focus}/Observation?_total=accurate`);
        expect([focus, reply.status, found(reply), reply.json.total]).toEqual([focus, 200, same, same.length]);
      }
    }
    expect(found(await midwife.get('Practitioner/p-far/Observation'))).toEqual(['Observation/of-one']);
    const all = await midwife.get('Encounter/visit-one/*');
    expect([link(all, 'self'), found(all)]).toEqual([
      `${service.base}/Encounter/visit-one/*`,
      ['Encounter/visit-one', 'Observation/of-one'],
    ]);
    // A focus that may not be seen is as one that is not there.
    const hidden = await midwife.get('Encounter/visit-far/*?_total=accurate');
    const unknown = await midwife.get('Encounter/visit-nil/*?_total=accurate');
    const blank = (text: string) => text.replaceAll(/visit-\w+|"timestamp":"[^"]*"|"lastUpdated":"[^"]*"/g, '');
    expect(blank(hidden.text)).toBe(blank(unknown.text));
    expect((await midwife.get('Practitioner/p-far/AuditEvent')).status).toBe(404);
  });

  test('pages across types hold each row once, in order, whatever is written between, each with its includes', async () => {
    const path = '?_type=Observation,RelatedPerson&_lastUpdated=gt2000-01-01&_include=Observation:subject&_count=7';
    const whole = found(await midwife.get(path.replace('_count=7', '_count=500')));
    const first = await midwife.get(path);
    await service.load([note('n-00-between', 'one', 'written between two pages')]);
    await service.load([note('n-07', 'one', 'rewritten', { status: 'amended' })]);
    const all = await pages(midwife, first);
    const rows = all.flatMap((page) => found(page));
    expect(rows).toEqual(whole);
    expect(all.length).toBeGreaterThan(3);
    for (const page of all) {
      const people = found(page, 'include');
      expect(people.filter((one) => !one.startsWith('Patient/'))).toEqual([]);
      expect(new Set(people).size).toBe(people.length);
      for (const one of people) expect([one, (await midwife.get(one)).status]).toEqual([one, 200]);
    }
    // Somebody else's link leads nowhere.
    expect((await service.as('health-visitor').get(link(first, 'next') ?? '')).status).toBe(410);
  });

  test('includes follow one another with :iterate, each once', async () => {
    const once = await steward.get('Observation?_id=n-00&_include=Observation:subject');
    expect(found(once, 'include')).toEqual(['Patient/one']);
    const more = await steward.get(
      'Observation?_id=n-00&_include=Observation:subject&_revinclude:iterate=RelatedPerson:patient&_include:iterate=RelatedPerson:patient',
    );
    expect(found(more, 'include')).toEqual(expect.arrayContaining(['Patient/one', 'RelatedPerson/one-partner']));
    const all = found(more, 'include');
    expect(new Set(all).size).toBe(all.length);
    expect((await steward.get('Observation?_id=n-00&_include=RelatedPerson:patient')).status).toBe(400);
    expect((await steward.get('Observation?_id=n-00&_summary=text&_include=Observation:subject')).status).toBe(400);
  });

  test('a list names its items', async () => {
    await service.load([
      {
        resourceType: 'List',
        id: 'watched',
        status: 'current',
        mode: 'working',
        subject: { reference: 'Patient/one' },
        entry: [{ item: { reference: 'Observation/n-00' } }, { item: { reference: 'Patient/one' } }],
      },
    ]);
    expect(found(await steward.get('Observation?_list=watched'))).toEqual(['Observation/n-00']);
    expect(found(await steward.get('Patient?_list=List/watched'))).toEqual(['Patient/one']);
    expect(found(await steward.get('Patient?_list=nobody'))).toEqual([]);
  });

  test('a summary is one of everything on the page, and says so once', async () => {
    const reply = await steward.get('Observation?_id=n-00&_include=Observation:subject&_summary=true');
    for (const entry of entries(reply)) {
      const tags = at(entry, 'resource.meta.tag');
      expect(JSON.stringify(tags).match(/SUBSETTED/g)).toHaveLength(1);
      expect(at(entry, 'resource.text')).toBeUndefined();
    }
    const narrow = await steward.get('Observation?_id=n-00&_include=Observation:subject&_elements=code');
    expect(Object.keys(at(entries(narrow)[0], 'resource') ?? {})).toEqual(expect.arrayContaining(['code', 'status']));
    expect(at(entries(narrow)[0], 'resource.subject')).toBeUndefined();
    expect(at(entries(narrow)[1], 'resource.name')).toBeDefined();
    expect((await steward.get('Observation?_id=n-00&_summary=data')).text).not.toContain('<div');
    expect((await steward.get('Patient?_id=one&_summary=count')).json).toMatchObject({ total: 1 });
  });

  test('the statement of capabilities names what is answered here', async () => {
    const { json } = await service.anonymous.get('metadata');
    const rest = at(json, 'rest.0');
    expect(JSON.stringify(at(rest, 'interaction'))).toContain('search-system');
    expect(JSON.stringify(at(rest, 'searchParam'))).toContain('_type');
    const types = at(rest, 'resource');
    const patient = Array.isArray(types) ? types.find((one) => at(one, 'type') === 'Patient') : undefined;
    expect(JSON.stringify(at(patient, 'searchParam'))).toMatch(/_has.*_list.*_filter/);
    for (const value of ['*', 'Patient:*', 'Patient:link']) expect(at(patient, 'searchInclude')).toContain(value);
    const back = at(patient, 'searchRevInclude');
    for (const value of Array.isArray(back) ? back.slice(0, 60) : []) {
      expect([value, (await steward.get(`Patient?_id=one&_count=0&_revinclude=${value}`)).status]).toEqual([
        value,
        200,
      ]);
    }
  });

  test('_explain tells the steward the tree, the statement and the plan, and nobody else anything', async () => {
    const reply = await steward.get('Observation?patient.family=Fixture-one&_explain=true&_count=1');
    expect(reply.text).toContain('"mode":"outcome"');
    expect(reply.text).toMatch(/with seen as materialized.*Limit/s);
    for (const asking of [midwife, service.as('epr'), service.as('ig-officer')]) {
      const refused = await asking.get('Observation?_explain=true');
      expect(refused.status).toBeGreaterThanOrEqual(400);
      expect(refused.text).not.toMatch(/select|with hit/);
    }
  });
});

describe('text search, quantities and composites over HTTP', () => {
  const UCUM = 'http://unitsofmeasure.org';
  const mass = (value: number) => ({ valueQuantity: { value, system: UCUM, code: 'g', unit: 'grams' } });
  beforeAll(async () => {
    const div =
      '<div xmlns="http://www.w3.org/1999/xhtml"><p title="hidden">Née à <b>Zürich</b>, weight well</p></div>';
    const { valueString: _said, ...weighed } = note('weighed', 'one', '', mass(3250));
    await service.load([
      { ...weighed, text: { status: 'generated', div } },
      note('parts', 'one', 'two parts', {
        component: [
          { code: { coding: [{ code: 'head', display: 'Head circumference' }] }, ...mass(34) },
          { code: { coding: [{ code: 'trunk' }] }, ...mass(50) },
        ],
      }),
      { resourceType: 'Location', id: 'clinic', status: 'active', position: { latitude: 53.48, longitude: -2.24 } },
    ]);
  });

  test.each<[string, string[]]>([
    ['Observation?_text=zurich', ['Observation/weighed']],
    ['Observation?_text=NEE (zurich or bern) not broken', ['Observation/weighed']],
    ['Observation?_text="weight well"', ['Observation/weighed']],
    ['Observation?_text="well weight"', []],
    // tags and attributes are not words of the text
    ['Observation?_text=hidden', []],
    ['Observation?_text=xhtml', []],
    ['Observation?_content=grams&subject=Patient/one', ['Observation/parts', 'Observation/weighed']],
    ['Observation?_content=circumference', ['Observation/parts']],
    ['_type=Observation,Patient&_content=circumference', ['Observation/parts']],
    [`Observation?value-quantity=3.25|${UCUM}|kg`, ['Observation/weighed']],
    [`Observation?value-quantity=3.250|${UCUM}|kg&_sort=-value-quantity`, ['Observation/weighed']],
    ['Observation?value-quantity=gt3000||grams', ['Observation/weighed']],
    ['Observation?component-code-value-quantity=head$34', ['Observation/parts']],
    ['Observation?component-code-value-quantity=head$50', []],
    ['Observation?component-code:text=circumference', ['Observation/parts']],
    ['Location?near=53.4875|-2.2901|5|km', ['Location/clinic']],
    ['Location?near=53.4875|-2.2901|2|km', []],
  ])('%s', async (path, expected) => {
    const [type = '', query = ''] = path.includes('?') ? path.split('?') : ['', path];
    const encoded = new URLSearchParams(query).toString();
    const reply = await steward.get(`${type}?${encoded}`);
    expect([reply.status, found(reply).sort()]).toEqual([200, expected]);
  });
});
