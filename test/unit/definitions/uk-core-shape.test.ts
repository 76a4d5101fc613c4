/**
 * A guide in UK Core's shape (domain.md 3.4): its own packages are in no registry this project is built from. Extensions by
 * profile on every level, also on primitives and inside a slice of identifiers; parts of an extension of R4's; bindings to
 * value sets that are only named. Loaded as a package, and posted.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadDefinitions } from '../../../src/definitions/load.ts';
import type { Definitions } from '../../../src/definitions/types.ts';
import type { JsonObject, Resource } from '../../../src/fhir/types.ts';
import { testDefinitions } from './cache.ts';
import { packageOf } from './package-maker.ts';

const UK = 'https://shape.example/StructureDefinition/';
const R4 = 'http://hl7.org/fhir/StructureDefinition/';
const NHS = 'https://fhir.nhs.uk/Id/nhs-number';

type Element = JsonObject & { id: string };

function structure(id: string, type: string, element: Element[], more: JsonObject = {}): Resource {
  return {
    resourceType: 'StructureDefinition',
    id,
    url: `${UK}${id}`,
    version: '2.6.0',
    name: id.replaceAll('-', ''),
    status: 'active',
    fhirVersion: '4.0.1',
    kind: type === 'Extension' ? 'complex-type' : 'resource',
    abstract: false,
    type,
    baseDefinition: `${R4}${type}`,
    derivation: 'constraint',
    differential: { element: element.map((one) => ({ path: one.id.replace(/:[^.]*/g, ''), ...one })) },
    ...more,
  };
}

function extension(name: string, on: string, value: JsonObject): Resource {
  const url = `${UK}Extension-${name}`;
  const element: Element[] = [
    { id: 'Extension', short: 'Told by whom it concerns' },
    { id: 'Extension.url', fixedUri: url },
    { id: 'Extension.value[x]', min: 1, ...value },
  ];
  return structure(`Extension-${name}`, 'Extension', element, { context: [{ type: 'element', expression: on }] });
}

/** A slice of extensions as UK Core writes them: the profile alone says which. */
const slice = (at: string, name: string, profile: string, more: JsonObject = {}): Element => ({
  id: `${at}:${name}`,
  sliceName: name,
  type: [{ code: 'Extension', profile: [profile] }],
  ...more,
});

const STATUSES: Resource = {
  resourceType: 'CodeSystem',
  id: 'statuses',
  url: 'https://shape.example/CodeSystem/statuses',
  status: 'active',
  content: 'complete',
  concept: [{ code: '01' }, { code: '02' }],
};
const STATUS_SET: Resource = {
  resourceType: 'ValueSet',
  id: 'statuses',
  url: 'https://shape.example/ValueSet/statuses',
  status: 'active',
  compose: { include: [{ system: STATUSES.url ?? '' }] },
};

const GUIDE: Resource[] = [
  STATUSES,
  STATUS_SET,
  extension('VerificationStatus', 'Patient.identifier', {
    type: [{ code: 'CodeableConcept' }],
    binding: { strength: 'required', valueSet: STATUS_SET.url },
  }),
  extension('EthnicCategory', 'Patient', { type: [{ code: 'CodeableConcept' }] }),
  extension('OtherSystem', 'ContactPoint.system', { type: [{ code: 'string' }] }),
  structure('Patient', 'Patient', [
    slice('Patient.extension', 'birthPlace', `${R4}patient-birthPlace`),
    { id: 'Patient.extension:birthPlace.value[x]', short: 'Where she was born' },
    slice('Patient.extension', 'ethnicCategory', `${UK}Extension-EthnicCategory`, { max: '1' }),
    {
      id: 'Patient.identifier',
      slicing: { discriminator: [{ type: 'value', path: 'system' }], ordered: false, rules: 'open' },
      mustSupport: true,
    },
    { id: 'Patient.identifier:nhsNumber', sliceName: 'nhsNumber', max: '1' },
    slice('Patient.identifier:nhsNumber.extension', 'status', `${UK}Extension-VerificationStatus`, { max: '1' }),
    { id: 'Patient.identifier:nhsNumber.system', min: 1, fixedUri: NHS },
    { id: 'Patient.identifier:nhsNumber.value', min: 1 },
    slice('Patient.telecom.system.extension', 'other', `${UK}Extension-OtherSystem`, { max: '1' }),
    slice('Patient.birthDate.extension', 'birthTime', `${R4}patient-birthTime`),
    { id: 'Patient.birthDate.extension:birthTime.value[x]', short: 'When' },
    {
      id: 'Patient.maritalStatus',
      binding: { strength: 'extensible', valueSet: 'https://shape.example/ValueSet/only-named' },
    },
    slice('Patient.contact.telecom.system.extension', 'other', `${UK}Extension-OtherSystem`),
    slice('Patient.communication.extension', 'proficiency', `${R4}patient-proficiency`, { max: '1' }),
    { id: 'Patient.communication.extension:proficiency.extension:level', sliceName: 'level' },
    { id: 'Patient.communication.extension:proficiency.extension:level.value[x]', short: 'How well' },
    {
      id: 'Patient.communication.language',
      binding: { strength: 'required', valueSet: 'http://hl7.org/fhir/ValueSet/all-languages' },
    },
  ]),
  // a guide of a trust, on top of it
  structure(
    'TrustPatient',
    'Patient',
    [
      { id: 'Patient.identifier:nhsNumber', min: 1 },
      { id: 'Patient.name', min: 1 },
    ],
    {
      baseDefinition: `${UK}Patient`,
    },
  ),
];

