import { describe, expect, jest, test } from '@jest/globals';
import { applyFhirPathPatch } from '../../../src/fhir/fhirpath-patch.ts';
import { parseJson, stringifyJson } from '../../../src/fhir/json.ts';
import { Outcome } from '../../../src/fhir/outcome.ts';
import type { Json, JsonObject, Resource } from '../../../src/fhir/types.ts';

const asResource = (root: Json): Resource => root as Resource;

type Parts = Record<string, Json>;

/** Parameters of operations written as `{ type, path, name?, value?: part, index? ... }`. */
function parameters(...operations: Parts[]): Json {
  const part = ([name, value]: [string, Json]): Json => {
    if (name === 'value') return { name, ...(value as JsonObject) };
    if (typeof value === 'number') return { name, valueInteger: value };
    return { name, [name === 'type' ? 'valueCode' : 'valueString']: value };
  };
  return {
    resourceType: 'Parameters',
    parameter: operations.map((operation) => ({ name: 'operation', part: Object.entries(operation).map(part) })),
  };
}

const patient = (): Resource => ({
  resourceType: 'Patient',
  id: 'p',
  birthDate: '1920-01-01',
  _birthDate: { id: 'b' },
  maritalStatus: { coding: [{ system: 's', code: 'M' }], text: 'married' },
  identifier: [
    { system: 's1', value: 'v1' },
    { system: 's2', value: 'v2' },
    { system: 's3', value: 'v3' },
  ],
  name: [{ given: ['A', 'B'], _given: [null, { id: 'g1' }] }],
  contact: [{ name: { text: 'a name' }, gender: 'unknown' }],
  deceasedBoolean: false,
});

function without(key: string): Resource {
  const { [key]: _gone, ...rest } = patient();
  return asResource(rest);
}

function refusal(patch: Json): { status: number; diagnostics: string; expression: string | undefined } {
  try {
    applyFhirPathPatch(patient(), patch);
  } catch (error) {
    if (!(error instanceof Outcome)) throw error;
    return { status: error.status, diagnostics: error.message, expression: error.issues[0]?.expression };
  }
  throw new Error('was accepted');
}

const identifiers = (...numbers: number[]): JsonObject => ({
  identifier: numbers.map((n) => ({ system: `s${n}`, value: `v${n}` })),
});

