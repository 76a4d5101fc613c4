/**
 * Statements that callers share (store/together.ts): nobody gets another's answer, nobody waits for what another waits
 * for, and what one may not write spoils nothing for the rest.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inTransaction } from '../../src/store/transaction.ts';
import { lock, lockKey } from '../../src/store/write.ts';
import { note } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('one');
  await service.family('two', { sharing: 'objected', midwife: 'mw-other', healthVisitor: null });
}, 60_000);
afterAll(() => service.close());

test('many readers of different standing at once: each is answered as when she asks alone', async () => {
  const people = ['epr', 'hv-system', 'midwife', 'health-visitor', 'steward', 'ig-officer'];
  const paths = [
    'Patient/one',
    'Patient/two',
    'EpisodeOfCare/one-maternity',
    'Patient/nobody',
    'Encounter/two-booking',
  ];
  const asked = people.flatMap((who) => paths.map((path) => ({ who, path })));
  const answer = async ({ who, path }: { who: string; path: string }) => {
    const { status, json } = await service.as(who).get(path);
    return [who, path, status, status === 200 ? json : null];
  };
  const alone: unknown[] = [];
  for (const one of asked) alone.push(await answer(one));
  const statuses = new Set(alone.map((one) => (Array.isArray(one) ? one[2] : null)));
  expect(statuses.size).toBeGreaterThan(1);
  for (let round = 0; round < 3; round += 1) expect(await Promise.all(asked.map(answer))).toEqual(alone);
});

test('writes at once share transactions, and each has its row, its change and its record', async () => {
  const epr = service.as('epr');
  const { id: _id, ...body } = note('unnamed', 'one', 'together');
  const replies = await Promise.all(Array.from({ length: 40 }, () => epr.post('Observation', body)));
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([201]));
  const ids = replies.map(({ json }) => String(json.id));
  expect(new Set(ids).size).toBe(40);
  const found = await service.pool.query<{ rows: number; records: number; transactions: number }>(
    `select (select count(*)::int from resource where type = 'Observation' and id = any ($1)) as rows,
      count(*)::int as records, count(distinct xid)::int as transactions
      from audit where exists (select 1 from unnest($1::text[]) id where body like '%Observation/' || id || '/%')`,
    [ids],
  );
  expect(found.rows[0]).toMatchObject({ rows: 40, records: 40 });
  expect(found.rows[0]?.transactions).toBeLessThan(40);
});

test('who waits for a locked row waits alone; who loses a race or is refused spoils nothing', async () => {
  await service.load([note('locked', 'one', '0'), note('free', 'one', '0')]);
  const steward = service.as('steward');
  let isWaiting = true;
  let waiting: Promise<number> | null = null;
  await inTransaction(service.pool, async (client) => {
    await lock(client, [lockKey('Observation/locked')]);
    waiting = steward.put('Observation/locked', note('locked', 'one', '1')).then(({ status }) => {
      isWaiting = false;
      return status;
    });
    const others = await Promise.all([
      ...Array.from({ length: 6 }, (_, n) => steward.put(`Observation/n${n}`, note(`n${n}`, 'one', 'new'))),
      ...Array.from({ length: 6 }, () =>
        steward.put('Observation/free', note('free', 'one', '1'), { 'if-match': 'W/"1"' }),
      ),
      service.as('hv-system').post('Observation', note('x', 'two', 'not hers')),
    ]);
    expect(isWaiting).toBe(true);
    const statuses = others.map(({ status }) => status);
    expect(statuses.slice(0, 6)).toEqual(Array.from({ length: 6 }, () => 201));
    expect(statuses.slice(6, 12).toSorted()).toEqual([200, 412, 412, 412, 412, 412]);
    expect(statuses[12]).toBeGreaterThanOrEqual(400);
  });
  expect(await waiting).toBe(200);
});
