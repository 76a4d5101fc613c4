/** System clients in production: two persons, keys that end, rotate and are revoked; what an agreement names and no more; an e-roster. */
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createKeyWarnings } from '../../src/directory/key-warnings.ts';
import { isObject } from '../../src/fhir/resource.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { ASSERTION_TYPE } from '../../src/identity/assertion.ts';
import { readPublicKeys } from '../../src/identity/public-keys.ts';
import { signAnything } from '../../src/identity/sign.ts';
import { clientOn, textAt } from '../harness/client.ts';
import { HEALTH_VISITING, TEAM } from '../harness/directory.ts';
import { type Service, startService } from '../harness/service.ts';
import { browserOf, wordsOf } from './console-world.ts';

let service: Service;
let keeper: ReturnType<typeof browserOf>;
let second: ReturnType<typeof browserOf>;

interface Pair {
  kid: string;
  privateKey: KeyObject;
  jwks: string;
}

function pair(): Pair {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const kid = randomUUID();
  return { kid, privateKey, jwks: JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid }] }) };
}

const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const FIELDS = {
  kind: 'system',
  agreement: 'Contract/sharing',
  org: HEALTH_VISITING,
  expires: day(100),
  reason: 'Go live',
};
const REGISTER = '/console/clients/register';

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('fam');
  const origin = `http://127.0.0.1:${service.port}`;
  [keeper, second] = [browserOf(origin), browserOf(origin)];
  await keeper.signIn('sysadmin');
  await second.signIn('caldicott-guardian');
});
afterAll(() => service.close());

/** A token for this client, or the status of the refusal. */
async function tokenFor(clientId: string, key: Pair, scope = 'system/*.cruds'): Promise<string | number> {
  const endpoint = service.base.replace(/\/fhir\/R4$/, '/oauth/token');
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: clientId, sub: clientId, aud: endpoint, exp: now + 200, iat: now, jti: randomUUID() };
  const form = {
    grant_type: 'client_credentials',
    scope,
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: signAnything(
      { alg: 'ES384', privateKey: key.privateKey },
      { alg: 'ES384', kid: key.kid, typ: 'JWT' },
      claims,
    ),
  };
  const reply = await fetch(endpoint, { method: 'POST', body: new URLSearchParams(form) });
  const body: unknown = await reply.json();
  return isObject(body) && typeof body.access_token === 'string' ? body.access_token : reply.status;
}

const confirmNewest = async (): Promise<string> => {
  const { html } = await second.get('/console/proposals');
  const href = /href="(\/console\/proposals\/[a-z0-9]+)"/.exec(html)?.[1] ?? '';
  return wordsOf((await second.fill(href, href, { act: 'confirm' })).html);
};

async function registered(name: string, key: Pair, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const sent = await keeper.fill(REGISTER, REGISTER, { ...FIELDS, ...more, name, jwks: key.jwks });
  expect([sent.status, wordsOf(sent.html).includes('waits for a second person')]).toEqual([202, true]);
  const before = await service.pool.query('select 1 from client where name = $1', [name]);
  expect(before.rows).toEqual([]);
  expect(await confirmNewest()).toContain('The change has taken effect');
  const { rows } = await service.pool.query<{ client_id: string }>('select client_id from client where name = $1', [
    name,
  ]);
  return rows[0]?.client_id ?? '';
}

describe('keys are read strictly', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const good = { ...publicKey.export({ format: 'jwk' }), kid: 'k' };
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
  test.each<[string, string]>([
    ['no JSON', 'keys'],
    ['nothing', '{"keys":[]}'],
    ['a private key', JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: 'k' })],
    ['a weak curve', JSON.stringify({ ...p256, kid: 'k' })],
    ['no kid', JSON.stringify(publicKey.export({ format: 'jwk' }))],
    ['two of one kid', JSON.stringify({ keys: [good, good] })],
    ['a secret', JSON.stringify({ kty: 'oct', k: 'c2VjcmV0', kid: 'k' })],
  ])('%s is refused', (_words, text) => expect(typeof readPublicKeys(text)).toBe('string'));
  test('a good one is taken', () => expect(readPublicKeys(JSON.stringify(good))).toHaveLength(1));
});

