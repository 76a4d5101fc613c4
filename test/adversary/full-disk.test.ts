/** The disk is full: writes are refused before anything is done, reads and their records go on (house.md section 4). */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { storeFault } from '../../src/record/store-fault.ts';
import { bundleOf } from '../harness/client.ts';
import { directory } from '../harness/directory.ts';
import { familyOf, newMother, note } from '../harness/family.ts';
import { type ServiceProcess, serviceProcess } from '../harness/service-process.ts';

let roomy: ServiceProcess;
/** Another process on the same record that asks for more room than any disk has. */
let full: ServiceProcess;

beforeAll(async () => {
  roomy = await serviceProcess();
  full = await serviceProcess(roomy, {
    DISK_WATCH: roomy.dataDir,
    DISK_ALARM_MB: '900000000',
    DISK_STOP_MB: '900000000',
  });
  await roomy.start();
  for (const list of [...directory(), familyOf('one')])
    await roomy.as('steward').post('', bundleOf('transaction', list));
  await full.start();
}, 60_000);
afterAll(async () => {
  await full.close();
  await roomy.close();
});

test('every kind of write gets 503 with when to repeat it, and leaves nothing', async () => {
  const steward = full.as('steward');
  const before = await steward.get('Patient?_summary=count');
  for (const reply of [
    await steward.post('Patient', newMother('Nowhere')),
    await steward.put('Patient/two', { ...newMother('Nowhere'), id: 'two' }),
    await steward.post('', bundleOf('transaction', [note('n1', 'one', 'x')])),
    await steward.delete('Patient/one'),
  ]) {
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '5']);
    expect(reply.text).toContain('"code":"no-store"');
  }
  expect((await steward.get('Patient?_summary=count')).json.total).toBe(before.json.total);
});

test('reads go on and are recorded; the alarm stands in the log', async () => {
  const asked = new Date().toISOString();
  expect((await full.as('steward').get('Patient/one')).status).toBe(200);
  const seen = await full.as('ig-officer').get(`AuditEvent?date=ge${asked}&patient=Patient/one&_count=5`);
  expect([seen.status, seen.text.includes('"entry"')]).toEqual([200, true]);
  expect(full.output()).toContain('ALARM: the disk is full');
});

test('the same write succeeds where there is room', async () => {
  expect((await roomy.as('steward').post('Patient', newMother('Somewhere'))).status).toBe(201);
});

test.each([
  ['53100', 'no-store'],
  ['53400', 'no-store'],
  ['57P01', 'transient'],
  ['08006', 'transient'],
  ['ECONNREFUSED', 'transient'],
  ['23505', undefined],
])('a statement that fails with %s is answered as %s', (code, expected) => {
  const fault = storeFault(Object.assign(new Error('of the driver'), { code }));
  expect([fault?.status, fault?.issues[0]?.code]).toEqual([expected && 503, expected]);
});
