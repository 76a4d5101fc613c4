/**
 * Whole sessions of the clients that integrators use: fhir-kit-client, SMART's fhirclient and MedplumClient. Each creates,
 * searches with pages, patches, sends a batch, reads history and the statement of capabilities, and meets a refusal.
 */
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MedplumClient } from '@medplum/core';
import type { Bundle, CapabilityStatement, Patient } from '@medplum/fhirtypes';
import { Client as KitClient } from 'fhir-kit-client';
import type { Json } from '../../src/fhir/types.ts';
import { at } from '../harness/client.ts';
import { newMother } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';

/** What of SMART's client is used. Its own types bring those of the browser with them, which are not ours. */
interface SmartClient {
  getFhirVersion(): Promise<string>;
  getFhirRelease(): Promise<number>;
  create(resource: object): Promise<object>;
  update(resource: object): Promise<object>;
  patch(url: string, operations: object[]): Promise<object>;
  delete(url: string): Promise<object>;
  request(what: string | object, options?: object): Promise<object>;
}
type Smart = (request: object, response: object) => { client(state: object): SmartClient };
const smart: Smart = createRequire(import.meta.url)('fhirclient');

let service: Service;
let token: string;

beforeAll(async () => {
  service = await startService();
  await service.directory();
  token = service.token('steward');
}, 60_000);
afterAll(() => service.close());

/** Any client's answer, looked into by path. */
const see = (value: unknown, path: string): Json | undefined => at(JSON.parse(JSON.stringify(value)), path);
const ids = (bundle: unknown): unknown[] => {
  const entry = see(bundle, 'entry');
  return (Array.isArray(entry) ? entry : []).map((one) => at(one, 'resource.id'));
};
const batchOf = (id: string) => ({
  resourceType: 'Bundle' as const,
  type: 'batch' as const,
  entry: [
    { request: { method: 'GET' as const, url: `Patient/${id}` } },
    { request: { method: 'GET' as const, url: 'Patient/nobody-at-all' } },
  ],
});
const STATES = ['200 OK', '404'];

test('fhir-kit-client', async () => {
  const client = new KitClient({ baseUrl: service.base, bearerToken: token });
  expect((await client.capabilityStatement()).fhirVersion).toBe('4.0.1');
  const made: string[] = [];
  for (let i = 0; i < 3; i += 1) {
    const created = await client.create({ resourceType: 'Patient', body: newMother('Kit') });
    made.push(String(created.id));
  }
  const [id = ''] = made;

  const first = await client.resourceSearch({ resourceType: 'Patient', searchParams: { family: 'Kit', _count: 2 } });
  const second = await client.nextPage({ bundle: first as never });
  expect([...ids(first), ...ids(second)].sort()).toEqual([...made].sort());

  const read = await client.read({ resourceType: 'Patient', id });
  await client.update({ resourceType: 'Patient', id, body: { ...read, birthDate: '1991-01-01' } });
  const patched = await client.patch({
    resourceType: 'Patient',
    id,
    jsonPatch: [{ op: 'replace', path: '/birthDate', value: '1992-02-02' }],
  });
  expect(patched.birthDate).toBe('1992-02-02');
  expect((await client.vread({ resourceType: 'Patient', id, version: '1' })).birthDate).toBe('1997-01-02');
  expect(see(await client.resourceHistory({ resourceType: 'Patient', id }), 'total')).toBe(3);

  const batch = await client.batch({ body: batchOf(id) });
  expect([see(batch, 'entry.0.response.status'), see(batch, 'entry.1.response.status')]).toEqual(STATES);
  const everything = await client.operation({ name: 'everything', resourceType: 'Patient', id, method: 'GET' });
  expect(ids(everything)).toEqual([id]);
  const conditional = await client.create({
    resourceType: 'Patient',
    body: read,
    options: { headers: { 'If-None-Exist': `_id=${id}` } },
  });
  expect(conditional.id).toBe(id);
  await client.delete({ resourceType: 'Patient', id });
  await expect(client.read({ resourceType: 'Patient', id })).rejects.toMatchObject({ response: { status: 410 } });
});