test('the service itself cannot make itself a client', async () => {
  await expect(
    service.pool.query(`insert into client (client_id, name, org, scopes) values ('x', 'x', 'x', '{}')`),
  ).rejects.toThrow(/permission denied/);
  await service.pool.query(
    `insert into pending_change (id, kind, proposer, at, words, body) values ('forged', 'client', 'PractitionerRole/a', now(), 'w', '{}')`,
  );
  await expect(service.pool.query(`select client_confirmed('forged')`)).rejects.toMatchObject({ code: 'TD403' });
  await service.pool.query(
    `update pending_change set confirmed_by = 'PractitionerRole/a', confirmed_at = now() where id = 'forged'`,
  );
  await expect(service.pool.query(`select client_confirmed('forged')`)).rejects.toMatchObject({ code: 'TD403' });
});

test.each<[string, Readonly<Record<string, string>>]>([
  ['no name', { name: '' }],
  ['no agreement', { agreement: '' }],
  ['an unknown agreement', { agreement: 'Contract/nowhere' }],
  ['a service the agreement does not name', { org: 'Organization/trust' }],
  ['keys without end', { expires: '' }],
  ['keys for too long', { expires: day(500) }],
  ['keys of yesterday', { expires: day(-1) }],
  ['no reason', { reason: '' }],
  ['an e-roster of no service', { kind: 'e-roster', org: 'Organization/trust' }],
])('not registered: %s', async (_words, wrong) => {
  const sent = await keeper.fill(REGISTER, REGISTER, { ...FIELDS, name: 'A system', jwks: pair().jwks, ...wrong });
  expect([sent.status, sent.html.includes('There is a problem')]).toEqual([422, true]);
});

test('registered by two, it gets what its agreement names; keys rotate with an overlap, and end at once', async () => {
  const first = pair();
  const clientId = await registered('New HV system', first);
  const token = await tokenFor(clientId, first);
  const client = clientOn(service.base, `Bearer ${token}`);
  expect((await client.get('Patient/fam')).status).toBe(200);
  expect((await client.get('AuditEvent')).status).toBe(403);
  // Not in the agreement, so not in the token.
  expect(await tokenFor(clientId, first, 'system/MedicationRequest.rs')).toBe(400);
  expect(await tokenFor(clientId, pair())).toBe(401);

  const path = `/console/clients/${clientId}`;
  const next = pair();
  const rotation = {
    act: 'rotate',
    jwks: next.jwks,
    expires: day(200),
    overlap: '7',
    'rotate-reason': 'Yearly rotation',
  };
  expect((await keeper.fill(path, path, { ...rotation, overlap: '99' })).status).toBe(422);
  expect((await keeper.fill(path, path, rotation)).status).toBe(202);
  expect(await tokenFor(clientId, next)).toBe(401);
  expect(await confirmNewest()).toContain('The change has taken effect');
  for (const key of [first, next]) expect(typeof (await tokenFor(clientId, key))).toBe('string');
  const byNext = clientOn(service.base, `Bearer ${await tokenFor(clientId, next)}`);
  const { rows } = await service.pool.query<{ days: number }>(
    `select extract(day from expires - now())::int as days from client_key where kid = $1`,
    [first.kid],
  );
  expect(rows[0]?.days).toBeLessThanOrEqual(7);
  const told: unknown[] = [];
  const warn = createKeyWarnings(service.pool, { warn: (_words: string, ids: object) => told.push(ids) } as never);
  expect(await warn(new Date())).toBe(1);
  expect(told).toEqual([{ clientId, kid: first.kid, days: 7 }]);
  expect(await warn(new Date())).toBe(0);

  const ended = await keeper.fill(path, path, { act: 'end-key', kid: first.kid, 'end-key-reason': 'It got out' });
  expect(ended.status).toBe(200);
  expect(await tokenFor(clientId, first)).toBe(401);
  // What it got a token for is over with it, at the next request; the other key's tokens go on.
  expect((await client.get('Patient/fam')).status).toBe(401);
  expect((await byNext.get('Patient/fam')).status).toBe(200);
  expect(typeof (await tokenFor(clientId, next))).toBe('string');
  expect((await keeper.fill(path, path, { act: 'end', 'end-reason': 'Contract is over' })).status).toBe(200);
  expect(await tokenFor(clientId, next)).toBe(401);
  expect((await byNext.get('Patient/fam')).status).toBe(401);
  expect((await keeper.fill(path, path, { ...rotation, jwks: pair().jwks })).status).toBe(422);
});

