import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { loadDefinitions } from '../../../src/definitions/load.ts';
import type { JsonObject, Resource } from '../../../src/fhir/types.ts';
import { packageOf } from './package-maker.ts';

const G = 'http://g.example/StructureDefinition/';
const CORE = 'http://hl7.org/fhir/StructureDefinition/';

/** A profile of a type with a differential and no snapshot. */
function profile(id: string, type: string, element: readonly object[], more: object = {}): object {
  const base = {
    resourceType: 'StructureDefinition',
    id,
    url: G + id,
    name: id,
    status: 'active',
    fhirVersion: '4.0.1',
  };
  const kind = type === 'Extension' || type === 'HumanName' ? 'complex-type' : 'resource';
  const rest = { kind, abstract: false, type, baseDefinition: CORE + type, derivation: 'constraint' };
  return { ...base, ...rest, ...more, differential: { element } };
}

function row(id: string, more: object = {}): object {
  const sliceName = /:([^.:]+)$/.exec(id)?.[1];
  return { id, path: id.replace(/:[^.]*/g, ''), ...(sliceName ? { sliceName } : {}), ...more };
}

function sliced(id: string, type: string, path: string, more: object = {}): object {
  return row(id, { slicing: { discriminator: [{ type, path }], rules: 'open', ...more } });
}

const SYSTEM = 'http://g.example/system';
const colours = {
  resourceType: 'ValueSet',
  id: 'colours',
  url: 'http://g.example/ValueSet/colours',
  status: 'active',
  compose: { include: [{ system: SYSTEM, concept: [{ code: 'red' }, { code: 'blue' }] }] },
};
const binding = (strength: string) => ({ binding: { strength, valueSet: colours.url } });

/** A search parameter of the package. */
function param(id: string, more: object): object {
  const url = `http://g.example/SearchParameter/${id}`;
  return { resourceType: 'SearchParameter', id, url, code: id, type: 'token', base: ['Patient'], ...more };
}

const GUIDE = [
  param('colour', { expression: `Patient.extension.where(url='${G}colour').value` }),
  param('birthdate', { type: 'string', expression: 'Patient.name.text' }),
  param('odd', { base: 'Patient' }),
  colours,
  profile('name', 'HumanName', [row('HumanName.family', { min: 1 }), row('HumanName.suffix', { max: '0' })]),
  profile(
    'colour',
    'Extension',
    [
      row('Extension.extension', { max: '0' }),
      row('Extension.url', { fixedUri: `${G}colour` }),
      row('Extension.value[x]', { min: 1, type: [{ code: 'CodeableConcept' }], ...binding('required') }),
    ],
    {
      context: [
        { type: 'element', expression: 'Patient' },
        { type: 'element', expression: 'HumanName.family' },
      ],
    },
  ),
  profile('base-patient', 'Patient', [
    row('Patient', { constraint: [{ key: 'g-1', severity: 'error', human: 'gender', expression: 'gender.exists()' }] }),
    sliced('Patient.identifier', 'value', 'system', { rules: 'openAtEnd', ordered: true }),
    row('Patient.identifier:one', { min: 1, max: '1' }),
    row('Patient.identifier:one.system', { min: 1, fixedUri: 'urn:one' }),
    row('Patient.identifier:two', { max: '1' }),
    row('Patient.identifier:two.system', { min: 1, fixedUri: 'urn:two' }),
    row('Patient.name', { type: [{ code: 'HumanName', profile: [`${G}name`] }] }),
  ]),
  profile(
    'patient',
    'Patient',
    [
      row('Patient.extension:colour', { min: 1, max: '1', type: [{ code: 'Extension', profile: [`${G}colour`] }] }),
      row('Patient.identifier:two.value', { min: 1, maxLength: 3 }),
      row('Patient.deceasedBoolean', { fixedBoolean: false }),
      row('Patient.contact.name.text', { min: 1 }),
      row('Patient.maritalStatus', binding('extensible')),
    ],
    { baseDefinition: `${G}base-patient` },
  ),
  profile('observation', 'Observation', [
    sliced('Observation.category', 'pattern', '$this', { rules: 'closed' }),
    row('Observation.category:lab', { min: 1, patternCodeableConcept: { coding: [{ system: SYSTEM, code: 'lab' }] } }),
    row('Observation.value[x]:valueQuantity', { min: 1 }),
    row('Observation.value[x]:valueQuantity.value', { minValueDecimal: 0, maxValueDecimal: 10 }),
    sliced('Observation.component', 'exists', 'dataAbsentReason'),
    row('Observation.component:absent', { max: '1' }),
    row('Observation.component:absent.dataAbsentReason', { min: 1 }),
    row('Observation.component:there'),
    row('Observation.component:there.dataAbsentReason', { max: '0' }),
    sliced('Observation.performer', 'type', 'resolve()'),
    row('Observation.performer:team', { max: '1', type: [{ code: 'Reference', targetProfile: [`${CORE}CareTeam`] }] }),
    sliced('Observation.hasMember', 'profile', 'resolve()'),
    row('Observation.hasMember:coded', { min: 1, type: [{ code: 'Reference', targetProfile: [`${G}member`] }] }),
  ]),
  profile('member', 'Observation', [row('Observation.method', { min: 1 })]),
  profile('questionnaire', 'Questionnaire', [row('Questionnaire.item.item.text', { min: 1 })]),
  profile('bundle', 'Bundle', [
    sliced('Bundle.entry', 'type', 'resource'),
    row('Bundle.entry:patient', { min: 1 }),
    row('Bundle.entry:patient.resource', { min: 1, type: [{ code: 'Patient', profile: [`${G}base-patient`] }] }),
  ]),
  profile('broken', 'Patient', [row('Patient.feathers', { min: 1 })]),
];

