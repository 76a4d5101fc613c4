/** batch and transaction (R4 http.html#transaction) over HTTP, and Patient/$everything. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import {
  at,
  bundleOf,
  type Client,
  entries,
  found,
  issue,
  link,
  pages,
  type Reply,
  resources,
  textAt,
} from '../harness/client.ts';
import { newMother, note } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;
let epr: Client;
let steward: Client;

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('one');
  await service.family('far', { midwife: 'mw-other', midwives: 'CareTeam/hv-team-south', healthVisitor: null });
  epr = service.as('epr');
  steward = service.as('steward');
}, 60_000);
afterAll(() => service.close());

const bundle = (type: string, entry: JsonObject[]): Resource => ({ resourceType: 'Bundle', type, entry });
const post = (resource: Resource, fullUrl?: string, more: JsonObject = {}): JsonObject => ({
  ...(fullUrl === undefined ? {} : { fullUrl }),
  resource,
  request: { method: 'POST', url: resource.resourceType, ...more },
});
const statuses = (reply: Reply): string[] =>
  entries(reply).map((entry) => textAt(entry, 'response.status').slice(0, 3));
const count = async (): Promise<unknown> => (await steward.get('Patient?_summary=count')).json.total;
const about = (reference: string): Resource => ({ ...note('x', 'x', 'in a Bundle'), subject: { reference } });
function without(resource: Resource): Resource {
  const { id: _id, ...rest } = resource;
  return { ...rest, resourceType: resource.resourceType };
}

/** Changes waiting for their number and those that have one. */
const CHANGES = 'select (select count(*) from change) + (select count(*) from feed) as n';

