/** H8: names, numbers and notes of a record never reach the log, least of all when something fails. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openPool } from '../../src/store/pool.ts';
import { bundleOf, JSON_PATCH } from '../harness/client.ts';
import { newMother, nhsNumberOf, note } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;
const NHS = nhsNumberOf(8_001);
const CANARIES = ['Canaryname', 'canary-note', 'canary-value', NHS, 'CN1 1RY', 'Canary Lane'];
const written: string[] = [];

beforeAll(async () => {
  for (const stream of [process.stdout, process.stderr]) {
    const real = stream.write.bind(stream);
    stream.write = (chunk: string | Uint8Array) => {
      written.push(String(chunk));
      return real(chunk);
    };
  }
  service = await startService();
  await service.directory();
  await service.family('canary', { surname: 'Canaryname', nhsNumber: NHS, postalCode: 'CN1 1RY' });
}, 60_000);
afterAll(() => service.close());

test('after every way to fail that we know', async () => {
  const clients = ['epr', 'midwife', 'admin', 'mother'].map((who) => service.as(who));
  const person = { ...newMother('Canaryname', NHS), gender: 'canary-value', address: [{ line: ['1 Canary Lane'] }] };
  for (const client of [...clients, service.anonymous]) {
    await Promise.all([
      client.get(`Patient?family=Canaryname&identifier=${NHS}`),
      client.get(`Patient?canary-value=${NHS}`),
      client.get(`Patient?birthdate=canary-value`),
      client.get('Patient/Canaryname'),
      client.get('Canaryname/canary-value'),
      client.get(`Patient/canary/$everything?canary-value=1`),
      client.post('Patient', person),
      client.post('Patient', { ...person, gender: 'female', canary: 'canary-value' }),
      client.post('Patient', JSON.stringify(person).replace('"gender"', '"gender":"x","gender"')),
      client.post('Patient', '{"name":"Canaryname",'),
      client.post('Patient', newMother('Canaryname', NHS), { 'if-none-exist': `identifier=${NHS}` }),
      client.post('', bundleOf('transaction', [{ ...note('x', 'Canaryname', 'canary-note'), valueString: '' }])),
      client.post('', {
        resourceType: 'Bundle',
        type: 'batch',
        entry: [{ request: { method: 'GET', url: `Patient?name=Canaryname` } }],
      }),
      client.patch(
        'Patient/canary',
        [
          { op: 'test', path: '/name/0/family', value: 'Canaryname' },
          { op: 'remove', path: '/canary-value' },
        ],
        JSON_PATCH,
      ),
      client.form('Patient/_search', `family=Canaryname&wrong=canary-value`),
      client.get('Patient/canary', { 'x-purpose-of-use': 'Canaryname' }),
      client.get('Patient/canary', { authorization: 'Bearer Canaryname.canary-value.x' }),
      client.get('Patient/canary', { 'x-request-id': 'Canaryname' }),
    ]);
  }
  expect(service.logged.length).toBeGreaterThan(0);
});

test('when the database refuses what it is asked, in the middle of a write and of a search', async () => {
  const owner = openPool(service.database.ownerUrl, 1);
  const tables = (
    await owner.query<{ name: string }>(
      "select relname as name from pg_class where relname in ('resource', 'history') and relkind in ('r', 'p')",
    )
  ).rows;
  expect(tables.length).toBeGreaterThan(0);
  await owner.query(
    `create function canary() returns trigger language plpgsql as $$ begin raise exception 'no % ', new.body; end $$`,
  );
  await owner.query('create trigger canary before insert or update on resource for each row execute function canary()');
  try {
    const broken = await service.as('epr').put('Observation/canary-1', note('canary-1', 'canary', 'canary-note'));
    expect(broken.status).toBe(500);
    expect(broken.text).not.toMatch(/canary-note/);
    const inside = await service
      .as('steward')
      .post('', bundleOf('transaction', [note('canary-2', 'canary', 'canary-note')]));
    expect([inside.status, inside.text.includes('canary-note')]).toEqual([500, false]);
  } finally {
    await owner.query('drop trigger canary on resource');
    await owner.query('drop function canary()');
    await owner.end();
  }
  expect((await service.as('steward').get('Observation/canary-2')).status).toBe(404);
  expect(service.logged.some((line) => line.startsWith('error request failed'))).toBe(true);
});

test('no canary is in the log, on stdout or stderr', () => {
  const lines = [...service.logged, ...written].join('\n');
  for (const canary of CANARIES) expect(lines).not.toContain(canary);
});
