/** `npm run client`: system clients from a command line, by two administrators with keys of their own (ADR 0037). */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runClient } from '../../src/client.ts';
import { registerClient } from '../../src/store/identity.ts';
import { openPool } from '../../src/store/pool.ts';
import { scratchFolder } from '../harness/cluster.ts';
import { HEALTH_VISITING } from '../harness/directory.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;
let folder: string;
const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const pair = () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const kid = randomUUID();
  return {
    kid,
    publicJwk: { ...publicKey.export({ format: 'jwk' }), kid },
    privateJwk: privateKey.export({ format: 'jwk' }),
  };
};
const file = (name: string, value: unknown): string => {
  writeFileSync(join(folder, name), `${JSON.stringify(value)}\n`);
  return join(folder, name);
};

beforeAll(async () => {
  service = await startService();
  await service.directory();
  folder = scratchFolder('client');
  const owner = openPool(service.database.ownerUrl, 1);
  for (const [name, role] of [
    ['uma', 'sy-uma'],
    ['shah', 'cg-shah'],
    ['priya', 'mw-priya'],
  ] as const) {
    const { kid, publicJwk, privateJwk } = pair();
    const client = { clientId: `own-${name}`, name, org: 'Organization/trust', person: `PractitionerRole/${role}` };
    const keys = [{ kid, jwk: publicJwk, expires: null }];
    await registerClient(owner, { ...client, scopes: ['user/*.cruds'], introspects: false, ended: null, keys });
    file(`${name}.json`, { client_id: client.clientId, kid, privateKey: { ...privateJwk, kid } });
  }
  await owner.end();
});
afterAll(() => service.close());

const run = (who: string, ...args: string[]) =>
  runClient([...args, '--key', join(folder, `${who}.json`), '--base', `http://127.0.0.1:${service.port}`]);
const register = (who: string, jwks: string, ...more: string[]) =>
  run(
    who,
    'register',
    '--name',
    'HV system',
    '--agreement',
    'Contract/sharing',
    '--service',
    HEALTH_VISITING,
    '--jwks',
    jwks,
    '--expires',
    day(100),
    '--reason',
    'Go live',
    ...more,
  );

test('registered by one, confirmed by another, rotated, listed and ended', async () => {
  const first = pair();
  const jwks = file('jwks.json', { keys: [first.publicJwk] });
  const [pending = ''] = (await register('uma', jwks)).lines;
  await expect(run('uma', 'confirm', pending)).rejects.toThrow(/second person/);
  expect((await run('shah', 'waiting')).lines.join()).toContain(pending);
  const confirmed = await run('shah', 'confirm', pending);
  const clientId = /Client\/([0-9a-f-]{36})/.exec(confirmed.lines.join())?.[1] ?? '';
  const listed = await run('uma', 'list');
  expect(listed.lines.map((line) => JSON.parse(line)).find(({ client }) => client === clientId)).toMatchObject({
    name: 'HV system',
    state: 'active',
    keys: [{ kid: first.kid }],
  });

  // The supplier's address is read once, when the keys are proposed.
  let asked = 0;
  const second = pair();
  const supplier = createServer((_request, response) => {
    asked += 1;
    response.end(JSON.stringify({ keys: [second.publicJwk] }));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => supplier.once('listening', resolve));
  const url = `http://127.0.0.1:${(supplier.address() as AddressInfo).port}/jwks`;
  const [rotation = ''] = (
    await run('uma', 'rotate', clientId, '--jwks', url, '--expires', day(20), '--overlap', '3', '--reason', 'Yearly')
  ).lines;
  await run('shah', 'confirm', rotation);
  supplier.close();
  expect(asked).toBe(1);
  // Both end within 30 days now: whoever runs it by the clock is told by the code.
  const soon = await run('uma', 'list');
  expect([soon.code, soon.lines.join().includes('needs a key')]).toEqual([3, true]);

  expect(await run('uma', 'end-key', clientId, first.kid, '--reason', 'It got out')).toEqual({
    lines: ['done'],
    code: 0,
  });
  expect(await run('shah', 'end', clientId, '--reason', 'Contract over')).toEqual({ lines: ['done'], code: 0 });
  expect((await run('uma', 'list')).lines.find((line) => line.includes(clientId))).toContain('"state":"ended"');
  await expect(run('uma', 'end', clientId, '--reason', 'Again')).rejects.toThrow(/^404/);
});

test('a kind of client that there is not is refused, not taken for another', async () => {
  const said = { name: 'HV system', kind: 'E-Roster', agreement: 'Contract/sharing', service: HEALTH_VISITING };
  const more = { jwks: JSON.stringify({ keys: [pair().publicJwk] }), expires: day(100), reason: 'Go live' };
  const parameter = Object.entries({ ...said, ...more }).map(([name, valueString]) => ({ name, valueString }));
  const reply = await service.as('sysadmin').post('$register-client', { resourceType: 'Parameters', parameter });
  expect([reply.status, reply.text.includes('kind is system or e-roster')]).toEqual([400, true]);
});

test('refused in one plain sentence: no right, bad keys, bad address, bad arguments, and her own key that was ended', async () => {
  const jwks = file('good.json', pair().publicJwk);
  await expect(register('priya', jwks)).rejects.toThrow(/^403/);
  await expect(register('uma', file('private.json', pair().privateJwk))).rejects.toThrow(/private key/);
  await expect(register('uma', 'http://supplier.example/jwks')).rejects.toThrow(/https/);
  await expect(register('uma', jwks, '--expires', day(900))).rejects.toThrow(/last day/);
  await expect(run('uma', 'register', '--name', 'x')).rejects.toThrow('register needs --service.');
  await expect(run('uma', 'explode')).rejects.toThrow('There is no "explode".');
  await expect(run('uma', 'constructor')).rejects.toThrow('There is no "constructor".');
  await expect(runClient(['list', '--wrong'])).rejects.toThrow(/wrong/);
  await expect(runClient(['list', '--key', jwks])).rejects.toThrow(/the line that the setup printed/);
  await service.as('sysadmin').post('$end-client', {
    resourceType: 'Parameters',
    parameter: [
      { name: 'client', valueString: 'own-uma' },
      { name: 'reason', valueString: 'Her laptop was stolen' },
    ],
  });
  await expect(run('uma', 'list')).rejects.toThrow(/no token/);
});
