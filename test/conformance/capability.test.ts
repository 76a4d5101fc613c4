/**
 * Promise 5: what `/metadata` says is true. The statement is walked, and every interaction, search parameter, include,
 * operation, format and condition it claims is asked for at least once; an operation it does not claim is not there.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config.ts';
import type { Json, JsonObject } from '../../src/fhir/types.ts';
import { at, type Client, type Reply } from '../harness/client.ts';
import { type Service, startService } from '../harness/service.ts';
import { testDefinitions } from '../unit/definitions/cache.ts';

const definitions = await testDefinitions();

let service: Service;
let steward: Client;
let statement: JsonObject;
let types: JsonObject[];

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('one');
  steward = service.as('steward');
  statement = (await service.anonymous.get('metadata')).json;
  types = list(at(statement, 'rest.0.resource'));
}, 60_000);
afterAll(() => service.close());

const list = (value: Json | undefined): JsonObject[] =>
  Array.isArray(value) ? value.filter((one): one is JsonObject => typeof one === 'object' && one !== null) : [];
const names = (value: Json | undefined, key: string): string[] => list(value).map((one) => String(one[key]));

/** The address exists and takes the method: whatever else is wrong, it is not that this is not offered. */
function offered(reply: Reply): boolean {
  return reply.status !== 405 && reply.status !== 501 && at(reply.json, 'issue.0.code') !== 'not-supported';
}

/** Runs some work over many items, eight at a time. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
    }),
  );
}

const INTERACTIONS: Readonly<Record<string, (type: string) => Promise<Reply>>> = {
  read: (type) => steward.get(`${type}/walk`),
  vread: (type) => steward.get(`${type}/walk/_history/1`),
  update: (type) => steward.put(`${type}/walk`, { resourceType: type, id: 'walk', language: '?' }),
  patch: (type) => steward.patch(`${type}/walk`, '[]', { 'content-type': 'application/json-patch+json' }),
  delete: (type) => steward.delete(`${type}/walk`),
  'history-instance': (type) => steward.get(`${type}/walk/_history`),
  'history-type': (type) => steward.get(`${type}/_history?_count=1`),
  create: (type) => steward.post(type, { resourceType: type, language: '?' }),
  'search-type': (type) => steward.get(`${type}?_count=1`),
};

test('every interaction of every type', async () => {
  const wrong: string[] = [];
  await each(types, async (resource) => {
    for (const code of names(resource.interaction, 'code')) {
      const ask = INTERACTIONS[code];
      const reply = ask === undefined ? null : await ask(String(resource.type));
      if (reply === null || !offered(reply)) wrong.push(`${String(resource.type)} ${code} ${reply?.text}`);
    }
  });
  expect(wrong).toEqual([]);
}, 120_000);

test('every interaction of the system', async () => {
  const bundle = (type: string) => ({ resourceType: 'Bundle', type, entry: [] });
  const ask: Record<string, () => Promise<Reply>> = {
    transaction: () => steward.post('', bundle('transaction')),
    batch: () => steward.post('', bundle('batch')),
    'history-system': () => steward.get('_history?_count=1'),
    'search-system': () => steward.get('?_type=Patient&_id=one'),
  };
  for (const code of names(at(statement, 'rest.0.interaction'), 'code')) {
    const reply = await ask[code]?.();
    expect([code, reply?.status]).toEqual([code, reply?.text.includes('"entry":[]') === true ? 200 : reply?.status]);
    expect([code, reply !== undefined && offered(reply)]).toEqual([code, true]);
  }
});

/** A value that a parameter of this kind takes. */
const SAMPLES: Readonly<Record<string, string>> = {
  date: '=2026-01-01',
  number: '=1',
  quantity: '=1',
  reference: ':missing=true',
  token: '=x',
  string: '=x',
  uri: '=http://e.org/x',
};
const SPECIAL: Readonly<Record<string, string>> = {
  _has: '_has:Provenance:target:_id=x',
  _list: '_list=x',
  _filter: `_filter=${encodeURIComponent('_id eq x')}`,
  near: 'near=51.5|-0.1|10|km',
  _text: '_text=x',
  _content: '_content=x',
};

/** Values of the access record's own parameters. */
const AUDIT: Readonly<Record<string, string>> = {
  patient: 'Patient/one',
  agent: 'PractitionerRole/mw-priya',
  entity: 'Patient/one',
  action: 'R',
  outcome: '0',
  purpose: 'TREAT',
};
/** How a parameter is asked with a value of its kind. */
function asked(param: JsonObject, type: string): string {
  const name = String(param.name);
  const own = type === 'AuditEvent' ? AUDIT[name] : undefined;
  if (own !== undefined) return `${name}=${own}`;
  if (param.type !== 'composite') return SPECIAL[name] ?? `${name}${SAMPLES[String(param.type)] ?? '=x'}`;
  const parts = definitions.searchParams(type).get(name)?.composite?.parts ?? [];
  const values: Record<string, string> = { date: '2026-01-01', number: '1', quantity: '1', reference: 'Patient/one' };
  return `${name}=${parts.map((part) => values[part.param.type] ?? 'x').join('$')}`;
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}