describe('operations', () => {
  const { _birthDate: _id, ...noCompanion } = patient();
  test.each<[string, Parts[], object]>([
    [
      'add primitive',
      [{ type: 'add', path: 'Patient', name: 'gender', value: { valueCode: 'female' } }],
      { ...patient(), gender: 'female' },
    ],
    [
      'add complex',
      [
        {
          type: 'add',
          path: 'Patient',
          name: 'managingOrganization',
          value: { valueReference: { reference: 'Organization/1' } },
        },
      ],
      { ...patient(), managingOrganization: { reference: 'Organization/1' } },
    ],
    [
      'add to a list',
      [{ type: 'add', path: 'Patient', name: 'identifier', value: { valueIdentifier: { system: 's4', value: 'v4' } } }],
      { ...patient(), ...identifiers(1, 2, 3, 4) },
    ],
    [
      'start a list',
      [{ type: 'add', path: 'Patient', name: 'telecom', value: { valueContactPoint: { value: '1' } } }],
      { ...patient(), telecom: [{ value: '1' }] },
    ],
    [
      'add nested',
      [{ type: 'add', path: 'Patient.name[0]', name: 'family', value: { valueString: 'F' } }],
      { ...patient(), name: [{ ...(patient().name as JsonObject[])[0], family: 'F' }] },
    ],
    [
      'add choice',
      [
        { type: 'delete', path: 'Patient.deceased' },
        { type: 'add', path: 'Patient', name: 'deceased', value: { valueDateTime: '2020' } },
      ],
      { ...without('deceasedBoolean'), deceasedDateTime: '2020' },
    ],
    [
      'add to a primitive',
      [
        {
          type: 'add',
          path: 'Patient.birthDate',
          name: 'extension',
          value: { valueExtension: { url: 'u', valueString: 'x' } },
        },
      ],
      { ...patient(), _birthDate: { id: 'b', extension: [{ url: 'u', valueString: 'x' }] } },
    ],
    [
      'add to a primitive without companion',
      [{ type: 'add', path: "Patient.name.given.where($this = 'A')", name: 'id', value: { valueString: 'i' } }],
      { ...patient(), name: [{ given: ['A', 'B'], _given: [{ id: 'i' }, { id: 'g1' }] }] },
    ],
    [
      'add anonymous type',
      [
        {
          type: 'add',
          path: 'Patient',
          name: 'contact',
          value: {
            part: [
              { name: 'name', valueHumanName: { text: 'x' } },
              { name: 'telecom', valueContactPoint: { value: '1' } },
              { name: 'telecom', valueContactPoint: { value: '2' } },
            ],
          },
        },
      ],
      {
        ...patient(),
        contact: [
          { name: { text: 'a name' }, gender: 'unknown' },
          { name: { text: 'x' }, telecom: [{ value: '1' }, { value: '2' }] },
        ],
      },
    ],
    [
      'delete primitive with its companion',
      [{ type: 'delete', path: 'Patient.birthDate' }],
      (({ birthDate: _b, ...rest }) => rest)(noCompanion),
    ],
    [
      'delete list item',
      [{ type: 'delete', path: "Patient.identifier.where(system = 's2')" }],
      { ...patient(), ...identifiers(1, 3) },
    ],
    [
      'delete one of a primitive list',
      [{ type: 'delete', path: 'Patient.name[0].given[0]' }],
      { ...patient(), name: [{ given: ['B'], _given: [{ id: 'g1' }] }] },
    ],
    [
      'delete last companion',
      [{ type: 'delete', path: 'Patient.name[0].given[1]' }],
      { ...patient(), name: [{ given: ['A'] }] },
    ],
    [
      'delete leaves nothing empty',
      [
        { type: 'delete', path: 'Patient.contact.gender' },
        { type: 'delete', path: 'Patient.contact.name.text' },
      ],
      without('contact'),
    ],
    ['delete what is not there', [{ type: 'delete', path: 'Patient.photo' }], patient()],
    [
      'replace primitive',
      [{ type: 'replace', path: 'Patient.birthDate', value: { valueDate: '1930-01-01' } }],
      { ...noCompanion, birthDate: '1930-01-01' },
    ],
    [
      'replace nested',
      [{ type: 'replace', path: 'Patient.contact[0].gender', value: { valueCode: 'female' } }],
      { ...patient(), contact: [{ name: { text: 'a name' }, gender: 'female' }] },
    ],
    [
      'replace a choice',
      [{ type: 'replace', path: 'Patient.deceased', value: { valueDateTime: '2020' } }],
      { ...without('deceasedBoolean'), deceasedDateTime: '2020' },
    ],
    [
      'replace list item',
      [{ type: 'replace', path: 'Patient.identifier[1]', value: { valueIdentifier: { system: 's9', value: 'v9' } } }],
      { ...patient(), ...identifiers(1, 9, 3) },
    ],
    [
      'insert first',
      [
        {
          type: 'insert',
          path: 'Patient.identifier',
          value: { valueIdentifier: { system: 's0', value: 'v0' } },
          index: 0,
        },
      ],
      { ...patient(), ...identifiers(0, 1, 2, 3) },
    ],
    [
      'insert last',
      [
        {
          type: 'insert',
          path: 'Patient.identifier',
          value: { valueIdentifier: { system: 's4', value: 'v4' } },
          index: 3,
        },
      ],
      { ...patient(), ...identifiers(1, 2, 3, 4) },
    ],
    [
      'insert keeps companions beside',
      [{ type: 'insert', path: 'Patient.name.given', value: { valueString: 'X' }, index: 1 }],
      { ...patient(), name: [{ given: ['A', 'X', 'B'], _given: [null, null, { id: 'g1' }] }] },
    ],
    [
      'move down',
      [{ type: 'move', path: 'Patient.identifier', source: 0, destination: 2 }],
      { ...patient(), ...identifiers(2, 3, 1) },
    ],
    [
      'move up',
      [{ type: 'move', path: 'Patient.identifier', source: 2, destination: 0 }],
      { ...patient(), ...identifiers(3, 1, 2) },
    ],
    [
      'move companions',
      [{ type: 'move', path: 'Patient.name.given', source: 1, destination: 0 }],
      { ...patient(), name: [{ given: ['B', 'A'], _given: [{ id: 'g1' }, null] }] },
    ],
    [
      'full reorder',
      [
        { type: 'move', path: 'Patient.identifier', source: 2, destination: 0 },
        { type: 'move', path: 'Patient.identifier', source: 2, destination: 1 },
      ],
      { ...patient(), ...identifiers(3, 2, 1) },
    ],
  ])('%s', (_name, operations, expected) => {
    const before = patient();
    expect(applyFhirPathPatch(before, parameters(...operations)).resource).toEqual(expected);
    expect(before).toEqual(patient());
  });

  test('extensions: choice values found and changed', () => {
    const resource: Resource = {
      resourceType: 'Basic',
      id: 'b',
      extension: [{ url: 'u', valueQuantity: { value: 1 } }],
    };
    const path = "Basic.extension.where(url = 'u').value";
    expect(
      applyFhirPathPatch(resource, parameters({ type: 'replace', path, value: { valueString: 's' } })).resource,
    ).toEqual({
      ...resource,
      extension: [{ url: 'u', valueString: 's' }],
    });
    const inside = parameters({ type: 'replace', path: `${path}.value`, value: { valueDecimal: 2 } });
    expect(applyFhirPathPatch(resource, inside).resource.extension).toEqual([
      { url: 'u', valueQuantity: { value: 2 } },
    ]);
  });
});

