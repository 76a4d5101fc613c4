/**
 * Pages of a broad search in the order of the ids go on behind the last one (docs/adr 0021): none twice, none left out,
 * none that is hidden, while others write.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { openPool } from '../../src/store/pool.ts';
import { TEAM } from '../harness/directory.ts';
import { type Service, startService } from '../harness/service.ts';

/** Copies of each finding; a type of 5,000 rows is walked. */
const COPIES = 3_000;
let service: Service;

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('mine');
  await service.family('theirs', { midwife: 'mw-other', midwives: TEAM.south, healthVisitor: null });
  const owner = openPool(service.database.ownerUrl, 1);
  await owner.query(`insert into resource select (json_populate_record(r, json_build_object('id', r.id || '-' || n,
      'body', replace(r.body, '"id":"' || r.id || '"', '"id":"' || r.id || '-' || n || '"')))).*
    from resource r, generate_series(1, ${COPIES}) n where r.type = 'Observation'`);
  await owner.query('analyze resource');
  await owner.end();
}, 60_000);
afterAll(() => service.close());

const idsOf = ({ json }: { json: JsonObject }): string[] =>
  (json.entry as { resource: Resource }[] | undefined)?.map(({ resource }) => String(resource.id)) ?? [];
const nextOf = ({ json }: { json: JsonObject }): string | null =>
  (json.link as { relation: string; url: string }[]).find(({ relation }) => relation === 'next')?.url ?? null;

async function pages(who: string, first: string, between: (page: number) => Promise<void> = async () => {}) {
  const client = service.as(who);
  const seen: string[][] = [];
  let reply = await client.get(first);
  for (;;) {
    expect(reply.status).toBe(200);
    seen.push(idsOf(reply));
    const next = nextOf(reply);
    if (next === null) return seen;
    expect(next).toContain('.after.');
    await between(seen.length);
    reply = await client.get(next.slice(service.base.length));
  }
}

async function stored(where: string): Promise<string[]> {
  const { rows } = await service.pool.query<{ id: string }>(
    `select id from resource where type = 'Observation' and not deleted and ${where} order by id`,
  );
  return rows.map(({ id }) => id);
}

test.each(['hv-system', 'health-visitor', 'midwife'])(
  'the pages of %s hold what may be seen, each once and in order',
  async (who) => {
    const permitted = await stored(`'Patient/mine' = any (patients)`);
    const hidden = await stored(`'Patient/theirs' = any (patients)`);
    expect(Math.min(permitted.length, hidden.length)).toBeGreaterThan(COPIES);
    const seen = (await pages(who, 'Observation?status=final,preliminary,registered&_count=700')).flat();
    expect(seen).toEqual(permitted);
  },
);

test('while others write: what was there comes once, what is new does not', async () => {
  const before = await stored('true');
  const steward = service.as('steward');
  const [body] = (
    await service.pool.query<{ body: string }>(`select body from resource where type = 'Observation' limit 1`)
  ).rows;
  const model = JSON.parse(body?.body ?? '{}') as Resource;
  const seen = (
    await pages('steward', 'Observation?_count=900', async (page) => {
      // Made before the place of the reader and behind it; changed before and behind; gone.
      for (const id of [`0-new-${page}`, `zz-new-${page}`]) await steward.put(`Observation/${id}`, { ...model, id });
      for (const at of [0, before.length - 1 - page]) {
        const id = before[at] ?? '';
        const current = (await steward.get(`Observation/${id}`)).json as Resource;
        await steward.put(`Observation/${id}`, { ...current, note: [{ text: `page ${page}` }] });
      }
      if (page === 1) await steward.delete(`Observation/${before.at(-500)}`);
    })
  ).flat();
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).toEqual(before.filter((id) => id !== before.at(-500)));
});

test('a link of that kind works for its own caller only, and behind nothing else', async () => {
  const reply = await service.as('hv-system').get('Observation?_count=700&status=final,preliminary,registered');
  const next = (nextOf(reply) ?? '').slice(service.base.length);
  expect((await service.as('epr').get(next)).status).toBe(410);
  const sorted = nextOf(await service.as('hv-system').get('Observation?_count=5&_sort=-date')) ?? '';
  const forged = sorted.slice(service.base.length).replace(/\.on\..*$/, '.after.0');
  expect((await service.as('hv-system').get(forged)).status).toBe(410);
  expect((await service.as('hv-system').get(next)).status).toBe(200);
});
