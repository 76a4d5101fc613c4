/** H18 and the rest of "Bad input": JSON that means two things, or too much, is refused before anything looks at it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { at, type Client, issue } from '../harness/client.ts';
import { newMother } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;
let epr: Client;

beforeAll(async () => {
  service = await startService({ config: { bodyLimit: 3_000_000 } });
  await service.directory();
  epr = service.as('epr');
}, 60_000);
afterAll(() => service.close());

const good = JSON.stringify(newMother('Json'));
const deep = (n: number) => `{"resourceType":"Patient","extension":${'['.repeat(n)}${']'.repeat(n)}}`;
const nested = (n: number) =>
  `{"resourceType":"Questionnaire","status":"draft","item":${'[{"linkId":"a","type":"group","item":'.repeat(n)}[]${'}]'.repeat(n)}}`;

const ATTACKS: [string, string | Buffer][] = [
  ['a duplicate key', good.replace('"active"', '"active":false,"active"')],
  ['a duplicate key, spelt with an escape', good.replace('"active"', '"activ\\u0065":false,"active"')],
  ['a duplicate key deep inside', good.replace('"family"', '"family":"Other","family"')],
  ['__proto__', good.replace('{', '{"__proto__":{"polluted":true},')],
  ['__proto__ by escape', good.replace('{', '{"__proto\\u005f_":{"polluted":true},')],
  ['constructor', good.replace('{', '{"constructor":{"prototype":{"polluted":true}},')],
  ['prototype deep inside', good.replace('"family"', '"prototype":{"polluted":true},"family"')],
  ['__proto__ as resourceType', '{"resourceType":"__proto__"}'],
  ['constructor as resourceType', '{"resourceType":"constructor"}'],
  [
    'invalid UTF-8',
    Buffer.concat([
      Buffer.from('{"resourceType":"Patient","language":"'),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('"}'),
    ]),
  ],
  [
    'overlong UTF-8',
    Buffer.concat([
      Buffer.from('{"resourceType":"Patient","language":"'),
      Buffer.from([0xc0, 0xaf]),
      Buffer.from('"}'),
    ]),
  ],
  ['UTF-16', Buffer.from(good, 'utf16le')],
  ['a lone surrogate', good.replace('Json', 'Json\\ud800')],
  ['a NUL in a text', good.replace('Json', 'Json\\u0000')],
  ['arrays 500 deep', deep(500)],
  ['arrays 100,000 deep', deep(100_000)],
  ['items 5,000 deep', nested(5_000)],
  ['a number too large', '{"resourceType":"Patient","multipleBirthInteger":1e400}'],
  ['a number of 100,000 digits', `{"resourceType":"Patient","multipleBirthInteger":${'9'.repeat(100_000)}}`],
  ['NaN', '{"resourceType":"Patient","multipleBirthInteger":NaN}'],
  ['a comment', '{/* */"resourceType":"Patient"}'],
  ['single quotes', "{'resourceType':'Patient'}"],
  ['a trailing comma', '{"resourceType":"Patient",}'],
  ['two values', `${good}${good}`],
  ['nothing but space', '   \n'],
  ['null', 'null'],
  ['a list', `[${good}]`],
  ['cut off', good.slice(0, -2)],
  ['a million empty objects', `{"resourceType":"Patient","extension":[${'{},'.repeat(900_000)}{}]}`],
];

describe.each(ATTACKS)('%s', (_words, body) => {
  test.each(['Patient', 'Patient/$validate', ''])('POST /%s: refused, in time, with an outcome', async (path) => {
    const started = performance.now();
    const reply = await epr.post(path, body);
    expect([400, 404, 413, 422]).toContain(
      reply.status === 200 && path === 'Patient/$validate' ? issueStatus(reply) : reply.status,
    );
    expect(reply.json.resourceType).toBe('OperationOutcome');
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(reply.text.length).toBeLessThan(100_000);
  });
});

/** `$validate` may say no in an outcome instead of a status. */
function issueStatus(reply: Awaited<ReturnType<Client['get']>>): number {
  return ['error', 'fatal'].includes(String(at(reply.json, 'issue.0.severity'))) ? 400 : 200;
}

test('a patch and a Bundle are read as strictly', async () => {
  const patch = '[{"op":"add","path":"/__proto__/polluted","value":true}]';
  const made = await epr.post('Patient', newMother('Patched'));
  const path = `Patient/${String(made.json.id)}`;
  for (const body of [
    patch,
    patch.replace('/__proto__/', '/constructor/prototype/'),
    '[{"op":"add","op":"remove","path":"/active"}]',
    '[{"op":"add","path":"/name/0/__proto__","value":{"polluted":true}}]',
  ]) {
    const reply = await epr.patch(path, body, { 'content-type': 'application/json-patch+json' });
    expect([body, [400, 422].includes(reply.status)]).toEqual([body, true]);
  }
  const bundle = `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":${good.replace('"active"', '"active":false,"active"')},"request":{"method":"POST","url":"Patient"}}]}`;
  expect((await epr.post('', bundle)).status).toBe(400);
  expect((await epr.get(path)).headers.get('etag')).toBe('W/"1"');
});

test('no prototype was polluted, and parameters cannot either', async () => {
  for (const query of [
    '__proto__=1',
    'constructor=1',
    '__proto__:missing=true',
    '_sort=__proto__',
    '_elements=constructor',
    '_include=Patient:__proto__',
    '_revinclude=__proto__:x',
    'toString=1',
    '_sort=hasOwnProperty',
  ]) {
    const reply = await epr.get(`Patient?${query}`);
    expect([query, [200, 400].includes(reply.status)]).toEqual([query, true]);
    if (reply.status === 400) expect(issue(reply)).toBeTruthy();
  }
  expect('polluted' in {}).toBe(false);
  expect((await epr.get('Patient?_count=1')).text).not.toContain('polluted');
});

test('a place in the text is named: line and column of what is wrong', async () => {
  const reply = await epr.post('Patient', '{\n  "resourceType": "Patient",\n  "active": tru\n}');
  expect(reply.status).toBe(400);
  expect(reply.text).toMatch(/line 3/);
});