const folder = mkdtempSync(join(tmpdir(), 'tandem-guide-'));
writeFileSync(join(folder, 'guide.tgz'), packageOf(GUIDE));
writeFileSync(join(folder, 'wrong.tgz'), 'no package');
const definitions = await loadDefinitions(join(folder, 'cache'), folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function findings(resource: object, name: string): string[] {
  const copy: Resource = JSON.parse(JSON.stringify(resource));
  return definitions
    .validate(copy, { profiles: [G + name] })
    .filter(({ severity }) => severity === 'error' || severity === 'warning')
    .map(({ severity, code, expression }) => `${severity} ${code} ${expression}`);
}

const colour = { url: `${G}colour`, valueCodeableConcept: { coding: [{ system: SYSTEM, code: 'red' }] } };
const patient = {
  resourceType: 'Patient',
  extension: [colour],
  identifier: [{ system: 'urn:one', value: 'x' }],
  gender: 'female',
  name: [{ family: 'Khan' }],
};
const quantity = { value: 5, unit: 'cm', system: 'http://unitsofmeasure.org', code: 'cm' };
const observation = {
  resourceType: 'Observation',
  contained: [{ resourceType: 'Observation', id: 'm', status: 'final', code: { text: 'm' }, method: { text: 'x' } }],
  status: 'final',
  code: { text: 'c' },
  category: [{ coding: [{ system: SYSTEM, code: 'lab' }] }],
  valueQuantity: quantity,
  hasMember: [{ reference: '#m' }],
};
const absent = { code: { text: 'a' }, dataAbsentReason: { text: 'x' } };

test('packages: what is loaded, what is left out and why', () => {
  const [guide, wrong] = definitions.packages;
  expect(guide).toMatchObject({ file: 'guide.tgz', name: 'test.guide', version: '1.0.0', fault: null });
  expect(guide?.leftOut).toEqual([expect.stringMatching(/broken: it speaks of Patient.feathers/)]);
  expect(wrong).toMatchObject({ file: 'wrong.tgz', name: null, fault: expect.stringMatching(/gzip/) });
  expect(definitions.resolve('ValueSet', `${colours.url}`)).toEqual(colours);
  expect(definitions.byId('StructureDefinition', 'patient')).toMatchObject({ url: `${G}patient` });
  expect(definitions.resolve('StructureDefinition', `${CORE}Patient|4.0.1`)).toMatchObject({ id: 'Patient' });
  expect(definitions.resolve('StructureDefinition', `${CORE}Patient|9.0`)).toBeNull();
});

test('search parameters of a package, beside R4s', () => {
  const params = definitions.searchParams('Patient');
  expect(params.get('colour')).toMatchObject({ type: 'token', url: 'http://g.example/SearchParameter/colour' });
  expect(params.get('birthdate')).toMatchObject({ type: 'date' });
  expect(params.has('odd')).toBe(false);
});

describe('profiles of a package, snapshots made from their differentials', () => {
  const two = (value?: string) => ({ system: 'urn:two', ...(value === undefined ? {} : { value }) });
  test.each<[string, string, JsonObject | object, string[]]>([
    ['right', 'patient', {}, []],
    ['constraint of the base', 'patient', { gender: undefined }, ['error invariant Patient']],
    ['slice of the base missing', 'patient', { identifier: [two('x')] }, ['error required Patient.identifier']],
    [
      'slice too often',
      'base-patient',
      { identifier: [...patient.identifier, ...patient.identifier] },
      ['error structure Patient.identifier'],
    ],
    [
      'what it adds to a slice of the base',
      'patient',
      { identifier: [...patient.identifier, two()] },
      ['error required Patient.identifier[1].value'],
    ],
    [
      'maxLength',
      'patient',
      { identifier: [...patient.identifier, two('1234')] },
      ['error value Patient.identifier[1].value'],
    ],
    [
      'order of slices',
      'base-patient',
      { identifier: [two('x'), ...patient.identifier] },
      ['error structure Patient.identifier'],
    ],
    [
      'others only at the end',
      'base-patient',
      { identifier: [{ system: 'urn:x' }, ...patient.identifier] },
      ['error structure Patient.identifier'],
    ],
    ['others at the end', 'base-patient', { identifier: [...patient.identifier, { system: 'urn:x' }] }, []],
    ['profile of a data type', 'patient', { name: [{ text: 'x' }] }, ['error required Patient.name[0].family']],
    [
      'what it takes away',
      'patient',
      { name: [{ family: 'x', suffix: ['y'] }] },
      ['error structure Patient.name[0].suffix'],
    ],
    ['extension missing', 'patient', { extension: undefined }, ['error required Patient.extension']],
    ['choice narrowed by its short form', 'patient', { deceasedBoolean: true }, ['error value Patient.deceased']],
    ['another type of that choice', 'patient', { deceasedDateTime: '2020' }, []],
    [
      'inside an unfolded type',
      'patient',
      { contact: [{ name: { family: 'x' } }] },
      ['error required Patient.contact[0].name.text'],
    ],
    [
      'extensible binding',
      'patient',
      { maritalStatus: { coding: [{ system: SYSTEM, code: 'green' }] } },
      ['warning code-invalid Patient.maritalStatus', 'warning code-invalid Patient.maritalStatus'],
    ],
  ])('%s', (_, name, change, expected) => {
    expect(findings({ ...patient, ...change }, name)).toEqual(expected);
  });

  test.each<[string, object, string[]]>([
    ['right', {}, []],
    [
      'closed slicing by pattern',
      { category: [...observation.category, { text: 'x' }] },
      ['error structure Observation.category'],
    ],
    ['bounds', { valueQuantity: { ...quantity, value: 11 } }, ['error value Observation.value.value']],
    ['below', { valueQuantity: { ...quantity, value: -1 } }, ['error value Observation.value.value']],
    ['slice of a choice missing', { valueQuantity: undefined, valueString: 'x' }, ['error required Observation.value']],
    ['by existence', { component: [absent, absent] }, ['error structure Observation.component']],
    [
      'by type of target',
      { performer: [{ reference: 'CareTeam/1' }, { reference: 'CareTeam/2' }] },
      ['error structure Observation.performer'],
    ],
    ['by type, of other types', { performer: [{ reference: 'Patient/1' }, { reference: 'Patient/2' }] }, []],
    [
      'by profile of target',
      { contained: [{ ...observation.contained[0], method: undefined }] },
      ['error required Observation.hasMember'],
    ],
  ])('slices: %s', (_, change, expected) => {
    expect(findings({ ...observation, ...change }, 'observation')).toEqual(expected);
  });

  test('content references', () => {
    const item = { linkId: '1', type: 'group', text: 'a', item: [{ linkId: '2', type: 'string' }] };
    const form = { resourceType: 'Questionnaire', status: 'draft', item: [item] };
    expect(findings(form, 'questionnaire')).toEqual(['error required Questionnaire.item[0].item[0].text']);
  });

  test('resources in a Bundle by type, each with its profile', () => {
    const bundle = {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [
        { fullUrl: 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520', resource: { ...patient, gender: undefined } },
      ],
    };
    expect(findings(bundle, 'bundle')).toEqual(['error invariant Bundle.entry[0].resource']);
    expect(findings({ ...bundle, entry: undefined }, 'bundle')).toEqual(['error required Bundle.entry']);
  });
});

test('context of an extension of the package', () => {
  const family = { family: 'x', _family: { extension: [colour] } };
  expect(findings({ ...patient, name: [family] }, 'base-patient')).toEqual([]);
  expect(findings({ ...patient, name: [{ family: 'x', extension: [colour] }] }, 'base-patient')).toEqual([
    'error extension Patient.name[0].extension[0]',
  ]);
});

test('claimed and known: warnings; asked for: errors; unknown: a warning', () => {
  const claims = (...urls: string[]) => ({ ...patient, gender: undefined, meta: { profile: urls } });
  const told = (resource: object) =>
    definitions.validate(JSON.parse(JSON.stringify(resource))).map(({ severity, code }) => `${severity} ${code}`);
  expect(told(claims(`${G}base-patient`))).toEqual(['warning invariant']);
  expect(told(claims(`${G}nobody`))).toEqual(['warning not-found']);
  expect(findings(claims(`${G}base-patient`), 'base-patient')).toEqual(['error invariant Patient']);
});
