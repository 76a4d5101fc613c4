import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  eachLogicalReference,
  eachReference,
  localTarget,
  logicalReference,
  parseCanonical,
  parseReference,
  referencesOf,
  referenceText,
  rewriteReferences,
} from '../../../src/fhir/references.ts';
import { isResourceType, RESOURCE_TYPES } from '../../../src/fhir/resource-types.ts';
import type { Resource } from '../../../src/fhir/types.ts';

const OWN = ['https://tandem.example/fhir', 'http://127.0.0.1:8080/fhir/R4/'];
const UUID = 'urn:uuid:292d3c72-edc1-4d8a-afaa-d85e19c7f563';

describe('parseReference', () => {
  test.each([
    ['Patient/1', { kind: 'local', type: 'Patient', id: '1', version: null }],
    ['Patient/a.b-C/_history/2', { kind: 'local', type: 'Patient', id: 'a.b-C', version: '2' }],
    ['https://tandem.example/fhir/Patient/1', { kind: 'local', type: 'Patient', id: '1', version: null }],
    ['http://127.0.0.1:8080/fhir/R4/Group/g/_history/1', { kind: 'local', type: 'Group', id: 'g', version: '1' }],
    [
      'https://tandem.example/fhirX/Patient/1',
      { kind: 'absolute', url: 'https://tandem.example/fhirX/Patient/1', type: 'Patient', id: '1', version: null },
    ],
    ['http://e.org/doc.pdf', { kind: 'absolute', url: 'http://e.org/doc.pdf', type: null, id: null, version: null }],
    ['http://e.org/Banana/1', { kind: 'absolute', url: 'http://e.org/Banana/1', type: null, id: null, version: null }],
    [UUID, { kind: 'urn', urn: UUID }],
    ['urn:oid:1.2.840.0', { kind: 'urn', urn: 'urn:oid:1.2.840.0' }],
    ['#p1', { kind: 'contained', id: 'p1' }],
    ['#', { kind: 'contained', id: '' }],
    ['Patient?identifier=a|b', { kind: 'conditional', type: 'Patient', query: 'identifier=a|b' }],
  ])('%s', (text, parsed) => {
    expect(parseReference(text, OWN)).toEqual(parsed);
  });

  test.each([
    '',
    ' ',
    'Patient',
    'Patient/',
    'patient/1',
    'Banana/1',
    'Patient/1/',
    '/Patient/1',
    'Patient/1 ',
    `Patient/${'x'.repeat(65)}`,
    'Patient/a_b',
    'Patient/1/_history',
    'urn:uuid:1',
    'urn:oid:3.1',
    'urn:oid:1.02',
    '#a b',
    '#a/b',
    'Banana?x=1',
    'Patient?',
    'https://tandem.example/fhir/Banana/1',
    'https://tandem.example/fhir/metadata',
    'Patient/../Group/1',
    'Resource/1',
  ])('not a reference: %j', (text) => {
    expect(parseReference(text, OWN)).toBeNull();
  });

  const id = fc.stringMatching(/^[A-Za-z0-9\-.]{1,64}$/);
  const local = fc.record({
    kind: fc.constant('local' as const),
    type: fc.constantFrom(...RESOURCE_TYPES),
    id,
    version: fc.option(id),
  });

  test('a local reference survives text, absolute or relative', () => {
    fc.assert(
      fc.property(
        local,
        fc.constantFrom('', ...OWN.map((base) => `${base.replace(/\/$/, '')}/`)),
        (reference, base) => {
          const text = referenceText(reference);
          expect(parseReference(base + text, OWN)).toEqual(reference);
          expect(localTarget(base + text, OWN)).toBe(`${reference.type}/${reference.id}`);
        },
      ),
    );
  });

  test('whatever parses says itself again', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom(UUID, '#x', 'Group?a=b', 'https://e.org/x')), (text) => {
        const parsed = parseReference(text);
        if (parsed !== null) expect(referenceText(parsed)).toBe(text);
      }),
    );
  });

  test('abstract and foreign types are no resource types', () => {
    expect(RESOURCE_TYPES).toHaveLength(new Set(RESOURCE_TYPES).size);
    expect(
      ['Resource', 'DomainResource', 'Project', 'SubscriptionTopic', 'constructor'].filter(isResourceType),
    ).toEqual([]);
  });
});

test.each([
  ['http://e.org/q|1.2', { url: 'http://e.org/q', version: '1.2', fragment: null }],
  ['http://e.org/q#frag', { url: 'http://e.org/q', version: null, fragment: 'frag' }],
  ['http://e.org/q|1#f', { url: 'http://e.org/q', version: '1', fragment: 'f' }],
  ['|1', null],
  ['', null],
  ['a b', null],
])('parseCanonical %j', (text, parsed) => {
  expect(parseCanonical(text)).toEqual(parsed);
});

