/** The database drops every connection, in the middle of transactions too: the service lives, says 5xx, and recovers (R-45; vectors 29 and 30). */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { bundleOf } from '../harness/client.ts';
import { directory } from '../harness/directory.ts';
import { familyOf, newMother, note } from '../harness/family.ts';
import { type ServiceProcess, serviceProcess } from '../harness/service-process.ts';

let service: ServiceProcess;
/** Under the service's own role: it may end its own sessions and sees what they do. */
let own: Pool;

beforeAll(async () => {
  service = await serviceProcess();
  own = openPool(service.database.serviceUrl, 1);
  await service.start();
  for (const list of [...directory(), familyOf('one')])
    await service.as('steward').post('', bundleOf('transaction', list));
}, 60_000);
afterAll(async () => {
  await own.end();
  await service.close();
});

test('fifteen times under load', async () => {
  const epr = service.as('epr');
  const statuses = new Map<number, number>();
  let done = false;
  let gone = 0;
  const worker = async (n: number): Promise<void> => {
    while (!done) {
      try {
        const list = [1, 2, 3].map((one) => note(`d${n}-${one}`, 'one', 'x'));
        const reply =
          n % 2 === 0
            ? await epr.post('', bundleOf('transaction', list))
            : await epr.post('Patient', newMother('Dead'), { 'if-none-exist': `family=Dead${n}` });
        statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
      } catch {
        gone += 1;
        if (gone > 50) return;
      }
    }
  };
  const workers = Array.from({ length: 6 }, (_, n) => worker(n));
  for (let n = 0; n < 15; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 60));
    await own.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'tandem_service' and pid <> pg_backend_pid()",
    );
  }
  done = true;
  await Promise.all(workers);
  // Done, already there, or 503 with when to repeat it: never a 500, which nobody would repeat.
  expect([...statuses.keys()].filter((status) => ![200, 201, 412, 503].includes(status))).toEqual([]);
  expect(statuses.has(503)).toBe(true);
  expect([gone, /Unhandled|Uncaught/.exec(service.output())?.[0] ?? null]).toEqual([0, null]);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect((await epr.get('Patient/one')).status).toBe(200);
  expect((await epr.post('Patient', newMother('Alive'))).status).toBe(201);
}, 60_000);
