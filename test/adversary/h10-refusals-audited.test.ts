/** H10: every refusal and failure has its audit record, with who, what, outcome and reason; H9's other half: a success too. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AuditEntry } from '../../src/audit/types.ts';
import type { Client, Reply } from '../harness/client.ts';
import { TEAM } from '../harness/directory.ts';
import { newMother } from '../harness/family.ts';
import { type Service, startService, type Who } from '../harness/service.ts';

let service: Service;

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('mine');
  await service.family('theirs', { midwife: 'mw-other', midwives: TEAM.south, healthVisitor: null });
}, 60_000);
afterAll(() => service.close());

async function recordsOf(requestId: string): Promise<AuditEntry[]> {
  const sql = "select body::json as body, patients from audit where body::json ->> 'requestId' = $1 order by id";
  const { rows } = await service.pool.query<{ body: AuditEntry; patients: string[] }>(sql, [requestId]);
  return rows.map(({ body, patients }) => ({ ...body, patients }));
}

let serial = 0;
/** Sends with a request id of its own and gives what the trail says of it when the answer has arrived. */
async function audited(who: Who, send: (client: Client, headers: Record<string, string>) => Promise<Reply>) {
  serial += 1;
  const id = `audited-${String(serial).padStart(6, '0')}`;
  const reply = await send(service.as(who), { 'x-request-id': id });
  return { reply, records: await recordsOf(id) };
}

test.each<[string, Who, (client: Client, headers: Record<string, string>) => Promise<Reply>, number]>([
  ['a read that is told: 403', 'midwife', (c, h) => c.get('Patient/theirs', h), 403],
  ['a read that is concealed: 404', 'admin', (c, h) => c.get('Patient/theirs', h), 404],
  ['a read of nothing: 404', 'admin', (c, h) => c.get('Patient/nobody', h), 404],
  ['a type her role never sees: 403', 'service-lead', (c, h) => c.get('Patient/mine', h), 403],
  ['a search her role never may', 'service-lead', (c, h) => c.get('Patient?family=x', h), 403],
  ['a search with an unknown parameter: 400', 'midwife', (c, h) => c.get('Patient?wrong=1', h), 400],
  ['an unknown address: 404', 'midwife', (c, h) => c.get('Unicorn/1', h), 404],
  ['a method that is not offered: 405', 'midwife', (c, h) => c.post('Patient/mine', newMother('x'), h), 405],
  ['a delete: 405', 'midwife', (c, h) => c.delete('Patient/mine', h), 405],
  ['an invalid write', 'epr', (c, h) => c.post('Patient', { ...newMother('x'), gender: 'banana' }, h), 422],
  ['malformed JSON: 400', 'epr', (c, h) => c.post('Patient', '{', h), 400],
  ['another content type: 415', 'epr', (c, h) => c.post('Patient', '{}', { ...h, 'content-type': 'text/plain' }), 415],
  [
    'a stale If-Match: 412',
    'epr',
    async (c, h) => c.put('Patient/mine', (await c.get('Patient/mine')).json, { ...h, 'if-match': 'W/"9"' }),
    412,
  ],
  [
    'a purpose she may not have: 403',
    'midwife',
    (c, h) => c.get('Patient/mine', { ...h, 'x-purpose-of-use': 'HSYSADMIN' }),
    403,
  ],
  [
    'a purpose that is none: 403',
    'midwife',
    (c, h) => c.get('Patient/mine', { ...h, 'x-purpose-of-use': 'HRESCH' }),
    403,
  ],
  [
    'a person nobody knows: 401',
    { like: 'midwife', claims: { sub: 'ghost', fhirUser: 'PractitionerRole/ghost' } },
    (c, h) => c.get('Patient/mine', h),
    401,
  ],
  ['a malformed Bundle: 400', 'epr', (c, h) => c.post('', '[]', h), 400],
  [
    'a transaction that fails',
    'epr',
    (c, h) =>
      c.post(
        '',
        {
          resourceType: 'Bundle',
          type: 'transaction',
          entry: [{ resource: { ...newMother('x'), gender: 'banana' }, request: { method: 'POST', url: 'Patient' } }],
        },
        h,
      ),
    422,
  ],
  ['history of what is hidden: 404', 'admin', (c, h) => c.get('Patient/theirs/_history', h), 404],
  ['$everything of what is hidden: 404', 'admin', (c, h) => c.get('Patient/theirs/$everything', h), 404],
  [
    'writing the access record: 405',
    'ig-officer',
    (c, h) => c.post('AuditEvent', { resourceType: 'AuditEvent' }, h),
    405,
  ],
])('%s', async (_words, who, send, status) => {
  const { reply, records } = await audited(who, send);
  expect(reply.status).toBe(status);
  const refused = records.filter((one) => one.outcome !== 0);
  expect(refused).toHaveLength(1);
  expect([refused[0]?.status, refused[0]?.outcome]).toEqual([status, 4]);
  expect(refused[0]?.agent.subject).toBeTruthy();
  // Of a refusal the trail keeps ids and codes, never what was sent.
  expect(JSON.stringify(records)).not.toMatch(/banana/);
});

test('without a name: counted per source, so that a stranger cannot fill the disk', async () => {
  const sql = "select count(*)::int as n from audit where body::json ->> 'interaction' = 'anonymous'";
  const count = async () => Number((await service.pool.query<{ n: number }>(sql)).rows[0]?.n);
  const before = await count();
  for (let n = 0; n < 60; n += 1) expect((await service.anonymous.get('Patient')).status).toBe(401);
  for (let n = 0; n < 20; n += 1)
    expect((await service.anonymous.get('Patient', { authorization: 'Bearer not.a.token' })).status).toBe(401);
  await new Promise((resolve) => setTimeout(resolve, 200));
  const added = (await count()) - before;
  expect(added).toBeGreaterThan(0);
  expect(added).toBeLessThan(6);
});

test('a success is recorded before it is shown, with the person it is about and the rule', async () => {
  const { reply, records } = await audited('midwife', (c, h) => c.get('Patient/mine', h));
  expect(reply.status).toBe(200);
  expect(records).toHaveLength(1);
  expect(records[0]).toMatchObject({
    interaction: 'read',
    outcome: 0,
    patients: ['Patient/mine'],
    entities: ['Patient/mine/_history/1'],
    purpose: 'TREAT',
  });
  expect(records[0]?.rules).toContain('R-06');
});

test('each entry of a batch has its own record', async () => {
  const entry = ['Patient/mine', 'Patient/theirs', 'Patient/nobody'].map((url) => ({
    request: { method: 'GET', url },
  }));
  const { records } = await audited('midwife', (c, h) =>
    c.post('', { resourceType: 'Bundle', type: 'batch', entry }, h),
  );
  // Reads beside each other run at once: each has its record, in the order in which they ended.
  const statuses = records.filter((one) => one.interaction === 'read').map(({ status }) => status);
  expect(statuses.sort()).toEqual([200, 403, 404]);
});

test('a search is one record with the people on the page, and its text says no name', async () => {
  const { records } = await audited('midwife', (c, h) => c.get('Patient?family=Fixture-mine', h));
  expect(records).toHaveLength(1);
  expect(records[0]?.patients).toEqual(expect.arrayContaining(['Patient/mine']));
  expect(records[0]?.query).toMatchObject({ cleaned: 'family=***', count: 2 });
  expect(JSON.stringify(records[0])).not.toContain('Fixture-mine');
});
