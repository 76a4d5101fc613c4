/** No existence oracle (domain.md 5.1, vectors 45 and 46): hidden and unknown differ in nothing that can be measured. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Reply } from '../harness/client.ts';
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

  test('in the same time, within noise (medians, taken in turns; a busy machine gets three tries)', async () => {
    const client = service.as(who);
    const ratios: number[] = [];
    for (let round = 0; round < 3 && !ratios.some((ratio) => ratio < 0.25); round += 1) {
      const times: [number[], number[]] = [[], []];
      for (let n = 0; n < 80; n += 1) {
        for (const [i, path] of [hidden, unknown].entries()) {
          const started = performance.now();
          await client.get(path);
          if (n >= 10) times[i === 0 ? 0 : 1].push(performance.now() - started);
        }
      }
      const [a, b] = [median(times[0]), median(times[1])];
      ratios.push(Math.abs(a - b) / Math.min(a, b));
    }
    expect(Math.min(...ratios)).toBeLessThan(0.25);
  });
});

function median(values: readonly number[]): number {
  return values.toSorted((x, y) => x - y)[Math.floor(values.length / 2)] ?? 0;
}

test('a clinician without relationship is told the way in for N, never more (vector 46)', async () => {
  const reply = await service.as(staff('hv-none')).get('Patient/theirs');
  expect([reply.status, reply.text.includes('no-relationship')]).toEqual([403, true]);
  expect(reply.text).not.toMatch(/Fixture|Aisha|ZZ2/);
  expect((await service.as('admin').get('Patient/theirs')).status).toBe(404);
});