describe('transaction', () => {
  test('urn:uuid references become the ids the server gave, wherever they stand', async () => {
    const urn = `urn:uuid:${randomUUID()}`;
    const sent = bundle('transaction', [post(without(about(urn))), post(newMother('Urn'), urn)]);
    const reply = await epr.post('', sent);
    expect([reply.status, reply.json.type, statuses(reply)]).toEqual([200, 'transaction-response', ['201', '201']]);
    const [noted, mother] = entries(reply).map((entry) => textAt(entry, 'response.location'));
    expect(textAt(entries(reply)[0], 'response.etag')).toBe('W/"1"');
    const read = await epr.get(noted?.replace(/\/_history.*/, '') ?? '');
    expect(`${service.base}/${textAt(read.json, 'subject.reference')}/_history/1`).toBe(mother);
  });

  test('conditional references: one match is put in, none or several fail it all', async () => {
    const mother = newMother('ByNumber');
    await epr.post('Patient', mother);
    const query = `Patient?identifier=${textAt(mother, 'identifier.0.value')}`;
    const good = await epr.post('', bundle('transaction', [post(without(about(query)))]), {
      prefer: 'return=representation',
    });
    expect([good.status, textAt(entries(good)[0], 'resource.subject.reference')]).toEqual([
      200,
      expect.stringMatching(/^Patient\/[a-z0-9]/),
    ]);
    const before = await count();
    for (const wrong of ['Patient?identifier=nobody-at-all', 'Patient?family=Fixture']) {
      const reply = await epr.post('', bundle('transaction', [post(newMother('Left')), post(without(about(wrong)))]));
      expect([400, 412]).toContain(reply.status);
      expect(issue(reply)).toContain('Bundle.entry[1]');
    }
    expect(await count()).toBe(before);
  });

  test('the order is DELETE, POST, PUT, GET, whatever the order of the entries; answers keep the order sent', async () => {
    await service.load([note('order-del', 'one', 'x'), note('order-put', 'one', 'x')]);
    const reply = await steward.post(
      '',
      bundle('transaction', [
        { request: { method: 'GET', url: 'Observation?_id=order-del,order-put,order-new&_sort=_id' } },
        { resource: note('order-put', 'one', 'changed'), request: { method: 'PUT', url: 'Observation/order-put' } },
        { resource: note('order-new', 'one', 'new'), request: { method: 'PUT', url: 'Observation/order-new' } },
        { request: { method: 'DELETE', url: 'Observation/order-del' } },
      ]),
    );
    expect([reply.status, statuses(reply)]).toEqual([200, ['200', '200', '201', '204']]);
    const inner = at(entries(reply)[0], 'resource.entry');
    expect((Array.isArray(inner) ? inner : []).map((one) => at(one, 'resource.id'))).toEqual([
      'order-new',
      'order-put',
    ]);
    expect(at(entries(reply)[0], 'resource.entry.1.resource.valueString')).toBe('changed');
  });

  test('conditional create, update and delete inside', async () => {
    const mother = newMother('Inside');
    const value = textAt(mother, 'identifier.0.value');
    const urn = `urn:uuid:${randomUUID()}`;
    const sent = bundle('transaction', [
      post(mother, urn, { ifNoneExist: `identifier=${value}` }),
      post(without(about(urn))),
    ]);
    const first = await epr.post('', sent);
    const second = await epr.post('', sent);
    expect([statuses(first), statuses(second)]).toEqual([
      ['201', '201'],
      ['200', '201'],
    ]);
    const subject = await epr.get(textAt(entries(second)[1], 'response.location').replace(/\/_history.*/, ''));
    expect(textAt(entries(first)[0], 'response.location')).toContain(textAt(subject.json, 'subject.reference'));
    const update = {
      resource: { ...mother, birthDate: '1999-09-09' },
      request: { method: 'PUT', url: `Patient?identifier=${value}` },
    };
    expect(statuses(await epr.post('', bundle('transaction', [update])))).toEqual(['200']);
    await service.load([note('cond-del', 'one', 'x', { identifier: [{ value: 'cond-del' }] })]);
    const removal = { request: { method: 'DELETE', url: 'Observation?identifier=cond-del' } };
    expect(statuses(await steward.post('', bundle('transaction', [removal])))).toEqual(['204']);
    expect((await steward.get('Observation/cond-del')).status).toBe(410);
  });

  test('If-Match inside: a stale one fails it all (H21)', async () => {
    await service.load([note('tx-match', 'one', 'x')]);
    const before = await count();
    const stale = {
      resource: note('tx-match', 'one', 'y'),
      request: { method: 'PUT', url: 'Observation/tx-match', ifMatch: 'W/"9"' },
    };
    const reply = await steward.post('', bundle('transaction', [post(newMother('Left')), stale]));
    expect([reply.status, issue(reply)]).toEqual([412, expect.stringContaining('Bundle.entry[1]')]);
    expect(await count()).toBe(before);
    expect((await steward.get('Observation/tx-match')).headers.get('etag')).toBe('W/"1"');
  });

  test.each<[string, (a: Resource) => JsonObject[], string]>([
    [
      'an invalid resource',
      (a) => [post(a), post({ ...newMother('B'), gender: 'banana' })],
      'Bundle.entry[1].resource.gender',
    ],
    [
      'a reference that leads nowhere',
      (a) => [post(a), post(without(about(`urn:uuid:${randomUUID()}`)))],
      'Bundle.entry[1].resource.subject',
    ],
    [
      'the same fullUrl twice',
      (a) => [
        post(a, 'urn:uuid:5f0c1b0a-0000-4000-8000-000000000001'),
        post(newMother('B'), 'urn:uuid:5f0c1b0a-0000-4000-8000-000000000001'),
      ],
      'Bundle.entry[1].fullUrl',
    ],
    ['no request', (a) => [post(a), { resource: newMother('B') }], 'Bundle.entry[1].request'],
    [
      'an unknown method',
      (a) => [post(a), { resource: newMother('B'), request: { method: 'PUSH', url: 'Patient' } }],
      'Bundle.entry[1].request.method',
    ],
    [
      'another server’s address',
      (a) => [post(a), { resource: newMother('B'), request: { method: 'POST', url: 'https://other.example/Patient' } }],
      'Bundle.entry[1].request.url',
    ],
    [
      'the same resource changed twice',
      (a) => [
        post(a),
        ...['y', 'z'].map((text) => ({
          resource: note('dup', 'one', text),
          request: { method: 'PUT', url: 'Observation/dup' },
        })),
      ],
      'Bundle.entry[2]',
    ],
    ['a row she may not write', (a) => [post(a), post({ resourceType: 'Contract', status: 'executed' })], ''],
  ])('all or nothing: %s (H20)', async (_words, make, place) => {
    const before = await count();
    const feed = await service.pool.query(CHANGES);
    const reply = await epr.post('', bundle('transaction', make(newMother('Left'))));
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.status).toBeLessThan(500);
    expect(reply.json.resourceType).toBe('OperationOutcome');
    expect(issue(reply)).toContain(place);
    expect(await count()).toBe(before);
    expect((await service.pool.query(CHANGES)).rows).toEqual(feed.rows);
  });

  test('a person registered in it may get her records in it, in one commit', async () => {
    const urn = `urn:uuid:${randomUUID()}`;
    const reply = await service
      .as('midwife')
      .post('', bundle('transaction', [post(newMother('Booked'), urn), post(without(about(urn)))]));
    expect([reply.status, statuses(reply)]).toEqual([200, ['201', '201']]);
  });

  test('nobody gives herself a family by writing its care team (R-06)', async () => {
    const team = resources(await steward.get('CareTeam?_id=far'))[0];
    const participant = [{ member: { reference: 'PractitionerRole/mw-priya' }, period: { start: '2026-01-01' } }];
    const mine = { resource: { ...team, participant }, request: { method: 'PUT', url: 'CareTeam/far' } };
    const read = { request: { method: 'GET', url: 'Patient/far' } };
    const reply = await service.as('midwife').post('', bundle('transaction', [mine, read]));
    expect([403, 404]).toContain(reply.status);
    expect((await service.as('midwife').get('Patient/far')).status).not.toBe(200);
    const fresh = { ...team, id: undefined, participant };
    const made = await service.as('midwife').post('CareTeam', JSON.stringify(fresh));
    expect([403, 404]).toContain(made.status);
    expect((await service.as('midwife').get('Patient/far')).status).not.toBe(200);
  });

  test('an empty one is an empty answer; one of another kind is refused', async () => {
    const empty = await epr.post('', { resourceType: 'Bundle', type: 'transaction' });
    expect([empty.status, entries(empty)]).toEqual([200, []]);
    for (const type of ['document', 'searchset', 'message', 'x'])
      expect((await epr.post('', bundle(type, [post(newMother('x'))]))).status).toBe(400);
  });
});

