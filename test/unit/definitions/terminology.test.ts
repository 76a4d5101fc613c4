import { describe, expect, test } from '@jest/globals';
import { testDefinitions } from './cache.ts';

const definitions = await testDefinitions();
const CORE = 'http://hl7.org/fhir/ValueSet/';
const OURS = 'https://tandem.example/fhir';

describe('inValueSet', () => {
  test.each<[string, string | undefined, string, boolean | null]>([
    [`${CORE}administrative-gender`, 'http://hl7.org/fhir/administrative-gender', 'female', true],
    [`${CORE}administrative-gender|4.0.1`, undefined, 'female', true],
    [`${CORE}administrative-gender`, undefined, 'banana', false],
    [`${CORE}administrative-gender`, 'urn:other', 'female', false],
    [`${CORE}mimetypes`, undefined, 'application/fhir+json', true],
    [`${CORE}mimetypes`, undefined, 'banana', false],
    [`${CORE}all-languages`, undefined, 'en-GB', true],
    [`${CORE}currencies`, undefined, 'GBP', true],
    [`${CORE}ucum-units`, 'http://unitsofmeasure.org', 'kg', null],
    [`${CORE}condition-code`, 'http://snomed.info/sct', '1', null],
    [
      'http://terminology.hl7.org/ValueSet/v3-PurposeOfUse',
      'http://terminology.hl7.org/CodeSystem/v3-ActReason',
      'TREAT',
      true,
    ],
    [
      'http://terminology.hl7.org/ValueSet/v3-PurposeOfUse',
      'http://terminology.hl7.org/CodeSystem/v3-ActReason',
      'NOPE',
      false,
    ],
    [`${OURS}/ValueSet/visit-outcome`, `${OURS}/CodeSystem/visit-outcome`, 'joint-complete', true],
    [`${OURS}/ValueSet/visit-outcome`, `${OURS}/CodeSystem/visit-outcome`, 'nope', false],
    [`${OURS}/ValueSet/my-world-triangle`, `${OURS}/CodeSystem/my-world-triangle`, 'grow-7', true],
    [`${OURS}/ValueSet/snomed-safeguarding`, 'http://snomed.info/sct', '878111000000109', true],
    ['http://a.example/nothing', undefined, 'x', null],
    ['', undefined, '', null],
  ])('%s %s %s -> %s', (valueSet, system, code, expected) => {
    expect(definitions.inValueSet(valueSet, system, code)).toBe(expected);
  });
});
