import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NO_NUMBERS, parseJson, stringifyJson } from '../../../src/fhir/json.ts';
import { Outcome } from '../../../src/fhir/outcome.ts';
import { applyJsonPatch } from '../../../src/fhir/patch.ts';
import type { Json, Resource } from '../../../src/fhir/types.ts';

const asResource = (root: Json): Resource => root as Resource;

const patient = (): Resource => ({
  resourceType: 'Patient',
  id: 'p',
  active: true,
  name: [{ family: 'A', given: ['x', 'y', 'z'] }, { family: 'B' }],
  'a/b~c': 1,
});

function refusal(patch: Json, resource = patient()): { status: number; diagnostics: string } {
  try {
    applyJsonPatch(resource, patch);
  } catch (error) {
    if (!(error instanceof Outcome)) throw error;
    return { status: error.status, diagnostics: error.message };
  }
  throw new Error('was accepted');
}

const { 'a/b~c': _slash, ...plainPatient } = patient();

describe('operations', () => {
  test.each<[string, Json, object]>([
    ['add a property', [{ op: 'add', path: '/gender', value: 'female' }], { ...patient(), gender: 'female' }],
    ['add over a property', [{ op: 'add', path: '/active', value: false }], { ...patient(), active: false }],
    [
      'add into a list',
      [{ op: 'add', path: '/name/0/given/1', value: 'n' }],
      { ...patient(), name: [{ family: 'A', given: ['x', 'n', 'y', 'z'] }, { family: 'B' }] },
    ],
    [
      'add at the end',
      [{ op: 'add', path: '/name/-', value: {} }],
      { ...patient(), name: [...([patient().name].flat() as Json[]), {}] },
    ],
    ['remove an item', [{ op: 'remove', path: '/name/0' }], { ...patient(), name: [{ family: 'B' }] }],
    ['escapes', [{ op: 'remove', path: '/a~1b~0c' }], plainPatient],
    [
      'replace',
      [{ op: 'replace', path: '/name/1/family', value: 'C' }],
      { ...patient(), name: [{ family: 'A', given: ['x', 'y', 'z'] }, { family: 'C' }] },
    ],
    [
      'move in a list',
      [{ op: 'move', from: '/name/0', path: '/name/1' }],
      { ...patient(), name: [{ family: 'B' }, { family: 'A', given: ['x', 'y', 'z'] }] },
    ],
    ['move onto itself', [{ op: 'move', from: '/name/0', path: '/name/0' }], patient()],
    [
      'copy',
      [{ op: 'copy', from: '/name/1', path: '/name/0' }],
      { ...patient(), name: [{ family: 'B' }, { family: 'A', given: ['x', 'y', 'z'] }, { family: 'B' }] },
    ],
    ['test passes', [{ op: 'test', path: '/name/0', value: { given: ['x', 'y', 'z'], family: 'A' } }], patient()],
    [
      'replace the whole',
      [{ op: 'replace', path: '', value: { resourceType: 'Patient', id: 'p' } }],
      { resourceType: 'Patient', id: 'p' },
    ],
    ['nothing', [], patient()],
  ])('%s', (_name, patch, expected) => {
    const before = patient();
    expect(applyJsonPatch(before, patch).resource).toEqual(expected);
    expect(before).toEqual(patient());
  });

  test('a copy shares nothing', () => {
    const { resource } = applyJsonPatch(patient(), [
      { op: 'copy', from: '/name/1', path: '/name/-' },
      { op: 'replace', path: '/name/2/family', value: 'D' },
    ]);
    expect(resource.name).toMatchObject([{ family: 'A' }, { family: 'B' }, { family: 'D' }]);
  });
});

