import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import supertest from 'supertest';
import { AUDIENCE, ISSUER, later, NOW, SECONDS } from './place.ts';
import { assertion, EC, form, HV, OLD, RSA, SMALL, signer, smartPlace } from './smart-place.ts';

let house: Awaited<ReturnType<typeof smartPlace>>;
let app: ReturnType<typeof house.app>;

beforeAll(async () => {
  house = await smartPlace();
});
afterAll(() => house.close());
beforeEach(() => {
  app = house.app();
  house.audit.length = 0;
  house.lines.length = 0;
  house.fail.audit = false;
  house.clock.now = NOW;
});

const post = (fields: Record<string, string>, path = '/oauth/token') =>
  supertest(app).post(path).type('form').send(fields);
const hv = (claims: Record<string, unknown> = {}) =>
  assertion(HV, { claims: { iss: 'hv-system', sub: 'hv-system', ...claims } });

describe('a token for a system client', () => {
  test.each([
    ['ES384', EC],
    ['RS384', RSA],
  ])('%s: the door takes it for five minutes', async (_alg, key) => {
    const answer = await post(form(assertion(key)));
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      token_type: 'bearer',
      expires_in: 300,
      scope: 'system/*.rs',
    });
    const caller = house.verifier.verifyBearer(answer.body.access_token, NOW);
    expect(caller).toMatchObject({
      clientId: 'epr',
      subject: 'epr',
      org: 'Organization/epr',
      fhirUser: null,
      actingFor: null,
    });
    expect(caller.expiresAt).toEqual(later(300));
    expect(house.audit).toEqual([
      expect.objectContaining({
        interaction: 'token',
        outcome: 0,
        status: 200,
        detail: 'issued',
        agent: expect.objectContaining({
          kind: 'system',
          clientId: 'epr',
          service: 'Organization/epr',
          jti: caller.jti,
        }),
      }),
    ]);
  });

  test('scopes are cut down to the registered ones', async () => {
    const answer = await post(form(hv(), { scope: 'system/*.cruds openid' }));
    expect(answer.body.scope).toBe('system/CarePlan.rs system/Task.cru');
    const none = await post(form(hv(), { scope: 'system/Patient.rs' }));
    expect([none.status, none.body.error]).toEqual([400, 'invalid_scope']);
  });

  test("the person in the assertion goes into the token; her organisation is the client's own", async () => {
    const person = {
      sds_user_id: '555254',
      sds_role_profile_id: '1',
      role_code: 'R0690',
      team: 'North',
      org: 'Organization/other',
    };
    const answer = await post(
      form(hv({ ...person, purpose_of_use: 'TREAT', scope: 'system/*.cruds', fhirUser: 'PractitionerRole/x' })),
    );
    const caller = house.verifier.verifyBearer(answer.body.access_token, NOW);
    expect(caller.actingFor).toEqual({
      userId: '555254',
      roleProfileId: '1',
      roleCode: 'R0690',
      org: 'Organization/hv-system',
      service: null,
      team: 'North',
    });
    expect([caller.purposeClaim, caller.fhirUser, caller.scopes]).toEqual([
      'TREAT',
      null,
      ['system/CarePlan.rs', 'system/Task.r'],
    ]);
  });

  test('nothing is issued that cannot be recorded', async () => {
    house.fail.audit = true;
    const answer = await post(form(assertion()));
    expect([answer.status, answer.body.error, answer.body.access_token]).toEqual([
      503,
      'temporarily_unavailable',
      undefined,
    ]);
  });
});

const HMAC = (): string => {
  const [, body] = assertion().split('.');
  const input = `${Buffer.from(JSON.stringify({ alg: 'HS384', kid: EC.kid, typ: 'JWT' })).toString('base64url')}.${body}`;
  return `${input}.${createHmac('sha384', JSON.stringify(EC.jwk)).update(input).digest('base64url')}`;
};

