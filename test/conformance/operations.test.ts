/** Operations of R4 and ours over HTTP: $everything of four types, $meta, $meta-add, $meta-delete, $diff, $versions. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { at, type Client, found, issue, link, pages, type Reply, textAt } from '../harness/client.ts';
import { note } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;
let steward: Client;
let midwife: Client;
let visitor: Client;

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('one', { referral: 'accepted' });
  await service.family('hidden', { midwife: 'mw-other', healthVisitor: null, sharing: 'objected' });
  await service.load([
    note('one-note', 'one', 'before', {
      effectiveDateTime: '2026-02-03',
      encounter: { reference: 'Encounter/one-booking' },
    }),
    note('one-later', 'one', 'later', { effectiveDateTime: '2026-05-03' }),
    note('baby-note', 'one-baby', 'about the baby', { effectiveDateTime: '2026-03-03' }),
  ]);
  steward = service.as('steward');
  midwife = service.as('midwife');
  visitor = service.as('health-visitor');
}, 60_000);
afterAll(() => service.close());

const everything = async (client: Client, root: string, query = ''): Promise<string[]> =>
  found(await client.get(`${root}/$everything?_count=500${query}`));

describe('$everything', () => {
  test('of a visit: the visit and what names it', async () => {
    expect(await everything(midwife, 'Encounter/one-booking')).toEqual([
      'Encounter/one-booking',
      'Observation/one-note',
    ]);
  });

  test('of a family: the records of its members as far as each is permitted', async () => {
    const family = await everything(midwife, 'Group/one');
    expect(family[0]).toBe('Group/one');
    expect(family).toEqual(
      expect.arrayContaining(['Patient/one', 'Patient/one-baby', 'Observation/one-note', 'Observation/baby-note']),
    );
    expect(family.filter((one) => one.includes('hidden'))).toEqual([]);
    expect([...family].sort()).toEqual([...new Set([...family])].sort());
  });

  test('of a pregnancy: its episode, the mother, findings about the unborn baby', async () => {
    const all = await everything(midwife, 'EpisodeOfCare/one-mat');
    expect(all[0]).toBe('EpisodeOfCare/one-mat');
    expect(all).toEqual(expect.arrayContaining(['Patient/one', 'Encounter/one-booking', 'Observation/baby-note']));
  });

  test.each(['Patient/one', 'Encounter/one-booking', 'Group/one', 'EpisodeOfCare/one-mat'])(
    '%s: each row is one that may be read, masked alike; nobody sees more by asking for everything',
    async (root) => {
      for (const client of [midwife, visitor, service.as('mother'), service.as('epr')]) {
        const reply = await client.get(`${root}/$everything?_count=500`);
        if (reply.status !== 200) continue;
        for (const one of found(reply)) expect([one, (await client.get(one)).status]).toEqual([one, 200]);
        const shown = (Array.isArray(reply.json.entry) ? reply.json.entry : []).slice(0, 5);
        for (const entry of shown) {
          const alone = await client.get(`${textAt(entry, 'resource.resourceType')}/${textAt(entry, 'resource.id')}`);
          expect(at(entry, 'resource')).toEqual(alone.json);
        }
      }
    },
  );

  test('pages: fixed by the first, bound to the caller and the root', async () => {
    const first = await midwife.get('Group/one/$everything?_count=3');
    const whole = await everything(midwife, 'Group/one');
    await service.load([note('one-between', 'one', 'written between pages')]);
    const parts = await pages(midwife, first);
    expect(parts.flatMap((part) => found(part))).toEqual(whole);
    expect(first.json.total).toBe(whole.length);
    const next = link(first, 'next') ?? '';
    expect((await steward.get(next)).status).toBe(410);
    expect((await midwife.get(next.replace('Group/one', 'Patient/one'))).status).toBe(410);
    await steward.delete('Observation/one-between');
  });

  test('start, end, _since and _type narrow it, by GET and by POST', async () => {
    const notes = async (query: string) =>
      (await everything(midwife, 'Patient/one', `&_type=Observation${query}`)).filter((one) => /note|later/.test(one));
    expect(await notes('&end=2026-02')).toEqual(['Observation/one-note']);
    expect(await notes('&start=2026-04-01')).toEqual(['Observation/one-later']);
    expect(await notes('&start=2026-02-03&end=2026-05-03')).toEqual([
      'Observation/baby-note',
      'Observation/one-later',
      'Observation/one-note',
    ]);
    expect(await notes('&_since=2099-01-01')).toEqual([]);
    // What has no date of care is not cut by dates of care.
    expect(await everything(midwife, 'Patient/one', '&start=2090-01-01')).toContain('Patient/one');
    const body = {
      resourceType: 'Parameters',
      parameter: [
        { name: 'start', valueDate: '2026-04-01' },
        { name: '_type', valueCode: 'Observation' },
      ],
    };
    expect(found(await midwife.post('Patient/one/$everything', body)).filter((one) => /note|later/.test(one))).toEqual([
      'Observation/one-later',
    ]);
  });

  test.each(['Encounter/hidden-booking', 'Group/hidden', 'EpisodeOfCare/hidden-mat'])(
    '%s: hidden is answered like unknown',
    async (root) => {
      const hidden = await visitor.get(`${root}/$everything`);
      const alone = await visitor.get(root);
      expect([hidden.status, issue(hidden)]).toEqual([alone.status, issue(alone)]);
      expect([403, 404]).toContain(hidden.status);
    },
  );

  test.each(['start=yesterday', 'end=2026-01-01T00:00:00Z', '_since=x', '_count=0', '_type=Unicorn', 'x=1', '_page=x'])(
    '%s is refused',
    async (query) => {
      expect([400, 410]).toContain((await midwife.get(`Patient/one/$everything?${query}`)).status);
    },
  );
});

const SECURITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
const meta = (parts: JsonObject): Resource => ({
  resourceType: 'Parameters',
  parameter: [{ name: 'meta', valueMeta: parts }],
});
const security = (reply: Reply) => at(reply.json, 'parameter.0.valueMeta.security');

describe('$meta', () => {
  test('of one resource, of a type and of all, as far as the caller sees them', async () => {
    await steward.put('Basic/tagged', {
      resourceType: 'Basic',
      id: 'tagged',
      meta: { tag: [{ system: 'http://e.org/t', code: 'only-for-loaders' }] },
      code: { text: 'x' },
    });
    const own = await steward.get('Basic/tagged/$meta');
    expect(at(own.json, 'parameter.0.valueMeta.tag.0.code')).toBe('only-for-loaders');
    for (const path of ['Basic/$meta', '$meta']) {
      expect((await steward.get(path)).text).toContain('only-for-loaders');
      const theirs = await midwife.get(path);
      const sees = (await midwife.get('Basic/tagged')).status === 200;
      expect([path, theirs.text.includes('only-for-loaders')]).toEqual([path, sees]);
    }
    expect((await midwife.get('Patient/hidden/$meta')).status).toBe((await midwife.get('Patient/hidden')).status);
  });

  test('labels are added by writers, once each; only authors take them away', async () => {
    await service.load([note('labelled', 'one', 'quiet words')]);
    const tag = { system: 'http://e.org/t', code: 'seen' };
    const label = { system: SECURITY, code: 'R' };
    const added = await steward.post('Observation/labelled/$meta-add', meta({ tag: [tag], security: [label] }));
    expect([added.status, security(added), at(added.json, 'parameter.0.valueMeta.versionId')]).toEqual([
      200,
      [label],
      '2',
    ]);
    const again = await steward.post(
      'Observation/labelled/$meta-add',
      meta({ security: [{ ...label, display: 'x' }] }),
    );
    expect(security(again)).toEqual([label]);
    const taken = await steward.post('Observation/labelled/$meta-delete', meta({ security: [label], tag: [tag] }));
    expect([taken.status, security(taken)]).toEqual([200, undefined]);
  });

  test('somebody who may write but did not write the resource cannot lower its label', async () => {
    const own = await midwife.post('Observation', {
      ...note('x', 'one', 'hers'),
      meta: { security: [{ system: SECURITY, code: 'N' }] },
    });
    const id = textAt(own.json, 'id');
    const lowered = meta({ security: [{ system: SECURITY, code: 'N' }] });
    expect((await midwife.post(`Observation/${id}/$meta-delete`, lowered)).status).toBe(200);
    const others = await steward.put('Observation/not-hers', {
      ...note('not-hers', 'one', 'x'),
      meta: { security: [{ system: SECURITY, code: 'N' }] },
    });
    expect(others.status).toBe(201);
    const refused = await midwife.post('Observation/not-hers/$meta-delete', lowered);
    expect(refused.status).toBe(403);
    expect((await steward.get('Observation/not-hers')).text).toContain(SECURITY);
  });

  test.each([
    ['no body', undefined],
    ['no meta', { resourceType: 'Parameters', parameter: [{ name: 'x', valueString: 'y' }] }],
    ['the version', meta({ versionId: '9' })],
    ['another resource', { resourceType: 'Basic' }],
  ])('%s is refused', async (_words, body) => {
    expect((await steward.post('Observation/one-note/$meta-add', body)).status).toBe(400);
  });

  test('If-Match holds here too', async () => {
    const stale = { 'if-match': 'W/"99"' };
    const tag = meta({ tag: [{ code: 'x' }] });
    expect((await steward.post('Observation/one-note/$meta-add', tag, stale)).status).toBe(412);
  });
});

describe('$diff', () => {
  const operations = (reply: Reply): string =>
    JSON.stringify(reply.json.parameter ?? []).replaceAll(/"name":"(?:operation|type|path|value|name)",?/g, '');

  test('between the last two versions, any two, and a resource that is sent', async () => {
    const version = (valueString: string) => note('diffed', 'one', valueString);
    for (const words of ['first', 'second', 'third']) await steward.put('Observation/diffed', version(words));
    const last = await midwife.get('Observation/diffed/$diff');
    expect([last.status, last.json.resourceType]).toEqual([200, 'Parameters']);
    expect(operations(last)).toContain('"Observation.value"},{"valueString":"third"}');
    expect(operations(await midwife.get('Observation/diffed/$diff?from=3&to=1'))).toContain('"valueString":"first"');
    const sent = { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: version('sent') }] };
    expect(operations(await midwife.post('Observation/diffed/$diff', sent))).toContain('"valueString":"sent"');
    expect((await midwife.get('Observation/diffed/$diff?from=9')).status).toBe(404);
    expect((await midwife.get('Observation/diffed/$diff?since=9')).status).toBe(400);
    expect((await midwife.get('Observation/one-note/$diff?to=1')).status).toBe(400);
  });

  test('of what is hidden there is no difference: hidden resources are unknown, masked elements are absent', async () => {
    const hidden = await visitor.get('Patient/hidden/$diff');
    expect(hidden.status).toBe((await visitor.get('Patient/hidden')).status);
    const stored = (await steward.get('Patient/one')).json;
    await steward.put('Patient/one', {
      ...stored,
      text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">secret words</div>' },
    });
    for (const who of ['midwife', 'health-visitor', 'partner', 'mother']) {
      const client = service.as(who);
      const reply = await client.get('Patient/one/$diff');
      if (reply.status !== 200) continue;
      const shown = (await client.get('Patient/one')).text.includes('secret words');
      expect([who, reply.text.includes('secret words')]).toEqual([who, shown]);
    }
  });
});

test('$versions: one version of FHIR is spoken here', async () => {
  const reply = await midwife.get('$versions');
  expect(reply.json.parameter).toEqual([
    { name: 'version', valueCode: '4.0' },
    { name: 'default', valueCode: '4.0' },
  ]);
});
