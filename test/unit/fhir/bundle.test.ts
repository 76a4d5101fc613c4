import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type BundleEntry, parseBundle, readyEntries, transactionOrder } from '../../../src/fhir/bundle.ts';
import { bundleTargets, refuseUnresolved } from '../../../src/fhir/bundle-targets.ts';
import { bundleText } from '../../../src/fhir/bundle-text.ts';
import { type Method, parseEntryUrl } from '../../../src/fhir/entry-url.ts';
import { Outcome } from '../../../src/fhir/outcome.ts';
import { rewriteReferences } from '../../../src/fhir/references.ts';
import type { Json } from '../../../src/fhir/types.ts';

const A = 'urn:uuid:292d3c72-edc1-4d8a-afaa-d85e19c7f563';
const B = 'urn:uuid:292d3c72-edc1-4d8a-afaa-d85e19c7f564';
const patient = { resourceType: 'Patient' };

function refusal(root: Json, limits = {}): { status: number; where: (string | undefined)[] } {
  try {
    parseBundle(root, limits);
  } catch (error) {
    if (!(error instanceof Outcome)) throw error;
    return { status: error.status, where: error.issues.map(({ expression }) => expression) };
  }
  throw new Error('was accepted');
}

const transaction = (...entry: Json[]): Json => ({ resourceType: 'Bundle', type: 'transaction', entry });
const post = (fullUrl: string, resource: Json = patient): Json => ({
  fullUrl,
  resource,
  request: { method: 'POST', url: 'Patient' },
});

describe('parseEntryUrl', () => {
  const base = {
    type: null,
    id: null,
    vid: null,
    history: false,
    search: false,
    operation: null,
    within: null,
    query: '',
  };
  test.each<[Method, string, object]>([
    ['GET', 'Patient/1', { type: 'Patient', id: '1' }],
    ['GET', '/Patient/1', { type: 'Patient', id: '1' }],
    ['GET', 'https://tandem.example/fhir/Patient/1', { type: 'Patient', id: '1' }],
    ['GET', 'Patient?name=a%26b', { type: 'Patient', query: 'name=a%26b' }],
    ['GET', 'Patient/1/_history/2', { type: 'Patient', id: '1', vid: '2' }],
    ['GET', 'Patient/1/_history?_count=2', { type: 'Patient', id: '1', history: true, query: '_count=2' }],
    ['GET', 'Patient/_history', { type: 'Patient', history: true }],
    ['GET', '_history', { history: true }],
    ['GET', '?_type=Patient', { query: '_type=Patient' }],
    ['GET', 'Patient/1/$everything', { type: 'Patient', id: '1', operation: '$everything' }],
    ['GET', 'Patient/1/Observation?code=x', { type: 'Patient', id: '1', within: 'Observation', query: 'code=x' }],
    ['GET', 'Patient/1/*', { type: 'Patient', id: '1', within: '*' }],
    ['POST', 'Patient', { type: 'Patient' }],
    ['POST', 'Patient/_search', { type: 'Patient', search: true }],
    ['POST', '$export', { operation: '$export' }],
    ['POST', 'Patient/$validate', { type: 'Patient', operation: '$validate' }],
    ['PUT', 'Patient/1', { type: 'Patient', id: '1' }],
    ['PUT', 'Patient?identifier=1', { type: 'Patient', query: 'identifier=1' }],
    ['DELETE', 'Patient?identifier=1', { type: 'Patient', query: 'identifier=1' }],
    ['PATCH', 'Patient/1', { type: 'Patient', id: '1' }],
  ])('%s %s', (method, text, parts) => {
    expect(parseEntryUrl(method, text, ['https://tandem.example/fhir'])).toEqual({ ...base, ...parts });
  });

  test.each<[Method, string]>([
    ['GET', 'Banana/1'],
    ['GET', 'https://elsewhere.org/fhir/Patient/1'],
    ['GET', 'Patient/1#x'],
    ['GET', 'Patient//1'],
    ['GET', '//Patient'],
    ['GET', 'Patient/../Group/1'],
    ['GET', 'Patient/1/_history/1/2'],
    ['GET', 'Patient/_history/2'],
    ['GET', 'Patient/_search'],
    ['GET', 'Patient/a b'],
    ['GET', 'Patient/1/$a/b'],
    ['POST', 'Patient/1'],
    ['POST', 'Patient?identifier=1'],
    ['POST', ''],
    ['PUT', 'Patient'],
    ['PUT', 'Patient/1?x=y'],
    ['PUT', 'Patient/1/_history/2'],
    ['DELETE', 'Patient'],
    ['DELETE', '?x=y'],
    ['PATCH', 'Patient/1/$op'],
  ])('refused: %s %s', (method, text) => {
    expect(parseEntryUrl(method, text)).toBeNull();
  });
});

