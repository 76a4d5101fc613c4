/** `Prefer: respond-async` (R4 async.html): begun, asked for, fetched, cancelled; bound to the caller; decided again at delivery. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { at, type Client, found, link, pages, type Reply, textAt } from '../harness/client.ts';
import { note } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;
let midwife: Client;
const ASYNC = { prefer: 'respond-async' };

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('one');
  await service.load([1, 2, 3, 4, 5].map((n) => note(`n${n}`, 'one', `note ${n}`)));
  midwife = service.as('midwife');
}, 60_000);
afterAll(() => service.close());

const NOTES = 'Observation?subject=Patient/one&code:text=Note&_sort=_id';

async function begin(client: Client, path: string): Promise<string> {
  const reply = await client.get(path, ASYNC);
  expect([reply.status, reply.text]).toEqual([202, '']);
  return reply.headers.get('content-location') ?? '';
}

/** Asks until it is no longer running. */
async function settled(client: Client, address: string): Promise<Reply> {
  for (;;) {
    const reply = await client.get(address);
    if (reply.status !== 202) return reply;
    expect(reply.headers.get('retry-after')).toMatch(/^\d+$/);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function result(client: Client, address: string): Promise<Reply> {
  const ready = await settled(client, address);
  expect([ready.status, at(ready.json, 'requiresAccessToken'), at(ready.json, 'output.0.type')]).toEqual([
    200,
    true,
    'Bundle',
  ]);
  return client.get(textAt(ready.json, 'output.0.url'));
}

describe('a long answer', () => {
  test.each([
    ['a search', `${NOTES}&_count=2`],
    ['a search that fits one page', NOTES],
    ['a search across types', '?_type=Observation,Encounter&_lastUpdated=gt2000-01-01'],
    ['a compartment', 'Patient/one/Observation'],
    ['everything', 'Patient/one/$everything'],
    ['everything of a family', 'Group/one/$everything'],
  ])('%s is the same as at once, all pages', async (_words, path) => {
    const now = (await pages(midwife, await midwife.get(path))).flatMap((page) => found(page));
    const later = (await pages(midwife, await result(midwife, await begin(midwife, path)))).flatMap((page) =>
      found(page),
    );
    expect(later).toEqual(now);
    expect(now.length).toBeGreaterThan(0);
  });

  test('what is small is answered at once, and says so by its status', async () => {
    for (const path of [
      'Patient/one',
      `${NOTES}&_summary=count`,
      `${NOTES}&_total=accurate`,
      'metadata',
      'Patient/one/_history',
    ])
      expect([path, (await midwife.get(path, ASYNC)).status]).toEqual([path, 200]);
  });

  test('a search that is refused is told at the address of its state', async () => {
    const reply = await settled(midwife, await begin(midwife, 'Observation?horn=1'));
    expect([reply.status, reply.json.resourceType]).toEqual([400, 'OperationOutcome']);
  });

  test('of what went wrong only the latest is kept', async () => {
    const failed: string[] = [];
    for (let i = 0; i < 13; i += 1) {
      const address = await begin(midwife, 'Observation?horn=1');
      expect((await settled(midwife, address)).status).toBe(400);
      failed.push(address);
    }
    expect((await midwife.get(failed[0] ?? '')).status).toBe(404);
    expect((await midwife.get(failed[12] ?? '')).status).toBe(400);
  });

  test('is the caller’s alone: state, result and cancelling', async () => {
    const address = await begin(midwife, NOTES);
    await settled(midwife, address);
    for (const other of [service.as('steward'), service.as('health-visitor')]) {
      const replies = await Promise.all([other.get(address), other.get(`${address}/result`), other.delete(address)]);
      expect(replies.map(({ status }) => status)).toEqual([404, 404, 404]);
    }
    expect((await service.anonymous.get(address)).status).toBe(401);
    expect((await midwife.get(address)).status).toBe(200);
  });

  test('is decided at delivery: what may no longer be seen is not in it', async () => {
    const address = await begin(midwife, NOTES);
    await settled(midwife, address);
    const before = found(await midwife.get(`${address}/result`));
    expect(before).toContain('Observation/n3');
    const hidden = {
      ...note('n3', 'one', 'note 3'),
      meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'V' }] },
    };
    await service.load([hidden]);
    expect((await midwife.get('Observation/n3')).status).not.toBe(200);
    expect(found(await midwife.get(`${address}/result`))).toEqual(before.filter((one) => one !== 'Observation/n3'));
  });

  test('DELETE cancels; afterwards it is unknown, like any other address', async () => {
    const address = await begin(midwife, NOTES);
    await settled(midwife, address);
    expect((await midwife.delete(address)).status).toBe(202);
    const [gone, never] = [await midwife.get(address), await midwife.get(`${service.base}/_async/${'x'.repeat(24)}`)];
    expect([gone.status, gone.text]).toEqual([404, never.text]);
    expect((await midwife.delete(address)).status).toBe(404);
    expect((await midwife.put(address, {})).status).toBe(405);
  });

  test('runs elsewhere, or ran where nothing runs any more: every process says so', async () => {
    const address = await begin(midwife, NOTES);
    await settled(midwife, address);
    const { rows } = await service.pool.query<{ caller: string }>(
      'select caller from page order by created desc limit 1',
    );
    const put = (token: string, ago: number) =>
      service.pool.query(
        'insert into async_job (token, caller, alive) values ($1, $2, now() - make_interval(secs => $3))',
        [token, rows[0]?.caller, ago],
      );
    await put('another-process-runs-it', 2);
    await put('another-process-ended-it', 60);
    const state = (token: string) => `${service.base}/_async/${token}`;
    expect((await midwife.get(state('another-process-runs-it'))).status).toBe(202);
    const lost = await midwife.get(state('another-process-ended-it'));
    expect([lost.status, lost.json.resourceType, lost.text.includes('ask again')]).toEqual([
      500,
      'OperationOutcome',
      true,
    ]);
    expect((await service.as('health-visitor').get(state('another-process-ended-it'))).status).toBe(404);
    // Two more may run beside the one that does; what was lost does not count.
    await put('third-of-three', 1);
    await put('second-of-three', 1);
    expect((await midwife.get(NOTES, ASYNC)).status).toBe(429);
    for (const token of ['another-process-runs-it', 'another-process-ended-it', 'third-of-three', 'second-of-three'])
      expect((await midwife.delete(state(token))).status).toBe(202);
    expect((await midwife.get(state('another-process-runs-it'))).status).toBe(404);
  });

  test('each step has its record', async () => {
    const count = async () => {
      const { rows } = await service.pool.query<{ n: number }>(
        "select count(*)::int as n from audit a where a::text like '%respond-async%'",
      );
      return rows[0]?.n ?? 0;
    };
    const before = await count();
    const address = await begin(midwife, NOTES);
    await settled(midwife, address);
    await midwife.delete(address);
    expect(await count()).toBeGreaterThanOrEqual(before + 3);
  });

  test('links of the result are those of any search', async () => {
    const reply = await result(midwife, await begin(midwife, `${NOTES}&_count=2`));
    expect(link(reply, 'next')).toContain('_page=');
  });
});