describe('refusals', () => {
  const one = (operation: Parts): Json => parameters(operation);
  test.each<[string, Json, number, string]>([
    ['not Parameters', { resourceType: 'Patient' }, 400, 'Parameters resource'],
    ['no operation', { resourceType: 'Parameters' }, 400, 'at least one'],
    ['other parameter', { resourceType: 'Parameters', parameter: [{ name: 'x' }] }, 400, 'Operation 0'],
    ['no parts', { resourceType: 'Parameters', parameter: [{ name: 'operation' }] }, 400, 'no parts'],
    ['unknown type', one({ type: 'merge', path: 'Patient' }), 400, '"type" must be'],
    ['unknown part', one({ type: 'delete', path: 'Patient.name', x: 'y' }), 400, 'a part must be'],
    ['no path', one({ type: 'delete' }), 400, '"path" is missing'],
    ['no value', one({ type: 'replace', path: 'Patient.birthDate' }), 400, '"value" is missing'],
    [
      'negative index',
      one({ type: 'insert', path: 'Patient.identifier', value: { valueString: 'x' }, index: -1 }),
      400,
      '"index"',
    ],
    [
      'two values',
      one({ type: 'replace', path: 'Patient.birthDate', value: { valueDate: '2000', valueString: 'x' } }),
      422,
      'exactly one value',
    ],
    ['not FHIRPath', one({ type: 'delete', path: 'Patient..name' }), 422, 'not FHIRPath'],
    [
      'regular expression',
      one({ type: 'delete', path: "Patient.name.where(family.matches('(a+)+$'))" }),
      422,
      'only these functions',
    ],
    ['resolve', one({ type: 'delete', path: 'Patient.managingOrganization.resolve()' }), 422, 'only these functions'],
    ['trace', one({ type: 'delete', path: "Patient.name.trace('n')" }), 422, 'only these functions'],
    ['variables', one({ type: 'delete', path: '%resource.name' }), 422, 'variables'],
    ['too long', one({ type: 'delete', path: `Patient${'.x'.repeat(500)}` }), 422, 'characters'],
    ['a computed value', one({ type: 'delete', path: "'abc'" }), 422, 'no element'],
    [
      'replace nothing',
      one({ type: 'replace', path: 'Patient.gender', value: { valueCode: 'x' } }),
      422,
      'leads to nothing',
    ],
    ['two elements', one({ type: 'delete', path: 'Patient.identifier' }), 422, '3 elements'],
    [
      'another type',
      one({ type: 'add', path: 'Group', name: 'x', value: { valueCode: 'x' } }),
      422,
      'leads to nothing',
    ],
    [
      'unknown element',
      one({ type: 'add', path: 'Patient', name: 'banana', value: { valueCode: 'x' } }),
      422,
      'no element',
    ],
    [
      'forbidden element',
      one({ type: 'add', path: 'Patient', name: '__proto__', value: { valueCode: 'x' } }),
      422,
      'not allowed',
    ],
    [
      'there already',
      one({ type: 'add', path: 'Patient', name: 'deceased', value: { valueDateTime: '2020' } }),
      422,
      'there already',
    ],
    [
      'unknown part of a value',
      one({ type: 'add', path: 'Patient', name: 'contact', value: { part: [{ name: 'banana', valueString: 'x' }] } }),
      422,
      'names no element',
    ],
    [
      'beyond the list',
      one({ type: 'insert', path: 'Patient.identifier', value: { valueIdentifier: {} }, index: 4 }),
      422,
      'beyond',
    ],
    ['move beyond', one({ type: 'move', path: 'Patient.identifier', source: 0, destination: 3 }), 422, 'beyond'],
    [
      'part of a list',
      one({ type: 'move', path: 'Patient.identifier[0]', source: 0, destination: 0 }),
      422,
      'whole list',
    ],
    [
      'not a list',
      one({ type: 'insert', path: 'Patient.birthDate', value: { valueDate: '2000' }, index: 0 }),
      422,
      'whole list',
    ],
    ['the whole resource', one({ type: 'delete', path: 'Patient' }), 422, 'whole resource'],
    ['the id', one({ type: 'replace', path: 'Patient.id', value: { valueId: 'q' } }), 422, 'change id'],
  ])('%s', (_name, patch, status, words) => {
    const found = refusal(patch);
    expect(found.diagnostics).toContain(words);
    expect(found.status).toBe(status);
  });

  test('the operation is named', () => {
    const patch = parameters({ type: 'delete', path: 'Patient.photo' }, { type: 'delete', path: 'Patient.identifier' });
    expect(refusal(patch)).toMatchObject({ expression: 'Parameters.parameter[1]' });
    expect(refusal(patch).diagnostics).toMatch(/^Operation 1: /);
  });
});

