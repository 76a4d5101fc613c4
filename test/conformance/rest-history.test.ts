/** History at instance, type and system level (R4 http.html#history), paged, and decided version by version. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JsonObject } from '../../src/fhir/types.ts';
import { at, type Client, entries, issue, link, pages, textAt } from '../harness/client.ts';
import { note } from '../harness/family.ts';
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
  for (let n = 1; n <= 5; n += 1) await service.load([note('story', 'one', `version ${n}`)]);
  await steward.delete('Observation/story');
}, 60_000);
afterAll(() => service.close());

const versions = (list: readonly object[]): (string | undefined)[] =>
  list.map((entry) => /"etag":"W\/\\"(\d+)\\""/.exec(JSON.stringify(entry))?.[1]);

test('an instance: newest first, each entry with what was done and its result', async () => {
  const reply = await steward.get('Observation/story/_history');
  expect([reply.status, reply.json.type, reply.json.total]).toEqual([200, 'history', 6]);
  expect(versions(entries(reply))).toEqual(['6', '5', '4', '3', '2', '1']);
  const [deleted, , , , , created] = entries(reply);
  expect(at(deleted, 'request.method')).toBe('DELETE');
  expect(at(deleted, 'resource')).toBeUndefined();
  expect(at(deleted, 'request.url')).toBe('Observation/story');
  expect(at(created, 'resource.valueString')).toBe('version 1');
  expect(at(created, 'fullUrl')).toBe(`${service.base}/Observation/story`);
  for (const entry of entries(reply)) expect(textAt(entry, 'response.lastModified')).toMatch(/Z$/);
});

test('R4 http.html#update: an update that undoes a deletion created it again, and its history says so', async () => {
  await service.load([note('undone', 'one', 'first')]);
  await steward.delete('Observation/undone');
  const again = await steward.put('Observation/undone', note('undone', 'one', 'again'));
  expect(again.status).toBe(201);
  await steward.put('Observation/undone', note('undone', 'one', 'third'));
  const done = (list: readonly JsonObject[]) =>
    list.map((entry) => [at(entry, 'request.method'), at(entry, 'response.status')]);
  const expected = [
    ['PUT', '200'],
    ['PUT', '201'],
    ['DELETE', '204'],
    ['PUT', '201'],
  ];
  expect(done(entries(await steward.get('Observation/undone/_history')))).toEqual(expected);
  // On a page that begins there, too.
  const [, second] = await pages(steward, await steward.get('Observation/undone/_history?_count=1'));
  expect(done(entries(second as never))).toEqual([expected[1]]);
});

test('a history with a deleted row is answered to who sees only a part of its like', async () => {
  const subject = { reference: 'Patient/one' };
  const note = [{ text: 'not for her' }];
  await service.load([{ resourceType: 'CarePlan', id: 'gone', status: 'active', intent: 'plan', subject, note }]);
  await steward.delete('CarePlan/gone');
  const reply = await service.as('nursery-nurse').get('CarePlan/_history');
  expect([reply.status, versions(entries(reply))]).toEqual([200, ['2', '1']]);
  expect(reply.text).not.toContain('not for her');
});

test('pages partition it, and deleted ones are found by _since', async () => {
  const whole = versions(entries(await steward.get('Observation/story/_history')));
  const all = await pages(steward, await steward.get('Observation/story/_history?_count=2'));
  expect(all.map((page) => entries(page).length)).toEqual([2, 2, 2]);
  expect(versions(all.flatMap(entries))).toEqual(whole);
  const third = entries(await steward.get('Observation/story/_history'))[3];
  const since = textAt(third, 'response.lastModified');
  expect(versions(entries(await steward.get(`Observation/story/_history?_since=${since}`)))).toEqual([
    '6',
    '5',
    '4',
    '3',
  ]);
});

test('_at finds what was current then', async () => {
  const third = entries(await steward.get('Observation/story/_history'))[3];
  const instant = textAt(third, 'response.lastModified');
  expect(versions(entries(await steward.get(`Observation/story/_history?_at=${instant}`)))).toContain('3');
});

test('a type and the whole system hold the same versions, once each', async () => {
  const type = await pages(steward, await steward.get('Observation/_history?_count=4'));
  const ofType = type.flatMap(entries).map((entry) => textAt(entry, 'fullUrl') + versions([entry]));
  expect(new Set(ofType).size).toBe(ofType.length);
  expect(ofType.filter((one) => one.includes('/story'))).toHaveLength(6);
  const system = await pages(steward, await steward.get('_history?_count=7'));
  const ofSystem = system.flatMap(entries).map((entry) => textAt(entry, 'fullUrl') + versions([entry]));
  expect(new Set(ofSystem).size).toBe(ofSystem.length);
  expect(ofSystem).toEqual(expect.arrayContaining(ofType));
});

test('only permitted versions, at every level; hidden and unknown answer alike', async () => {
  const midwife = service.as('midwife');
  const seen = (await pages(midwife, await midwife.get('Patient/_history?_count=1'))).flatMap(entries);
  expect(JSON.stringify(seen)).toContain('Patient/one');
  expect(JSON.stringify(seen)).not.toContain('Patient/far');
  const everything = (await pages(midwife, await midwife.get('_history?_count=10'))).map(({ text }) => text).join('');
  expect(everything).not.toMatch(/Patient\/far|Fixture-far/);
  const hidden = await midwife.get('Patient/far/_history');
  const unknown = await midwife.get('Patient/nobody/_history');
  expect([hidden.status, hidden.text]).toEqual([unknown.status, unknown.text]);
  expect(hidden.status).toBe(404);
});

test.each(['_since=yesterday', '_count=0', '_count=-1', '_count=x', '_page=zzz', 'name=x', '_at=2026-99-99'])(
  '%s: 400',
  async (query) => {
    const reply = await epr.get(`Patient/one/_history?${query}`);
    expect([reply.status, ['value', 'not-supported', 'invalid']]).toEqual([
      400,
      expect.arrayContaining([issue(reply).split(' ')[0]]),
    ]);
  },
);

test('a page link of the history carries the question with it', async () => {
  const first = await steward.get('Observation/_history?_count=2&_since=2020-01-01');
  expect(link(first, 'next')).toContain('_since=2020-01-01');
  expect(link(first, 'self')).toBe(`${service.base}/Observation/_history?_count=2&_since=2020-01-01`);
});

test('pages of a type and of the system hold what is permitted of each resource, once, newest first', async () => {
  // Written in one transaction, so at one instant; and most of it hidden from the mother of another family.
  for (const text of ['first', 'second']) {
    await service.load(Array.from({ length: 6 }, (_, n) => note(`tie${n}`, n % 2 === 0 ? 'one' : 'far', text)));
  }
  const sql = `select type, id, version, updated from resource union all select type, id, version, updated from history
    order by updated desc, type desc, id desc, version desc`;
  const { rows: all } = await service.pool.query<{ type: string; id: string; version: number }>(sql);
  const key = (entry: ReturnType<typeof entries>[number]): string =>
    `${textAt(entry, 'request.url')} ${textAt(entry, 'response.etag')}`;
  for (const who of ['midwife', 'health-visitor', 'steward']) {
    const client = service.as(who);
    const own = new Set<string>();
    for (const id of new Set(all.flatMap(({ type, id }) => (type === 'Observation' ? [id] : [])))) {
      for (const entry of entries(await client.get(`Observation/${id}/_history?_count=1000`))) own.add(key(entry));
    }
    const expected = all
      .filter(({ type }) => type === 'Observation')
      .map(({ type, id, version }) => `${type}/${id} W/"${version}"`)
      .filter((one) => own.has(one));
    for (const count of [1, 5, 1_000]) {
      const paged = await pages(client, await client.get(`Observation/_history?_count=${count}`));
      expect([who, count, paged.flatMap(entries).map(key)]).toEqual([who, count, expected]);
    }
    const whole = await pages(client, await client.get('_history?_count=7'));
    const keys = whole.flatMap(entries).map(key);
    const order = all.map(({ type, id, version }) => `${type}/${id} W/"${version}"`);
    expect(keys).toEqual(order.filter((one) => keys.includes(one)));
    expect(keys.filter((one) => one.startsWith('Observation/'))).toEqual(expected);
  }
});