const WRONG: readonly (readonly [string, string, () => string])[] = [
  ['another audience', 'audience', () => assertion(EC, { claims: { aud: AUDIENCE } })],
  [
    'the introspection endpoint as audience',
    'audience',
    () => assertion(EC, { claims: { aud: `${ISSUER}/oauth/introspect` } }),
  ],
  ['iss of another client', 'sub-mismatch', () => assertion(EC, { claims: { iss: 'hv-system' } })],
  ['no iss', 'sub-mismatch', () => assertion(EC, { claims: { iss: undefined } })],
  ['no sub', 'sub-missing', () => assertion(EC, { claims: { sub: undefined } })],
  ['five minutes and a second', 'exp-too-late', () => assertion(EC, { claims: { exp: SECONDS + 301 } })],
  ['exp in milliseconds', 'exp-milliseconds', () => assertion(EC, { claims: { exp: SECONDS * 1000 } })],
  ['no exp', 'exp-missing', () => assertion(EC, { claims: { exp: undefined } })],
  ['expired', 'expired', () => assertion(EC, { claims: { exp: SECONDS } })],
  ['iat ahead', 'iat-future', () => assertion(EC, { claims: { iat: SECONDS + 61 } })],
  ['no jti', 'jti-missing', () => assertion(EC, { claims: { jti: undefined } })],
  ['unknown client', 'client-unknown', () => assertion(EC, { claims: { iss: 'x', sub: 'x' } })],
  ['ended client', 'client-ended', () => assertion(EC, { claims: { iss: 'ended', sub: 'ended' } })],
  ['key of another client', 'kid-unknown', () => assertion(HV)],
  ['key that has expired', 'kid-unknown', () => assertion(OLD)],
  ['registered key of a curve not offered', 'key-unusable', () => assertion(SMALL)],
  ['another key under a registered name', 'signature', () => assertion({ ...signer('x', 'ES384'), kid: EC.kid })],
  ['RS384 under the name of an EC key', 'algorithm', () => assertion({ ...RSA, kid: EC.kid })],
  ['alg none', 'algorithm', () => assertion(EC, { header: { alg: 'none' } })],
  ['HS384 with the public key', 'algorithm', HMAC],
  ['kid with a path', 'kid-invalid', () => assertion(EC, { header: { kid: '../epr-ec' } })],
  ['no typ', 'type', () => assertion(EC, { header: { typ: undefined } })],
  ['unknown crit', 'crit', () => assertion(EC, { header: { crit: ['x'] } })],
  ['key address in the header', 'key-in-header', () => assertion(EC, { header: { jku: 'https://evil.example' } })],
  ['an access token of ours', 'type', () => house.token('epr')],
  ['not a token', 'malformed', () => 'x'],
];

describe('refused assertions', () => {
  test.each(WRONG)('%s: %s', async (_name, reason, make) => {
    const answer = await post(form(make()));
    expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client']);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="tandem"');
    expect(house.audit).toEqual([
      expect.objectContaining({
        status: 401,
        outcome: 4,
        detail: reason,
        agent: expect.objectContaining({ kind: 'anonymous', clientId: null }),
      }),
    ]);
    expect(house.lines).toEqual([expect.objectContaining({ ids: expect.objectContaining({ reason }) })]);
  });

  test('client_id beside the assertion must be the same', async () => {
    expect((await post(form(assertion(), { client_id: 'hv-system' }))).status).toBe(401);
    expect((await post(form(assertion(), { client_id: 'epr' }))).status).toBe(200);
  });

  test('a secret is not an assertion', async () => {
    const fields = { grant_type: 'client_credentials', scope: 'system/*.rs', client_id: 'epr', client_secret: 's' };
    expect((await post(fields)).body.error).toBe('invalid_client');
  });
});

describe('replay', () => {
  test('an assertion works once, whatever else is asked with it', async () => {
    const used = assertion();
    expect((await post(form(used))).status).toBe(200);
    const again = await post(form(used, { scope: 'system/Task.r' }));
    expect([again.status, house.audit.at(-1)?.detail]).toEqual([401, 'jti-replayed']);
  });

  test('twelve at once, in two services: exactly one gets a token', async () => {
    const used = form(assertion());
    const apps = [house.app(), house.app()];
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        supertest(apps[i % 2] ?? app)
          .post('/oauth/token')
          .type('form')
          .send(used),
      ),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array.from({ length: 11 }, () => 401)]);
  });

  test('a jti belongs to its client; a forged assertion does not use it up', async () => {
    await post(form(assertion({ ...signer('x', 'ES384'), kid: EC.kid }, { claims: { jti: 'shared' } })));
    expect((await post(form(assertion(EC, { claims: { jti: 'shared' } })))).status).toBe(200);
    expect((await post(form(hv({ jti: 'shared' }), { scope: 'system/Task.r' }))).status).toBe(200);
  });

  test('pruning forgets only what has expired', async () => {
    await house.store.claim('dead', 'epr', later(-301));
    await house.store.claim('alive', 'epr', later(-299));
    expect(await house.store.prune(NOW)).toBeGreaterThanOrEqual(1);
    expect(await house.store.claim('alive', 'epr', later(300))).toBe(false);
    expect(await house.store.claim('dead', 'epr', later(300))).toBe(true);
  });

  test('the service may neither register clients nor change a used jti', async () => {
    for (const sql of [
      "update client set scopes = '{}'",
      'delete from client_key',
      'update replay set expires = now()',
    ]) {
      await expect(house.pool.query(sql)).rejects.toThrow(/permission denied/);
    }
  });
});
