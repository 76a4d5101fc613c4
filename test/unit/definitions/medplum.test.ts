/** Our validator beside `@medplum/core`'s: the domain's fragments pass both, and ours refuses all that the other refuses. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { indexStructureDefinitionBundle, OperationOutcomeError, validateResource } from '@medplum/core';
import type { Bundle, Encounter, Observation, Patient, Resource, RiskAssessment } from '@medplum/fhirtypes';
import { defaultSources } from '../../../src/definitions/sources.ts';
import { asResource } from '../../../src/fhir/resource.ts';
import type { Json } from '../../../src/fhir/types.ts';
import { testDefinitions } from './cache.ts';

const definitions = await testDefinitions();

function read<T>(file: string | URL): T {
  return JSON.parse(readFileSync(file, 'utf8'));
}

const fragments = read<Resource[]>(new URL('./fragments.json', import.meta.url));
const base = `${defaultSources().r4}/`;
for (const file of ['profiles-types.json', 'profiles-resources.json']) {
  indexStructureDefinitionBundle(read<Bundle>(base + file));
}

/** Errors by `@medplum/core`, which throws them. */
function theirs(resource: unknown): string[] {
  try {
    const issues = validateResource(asSent(resource));
    return issues.filter((issue) => issue.severity === 'error').map((issue) => issue.expression?.[0] ?? '');
  } catch (error) {
    if (!(error instanceof OperationOutcomeError)) throw error;
    return [error.message];
  }
}

/** What a client could send, right or wrong. */
function asSent(value: unknown): Resource {
  return JSON.parse(JSON.stringify(value));
}

function ours(resource: unknown): string[] {
  const value: Json = JSON.parse(JSON.stringify(resource));
  return definitions
    .validate(asResource(value))
    .filter((issue) => issue.severity === 'error')
    .map((issue) => issue.expression);
}

function fragment<T extends Resource>(type: T['resourceType']): T {
  const found = fragments.find((resource): resource is T => resource.resourceType === type);
  if (!found) throw new Error(`no fragment ${type}`);
  return found;
}

describe('both accept', () => {
  test.each(fragments.map((resource) => [resource.resourceType, resource] as const))(
    'the fragment of %s',
    (_, resource) => {
      expect(theirs(resource)).toEqual([]);
      expect(ours(resource)).toEqual([]);
    },
  );

  test('a prediction without probability (domain 2.6; @medplum/core 4.5.2 refused it)', () => {
    const assessment = fragment<RiskAssessment>('RiskAssessment');
    expect(
      assessment.prediction?.map(({ probabilityDecimal, probabilityRange }) => probabilityDecimal ?? probabilityRange),
    ).toEqual([undefined]);
    expect(theirs(assessment)).toEqual([]);
    expect(ours(assessment)).toEqual([]);
  });
});

describe('both refuse', () => {
  const { status: _status, ...unstated } = fragment<Observation>('Observation');
  const patient = fragment<Patient>('Patient');
  test.each<[string, unknown]>([
    ['a required element missing', unstated],
    ['an unknown element', { ...patient, birthday: '2026-01-01' }],
    ['an unknown element inside', { ...patient, name: [{ familyName: 'x' }] }],
    ['an object for a list', { ...patient, name: { family: 'x' } }],
    ['a list for an object', { ...patient, maritalStatus: [{ text: 'x' }] }],
    ['text for a boolean', { ...patient, active: 'true' }],
    ['a date that is none', { ...patient, birthDate: '01/02/2026' }],
    ['an unknown type', { resourceType: 'Pateint' }],
    ['null', { ...patient, birthDate: null }],
  ])('%s', (_, resource) => {
    expect(theirs(resource)).not.toEqual([]);
    expect(ours(resource)).not.toEqual([]);
  });
});

describe('only ours refuses: why theirs alone is not enough', () => {
  const patient: Patient = { resourceType: 'Patient' };
  const encounter = fragment<Encounter>('Encounter');
  test.each<[string, unknown]>([
    ['an empty list', { ...patient, name: [] }],
    ['an empty object', { ...patient, maritalStatus: {} }],
    ['empty text', { ...patient, birthDate: '' }],
    ['a code outside its required value set', { ...patient, gender: 'banana' }],
    ['a contained resource nothing refers to', { ...patient, contained: [{ resourceType: 'Patient', id: 'a' }] }],
    ['a reference to a type not allowed', { ...patient, managingOrganization: { reference: 'Patient/1' } }],
    ['two types of a choice', { ...fragment<Observation>('Observation'), valueString: 'a', valueInteger: 1 }],
    ['a period that ends before it starts', { ...encounter, period: { start: '2026-02-01', end: '2026-01-01' } }],
  ])('%s', (_, resource) => {
    expect(theirs(resource)).toEqual([]);
    expect(ours(resource)).not.toEqual([]);
  });
});
