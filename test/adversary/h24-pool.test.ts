/**
 * H24: with the access record on, many readers at once are all answered, no connection leaks, and when the record cannot
 * be written nothing is shown (promise 2, vector 29); when it can again, all is well.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { issue, textAt } from '../harness/client.ts';
import { newMother } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;
let owner: Pool;

beforeAll(async () => {
  service = await startService({ config: { poolSize: 3 } });
  await service.directory();
  await service.family('one');
  owner = openPool(service.database.ownerUrl, 1);
}, 60_000);
afterAll(async () => {
  await owner.end();
  await service.close();
});

test('400 requests over three connections: every one answered, every one recorded', async () => {
  const epr = service.as('epr');
  const count = async () =>
    Number((await service.pool.query<{ n: number }>('select count(*)::int as n from audit')).rows[0]?.n);
  const before = await count();
  const replies = await Promise.all(
    Array.from({ length: 400 }, (_, n) =>
      n % 4 === 0
        ? epr.get('Patient?family=Fixture-one')
        : n % 4 === 1
          ? epr.post('Patient', newMother('Load'))
          : epr.get('Patient/one'),
    ),
  );
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200, 201]));
  expect((await count()) - before).toBeGreaterThanOrEqual(400);
});

test('requests that fail in every way leave no connection behind', async () => {
  const epr = service.as('epr');
  for (let n = 0; n < 12; n += 1) {
    await Promise.all([
      epr.post('Patient', { ...newMother('x'), gender: 'banana' }),
      epr.post('Patient', newMother('x'), { 'if-none-exist': 'family=Fixture' }),
      epr.put('Patient?family=Load', newMother('x')),
      epr.delete('Observation?patient=one'),
      epr.post('', {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [{ resource: { ...newMother('x'), gender: 'y' }, request: { method: 'POST', url: 'Patient' } }],
      }),
      epr.get('Patient?wrong=1'),
    ]);
  }
  const open = await service.pool.query<{ n: number }>(
    "select count(*)::int as n from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'",
  );
  expect(open.rows[0]?.n).toBe(0);
  expect((await epr.get('Patient/one')).status).toBe(200);
});

test('one caller’s broad searches leave connections to others’', async () => {
  const holder = await owner.connect();
  const stuck = async (least: number): Promise<number> => {
    for (;;) {
      const { rows } = await holder.query<{ n: number }>(
        `select count(*)::int as n from pg_locks l join pg_class c on c.oid = l.relation
         where not l.granted and c.relname = 'index_date'`,
      );
      if ((rows[0]?.n ?? 0) >= least) return rows[0]?.n ?? 0;
    }
  };
  await holder.query('begin');
  await holder.query('lock table index_date in access exclusive mode');
  const flood = Array.from({ length: 10 }, () => service.as('steward').get('Observation?_sort=-date&date=gt2000'));
  await stuck(4);
  const other = service.as('hv-system').get('Observation?_sort=-date&date=gt2000');
  expect(await stuck(5)).toBe(5);
  await holder.query('rollback');
  holder.release();
  expect((await Promise.all([...flood, other])).map(({ status }) => status)).toEqual(Array(11).fill(200));
});

test('the record cannot be written: 503, nothing shown, nothing changed; then it can again', async () => {
  const epr = service.as('epr');
  const before = (await service.as('steward').get('Patient?_summary=count')).json.total;
  await owner.query(
    "create function no_audit() returns trigger language plpgsql as $$ begin raise exception 'full'; end $$",
  );
  await owner.query('create trigger no_audit before insert on audit for each statement execute function no_audit()');
  try {
    const replies = await Promise.all([
      epr.get('Patient/one'),
      epr.get('Patient?family=Fixture-one'),
      epr.get('Patient/one/_history'),
      epr.get('Patient/one/$everything'),
      epr.get('Patient/nobody'),
      service.as('midwife').get('Patient/one', { 'x-purpose-of-use': 'BTG' }),
      epr.post('', {
        resourceType: 'Bundle',
        type: 'batch',
        entry: [{ request: { method: 'GET', url: 'Patient/one' } }],
      }),
    ]);
    for (const reply of replies) {
      expect([reply.status, issue(reply), textAt(reply.json, 'issue.0.details.coding.0.code')]).toEqual([
        503,
        'transient',
        'audit-unavailable',
      ]);
      expect(reply.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(reply.text).not.toMatch(/Fixture|Aisha/);
    }
    const writes = await Promise.all([
      epr.post('Patient', newMother('Unrecorded')),
      epr.post('', {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [{ resource: newMother('Unrecorded'), request: { method: 'POST', url: 'Patient' } }],
      }),
    ]);
    for (const reply of writes) expect(reply.status).toBeGreaterThanOrEqual(500);
  } finally {
    await owner.query('drop trigger no_audit on audit');
    await owner.query('drop function no_audit()');
  }
  expect((await service.as('steward').get('Patient?_summary=count')).json.total).toBe(before);
  expect((await epr.get('Patient/one')).status).toBe(200);
});

test('connections that are cut off between two requests are opened again', async () => {
  const epr = service.as('epr');
  await epr.get('Patient/one');
  const cut = await service.pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'tandem_service' and state = 'idle' and pid <> pg_backend_pid()",
  );
  expect(cut.rowCount).toBeGreaterThan(2);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const replies = await Promise.all(Array.from({ length: 8 }, () => epr.get('Patient/one')));
  for (const { status } of replies) expect([200, 503]).toContain(status);
  expect((await epr.get('Patient/one')).status).toBe(200);
});
