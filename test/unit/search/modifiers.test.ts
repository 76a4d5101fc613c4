/** Modifiers of tokens and uris by table (R4 search, "Modifiers"). */
import { describe, expect, test } from '@jest/globals';
import type { Resource } from '../../../src/fhir/types.ts';
import { createIndexer } from '../../../src/search/extract.ts';
import { matches } from '../../../src/search/match-clauses.ts';
import { parseSearch } from '../../../src/search/parse.ts';
import { testDefinitions } from '../definitions/cache.ts';
import { BASES } from './r4-params.ts';

const definitions = await testDefinitions();
const indexer = createIndexer(definitions, BASES);

function finds(resource: Resource, text: string): boolean {
  const context = { definitions, bases: BASES, lenient: false, maxCount: 100 };
  const { query } = parseSearch(resource.resourceType, text, context);
  return matches(query, resource, indexer.indexOf(resource));
}

const V2 = 'http://terminology.hl7.org/CodeSystem/v2-0203';
const ACT = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const patient: Resource = {
  resourceType: 'Patient',
  gender: 'female',
  identifier: [
    { type: { coding: [{ system: V2, code: 'MR' }], text: 'Medical record' }, system: 'http://a', value: '12' },
    { system: 'http://a', value: '13' },
  ],
};
const headache: Resource = {
  resourceType: 'Condition',
  code: {
    text: 'Céphalée (aiguë)',
    coding: [{ system: 'http://snomed.info/sct', code: '25064002', display: 'Acute headache' }],
  },
};
const visit: Resource = {
  resourceType: 'Encounter',
  class: { system: ACT, code: 'ACUTE', display: 'inpatient acute' },
};

describe('tokens', () => {
  test.each<[Resource, string, boolean]>([
    [patient, `identifier:of-type=${V2}|MR|12`, true],
    [patient, `identifier:of-type=${V2}|MR|13`, false],
    [patient, `identifier:of-type=${V2}|DL|12`, false],
    [patient, 'identifier:text=medical', true],
    [patient, 'identifier:text=record', true],
    [patient, 'identifier=12', true],
    [headache, 'code:text=headache', true],
    [headache, 'code:text=ACUTE HEAD', true],
    [headache, 'code:text=cephalee', true],
    [headache, 'code:text=aigue', true],
    [headache, 'code:text=ache', false],
    [headache, 'code:text=%25', false],
    [headache, 'code=headache', false],
    [{ resourceType: 'Condition' }, 'code:text=headache', false],
    // value sets
    [patient, 'gender:in=http://hl7.org/fhir/ValueSet/administrative-gender', true],
    [patient, 'gender:not-in=http://hl7.org/fhir/ValueSet/administrative-gender', false],
    [{ resourceType: 'Patient' }, 'gender:in=http://hl7.org/fhir/ValueSet/administrative-gender', false],
    [{ resourceType: 'Patient' }, 'gender:not-in=http://hl7.org/fhir/ValueSet/administrative-gender', true],
    [visit, 'class:in=http://hl7.org/fhir/ValueSet/administrative-gender', false],
    // hierarchies: v3 ActCode has IMP with ACUTE below it
    [visit, `class:below=${ACT}|IMP`, true],
    [visit, `class:below=${ACT}|ACUTE`, true],
    [visit, `class:above=${ACT}|ACUTE`, true],
    [visit, `class:above=${ACT}|IMP`, false],
    [{ resourceType: 'Encounter', class: { system: ACT, code: 'IMP' } }, `class:above=${ACT}|ACUTE`, true],
    [{ resourceType: 'Encounter', class: { system: ACT, code: 'IMP' } }, `class:below=${ACT}|ACUTE`, false],
  ])('%j ?%s is %s', (resource, text, expected) => expect(finds(resource, text)).toBe(expected));

  test.each([
    ['Patient', 'gender:in=http://nowhere.example/vs', 'http://nowhere.example/vs'],
    ['Condition', 'code:below=http://snomed.info/sct|25064002', '25064002'],
    ['Encounter', 'class:below=ACUTE', 'system|code'],
    ['Observation', 'code:in=http://hl7.org/fhir/ValueSet/observation-codes', 'observation-codes'],
    ['Patient', 'identifier:of-type=MR|12', 'system|code|value'],
    ['Patient', 'identifier:text=%20', 'blank'],
    ['Patient', '_id:text=a', ':missing, :not'],
    ['Encounter', 'subject:below=Patient/1', ':identifier'],
    ['Observation', 'code-value-quantity:missing=true', 'none'],
    ['Patient', 'phonetic=smith', 'phonetic'],
  ])('%s?%s is refused, naming %s', (type, text, named) => {
    const parse = () => parseSearch(type, text, { definitions, bases: BASES, lenient: false, maxCount: 1 });
    expect(parse).toThrow(named);
  });
});

describe('uris', () => {
  const set: Resource = { resourceType: 'ValueSet', url: 'http://acme.org/fhir/ValueSet/123' };
  test.each<[string, boolean]>([
    ['url=http://acme.org/fhir/ValueSet/123', true],
    ['url=http://acme.org/fhir/ValueSet/12', false],
    ['url:below=http://acme.org/fhir/', true],
    ['url:below=http://acme.org/fhir/ValueSet/123', true],
    ['url:below=http://acme.org/fhir/ValueSet/1234', false],
    ['url:below=acme.org', false],
    ['url:above=http://acme.org/fhir/ValueSet/123/_history/5', true],
    ['url:above=http://acme.org/fhir/ValueSet/123', true],
    ['url:above=http://acme.org/fhir/ValueSet', false],
    ['url:above=http://acme.org/fhir/ValueSet/1234', false],
    ['url:above=urn:oid:1.2.3', false],
  ])('%s is %s', (text, expected) => expect(finds(set, text)).toBe(expected));
});