describe('refusals name the operation', () => {
  const deep = (levels: number): Json => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
  test.each<[string, Json, number, string]>([
    ['not a list', { op: 'add' }, 400, 'list of operations'],
    ['not an object', ['x'], 400, 'Operation 0 (unknown)'],
    ['unknown op', [{ op: 'merge', path: '/x' }], 400, 'Operation 0 (unknown /x)'],
    ['no value', [{ op: 'add', path: '/x' }], 400, 'Operation 0 (add /x)'],
    ['no path', [{ op: 'remove' }], 400, '"path"'],
    ['no from', [{ op: 'move', path: '/x' }], 400, '"from"'],
    ['no pointer', [{ op: 'remove', path: 'name' }], 400, 'JSON Pointer'],
    ['bad escape', [{ op: 'remove', path: '/a~2' }], 400, 'JSON Pointer'],
    [
      'nothing there',
      [
        { op: 'test', path: '/active', value: true },
        { op: 'remove', path: '/name/7' },
      ],
      422,
      'Operation 1 (remove /name/7): there is nothing',
    ],
    ['replace what is not there', [{ op: 'replace', path: '/gender', value: 'x' }], 422, 'nothing at this path'],
    ['parent missing', [{ op: 'add', path: '/x/y', value: 1 }], 422, 'nothing at this path'],
    ['into a primitive', [{ op: 'add', path: '/active/y', value: 1 }], 422, 'nothing at this path'],
    ['beyond the end', [{ op: 'add', path: '/name/3', value: {} }], 422, 'nothing at this path'],
    ['leading zero', [{ op: 'remove', path: '/name/00' }], 422, 'nothing at this path'],
    ['dash for remove', [{ op: 'remove', path: '/name/-' }], 422, 'nothing at this path'],
    ['list length', [{ op: 'remove', path: '/name/length' }], 422, 'nothing at this path'],
    ['inherited', [{ op: 'copy', from: '/toString', path: '/x' }], 422, 'nothing at this path'],
    ['prototype', [{ op: 'add', path: '/__proto__/polluted', value: 1 }], 422, 'not allowed'],
    ['constructor', [{ op: 'copy', from: '/constructor', path: '/x' }], 422, 'not allowed'],
    ['into itself', [{ op: 'move', from: '/name', path: '/name/0/x' }], 422, 'into itself'],
    ['test fails', [{ op: 'test', path: '/active', value: 'true' }], 422, 'not the one tested for'],
    ['remove the whole', [{ op: 'remove', path: '' }], 422, 'whole resource'],
    ['change the type', [{ op: 'replace', path: '/resourceType', value: 'Group' }], 422, 'resourceType'],
    ['change the id', [{ op: 'replace', path: '/id', value: 'q' }], 422, 'change id'],
    ['remove the id', [{ op: 'remove', path: '/id' }], 422, 'change id'],
    ['replace the whole by a list', [{ op: 'replace', path: '', value: [] }], 422, 'resourceType'],
    ['too deep', [{ op: 'add', path: '/x', value: deep(64) }], 422, 'too deeply'],
    ['doubling', Array.from({ length: 60 }, () => ({ op: 'copy', from: '/name', path: '/name/-' })), 422, 'too'],
    ['too many', Array.from({ length: 1001 }, () => ({ op: 'test', path: '/id', value: 'p' })), 422, '1000 operations'],
  ])('%s', (_name, patch, status, words) => {
    const found = refusal(patch);
    expect(found.diagnostics).toContain(words);
    expect(found.status).toBe(status);
  });

  test('an odd path is not repeated', () => {
    expect(refusal([{ op: 'remove', path: '/Mary Smith' }]).diagnostics).not.toContain('Mary');
  });

  test('nothing got polluted', () => {
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

describe('number texts', () => {
  const body = '{"resourceType":"Observation","id":"o","valueQuantity":{"value":20.00},"list":[1.0,2.0,3.50],"n":7.00}';
  const patched = (patch: string): string => {
    const before = parseJson(Buffer.from(body));
    const operations = parseJson(Buffer.from(patch));
    const { resource, numbers } = applyJsonPatch(
      asResource(before.root),
      operations.root,
      before.numbers,
      operations.numbers,
    );
    expect(stringifyJson(before.root, before.numbers)).toBe(body);
    return stringifyJson(resource, numbers);
  };

  test.each([
    ['untouched', '[]', body],
    [
      'in the patch',
      '[{"op":"replace","path":"/valueQuantity","value":{"value":5.10}}]',
      body.replace('20.00', '5.10'),
    ],
    ['a bare number', '[{"op":"replace","path":"/n","value":1e1}]', body.replace('7.00', '1e1')],
    ['a bare plain number', '[{"op":"replace","path":"/n","value":7}]', body.replace('7.00', '7')],
    ['copy', '[{"op":"copy","from":"/valueQuantity/value","path":"/m"}]', body.replace('7.00', '7.00,"m":20.00')],
    ['list insert', '[{"op":"add","path":"/list/1","value":9}]', body.replace('[1.0,', '[1.0,9,')],
    ['list remove', '[{"op":"remove","path":"/list/0"}]', body.replace('[1.0,', '[')],
    [
      'list move',
      '[{"op":"move","from":"/list/2","path":"/list/0"}]',
      body.replace('[1.0,2.0,3.50]', '[3.50,1.0,2.0]'),
    ],
  ])('%s', (_name, patch, expected) => {
    expect(patched(patch)).toBe(expected);
  });
});

describe('properties', () => {
  const value: fc.Arbitrary<Json> = fc
    .jsonValue({ maxDepth: 3 })
    .map((json) => JSON.parse(JSON.stringify(json).replaceAll('__proto__', 'p')));
  const key = fc
    .string({ maxLength: 4 })
    .filter((name) => !['__proto__', 'constructor', 'prototype', 'id'].includes(name));
  const pointer = (steps: readonly string[]): string =>
    steps.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

  test('add then remove is nothing; add then test holds; the input never changes', () => {
    fc.assert(
      fc.property(key, value, value, (name, added, other) => {
        const resource: Resource = { resourceType: 'Basic', id: 'b', other };
        if (name === 'other' || name === 'resourceType') return;
        const text = JSON.stringify(resource);
        const path = pointer([name]);
        const add = { op: 'add', path, value: added };
        expect(applyJsonPatch(resource, [add, { op: 'test', path, value: added }]).resource[name]).toEqual(added);
        expect(applyJsonPatch(resource, [add, { op: 'remove', path }]).resource).toEqual(resource);
        expect(JSON.stringify(resource)).toBe(text);
      }),
    );
  });

  test('any patch at all: an Outcome or a resource of the same type and id', () => {
    const path = fc
      .array(fc.constantFrom('name', '0', '1', '-', 'given', 'id', 'x', '__proto__'), { maxLength: 4 })
      .map(pointer);
    const operation = fc.record({
      op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test'),
      path,
      from: path,
      value,
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 5 }), (patch) => {
        try {
          expect(applyJsonPatch(patient(), patch, NO_NUMBERS).resource).toMatchObject({
            resourceType: 'Patient',
            id: 'p',
          });
        } catch (error) {
          if (!(error instanceof Outcome)) throw error;
          expect([400, 422]).toContain(error.status);
        }
      }),
      { numRuns: 500 },
    );
  });
});