describe('batch', () => {
  test('each entry for itself: a bad one spoils nothing, and says why', async () => {
    const reply = await epr.post(
      '',
      bundle('batch', [
        post(newMother('Batch')),
        post({ ...newMother('Batch'), gender: 'banana' }),
        { request: { method: 'GET', url: 'Patient/one' } },
        { request: { method: 'GET', url: 'Patient/nobody' } },
        { request: { method: 'GET', url: 'Patient?nonsense=1' } },
        { request: { method: 'DELETE', url: 'Observation/one-edd' } },
        { nothing: true },
        { request: { method: 'GET', url: 'Patient/one/$everything?_count=1' } },
      ]),
    );
    expect([reply.status, reply.json.type]).toEqual([200, 'batch-response']);
    expect(statuses(reply)).toEqual([
      '201',
      expect.stringMatching(/^4(00|22)$/),
      '200',
      '404',
      '400',
      '405',
      '400',
      '200',
    ]);
    expect(at(entries(reply)[1], 'response.outcome.resourceType')).toBe('OperationOutcome');
    expect(at(entries(reply)[2], 'resource.id')).toBe('one');
  });

  test('conditional reads and If-Match per entry', async () => {
    const etag = (await epr.get('Patient/one')).headers.get('etag') ?? '';
    const reply = await epr.post(
      '',
      bundle('batch', [
        { request: { method: 'GET', url: 'Patient/one', ifNoneMatch: etag } },
        {
          resource: (await epr.get('Patient/one')).json,
          request: { method: 'PUT', url: 'Patient/one', ifMatch: 'W/"99"' },
        },
      ]),
    );
    expect(statuses(reply)).toEqual(['304', '412']);
  });

  test('a Bundle in a Bundle is not carried out', async () => {
    const inner = bundle('transaction', [post(newMother('Inner'))]);
    const reply = await epr.post('', bundle('batch', [{ resource: inner, request: { method: 'POST', url: '/' } }]));
    expect(statuses(reply)).toEqual(['400']);
  });

  test('more entries than are taken: 413', async () => {
    const many = Array.from({ length: 1_001 }, () => ({ request: { method: 'GET', url: 'Patient/one' } }));
    expect((await epr.post('', bundle('batch', many))).status).toBe(413);
  });

  test('GET metadata is an entry like another', async () => {
    const asked = ['metadata', 'metadata?mode=full', 'metadata?x=1'].map((url) => ({
      request: { method: 'GET', url },
    }));
    const reply = await epr.post('', bundle('batch', asked));
    expect(statuses(reply)).toEqual(['200', '200', '400']);
    const { text } = await service.anonymous.get('metadata');
    expect(at(entries(reply)[0], 'resource')).toEqual(JSON.parse(text));
    const written = await epr.post('', bundle('batch', [{ request: { method: 'DELETE', url: 'metadata' } }]));
    expect(statuses(written)[0]).toMatch(/^4/);
  });
});