test('one key proposed twice is registered once; who confirms the second is told', async () => {
  const clientId = await registered('Twice rotated system', pair());
  const path = `/console/clients/${clientId}`;
  const rotation = {
    act: 'rotate',
    jwks: pair().jwks,
    expires: day(200),
    overlap: '7',
    'rotate-reason': 'Yearly rotation',
  };
  for (const _ of [1, 2]) expect((await keeper.fill(path, path, rotation)).status).toBe(202);
  expect(await confirmNewest()).toContain('The change has taken effect');
  expect(await confirmNewest()).toContain('propose another key');
});

test('an e-roster writes the duty list of its service, and sees nobody', async () => {
  const key = pair();
  const clientId = await registered('E-roster HV', key, { kind: 'e-roster', agreement: '' });
  const roster = clientOn(service.base, `Bearer ${await tokenFor(clientId, key)}`);
  const duty = (team: string): { url: string; valueReference: { reference: string } }[] => [
    { url: 'https://tandem.example/fhir/StructureDefinition/duty-team', valueReference: { reference: team } },
  ];
  const schedule = (team: string): Resource => ({
    resourceType: 'Schedule',
    extension: duty(team),
    active: true,
    actor: [{ reference: 'PractitionerRole/hv-none' }],
  });
  const slot = (team: string, at: string): Resource => ({
    resourceType: 'Slot',
    extension: duty(team),
    schedule: { reference: `Schedule/${at}` },
    status: 'busy',
    start: new Date(Date.now() - 60_000).toISOString(),
    end: new Date(Date.now() + 600_000).toISOString(),
  });
  const nell = service.as({ like: 'health-visitor', claims: { sub: 'hv-none', fhirUser: 'PractitionerRole/hv-none' } });
  expect((await nell.get('Patient/fam')).status).toBe(403);
  const made = await roster.post('Schedule', schedule(TEAM.healthVisitors));
  expect([made.status, made.status === 201 ? '' : made.text]).toEqual([201, '']);
  expect((await roster.post('Slot', slot(TEAM.healthVisitors, textAt(made.json, 'id')))).status).toBe(201);
  expect((await nell.get('Patient/fam')).status).toBe(200);
  // Another service's list, a diary that is no duty list, and everything else are not its business.
  expect((await roster.post('Schedule', schedule(TEAM.midwives))).status).toBeGreaterThanOrEqual(403);
  const { extension: _none, ...diary } = schedule(TEAM.healthVisitors);
  expect((await roster.post('Schedule', { ...diary, resourceType: 'Schedule' })).status).toBeGreaterThanOrEqual(403);
  for (const type of ['Patient', 'CareTeam?subject:missing=false', 'Appointment', 'Task', 'Subscription', 'AuditEvent'])
    expect((await roster.get(type)).text).not.toContain('"fullUrl"');
  expect((await roster.get('CareTeam/fam')).status).toBeGreaterThanOrEqual(403);
  expect((await roster.get('PractitionerRole/hv-none')).status).toBe(200);
  expect((await roster.post('$propose?reason=Something', { resourceType: 'Location', name: 'x' })).status).toBe(403);
  const csv = 'team_id,role_id,start,end\nNOPE,NOPE,2027-01-01T08:00,2027-01-01T16:00\n';
  const reply = await roster.send('POST', '$import?kind=duty', csv, { 'content-type': 'text/csv' });
  expect([reply.status, reply.text.includes('duty line 2')]).toEqual([422, true]);
  expect((await roster.send('POST', '$import?kind=people', csv, { 'content-type': 'text/csv' })).status).toBe(403);
});
