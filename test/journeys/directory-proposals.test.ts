/** Two persons over pages and operations: listed, shown whole, confirmed by another or withdrawn. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Resource } from '../../src/fhir/types.ts';
import { at } from '../harness/client.ts';
import { type Service, startService } from '../harness/service.ts';
import { browserOf, wordsOf } from './console-world.ts';

let service: Service;
let guardian: ReturnType<Service['as']>;

const location = (name: string): Resource => ({ resourceType: 'Location', status: 'active', name });
const parameters = (values: Readonly<Record<string, string>>): Resource => ({
  resourceType: 'Parameters',
  parameter: Object.entries(values).map(([name, valueString]) => ({ name, valueString })),
});

beforeAll(async () => {
  service = await startService();
  await service.directory();
  const read = (await service.as('steward').get('PractitionerRole/ig-imran')).json as Resource;
  const role = { ...read, id: 'cg-one', code: [{ text: 'Caldicott Guardian' }] };
  await service.load([{ ...role, practitioner: { reference: 'Practitioner/mw-priya' } }]);
  const claims = { sub: 'cg', fhirUser: 'PractitionerRole/cg-one', purpose_of_use: 'HLEGAL' };
  guardian = service.as({ like: 'ig-officer', claims });
});
afterAll(() => service.close());

async function proposed(name: string): Promise<string> {
  const reply = await service.as('ig-officer').post('$propose?reason=A%20new%20clinic', location(name));
  expect(reply.status).toBe(202);
  return String(at(reply.json, 'parameter.0.valueString'));
}

test('proposals are listed for those who keep the directory, and withdrawn ones never take effect', async () => {
  const id = await proposed('Clinic one');
  const list = await guardian.post('$proposals', parameters({}));
  expect(list.status).toBe(200);
  const parts = JSON.stringify(at(list.json, 'parameter.0.part'));
  expect(parts).toContain(id);
  expect(parts).toContain('A new clinic');
  for (const who of ['midwife', 'admin', 'epr', 'service-lead'])
    expect([who, (await service.as(who).post('$proposals', parameters({}))).status]).toEqual([who, 403]);
  expect((await service.as('mother').post('$proposals', parameters({}))).status).toBe(404);
  expect((await service.as('midwife').post('$withdraw', parameters({ pending: id }))).status).toBe(403);
  expect((await guardian.post('$withdraw', parameters({ pending: id }))).status).toBe(204);
  expect((await guardian.post('$confirm', parameters({ pending: id }))).status).toBe(404);
  expect(JSON.stringify((await guardian.post('$proposals', parameters({}))).json)).not.toContain(id);
});

test('a text that holds no text is refused, not a fault of the service', async () => {
  for (const name of ['$confirm', '$withdraw'])
    expect([name, (await guardian.post(name, parameters({ pending: 'a\u0000' }))).status]).toEqual([name, 400]);
  const sent = await guardian.post('$propose?reason=A%20new%00clinic', location('Clinic'));
  expect(sent.status).toBe(400);
  const browser = browserOf(`http://127.0.0.1:${service.port}`);
  await browser.signIn('ig-officer');
  for (const path of ['proposals/%00', 'cases/%00', 'clients/%00'])
    expect([path, (await browser.get(`/console/${path}`)).status]).toEqual([path, 400]);
});

test('of two who confirm at once one does; the page shows all that would be written', async () => {
  const id = await proposed('Clinic <b>two</b>');
  const browser = browserOf(`http://127.0.0.1:${service.port}`);
  await browser.signIn('ig-officer');
  const list = await browser.get('/console/proposals');
  expect(wordsOf(list.html)).toContain('One record: New Location');
  const page = await browser.get(`/console/proposals/${id}`);
  expect(page.html).toContain('Clinic &lt;b&gt;two&lt;/b&gt;');
  expect(page.html).not.toContain('value="confirm"');
  const own = await browser.fill(`/console/proposals/${id}`, `/console/proposals/${id}`, { act: 'confirm' });
  expect(own.status).toBe(422);
  const both = await Promise.all([1, 2].map(() => guardian.post('$confirm', parameters({ pending: id }))));
  expect(both.map(({ status }) => status).toSorted()[0]).toBe(200);
  expect(both.filter(({ status }) => status === 200)).toHaveLength(1);
  expect((await guardian.get('Location?name=Clinic')).json.entry).toHaveLength(1);
  const midwife = browserOf(`http://127.0.0.1:${service.port}`);
  await midwife.signIn('midwife');
  expect((await midwife.get('/console/proposals')).status).toBe(403);
});

test('what a family calls its team or its home is proposed by nobody, and looks as if it were not there', async () => {
  const subject = { reference: 'Patient/her-own' };
  const team: Resource = { resourceType: 'CareTeam', id: 'family-team', status: 'active', name: 'Hers', subject };
  await service.load([{ resourceType: 'Patient', id: 'her-own', birthDate: '1990-01-01' }, team]);
  const { subject: _subject, ...nobodys } = team;
  const propose = (body: Resource) => service.as('ig-officer').post('$propose?reason=To%20see%20it', body);
  const [known, unknown] = [await propose(nobodys), await propose({ ...nobodys, id: 'never-was' })];
  expect([known.status, unknown.status]).toEqual([404, 404]);
  expect(known.json).toEqual(unknown.json);
  const [named, other] = [await propose(team), await propose({ ...team, id: 'never-was' })];
  expect([named.status, other.status]).toEqual([422, 422]);
  expect(named.json).toEqual(other.json);
});