describe('parseBundle refuses and names the place', () => {
  test.each<[string, Json, string]>([
    ['not a bundle', patient, 'Bundle'],
    ['wrong type', { resourceType: 'Bundle', type: 'searchset' }, 'Bundle.type'],
    ['entry is an object', { resourceType: 'Bundle', type: 'batch', entry: {} }, 'Bundle.entry'],
    ['entry is empty', { resourceType: 'Bundle', type: 'batch', entry: [] }, 'Bundle.entry'],
    ['entry is null', transaction(null), 'Bundle.entry[0]'],
    ['no request', transaction(post(A), { resource: patient }), 'Bundle.entry[1].request'],
    ['bad method', transaction({ request: { method: 'get', url: 'Patient/1' } }), 'Bundle.entry[0].request.method'],
    [
      'prototype method',
      transaction({ request: { method: 'constructor', url: 'Patient/1' } }),
      'Bundle.entry[0].request.method',
    ],
    ['no url', transaction({ request: { method: 'GET' } }), 'Bundle.entry[0].request.url'],
    ['bad url', transaction({ request: { method: 'GET', url: 'Banana/1' } }), 'Bundle.entry[0].request.url'],
    ['POST without resource', transaction({ request: { method: 'POST', url: 'Patient' } }), 'Bundle.entry[0].resource'],
    [
      'PATCH without resource',
      transaction({ request: { method: 'PATCH', url: 'Patient/1' } }),
      'Bundle.entry[0].resource',
    ],
    [
      'GET with resource',
      transaction({ resource: patient, request: { method: 'GET', url: 'Patient/1' } }),
      'Bundle.entry[0].resource',
    ],
    ['resource without type', transaction(post(A, { id: 'x' })), 'Bundle.entry[0].resource'],
    [
      'resource of another type',
      transaction(post(A, { resourceType: 'Group' })),
      'Bundle.entry[0].resource.resourceType',
    ],
    [
      'PUT without id',
      transaction({ resource: patient, request: { method: 'PUT', url: 'Patient/1' } }),
      'Bundle.entry[0].resource.id',
    ],
    ['relative fullUrl', transaction(post('Patient/1')), 'Bundle.entry[0].fullUrl'],
    ['versioned fullUrl', transaction(post('http://e.org/Patient/1/_history/1')), 'Bundle.entry[0].fullUrl'],
    ['duplicate fullUrl', transaction(post(A), post(A)), 'Bundle.entry[1].fullUrl'],
    [
      'same resource twice',
      transaction(
        { request: { method: 'DELETE', url: 'Patient/1' } },
        { resource: { ...patient, id: '1' }, request: { method: 'PUT', url: '/Patient/1' } },
      ),
      'Bundle.entry[1]',
    ],
    [
      'bad condition',
      transaction({ request: { method: 'DELETE', url: 'Patient/1', ifMatch: 3 } }),
      'Bundle.entry[0].request.ifMatch',
    ],
  ])('%s', (_name, root, where) => {
    expect(refusal(root)).toEqual({ status: 400, where: [where] });
  });

  test('all bad entries of a transaction at once', () => {
    expect(refusal(transaction(null, post(A), {})).where).toEqual(['Bundle.entry[0]', 'Bundle.entry[2].request']);
  });

  test('too many entries', () => {
    expect(refusal(transaction(post(A), post(B)), { maxEntries: 1 })).toEqual({ status: 413, where: ['Bundle.entry'] });
  });

  test('a bad entry of a batch is its own refusal', () => {
    const batch = parseBundle({ resourceType: 'Bundle', type: 'batch', entry: [{}, post(A), post(A)] });
    expect(batch.entries.map((entry) => 'refusal' in entry)).toEqual([true, false, false]);
    expect(readyEntries(batch.entries).map(({ index }) => index)).toEqual([1, 2]);
  });

  test('an empty transaction is fine', () => {
    expect(parseBundle({ resourceType: 'Bundle', type: 'transaction' })).toEqual({ type: 'transaction', entries: [] });
  });

  test('reading one resource twice is fine, and conditions come through', () => {
    const get = { request: { method: 'GET', url: 'Patient/1', ifNoneMatch: 'W/"1"' } };
    const [first] = readyEntries(parseBundle(transaction(get, get)).entries);
    expect(first).toMatchObject({ method: 'GET', ifNoneMatch: 'W/"1"', ifMatch: null, resource: null, fullUrl: null });
  });
});

const entryOf = (method: Method, index: number, fullUrl: string | null = null): BundleEntry => ({
  index,
  fullUrl,
  method,
  address: '',
  url: {
    type: 'Patient',
    id: null,
    vid: null,
    history: false,
    search: false,
    operation: null,
    within: null,
    query: '',
  },
  resource: null,
  ifMatch: null,
  ifNoneMatch: null,
  ifModifiedSince: null,
  ifNoneExist: null,
});

