/** Production starts with nobody; `npm run setup` makes the first two administrators, once, on a real database. */
import { spawn } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, type JsonWebKey, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isObject } from '../../src/fhir/resource.ts';
import type { JsonObject } from '../../src/fhir/types.ts';
import { ASSERTION_TYPE } from '../../src/identity/assertion.ts';
import { readWanted } from '../../src/identity/setup-people.ts';
import { signAnything } from '../../src/identity/sign.ts';
import { openPool } from '../../src/store/pool.ts';
import { at, clientOn } from '../harness/client.ts';
import { scratchFolder } from '../harness/cluster.ts';
import { compiled } from '../harness/compiled.ts';
import { type ServiceProcess, serviceProcess, TELLS_LOADS } from '../harness/service-process.ts';

const ISSUER = 'https://record.example';
const PRODUCTION = { MODE: 'production', PUBLIC_URL: ISSUER };
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PEOPLE = {
  organization: 'Sampleport Trust',
  administrators: [
    { given: 'Ada', family: 'Example' },
    { given: 'Bea', family: 'Sample' },
  ],
};

let service: ServiceProcess;
beforeAll(async () => {
  service = await serviceProcess(null, { ...PRODUCTION, ...TELLS_LOADS });
  await service.start();
});
afterAll(() => service.close());

/** Runs the command on the service's database, beside the running service. */
function setup(people: unknown, environment: Record<string, string> = {}) {
  const file = join(scratchFolder('setup'), `${randomUUID()}.json`);
  writeFileSync(file, typeof people === 'string' ? people : JSON.stringify(people));
  const env = {
    PATH: process.env.PATH ?? '',
    ...compiled(),
    ...PRODUCTION,
    DATA_DIR: service.dataDir,
    DATABASE_URL: service.database.ownerUrl,
    SERVICE_DATABASE_URL: service.database.serviceUrl,
    ...environment,
  };
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const child = spawn(process.execPath, ['src/setup.ts', file], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    child.once('exit', (code) => resolve({ code, out, err }));
  });
}

const people = async (): Promise<number> => {
  const owner = openPool(service.database.ownerUrl, 1);
  const { rows } = await owner.query<{ n: number }>(
    `select count(*)::int as n from directory where entry ->> 'kind' = 'role'`,
  );
  await owner.end();
  return rows[0]?.n ?? -1;
};

function printedIn(out: string): JsonObject[] {
  return out
    .trim()
    .split('\n')
    .map((line) => {
      const value: unknown = JSON.parse(line);
      return isObject(value) ? value : {};
    });
}

/** A token by her own key, as any backend service gets one; null when refused. */
async function tokenOf(who: JsonObject, more: JsonObject = {}): Promise<string | null> {
  const { client_id: id, kid, privateKey } = who;
  const jwk: JsonWebKey = isObject(privateKey) ? JSON.parse(JSON.stringify(privateKey)) : {};
  const key = { alg: 'ES384', privateKey: createPrivateKey({ key: jwk, format: 'jwk' }) };
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: id,
    sub: id,
    aud: `${ISSUER}/oauth/token`,
    exp: now + 200,
    iat: now,
    jti: randomUUID(),
    ...more,
  };
  const assertion = signAnything(key, { alg: 'ES384', kid, typ: 'JWT' }, claims);
  const form = {
    grant_type: 'client_credentials',
    scope: 'user/*.rs',
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: assertion,
  };
  const reply = await fetch(new URL('/oauth/token', service.base), { method: 'POST', body: new URLSearchParams(form) });
  const body: unknown = await reply.json();
  return isObject(body) && typeof body.access_token === 'string' ? body.access_token : null;
}

describe('what is asked of it', () => {
  test.each<[string, unknown]>([
    ['no JSON', 'people'],
    ['one person', { ...PEOPLE, administrators: PEOPLE.administrators.slice(0, 1) }],
    ['three people', { ...PEOPLE, administrators: [...PEOPLE.administrators, { given: 'C', family: 'D' }] }],
    [
      'the same person twice',
      { ...PEOPLE, administrators: [PEOPLE.administrators[0], { given: 'ada', family: 'EXAMPLE ' }] },
    ],
    ['no organisation', { administrators: PEOPLE.administrators }],
    ['markup for a name', { ...PEOPLE, organization: '<b>Trust</b>' }],
    [
      'a private key',
      {
        ...PEOPLE,
        administrators: [
          { given: 'A', family: 'B', publicKey: { kty: 'EC', d: 'x' } },
          { given: 'C', family: 'D' },
        ],
      },
    ],
    [
      'a weak key',
      {
        ...PEOPLE,
        administrators: [
          { given: 'A', family: 'B', publicKey: p256() },
          { given: 'C', family: 'D' },
        ],
      },
    ],
  ])('refused: %s', (_what, given) => {
    expect(() => readWanted(typeof given === 'string' ? given : JSON.stringify(given))).toThrow(/.{20}/);
  });
});