const told = (code: string): JsonObject => ({
  url: `${UK}Extension-VerificationStatus`,
  valueCodeableConcept: { coding: [{ system: STATUSES.url ?? '', code }] },
});
const number = (value: string, ...extensions: JsonObject[]): JsonObject => ({
  ...(extensions.length === 0 ? {} : { extension: extensions }),
  system: NHS,
  value,
});
const ethnic: JsonObject = { url: `${UK}Extension-EthnicCategory`, valueCodeableConcept: { text: 'Said by her' } };

const PATIENT: Resource = {
  resourceType: 'Patient',
  extension: [{ url: `${R4}patient-birthPlace`, valueAddress: { city: 'Stockport' } }, ethnic],
  identifier: [number('9990001006', told('01')), { system: 'urn:local', value: '7' }],
  name: [{ family: 'KHAN' }],
  telecom: [
    {
      system: 'other',
      _system: { extension: [{ url: `${UK}Extension-OtherSystem`, valueString: 'textphone' }] },
      value: '1',
    },
  ],
  birthDate: '1994-03-02',
  _birthDate: { extension: [{ url: `${R4}patient-birthTime`, valueDateTime: '1994-03-02T04:00:00Z' }] },
  maritalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus', code: 'M' }] },
  communication: [
    {
      extension: [
        {
          url: `${R4}patient-proficiency`,
          extension: [
            {
              url: 'level',
              valueCoding: { system: 'http://terminology.hl7.org/CodeSystem/v3-LanguageAbilityProficiency', code: 'E' },
            },
          ],
        },
      ],
      language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'cy' }] },
    },
  ],
};

const folder = mkdtempSync(join(tmpdir(), 'tandem-shape-'));
const held = new Map<string, Definitions>();

beforeAll(async () => {
  writeFileSync(join(folder, 'shape.tgz'), packageOf(GUIDE));
  held.set('loaded as a package', await loadDefinitions(join(folder, 'cache'), folder));
  const shipped = await testDefinitions();
  const { sections, faults } = shipped.compilePosted(
    GUIDE.map((resource) => ({ place: `${resource.resourceType}/${resource.id}`, resource })),
  );
  expect(faults).toEqual([]);
  held.set('posted', shipped.withPosted(new Map(sections)));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('nothing of the guide is left out', () => {
  const [note] = held.get('loaded as a package')?.packages ?? [];
  expect([note?.fault, note?.leftOut]).toEqual([null, []]);
});

describe.each(['loaded as a package', 'posted'])('%s', (how) => {
  const findings = (more: JsonObject, profile = 'Patient'): string[] =>
    (held.get(how)?.validate({ ...PATIENT, ...more }, { profiles: [`${UK}${profile}`] }) ?? [])
      .filter(({ severity }) => severity === 'error')
      .map(({ expression, code }) => `${code} ${expression}`);

  test.each(['Patient', 'TrustPatient'])('a whole patient meets %s', (profile) => {
    const issues = held.get(how)?.validate(PATIENT, { profiles: [`${UK}${profile}`] });
    expect(issues?.filter(({ severity }) => severity !== 'information')).toEqual([]);
  });

  test.each<[string, JsonObject, string[]]>([
    ['two NHS numbers', { identifier: [number('9990001006'), number('9990001014')] }, ['structure Patient.identifier']],
    [
      'two statuses of one number',
      { identifier: [number('9990001006', told('01'), told('02'))] },
      ['structure Patient.identifier[0].extension'],
    ],
    [
      'a status outside its value set',
      { identifier: [number('9990001006', told('99'))] },
      ['code-invalid Patient.identifier[0].extension[0]'],
    ],
    ['no value', { identifier: [{ system: NHS }] }, ['required Patient.identifier[0].value']],
    ['two ethnic categories', { extension: [ethnic, ethnic] }, ['structure Patient.extension']],
    [
      'an extension where it may not stand',
      { name: [{ family: 'KHAN', extension: [ethnic] }] },
      ['extension Patient.name[0].extension[0]'],
    ],
    [
      'another type of value on a primitive',
      { _birthDate: { extension: [{ url: `${R4}patient-birthTime`, valueString: 'four' }] } },
      ['extension Patient.birthDate.extension[0]'],
    ],
    [
      'a language that is none',
      { communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: '?' }] } }] },
      ['code-invalid Patient.communication[0].language'],
    ],
  ])('%s', (_, more, expected) => {
    const found = findings(more);
    for (const one of expected) expect(found).toContain(one);
    expect(found.filter((one) => !expected.some((known) => one.startsWith(known)))).toEqual([]);
  });

  test('what a trust adds on top', () => {
    expect(findings({ identifier: [] as never }, 'TrustPatient').length).toBeGreaterThan(0);
    const { identifier: _, ...rest } = PATIENT;
    const issues = held.get(how)?.validate(rest, { profiles: [`${UK}TrustPatient`] }) ?? [];
    expect(issues.map(({ expression, severity }) => `${severity} ${expression}`)).toContain('error Patient.identifier');
  });
});