test('fhirclient (SMART JS)', async () => {
  // Its server adapter keeps a session per web request; with a token already in hand it is asked for none of it.
  const api = smart({}, {});
  const client = api.client({ serverUrl: service.base, tokenResponse: { access_token: token } });
  expect(await client.getFhirVersion()).toBe('4.0.1');
  expect(await client.getFhirRelease()).toBe(4);
  const made: string[] = [];
  for (let i = 0; i < 3; i += 1) made.push(String(see(await client.create(newMother('Smart')), 'id')));
  const [id = ''] = made;

  const all: unknown = await client.request('Patient?family=Smart&_count=2', { pageLimit: 0, flat: true });
  expect((Array.isArray(all) ? all : []).map((one) => see(one, 'id')).sort()).toEqual([...made].sort());

  const patched = await client.patch(`Patient/${id}`, [{ op: 'replace', path: '/birthDate', value: '1992-02-02' }]);
  expect(see(patched, 'birthDate')).toBe('1992-02-02');
  const updated = await client.update({ ...(await client.request(`Patient/${id}`)), birthDate: '1993-03-03' });
  expect(see(updated, 'birthDate')).toBe('1993-03-03');
  expect(see(await client.request(`Patient/${id}/_history`), 'total')).toBe(3);
  const batch: unknown = await client.request({
    url: '/',
    method: 'POST',
    body: JSON.stringify(batchOf(id)),
    headers: { 'content-type': 'application/fhir+json' },
  });
  expect([see(batch, 'entry.0.response.status'), see(batch, 'entry.1.response.status')]).toEqual(STATES);
  await client.delete(`Patient/${id}`);
  await expect(client.request(`Patient/${id}`)).rejects.toMatchObject({ status: 410 });
});

describe('MedplumClient', () => {
  test('a session', async () => {
    const client = new MedplumClient({
      baseUrl: `http://127.0.0.1:${service.port}/`,
      fhirUrlPath: 'fhir/R4',
      cacheTime: 0,
    });
    client.setAccessToken(token);
    const statement = await client.get<CapabilityStatement>(client.fhirUrl('metadata'));
    expect(statement.fhirVersion).toBe('4.0.1');
    const made: Patient[] = [];
    for (let i = 0; i < 3; i += 1) made.push(await client.createResource<Patient>(mother('Medplum')));
    const id = made[0]?.id ?? '';

    const found: string[] = [];
    let count = 0;
    for await (const page of client.searchResourcePages('Patient', 'family=Medplum&_count=2')) {
      count += 1;
      found.push(...page.map((one) => one.id));
    }
    expect([count, found.sort()]).toEqual([2, made.map((one) => one.id ?? '').sort()]);

    const patched = await client.patchResource('Patient', id, [
      { op: 'replace', path: '/birthDate', value: '1992-02-02' },
    ]);
    expect(patched.birthDate).toBe('1992-02-02');
    const updated = await client.updateResource<Patient>({ ...patched, birthDate: '1993-03-03' });
    expect(updated.meta?.versionId).toBe('3');
    expect((await client.readHistory('Patient', id)).total).toBe(3);
    expect((await client.readVersion('Patient', id, '1')).birthDate).toBe('1997-01-02');
    const batch: Bundle = await client.executeBatch(batchOf(id));
    expect(batch.entry?.map((one) => one.response?.status)).toEqual(STATES);
    expect(ids(await client.readPatientEverything(id))).toEqual([id]);
    const again = await client.createResourceIfNoneExist<Patient>(mother('Medplum'), `_id=${id}`);
    expect(again.id).toBe(id);
    await client.deleteResource('Patient', id);
    await expect(client.readResource('Patient', id)).rejects.toThrow(/deleted/i);
  });

  const mother = (family: string) => newMother(family) as unknown as Patient;
});