test('every search parameter of every type', async () => {
  const wrong: string[] = [];
  await each(types, async (resource) => {
    const type = String(resource.type);
    const client = type === 'AuditEvent' ? service.as('ig-officer') : steward;
    const queries = list(resource.searchParam).map((param) => asked(param, type));
    for (const some of chunks(queries, 25)) {
      const reply = await client.get(`${type}?${some.join('&')}`);
      if (reply.status !== 200) wrong.push(`${type} ${some.join('&')} ${reply.text}`);
    }
  });
  expect(wrong).toEqual([]);
}, 240_000);

test('every _include and _revinclude of every type', async () => {
  const wrong: string[] = [];
  await each(types, async (resource) => {
    const type = String(resource.type);
    for (const [how, key] of [
      ['_include', 'searchInclude'],
      ['_revinclude', 'searchRevInclude'],
    ] as const) {
      const values = Array.isArray(resource[key]) ? resource[key].map(String) : [];
      for (const some of chunks(values, 24)) {
        const reply = await steward.get(`${type}?_id=none&${some.map((value) => `${how}=${value}`).join('&')}`);
        if (reply.status !== 200) wrong.push(`${type} ${how}=${some.join(' ')} ${reply.text}`);
      }
    }
  });
  expect(wrong).toEqual([]);
}, 120_000);

describe('operations', () => {
  const levels = (type: string | null, name: string) =>
    type === null ? [`$${name}`] : [`${type}/$${name}`, `${type}/walk/$${name}`];

  test('each one claimed is there, at some level, by GET or POST', async () => {
    const wrong: string[] = [];
    await each([null, ...types], async (resource) => {
      const type = resource === null ? null : String(resource.type);
      const operation = resource === null ? at(statement, 'rest.0.operation') : resource.operation;
      for (const name of names(operation, 'name')) {
        const replies = await Promise.all(levels(type, name).map((path) => steward.send('OPTIONS', path)));
        if (!replies.some((reply) => /GET|POST/.test(reply.headers.get('allow') ?? ''))) wrong.push(`${type} ${name}`);
      }
    });
    expect(wrong).toEqual([]);
  });

  test('each has a definition of its own name, once; nothing else answers', async () => {
    for (const resource of types) {
      const claimed = names(resource.operation, 'name');
      expect([resource.type, [...new Set(claimed)].length]).toEqual([resource.type, claimed.length]);
      for (const definition of names(resource.operation, 'definition'))
        expect(definition).toMatch(/^https?:\/\/\S+\/OperationDefinition\/\S+$/);
      expect((await steward.send('OPTIONS', `${String(resource.type)}/walk/$not-claimed`)).status).toBe(404);
    }
  });

  test('those of R4 that name no resource are carried out', async () => {
    for (const path of ['$versions', '$meta', 'Basic/$meta', 'Patient/one/$meta', 'Patient/one/$everything']) {
      expect([path, (await steward.get(path)).status]).toEqual([path, 200]);
    }
  });
});

test('formats, patch formats, conditions and security are as it says', async () => {
  for (const format of statement.format as string[]) {
    const reply = await steward.get(`Patient/one?_format=${encodeURIComponent(format)}`);
    expect([format, reply.status]).toEqual([format, 200]);
  }
  for (const type of statement.patchFormat as string[]) {
    const reply = await steward.patch('Patient/one', '', { 'content-type': type });
    expect([type, reply.status]).toEqual([type, 400]);
  }
  const patient = types.find(({ type }) => type === 'Patient');
  expect(patient).toMatchObject({
    versioning: 'versioned',
    conditionalCreate: true,
    conditionalUpdate: true,
    conditionalRead: 'full-support',
    conditionalDelete: 'single',
    updateCreate: true,
    readHistory: true,
  });
  const none = 'identifier=http://e.org/none|none';
  const body = { resourceType: 'Basic', code: { text: 'x' } };
  expect((await steward.post('Basic', body, { 'if-none-exist': none })).status).toBe(201);
  expect((await steward.put(`Basic?${none}`, body)).status).toBe(201);
  expect((await steward.delete(`Basic?${none}`)).status).toBe(204);
  expect((await steward.get('Patient/one', { 'if-none-match': 'W/"1"' })).status).toBe(304);
  expect(at(statement, 'rest.0.security.cors')).toBe(loadConfig({}).corsOrigins.length > 0);
  const uris = JSON.stringify(at(statement, 'rest.0.security.extension'));
  expect(uris).toContain(service.base.replace('/fhir/R4', '/oauth/token'));
});

test('it is valid R4', async () => {
  const checked = await steward.post('CapabilityStatement/$validate', statement);
  expect(JSON.stringify(checked.json.issue)).not.toMatch(/"severity":"(?:error|fatal)"/);
});
