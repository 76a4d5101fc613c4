/**
 * H6, R-37: a fixture asked by read, search, batch, transaction, $everything and history gives the same rows, for everybody;
 * and what a masked reader is shown of each is the same too.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Resource } from '../../src/fhir/types.ts';
import { at, entries, found, pages, resources } from '../harness/client.ts';
import { TEAM } from '../harness/directory.ts';
import { familyOf, note } from '../harness/family.ts';
import { type Service, staff, startService } from '../harness/service.ts';

let service: Service;
/** `Type/id` of everything of the families. */
const all: string[] = [];
const R = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }];
const V = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'V' }];

beforeAll(async () => {
  service = await startService();
  await service.directory();
  const put = async (list: Resource[]) => {
    await service.load(list);
    all.push(...list.map((one) => `${one.resourceType}/${one.id}`));
  };
  await put(familyOf('aisha', { referral: 'accepted' }));
  await put(familyOf('held', { healthVisitor: null, referral: 'held' }));
  await put(familyOf('silent', { sharing: 'not-yet-asked' }));
  await put(familyOf('far', { midwife: 'mw-other', midwives: TEAM.south, healthVisitor: null, sharing: 'objected' }));
  const [mother, ...rest] = familyOf('flagged');
  await put([{ ...mother, resourceType: 'Patient', meta: { security: R } }, ...rest]);
  await put([
    note('plain', 'aisha', 'plain'),
    note('restricted', 'aisha', 'restricted', { meta: { security: R } }),
    note('sealed', 'aisha', 'sealed', { meta: { security: V } }),
    note('elsewhere', 'far', 'far'),
  ]);
}, 60_000);
afterAll(() => service.close());

const WHO = [
  ...['epr', 'hv-system', 'midwife', 'health-visitor', 'nursery-nurse', 'safeguarding', 'admin', 'service-lead'],
  ...['ig-officer', 'mother', 'steward'],
];

const content = (resource: unknown): string => JSON.stringify(resource);

test.each(WHO)('%s', async (who) => {
  const client = service.as(who);
  const read = new Map<string, string>();
  for (const row of all) {
    const reply = await client.get(row);
    expect([row, [200, 403, 404].includes(reply.status)]).toEqual([row, true]);
    if (reply.status === 200) read.set(row, content(reply.json));
  }
  const visible = [...read.keys()].sort();
  const types = [...new Set(all.map((row) => row.split('/')[0] ?? ''))];

  // search, by type: matches and their text
  const searched: string[] = [];
  for (const type of types) {
    const first = await client.get(`${type}?_count=7&_total=accurate`);
    if (first.status === 403) continue;
    for (const resource of (await pages(client, first)).flatMap((page) => resources(page))) {
      const row = `${resource.resourceType}/${resource.id}`;
      if (!all.includes(row)) continue;
      searched.push(row);
      expect(content(resource)).toBe(read.get(row));
    }
  }
  expect(searched.sort()).toEqual(visible);

  // batch and transaction of reads
  for (const type of ['batch', 'transaction']) {
    const entry = all.map((url) => ({ request: { method: 'GET', url } }));
    const reply = await client.post('', { resourceType: 'Bundle', type, entry });
    const shown = entries(reply).flatMap((one, i) =>
      at(one, 'resource') === undefined ? [] : [{ row: all[i] ?? '', text: content(at(one, 'resource')) }],
    );
    expect(shown.map(({ row }) => row).sort()).toEqual(visible);
    for (const { row, text } of shown) expect(text).toBe(read.get(row));
  }

  // history: instance, type, system
  const system = await client.get('_history?_count=13');
  const listed = system.status === 200 ? (await pages(client, system)).flatMap((page) => resources(page)) : [];
  const versions = listed
    .map((one) => ({ row: `${one.resourceType}/${one.id}`, text: content(one) }))
    .filter(({ row }) => all.includes(row));
  // A family's earlier compositions are for its authors alone (domain.md 3.5): Groups have no history here.
  const isGroup = (row: string) => who !== 'steward' && row.startsWith('Group/');
  expect([...new Set(versions.map(({ row }) => row))].sort()).toEqual(visible.filter((row) => !isGroup(row)));
  for (const { row, text } of versions) expect(text).toBe(read.get(row));
  for (const row of all) {
    if (isGroup(row)) {
      expect([row, (await client.get(`${row}/_history`)).status]).not.toEqual([row, 200]);
      continue;
    }
    const instance = await client.get(`${row}/_history`);
    const first = instance.status === 200 ? resources(instance)[0] : undefined;
    expect([row, first === undefined ? undefined : content(first)]).toEqual([row, read.get(row)]);
    const version = await client.get(`${row}/_history/1`);
    expect([row, version.status === 200 ? content(version.json) : undefined]).toEqual([row, read.get(row)]);
  }

  // $everything of each mother she may see
  const everything: string[] = [];
  for (const mother of ['aisha', 'held', 'silent', 'far', 'flagged']) {
    const reply = await client.get(`Patient/${mother}/$everything?_count=1000`);
    if (reply.status !== 200) continue;
    for (const resource of resources(reply)) {
      const row = `${resource.resourceType}/${resource.id}`;
      if (all.includes(row)) expect([row, content(resource)]).toEqual([row, read.get(row)]);
      everything.push(row);
    }
    expect(found(reply)).toHaveLength(new Set(found(reply)).size);
  }
  expect(everything.filter((row) => all.includes(row) && !visible.includes(row))).toEqual([]);
});

test('the fixture is alive: everybody sees something else', async () => {
  const counts = new Map<string, number>();
  for (const who of [...WHO, staff('hv-none')]) {
    const entry = all.map((url) => ({ request: { method: 'GET', url } }));
    const reply = await service.as(who).post('', { resourceType: 'Bundle', type: 'batch', entry });
    counts.set(JSON.stringify(who), entries(reply).filter((one) => at(one, 'resource') !== undefined).length);
  }
  expect(counts.get('"steward"')).toBe(all.length);
  expect(counts.get('"midwife"')).toBeGreaterThan(counts.get('"admin"') ?? 0);
  expect(new Set(counts.values()).size).toBeGreaterThan(4);
});
