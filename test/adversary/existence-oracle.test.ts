/** No existence oracle (domain.md 5.1, vectors 45 and 46): hidden and unknown differ in nothing that can be measured. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Client, Reply } from '../harness/client.ts';
import { TEAM } from '../harness/directory.ts';
import { familyOf, newMother, note } from '../harness/family.ts';
import { type Service, staff, startService } from '../harness/service.ts';

let service: Service;
const security = (code: string) => [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code }];

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('theirs', { midwife: 'mw-other', midwives: TEAM.south, healthVisitor: null });
  await service.family('mine');
  const [mother, ...rest] = familyOf('flagged', { midwife: 'mw-other', midwives: TEAM.south, healthVisitor: null });
  await service.load([{ ...mother, resourceType: 'Patient', meta: { security: security('R') } }, ...rest]);
  await service.load([note('sealed', 'theirs', 'sealed', { meta: { security: security('V') } })]);
}, 60_000);
afterAll(() => service.close());

/** Everything of an answer but what differs between any two. */
function shape(reply: Reply): object {
  const headers = [...reply.headers].filter(([name]) => !['date', 'x-request-id'].includes(name));
  return { status: reply.status, text: reply.text, headers };
}

describe.each([
  ['a system', 'epr', 'Observation/sealed', 'Observation/nobody'],
  ['admin', 'admin', 'Patient/theirs', 'Patient/nobody'],
  ['a mother', 'mother', 'Patient/theirs', 'Patient/nobody'],
  ['a clinician, label V', 'midwife', 'Observation/sealed', 'Observation/nobody'],
  ['a clinician, restricted demographics', 'midwife', 'Patient/flagged', 'Patient/nobody'],
  ['safeguarding, label V', 'safeguarding', 'Observation/sealed', 'Observation/nobody'],
])('%s', (_words, who, hidden, unknown) => {
  test.each(['', '/_history', '/_history/1', '/_history/2', '?_elements=id', '/$everything'])(
    'GET …%s',
    async (tail) => {
      const client = service.as(who);
      const [a, b] = [await client.get(hidden + tail), await client.get(unknown + tail)];
      expect(shape(a)).toEqual(shape(b));
      expect(a.status).toBe(404);
    },
  );

  test('PUT, PATCH and HEAD', async () => {
    const client = service.as(who);
    for (const method of ['PUT', 'PATCH', 'HEAD']) {
      const ask = (row: string, headers: Record<string, string>) => {
        const [type = '', id = ''] = row.split('/');
        const body = type === 'Patient' ? { ...newMother('x'), id } : note(id, 'mine', 'x');
        const patch = [{ op: 'remove', path: '/status' }];
        if (method === 'HEAD') return client.head(row, headers);
        return method === 'PATCH'
          ? client.patch(row, patch, { ...headers, 'content-type': 'application/json-patch+json' })
          : client.put(row, body, headers);
      };
      for (const headers of [{ 'if-match': 'W/"1"' }, { 'if-match': 'W/"9"' }]) {
        const replies = [await ask(hidden, headers), await ask(unknown, headers)].map(shape);
        expect(replies[0]).toEqual(replies[1]);
      }
    }
  });

  test.each<[string, (row: string) => string]>([
    ['read', (row) => row],
    ['vread', (row) => `${row}/_history/1`],
    ['history', (row) => `${row}/_history`],
    ['search by id', (row) => `${row.replace('/', '?_id=')}&_total=accurate`],
    ['$meta', (row) => `${row}/$meta`],
    ['$everything', (row) => `${row}/$everything`],
  ])('%s: the same statements, as many records, and as many bytes', async (_name, pathOf) => {
    const client = service.as(who);
    const [a, b] = [await workOf(client, hidden, pathOf), await workOf(client, unknown, pathOf)];
    expect(a).toEqual(b);
    expect(a.statements.length + a.records).toBeGreaterThan(0);
  });

  test('in the same time, within noise (medians, taken in turns; a busy machine gets three tries)', async () => {
    expect(await leastDifference(service.as(who), [hidden, unknown], 80)).toBeLessThan(0.25);
  });

  test.each<[string, (row: string) => string]>([
    ['a search by id', (row) => `${row.replace('/', '?_id=')}&_total=accurate`],
    ['its history', (row) => `${row}/_history`],
    ['an operation', (row) => `${row}/$meta`],
  ])('%s: the same answer but for the id asked, in the same time', async (_name, pathOf) => {
    const client = service.as(who);
    const [a, b] = [await client.get(pathOf(hidden)), await client.get(pathOf(unknown))];
    const without = (reply: Reply, row: string) =>
      reply.text.replaceAll(row.slice(row.indexOf('/') + 1), 'ID').replace(/"(lastUpdated|timestamp)":"[^"]*"/g, '');
    expect([a.status, without(a, hidden)]).toEqual([b.status, without(b, unknown)]);
    expect(await leastDifference(client, [pathOf(hidden), pathOf(unknown)], 16)).toBeLessThan(0.3);
  });
});

/** What an answer cost: statements of the door in their order, records of the trail, and bytes but for the id asked. */
async function workOf(client: Client, row: string, pathOf: (row: string) => string) {
  const { pool, broadPool } = service.app.door;
  const statements: string[] = [];
  const spies = [pool, broadPool].map((one) => {
    const query = one.query.bind(one);
    return jest.spyOn(one, 'query').mockImplementation((...args: Parameters<typeof query>) => {
      const [first]: unknown[] = args;
      statements.push(
        typeof first === 'object' && first !== null && 'text' in first ? String(first.text) : String(first),
      );
      return query(...args);
    });
  });
  const records = async () => (await service.pool.query('select count(*)::int as n from audit')).rows[0]?.n;
  const before = await records();
  const reply = await client.get(pathOf(row));
  for (const spy of spies) spy.mockRestore();
  const bytes = reply.text.replaceAll(row.slice(row.indexOf('/') + 1), '').length;
  // What runs by the clock shares the pool, and asks for neither rows nor standing.
  const asked = statements.filter((one) => /\b(resource|history|relationship|generation)\b/.test(one));
  return { status: reply.status, statements: asked, records: (await records()) - before, bytes };
}

/** How far the medians of two answers lie apart, as a share of the smaller; the best of three tries. */
async function leastDifference(client: Client, paths: readonly string[], times: number): Promise<number> {
  const ratios: number[] = [];
  for (let round = 0; round < 3 && !ratios.some((ratio) => ratio < 0.2); round += 1) {
    const taken: [number[], number[]] = [[], []];
    for (let n = 0; n < times; n += 1) {
      for (const [i, path] of paths.entries()) {
        const started = performance.now();
        await client.get(path);
        if (n >= times / 8) taken[i === 0 ? 0 : 1].push(performance.now() - started);
      }
    }
    const [a, b] = [median(taken[0]), median(taken[1])];
    ratios.push(Math.abs(a - b) / Math.min(a, b));
  }
  return Math.min(...ratios);
}

function median(values: readonly number[]): number {
  return values.toSorted((x, y) => x - y)[Math.floor(values.length / 2)] ?? 0;
}

test('a clinician without relationship is told the way in for N, never more (vector 46)', async () => {
  const reply = await service.as(staff('hv-none')).get('Patient/theirs');
  expect([reply.status, reply.text.includes('no-relationship')]).toEqual([403, true]);
  expect(reply.text).not.toMatch(/Fixture|Aisha|ZZ2/);
  expect((await service.as('admin').get('Patient/theirs')).status).toBe(404);
});