test.each([
  [
    { identifier: { system: 's', value: 'v' }, type: 'Patient' },
    { type: 'Patient', system: 's', value: 'v' },
  ],
  [{ identifier: { value: 'v' } }, { type: null, system: null, value: 'v' }],
  [{ identifier: { system: 's' } }, null],
  [{ reference: 'Patient/1' }, null],
])('logicalReference %j', (reference, parsed) => {
  expect(logicalReference(reference)).toEqual(parsed);
});

const encounter = (): Resource => ({
  resourceType: 'Encounter',
  subject: { reference: UUID },
  participant: [{ individual: { reference: 'PractitionerRole/mw-1' } }, { individual: { identifier: { value: 'x' } } }],
  extension: [
    { url: 'u', valueReference: { reference: 'Patient/2' } },
    { url: UUID, valueUri: UUID },
  ],
  contained: [{ resourceType: 'DetectedIssue', reference: 'http://e.org/evidence', patient: { reference: '#' } }],
  identifier: [{ system: 'urn:ietf:rfc:3986', value: UUID }],
  basedOn: [{ reference: UUID }],
  text: { status: 'generated', div: `<div><a href="${UUID}">x</a> ${UUID}<img src='urn:oid:1.2'/></div>` },
});

describe('walking', () => {
  test('every literal reference with its path, and only those', () => {
    const found: string[] = [];
    eachReference(encounter(), ({ reference }, path) => found.push(`${path} ${reference}`));
    expect(found).toEqual([
      `Encounter.subject ${UUID}`,
      'Encounter.participant[0].individual PractitionerRole/mw-1',
      'Encounter.extension[0].valueReference Patient/2',
      'Encounter.contained[0].patient #',
      `Encounter.basedOn[0] ${UUID}`,
    ]);
    expect(referencesOf(encounter())).toEqual([UUID, 'PractitionerRole/mw-1', 'Patient/2', '#']);
  });

  test('logical references, not things that hold an identifier', () => {
    const found: string[] = [];
    const visit = (_reference: unknown, path: string): void => void found.push(path);
    eachLogicalReference(encounter(), visit);
    eachLogicalReference({ resourceType: 'Substance', instance: [{ identifier: { value: 'lot' } }] }, visit);
    eachLogicalReference({ resourceType: 'Bundle', type: 'batch', identifier: { value: 'b' } }, visit);
    eachLogicalReference(
      { resourceType: 'Task', for: { type: 'Patient', identifier: { value: '1' }, _type: {} } },
      visit,
    );
    expect(found).toEqual(['Encounter.participant[1].individual', 'Task.for']);
  });

  test('a uri called reference is none', () => {
    expect(referencesOf({ resourceType: 'Immunization', education: [{ reference: 'http://e.org/leaflet' }] })).toEqual(
      [],
    );
  });
});

describe('rewriting', () => {
  test('references, uris and narrative links; never identifier values or other text', () => {
    const resource = encounter();
    rewriteReferences(
      resource,
      new Map([
        [UUID, 'Patient/9'],
        ['PractitionerRole/mw-1', 'PractitionerRole/2'],
      ]),
    );
    expect(resource).toEqual({
      ...encounter(),
      subject: { reference: 'Patient/9' },
      participant: [
        { individual: { reference: 'PractitionerRole/2' } },
        { individual: { identifier: { value: 'x' } } },
      ],
      extension: [
        { url: 'u', valueReference: { reference: 'Patient/2' } },
        { url: 'Patient/9', valueUri: 'Patient/9' },
      ],
      basedOn: [{ reference: 'Patient/9' }],
      text: { status: 'generated', div: `<div><a href="Patient/9">x</a> ${UUID}<img src='urn:oid:1.2'/></div>` },
    });
  });

  test('a conditional text outside a Reference stays', () => {
    const resource: Resource = { resourceType: 'Subscription', criteria: 'Patient?identifier=1' };
    rewriteReferences(resource, new Map([['Patient?identifier=1', 'Patient/1']]));
    expect(resource.criteria).toBe('Patient?identifier=1');
  });

  test('with a map that knows nothing, nothing changes', () => {
    const value = fc
      .jsonValue()
      .map((json) => ({ resourceType: 'Basic', reference: 'x', json: JSON.parse(JSON.stringify(json)) }));
    fc.assert(
      fc.property(value, (resource) => {
        const before = JSON.stringify(resource);
        rewriteReferences(resource, new Map());
        expect(JSON.stringify(resource)).toBe(before);
      }),
    );
  });
});