test('number texts of resource and patch are kept', () => {
  const before = parseJson(
    Buffer.from(
      '{"resourceType":"Observation","id":"o","valueQuantity":{"value":20.00},"component":[{"valueQuantity":{"value":1.0}}]}',
    ),
  );
  const patch = parseJson(
    Buffer.from(
      '{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},' +
        '{"name":"path","valueString":"Observation.value.value"},{"name":"value","valueDecimal":5.50}]},' +
        '{"name":"operation","part":[{"name":"type","valueCode":"add"},{"name":"path","valueString":"Observation"},{"name":"name","valueString":"component"},' +
        '{"name":"value","part":[{"name":"value","valueQuantity":{"value":2.00}}]}]}]}',
    ),
  );
  const { resource, numbers } = applyFhirPathPatch(asResource(before.root), patch.root, before.numbers, patch.numbers);
  expect(stringifyJson(resource, numbers)).toBe(
    '{"resourceType":"Observation","id":"o","valueQuantity":{"value":5.50},"component":[{"valueQuantity":{"value":1.0}},{"valueQuantity":{"value":2.00}}]}',
  );
});

test('nothing is ever printed', () => {
  const log = jest.spyOn(console, 'log').mockImplementation(() => undefined);
  refusal(parameters({ type: 'delete', path: "Patient.name.trace('n')" }));
  applyFhirPathPatch(patient(), parameters({ type: 'delete', path: 'Patient.birthDate' }));
  expect(log).not.toHaveBeenCalled();
  log.mockRestore();
});