describe('Patient/[id]/$everything (vector 26)', () => {
  test('the compartment as far as it is permitted, once each, also in pages', async () => {
    const whole = await steward.get('Patient/one/$everything');
    const ids = found(whole);
    expect(ids).toEqual(
      expect.arrayContaining(['Patient/one', 'Observation/one-edd', 'CareTeam/one', 'Consent/one-sharing']),
    );
    expect(whole.json.total).toBe(ids.length);
    const parts = await pages(steward, await steward.get('Patient/one/$everything?_count=3'));
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.flatMap((part) => found(part)).sort()).toEqual([...ids].sort());
    expect(link(parts[0] ?? whole, 'self')).toBe(`${service.base}/Patient/one/$everything?_count=3`);
  });

  test('_type and _since narrow it, anything else is refused', async () => {
    const only = await steward.get('Patient/one/$everything?_type=Observation,Consent');
    expect(new Set(found(only).map((one) => one.split('/')[0]))).toEqual(new Set(['Observation', 'Consent']));
    expect(found(await steward.get('Patient/one/$everything?_since=2099-01-01'))).toEqual([]);
    for (const query of ['_type=Unicorn', 'start=yesterday', '_count=x', 'x=y'])
      expect([query, (await steward.get(`Patient/one/$everything?${query}`)).status]).toEqual([query, 400]);
  });

  test('hidden and unknown answer alike', async () => {
    const hidden = await service.as('admin').get('Patient/far/$everything');
    const unknown = await service.as('admin').get('Patient/nobody/$everything');
    expect([hidden.status, hidden.text]).toEqual([unknown.status, unknown.text]);
    expect(hidden.status).toBe(404);
  });
});

test('numbers come back as they were sent (H22)', async () => {
  const value = { unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' };
  const body = JSON.stringify({
    ...note('number', 'one', ''),
    valueString: undefined,
    valueQuantity: { ...value, value: 12345 },
  });
  const send = (text: string) => steward.put('Observation/number', body.replace('12345', text));
  for (const text of ['20.00', '1.0e2', '-0.0', '0.1000', '12345678901234567.89', '1E-7']) {
    expect([text, (await send(text)).status]).toEqual([text, expect.any(Number)]);
    const shown = [
      (await steward.get('Observation/number')).text,
      (await steward.get('Observation?_id=number')).text,
      (await steward.get('Observation?_id=number&_elements=valueQuantity')).text,
      (await steward.get('Observation/number/_history?_count=1')).text,
      (await steward.get('Patient/one/$everything?_type=Observation')).text,
      (await steward.post('', bundle('batch', [{ request: { method: 'GET', url: 'Observation/number' } }]))).text,
      (await service.as('nursery-nurse').get('Observation/number')).text,
    ];
    for (const [n, one] of shown.slice(0, 6).entries())
      expect([n, one]).toEqual([n, expect.stringContaining(`"value":${text}`)]);
  }
  const patched = await steward.patch('Observation/number', [{ op: 'add', path: '/note', value: [{ text: 'n' }] }], {
    'content-type': 'application/json-patch+json',
  });
  expect(patched.text).toContain('"value":1E-7');
  const inside = JSON.stringify(bundleOf('transaction', [{ ...JSON.parse(body), id: 'number' }])).replace(
    '12345',
    '5.50',
  );
  await steward.post('', inside);
  expect((await steward.get('Observation/number')).text).toContain('"value":5.50');
});