function p256(): JsonWebKey {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
}

test("the demo's sign-in is not there: no route, no list, nothing of it loaded", async () => {
  const root = service.base.replace('/fhir/R4', '');
  for (const path of ['.well-known/openid-configuration', 'auth', 'auth/x', 'jwks', 'me'])
    expect([path, (await fetch(`${root}/demo-sign-in/${path}`)).status]).toEqual([path, 404]);
  for (const path of ['sign-in', 'sign-in/start', 'sign-in/demo/x', 'signed-in?code=x&state=y']) {
    const page = await fetch(`${root}/console/${path}`, { redirect: 'manual' });
    expect([path, page.status, (await page.text()).includes('Imran')]).toEqual([path, 503, false]);
  }
  const form = { method: 'POST', body: new URLSearchParams({ identity: 'ig-officer' }) };
  expect((await fetch(`${root}/console/sign-in/demo/x`, form)).status).toBe(503);
  expect((await fetch(`${root}/demo-sign-in/token`, form)).status).toBe(404);
  // The same preload tells it of a demo (run-contract.test.ts).
  expect(service.output()).not.toContain('LOADED');
});

test('a service without a setup has nobody, says so, and makes nobody', async () => {
  expect(await people()).toBe(0);
  expect((await fetch(`${service.base}/metadata`)).status).toBe(200);
  expect((await clientOn(service.base, 'Bearer none').get('Patient')).status).toBe(401);
  expect((await service.as('steward').get('Patient')).status).toBe(401);
});

test('other modes, bad files and a second run are refused; two at once make one pair', async () => {
  const demo = await setup(PEOPLE, { MODE: 'demo', PUBLIC_URL: 'http://127.0.0.1:1' });
  expect([demo.code, demo.out]).toEqual([1, '']);
  expect(demo.err).toContain('MODE=production');
  const bad = await setup({ organization: 'Trust', administrators: [] });
  expect([bad.code, bad.out, await people()]).toEqual([1, '', 0]);

  const [one, two] = await Promise.all([setup(PEOPLE), setup(PEOPLE)]);
  expect([one.code, two.code].sort()).toEqual([0, 1]);
  const done = one.code === 0 ? one : two;
  expect(await people()).toBe(2);
  const printed = printedIn(done.out);
  expect(printed.map(({ name }) => name)).toEqual(['Ada Example', 'Bea Sample']);

  const again = await setup(PEOPLE);
  expect([again.code, again.out, await people()]).toEqual([1, '', 2]);
  expect(again.err).toContain('already');

  // The running service knows them at once, by their own keys; they see the directory and no care.
  for (const [i, who] of printed.entries()) {
    const token = await tokenOf(who, { purpose_of_use: 'HSYSADMIN' });
    if (token === null) throw new Error('an administrator gets no token');
    const client = clientOn(service.base, `Bearer ${token}`);
    const roles = await client.get('PractitionerRole?_count=10');
    expect([roles.status, at(roles.json, 'entry.1.resource.resourceType')]).toEqual([200, 'PractitionerRole']);
    expect((await client.get('Patient')).status).toBe(403);
    const proof = await client.post('AuditEvent/$verify');
    expect([i, proof.status, at(proof.json, 'parameter.0.valueBoolean')]).toEqual([i, 200, true]);
    // One alone changes nothing in it.
    const role = at(roles.json, 'entry.0.resource');
    const id = isObject(role) ? String(role.id) : '';
    expect((await client.delete(`PractitionerRole/${id}`)).status).toBeGreaterThanOrEqual(401);
    const change = await client.put(`PractitionerRole/${id}`, isObject(role) ? role : {});
    expect(change.status).toBe(403);
  }
  const [ada = {}, bea = {}] = printed;
  // She cannot speak for the other, or for anybody else.
  expect(await tokenOf({ ...ada, client_id: bea.client_id ?? null, kid: bea.kid ?? null })).toBeNull();
  const token = await tokenOf(ada, { purpose_of_use: 'HSYSADMIN', fhirUser: String(bea.fhirUser), sds_user_id: 'x' });
  const claims: unknown = JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString());
  expect(claims).toMatchObject({ fhirUser: ada.fhirUser });
  expect(JSON.stringify(claims)).not.toContain('sds_user_id');

  const owner = openPool(service.database.ownerUrl, 1);
  const kept = await owner.query<{ all: string }>(
    `select string_agg(k.jwk::text, ' ') || string_agg(c.name, ' ') as all from client c join client_key k using (client_id)`,
  );
  const trail = await owner.query<{ n: number }>(
    `select count(*)::int as n from audit where body::jsonb ->> 'detail' = 'setup' and body::jsonb ->> 'outcome' = '0'`,
  );
  await owner.end();
  for (const { privateKey } of printed) expect(kept.rows[0]?.all).not.toContain(String(at(privateKey, 'd')));
  expect(trail.rows[0]?.n).toBe(5);
  expect(service.output()).not.toMatch(/Ada|Bea/);
});
