import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  canonicalSystem,
  isConceptId,
  isNhsNumber,
  isVerhoeff,
  markUntraced,
  NHS_NUMBER,
  normalIdentifier,
  printedNhsNumber,
  unspacedNhsNumber,
} from '../../../src/fhir/identifiers.ts';
import type { JsonObject } from '../../../src/fhir/types.ts';

// domain.md 3.2
const VALID =
  '9000000009 9000000025 9990000018 9990000026 9912003888 9990001006 9990001014 9990001022 9990001030 9990001049 9990001057 9990001065 9990001073 9990001081 9990001103 9990001111 9990001138'.split(
    ' ',
  );
const INVALID = [
  '9912003890',
  '4857773456',
  '9000000000',
  '0000000000',
  '1111111111',
  '',
  '999000100',
  '99900010061',
  '999 000 1006',
  '999000100X',
  '９９９０００１００６',
];

describe('NHS number', () => {
  test.each(VALID)('%s is valid', (number) => expect(isNhsNumber(number)).toBe(true));
  test.each(INVALID)('%j is not', (number) => expect(isNhsNumber(number)).toBe(false));

  test.each(['999000109', '999000112', '999000126'])('%s has no check digit', (prefix) => {
    expect([...'0123456789'].filter((digit) => isNhsNumber(prefix + digit))).toEqual([]);
  });

  test('at most one check digit fits, and any single wrong digit is found', () => {
    fc.assert(
      fc.property(fc.constantFrom(...VALID), fc.nat({ max: 9 }), fc.nat({ max: 9 }), (number, at, digit) => {
        const changed = number.slice(0, at) + digit + number.slice(at + 1);
        expect(isNhsNumber(changed)).toBe(changed === number);
      }),
    );
  });

  test('printed 3 3 4 and back', () => {
    expect(printedNhsNumber('9990001006')).toBe('999 000 1006');
    expect(unspacedNhsNumber(' 999-000 1006 ')).toBe('9990001006');
  });
});

describe('systems', () => {
  test.each([
    ['http://fhir.nhs.net/Id/nhs-number', NHS_NUMBER],
    ['https://fhir.nhs.uk/Id/ods-organisation-code', 'https://fhir.nhs.uk/Id/ods-organization-code'],
    [NHS_NUMBER, NHS_NUMBER],
    ['http://example.org/mrn', 'http://example.org/mrn'],
    ['constructor', 'constructor'],
  ])('%s', (system, expected) => expect(canonicalSystem(system)).toBe(expected));

  test.each([
    [
      { system: 'http://fhir.nhs.net/Id/nhs-number', value: '999 000 1006', use: 'official' },
      { system: NHS_NUMBER, value: '9990001006', use: 'official' },
    ],
    [
      { system: 'https://fhir.nhs.uk/Id/ods-organisation-code', value: 'r0a' },
      { system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'R0A' },
    ],
    [{ system: 'http://fhir.nhs.net/Id/nhs-number' }, { system: NHS_NUMBER }],
  ])('%j', (identifier, expected) => expect(normalIdentifier(identifier)).toEqual(expected));

  test('what is normal stays the same object', () => {
    for (const identifier of [
      { system: NHS_NUMBER, value: '9990001006' },
      { value: 'a b' },
      { system: 'http://example.org/mrn', value: 'a b' },
    ]) {
      expect(normalIdentifier(identifier)).toBe(identifier);
    }
  });
});

describe('SNOMED CT concept ids', () => {
  const ids = [
    '714088003',
    '714089006',
    '1078501000000104',
    '1052581000000109',
    '878111000000109',
    '77386006',
    '158999002',
    '382341000000101',
  ];
  test.each(ids)('%s', (id) => expect(isConceptId(id)).toBe(true));
  test.each([
    '104586100000100',
    '714088004',
    '77386',
    '0714088003',
    '714088003 ',
    '1234567890123456789',
    '900000000000012011',
    'abc',
  ])('not %j', (id) => expect(isConceptId(id)).toBe(false));

  test('any single wrong digit and any swap of unlike neighbours is found', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ids), fc.nat({ max: 15 }), fc.nat({ max: 9 }), (id, place, digit) => {
        const at = place % id.length;
        const changed = id.slice(0, at) + digit + id.slice(at + 1);
        expect(isVerhoeff(changed)).toBe(changed === id);
        const swapped = id.slice(0, at) + id.slice(at + 1, at + 2) + id.charAt(at) + id.slice(at + 2);
        expect(isVerhoeff(swapped)).toBe(swapped === id);
      }),
    );
  });
});

describe('verification status of NHS numbers (domain.md 3.1)', () => {
  const STATUS = 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus';
  const numbered = (more: JsonObject): JsonObject => ({ system: NHS_NUMBER, value: '9990001006', ...more });
  const given = (code: string, url = STATUS): JsonObject => ({ url, valueCodeableConcept: { coding: [{ code }] } });

  test('one that came without is not traced; the others stay as they are', () => {
    const elsewhere = 'https://example.org/Extension-CareConnect-NHSNumberVerificationStatus-1';
    const identifier = [
      numbered({}),
      numbered({ extension: [given('01')] }),
      numbered({ extension: [given('01', elsewhere)] }),
      numbered({ extension: [{ url: 'urn:other', valueString: 'x' }], system: 'http://fhir.nhs.net/Id/nhs-number' }),
      { system: 'urn:local', value: '1' },
      { system: NHS_NUMBER },
      'odd',
      numbered({ extension: 'odd' }),
    ];
    const before = structuredClone(identifier);
    const patient = { resourceType: 'Patient', identifier };
    expect(markUntraced(patient)).toEqual([0, 3]);
    const [first, , , fourth] = identifier;
    expect(first).toMatchObject({ extension: [{ url: STATUS, valueCodeableConcept: { coding: [{ code: '02' }] } }] });
    expect(fourth).toMatchObject({ extension: [{ url: 'urn:other' }, { url: STATUS }] });
    for (const at of [1, 2, 4, 5, 6, 7]) expect(identifier[at]).toEqual(before[at]);
    expect(markUntraced(patient)).toEqual([]);
  });

  test('only on a Patient', () => {
    const related = { resourceType: 'RelatedPerson', identifier: [numbered({})] };
    expect(markUntraced(related)).toEqual([]);
    expect(markUntraced({ resourceType: 'Patient', identifier: numbered({}) })).toEqual([]);
  });
});
