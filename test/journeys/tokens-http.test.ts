/** Tokens at the door over HTTP: what test/unit/identity proves of the verifier holds for the service as it is wired. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DEMO_IDENTITIES } from '../../src/identity/identities.ts';
import { clientOn, issue, textAt } from '../harness/client.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('one');
}, 60_000);
afterAll(() => service.close());

const seconds = (): number => Math.floor(Date.now() / 1000);
const claims = () => ({
  iss: service.base.replace('/fhir/R4', ''),
  aud: service.base,
  sub: 'epr',
  client_id: 'epr',
  scope: 'system/*.cruds',
  org: 'Organization/maternity-service',
  jti: `j-${Math.random()}`,
  iat: seconds(),
  exp: seconds() + 300,
});

test('the raw signer is alive: right claims are let in', async () => {
  const token = service.rawToken({}, claims());
  expect((await clientOn(service.base, `Bearer ${token}`).get('Patient/one')).status).toBe(200);
});

describe('H26 and H28: refused with a challenge of RFC 6750, the reason in the log, nothing of it in the answer', () => {
  test.each<[string, object, () => object]>([
    ['no subject', {}, () => ({ ...claims(), sub: undefined })],
    ['issued in the future', {}, () => ({ ...claims(), iat: seconds() + 3_600 })],
    ['expired', {}, () => ({ ...claims(), iat: seconds() - 900, exp: seconds() - 600 })],
    ['an end in milliseconds', {}, () => ({ ...claims(), exp: Date.now() + 300_000 })],
    ['no end', {}, () => ({ ...claims(), exp: undefined })],
    ['a life of a year', {}, () => ({ ...claims(), exp: seconds() + 31_536_000 })],
    ['another audience', {}, () => ({ ...claims(), aud: 'https://other.example/fhir' })],
    ['another issuer', {}, () => ({ ...claims(), iss: 'https://other.example' })],
    ['an unknown crit', { crit: ['b64'], b64: false }, claims],
    ['alg none', { alg: 'none' }, claims],
    ['alg HS256', { alg: 'HS256' }, claims],
    ['a kid that is a path', { kid: '../../../etc/passwd' }, claims],
    ['a kid of SQL', { kid: "' or 1=1 --" }, claims],
    ['a refresh token', { typ: 'JWT' }, () => ({ ...claims(), token_use: 'refresh' })],
    ['no client', {}, () => ({ ...claims(), client_id: undefined })],
    ['a client nobody registered', {}, () => ({ ...claims(), client_id: 'ghost', sub: 'ghost' })],
    ['a person nobody knows', {}, () => ({ ...claims(), fhirUser: 'PractitionerRole/ghost' })],
  ])('%s', async (_words, header, make) => {
    const reply = await clientOn(service.base, `Bearer ${service.rawToken(header, make())}`).get('Patient/one');
    expect([reply.status, reply.json.resourceType]).toEqual([401, 'OperationOutcome']);
    expect(reply.headers.get('www-authenticate')).toMatch(/^Bearer .*error="invalid_token"/);
    expect(reply.text).not.toMatch(/Fixture|passwd|or 1=1/);
  });

  test.each([
    '',
    'Basic eDp5',
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Bearer x',
    'Token x',
    `Bearer ${'a'.repeat(20_000)}`,
  ])('Authorization: %j', async (authorization) => {
    const reply = await clientOn(service.base, authorization).get('Patient/one');
    expect(reply.status).toBe(401);
    expect(reply.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  test('a token in the address or the body is not looked at', async () => {
    const token = service.token('epr');
    expect((await service.anonymous.get(`Patient/one?access_token=${token}`)).status).toBe(401);
    expect((await service.anonymous.form('Patient/_search', `access_token=${token}`)).status).toBe(401);
  });
});

test('scopes cap, the directory decides', async () => {
  const narrow = (scope: string) => clientOn(service.base, `Bearer ${service.rawToken({}, { ...claims(), scope })}`);
  expect((await narrow('system/Patient.rs').get('Patient/one')).status).toBe(200);
  expect((await narrow('system/Patient.rs').get('Observation/one-edd')).status).not.toBe(200);
  expect((await narrow('system/Patient.s').get('Patient/one')).status).not.toBe(200);
  expect((await narrow('user/*.cruds').get('Patient/one')).status).not.toBe(200);
  expect((await narrow('openid profile').get('Patient/one')).status).not.toBe(200);
  const write = await narrow('system/Patient.rs').put('Patient/one', (await service.as('epr').get('Patient/one')).json);
  expect(write.status).toBe(403);
});

describe('purpose of use (R-02)', () => {
  test('by header, by claim, both, none', async () => {
    const midwife = service.as('midwife');
    expect((await midwife.get('Patient/one', { 'x-purpose-of-use': 'TREAT' })).status).toBe(200);
    const both = service.as({ like: 'midwife', claims: { purpose_of_use: 'TREAT' } });
    expect((await both.get('Patient/one', { 'x-purpose-of-use': 'CAREMGT' })).status).toBe(400);
    const wrong = await midwife.get('Patient/one', { 'x-purpose-of-use': 'HRESCH' });
    expect([wrong.status, textAt(wrong.json, 'issue.0.details.coding.0.code')]).toEqual([403, 'purpose']);
    const lead = service.as({ like: 'service-lead', claims: { purpose_of_use: 'HQUALIMP' } });
    expect([403, 200]).toContain((await lead.get('Practitioner/mw-priya')).status);
  });

  test('a system that asks like a person is told to bring one (R-01, vector 32); nobody breaks glass by claiming it (R-19)', async () => {
    const asPerson = await service.as('epr').get('Patient/one', { 'x-purpose-of-use': 'TREAT' });
    expect([asPerson.status, asPerson.headers.get('www-authenticate')?.startsWith('Bearer')]).toEqual([401, true]);
    const glass = await service.as('epr').get('Patient/one', { 'x-purpose-of-use': 'BTG' });
    expect([glass.status, issue(glass)]).toEqual([403, 'forbidden']);
    for (const who of ['midwife', 'admin', 'ig-officer']) {
      const reply = await service.as(who).get('Patient/one', { 'x-purpose-of-use': 'BTG' });
      expect([who, [400, 403, 404].includes(reply.status)]).toEqual([who, true]);
    }
  });
});

test('every identity of the token command is somebody here, or a person of a family', async () => {
  for (const [key, identity] of DEMO_IDENTITIES) {
    if (key === 'partner') continue;
    const reply = await service.as(key).get('Questionnaire?_count=1');
    expect([key, identity.kind, [200, 403].includes(reply.status)]).toEqual([key, identity.kind, true]);
  }
});
