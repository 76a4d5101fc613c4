/** Tokens on elements of type code: their system is implied by the required binding (R4 search.html#token). */
import { describe, expect, test } from '@jest/globals';
import type { Resource } from '../../../src/fhir/types.ts';
import { createIndexer } from '../../../src/search/extract.ts';
import { matches } from '../../../src/search/match-clauses.ts';
import { parseSearch } from '../../../src/search/parse.ts';
import { testDefinitions } from '../definitions/cache.ts';
import { BASES } from './r4-params.ts';

const definitions = await testDefinitions();
const indexer = createIndexer(definitions, BASES);

function found(resource: Resource, query: string): boolean {
  const context = { definitions, bases: BASES, lenient: false, maxCount: 100 };
  return matches(parseSearch(resource.resourceType, query, context).query, resource, indexer.indexOf(resource));
}

const patient: Resource = { resourceType: 'Patient', gender: 'male', address: [{ use: 'home', city: 'A' }] };
const encounter: Resource = { resourceType: 'Encounter', status: 'finished', class: { code: 'HH' } };
const appointment: Resource = {
  resourceType: 'Appointment',
  status: 'booked',
  participant: [{ status: 'accepted', actor: { reference: 'Patient/1' } }],
};
const task: Resource = { resourceType: 'Task', status: 'requested', intent: 'order' };
const gender = 'http://hl7.org/fhir/administrative-gender';

describe('which system', () => {
  test.each([
    ['Patient', 'gender', gender],
    ['Patient', 'address-use', 'http://hl7.org/fhir/address-use'],
    ['Encounter', 'status', 'http://hl7.org/fhir/encounter-status'],
    ['Appointment', 'status', 'http://hl7.org/fhir/appointmentstatus'],
    ['Appointment', 'part-status', 'http://hl7.org/fhir/participationstatus'],
    ['CarePlan', 'status', 'http://hl7.org/fhir/request-status'],
    ['Task', 'priority', 'http://hl7.org/fhir/request-priority'],
    ['Questionnaire', 'status', 'http://hl7.org/fhir/publication-status'],
    ['MedicationRequest', 'intent', 'http://hl7.org/fhir/CodeSystem/medicationrequest-intent'],
    ['Composition', 'confidentiality', 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality'],
    ['DocumentReference', 'contenttype', 'urn:ietf:bcp:13'],
    // carries its own system
    ['Encounter', 'class', undefined],
    ['Patient', 'identifier', undefined],
    ['Condition', 'clinical-status', undefined],
    // no code at all
    ['Patient', 'active', undefined],
    ['Patient', 'deceased', undefined],
    // two systems: R4 statuses of requests and of tasks
    ['Task', 'intent', undefined],
    // no required binding
    ['Patient', 'language', undefined],
    ['Group', 'code', undefined],
  ])('%s.%s', (type, code, system) => {
    expect(definitions.searchParams(type).get(code)).toMatchObject({ code });
    expect(definitions.searchParams(type).get(code)?.codeSystem).toBe(system);
  });
});

describe('what is found', () => {
  test.each<[Resource, string, boolean]>([
    [patient, `gender=${gender}|male`, true],
    [patient, 'gender=male', true],
    [patient, `gender=${gender}|female`, false],
    [patient, `gender=${gender}|female,${gender}|male`, true],
    [patient, 'gender=http://hl7.org/fhir/gender|male', false],
    // the implied system is a system
    [patient, 'gender=|male', false],
    [patient, `gender:not=${gender}|male`, false],
    [patient, `gender:not=${gender}|female`, true],
    [patient, 'address-use=http://hl7.org/fhir/address-use|home', true],
    [encounter, 'status=http://hl7.org/fhir/encounter-status|finished', true],
    [encounter, 'status=http://hl7.org/fhir/encounter-status|planned', false],
    [encounter, 'status=http://hl7.org/fhir/appointmentstatus|finished', false],
    [appointment, 'part-status=http://hl7.org/fhir/participationstatus|accepted', true],
    [task, 'status=http://hl7.org/fhir/task-status|requested', true],
    // any code of the system
    [patient, `gender=${gender}|`, true],
    [patient, `gender=${gender}|,nothing`, true],
    [patient, `gender:not=${gender}|`, false],
    [{ resourceType: 'Patient' }, `gender=${gender}|`, false],
    [{ resourceType: 'Patient' }, `gender:not=${gender}|`, true],
    [patient, 'gender=http://hl7.org/fhir/encounter-status|', false],
  ])('%j ?%s is %s', (resource, query, expected) => {
    expect(found(resource, query)).toBe(expected);
  });

  test('the self link says what was asked', () => {
    const context = { definitions, bases: BASES, lenient: false, maxCount: 100 };
    const { query } = parseSearch('Patient', `gender=${gender}|`, context);
    expect(decodeURIComponent(query.self)).toBe(`gender=${gender}|`);
  });
});
