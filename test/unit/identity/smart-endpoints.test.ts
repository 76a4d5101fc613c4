import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import supertest from 'supertest';
import { ASSERTION_TYPE } from '../../../src/identity/assertion.ts';
import { ISSUER, later, NOW, SECONDS } from './place.ts';
import { assertion, EC, form, HV, smartPlace, TOKEN_URL } from './smart-place.ts';

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

describe('bad requests', () => {
  test.each([
    ['no grant', { scope: 'system/*.rs' }, 'invalid_request'],
    ['password grant', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['authorization code', { grant_type: 'authorization_code' }, 'unsupported_grant_type'],
  ])('%s', async (_name, fields: Record<string, string>, error) => {
    const answer = await post(fields);
    expect([answer.status, answer.body.error]).toEqual([400, error]);
  });

  test('JSON, no body, repeated fields, an endless form', async () => {
    const to = () => supertest(app).post('/oauth/token');
    const answers = [
      await to().send(form(assertion())),
      await to(),
      await to().type('form').send('grant_type=client_credentials&grant_type=client_credentials'),
      await to()
        .type('form')
        .send(`grant_type=${'x'.repeat(20_000)}`),
    ];
    expect(answers.map((answer) => [answer.status, answer.body.error])).toEqual([
      [400, 'invalid_request'],
      [400, 'invalid_request'],
      [400, 'invalid_request'],
      [413, 'invalid_request'],
    ]);
    expect(house.audit).toHaveLength(4);
  });

  test('other methods', async () => {
    const answer = await supertest(app).get('/oauth/token');
    expect([answer.status, answer.headers.allow]).toEqual([405, 'POST']);
  });

  test('thirty failures a minute from one address, then wait; afterwards it works again', async () => {
    for (let i = 0; i < 30; i += 1) expect((await post(form('x'))).status).toBe(401);
    const answer = await post(form(assertion()));
    expect([answer.status, answer.headers['retry-after']]).toEqual([429, '60']);
    house.clock.now = later(61);
    const claims = { exp: SECONDS + 200 };
    expect((await post(form(assertion(EC, { claims })))).status).toBe(200);
  });

  test('a database that does not answer: 503, nothing on trust', async () => {
    await house.owner.query('alter table client rename to client_gone');
    const answer = await post(form(assertion()));
    await house.owner.query('alter table client_gone rename to client');
    expect([answer.status, answer.body.error]).toEqual([503, 'temporarily_unavailable']);
  });
});

describe('introspection', () => {
  const ask = (token: string, client_assertion: string) =>
    post({ token, client_assertion_type: ASSERTION_TYPE, client_assertion }, '/oauth/introspect');
  const gateway = () =>
    assertion(HV, { claims: { iss: 'gateway', sub: 'gateway', aud: `${ISSUER}/oauth/introspect` } });

  test('a client about its own token', async () => {
    const { access_token: token } = (await post(form(assertion()))).body;
    expect((await ask(token, assertion())).body).toMatchObject({
      active: true,
      client_id: 'epr',
      sub: 'epr',
      scope: 'system/*.rs',
      exp: SECONDS + 300,
    });
    expect((await ask(token, hv())).body).toEqual({ active: false });
  });

  test("a client registered for it, about a mother's", async () => {
    expect((await ask(house.token('mother'), gateway())).body).toMatchObject({
      active: true,
      fhirUser: 'Patient/aisha',
      patient: 'aisha',
    });
  });

  test('what is not a token in force is inactive, and that is all', async () => {
    const bad = house.twisted({ claims: { exp: SECONDS } });
    for (const token of ['', 'x', bad, assertion()])
      expect((await ask(token, gateway())).body).toEqual({ active: false });
    const ended = house.twisted({ claims: { client_id: 'ended' } });
    expect((await ask(ended, gateway())).body).toEqual({ active: false });
  });

  test('nobody else', async () => {
    expect((await post({ token: house.token() }, '/oauth/introspect')).status).toBe(401);
    const used = gateway();
    await ask(house.token(), used);
    expect((await ask(house.token(), used)).status).toBe(401);
    expect((await post(form(gateway()))).status).toBe(401);
  });
});

describe('published documents', () => {
  test.each(['/.well-known/smart-configuration', '/fhir/R4/.well-known/smart-configuration'])(
    '%s tells what exists',
    async (path) => {
      const { status, body } = await supertest(app).get(path);
      expect([status, body.token_endpoint]).toEqual([200, TOKEN_URL]);
      expect(body.capabilities).toEqual(['client-confidential-asymmetric', 'permission-v2']);
      expect(body.grant_types_supported).toEqual(['client_credentials']);
      expect(body.authorization_endpoint).toBeUndefined();
      for (const name of ['token_endpoint', 'introspection_endpoint', 'jwks_uri']) {
        const at = new URL(body[name]).pathname;
        expect([404, 500]).not.toContain((await supertest(app).post(at)).status);
      }
    },
  );

  test('the keys, public parts only', async () => {
    const { body } = await supertest(app).get('/.well-known/jwks.json');
    expect(body.keys.map((key: { kid: string }) => key.kid)).toEqual([house.keys.current(NOW).kid]);
    expect(JSON.stringify(body)).not.toContain('"d"');
  });
});