test('order: DELETE, POST, PUT and PATCH, GET and HEAD, otherwise as they came', () => {
  const methods = fc.array(fc.constantFrom<Method>('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'));
  fc.assert(
    fc.property(methods, (list) => {
      const entries = list.map((method, index) => entryOf(method, index));
      const groups = [['DELETE'], ['POST'], ['PUT', 'PATCH'], ['GET', 'HEAD']];
      expect(transactionOrder(entries)).toEqual(
        groups.flatMap((group) => entries.filter(({ method }) => group.includes(method))),
      );
    }),
  );
});

describe('bundleTargets', () => {
  const entries = [
    entryOf('POST', 0, A),
    entryOf('POST', 1, 'http://ehr.org/fhir/Patient/1'),
    entryOf('POST', 2, 'http://ehr.org/fhir/Group/7'),
  ];
  const targets = bundleTargets(
    entries,
    new Map([
      [0, 'Patient/new0'],
      [1, 'Patient/new1'],
    ]),
    new Map([['Patient?x=1', 'Patient/5']]),
  );
  const [urn, rest] = [targets(entries[0] ?? entryOf('GET', 9)), targets(entries[2] ?? entryOf('GET', 9))];

  test.each([
    [urn, A, 'Patient/new0'],
    [urn, B, undefined],
    [urn, 'Patient?x=1', 'Patient/5'],
    [urn, 'http://ehr.org/fhir/Patient/1', 'Patient/new1'],
    [urn, 'Patient/1', undefined],
    [rest, 'Patient/1', 'Patient/new1'],
    [rest, 'Patient/2', undefined],
    [rest, A, 'Patient/new0'],
  ])('%#: %s', (map, reference, expected) => {
    expect(map.get(reference)).toBe(expected);
  });

  test('what stays unresolved is refused by name', () => {
    const group = {
      resourceType: 'Group',
      member: [{ entity: { reference: A } }, { entity: { reference: B } }, { entity: { reference: 'Patient?y=1' } }],
    };
    rewriteReferences(group, urn);
    try {
      refuseUnresolved(group, 'Bundle.entry[2].resource');
      throw new Error('was accepted');
    } catch (error) {
      expect(error).toBeInstanceOf(Outcome);
      const places = error instanceof Outcome ? error.issues.map(({ expression }) => expression) : [];
      expect(places).toEqual([
        'Bundle.entry[2].resource.member[1].entity',
        'Bundle.entry[2].resource.member[2].entity',
      ]);
    }
    expect(() =>
      refuseUnresolved({ resourceType: 'Group', managingEntity: { reference: 'Patient/1' } }, 'x'),
    ).not.toThrow();
  });
});

describe('bundleText', () => {
  test('resource text goes in as it is, in the order of the specification', () => {
    expect(
      bundleText({
        type: 'searchset',
        id: 'b"1',
        timestamp: '2026-03-23T09:14:03Z',
        total: 0,
        links: [{ relation: 'self', url: 'http://x/?a="' }],
        entries: [
          { fullUrl: 'u', resourceText: '{"resourceType":"Observation","v":20.00}', search: { mode: 'match' } },
        ],
      }),
    ).toBe(
      '{"resourceType":"Bundle","id":"b\\"1","type":"searchset","timestamp":"2026-03-23T09:14:03Z","total":0,' +
        '"link":[{"relation":"self","url":"http://x/?a=\\""}],' +
        '"entry":[{"fullUrl":"u","resource":{"resourceType":"Observation","v":20.00},"search":{"mode":"match"}}]}',
    );
  });

  test('no empty arrays', () => {
    expect(bundleText({ type: 'history', entries: [] })).toBe('{"resourceType":"Bundle","type":"history"}');
  });

  test('equals the bundle built as an object', () => {
    const word = fc.string();
    const optional = { requiredKeys: [] as [] };
    const response = fc.record(
      { status: word, location: word, etag: word, lastModified: word },
      { requiredKeys: ['status'] },
    );
    const request = fc.record({ method: word, url: word });
    const entry = fc.record({ fullUrl: word, resource: fc.jsonValue(), request, response }, optional);
    const envelope = fc.record(
      { id: word, meta: fc.record({ tag: word }), timestamp: word, total: fc.nat() },
      optional,
    );
    fc.assert(
      fc.property(envelope, fc.array(entry, { minLength: 1 }), (head, list) => {
        const entries = list.map(({ resource, ...rest }) =>
          resource === undefined ? rest : { ...rest, resourceText: JSON.stringify(resource) },
        );
        const text = bundleText({ type: 'batch-response', ...head, entries });
        expect(JSON.parse(text)).toEqual(
          JSON.parse(JSON.stringify({ resourceType: 'Bundle', type: 'batch-response', ...head, entry: list })),
        );
      }),
    );
  });
});
