/** $diff: the patch between two versions makes the second of the first, whatever they are; and says no more than that. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { diffOf, type Side } from '../../../src/fhir/diff.ts';
import { applyFhirPathPatch } from '../../../src/fhir/fhirpath-patch.ts';
import { parseJson, stringifyJson } from '../../../src/fhir/json.ts';
import { asResource } from '../../../src/fhir/resource.ts';
import { testDefinitions } from '../definitions/cache.ts';

const { shapes } = await testDefinitions();
const side = (json: string): Side => {
  const { root, numbers } = parseJson(Buffer.from(json));
  return { resource: asResource(root), numbers };
};
const diff = (before: object, after: object): string => {
  const { root, numbers } = diffOf(side(JSON.stringify(before)), side(JSON.stringify(after)), shapes);
  return stringifyJson(root, numbers);
};

const text = fc.constantFrom('a', 'b', 'c d', 'é');
const name = fc.record(
  { use: fc.constantFrom('official', 'usual'), family: text, given: fc.array(text, { minLength: 1, maxLength: 3 }) },
  { requiredKeys: ['family'] },
);
const contact = fc.record(
  {
    gender: fc.constantFrom('female', 'male'),
    name,
    telecom: fc.array(fc.record({ value: text }), { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: ['gender'] },
);
const list = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 1, maxLength: 3 });
const patient = fc
  .record(
    {
      meta: fc.record({ tag: list(fc.record({ code: text })) }),
      extension: list(fc.record({ url: fc.constant('http://e.org/x'), valueDecimal: fc.constantFrom(1.5, 2, 0.25) })),
      active: fc.boolean(),
      name: list(name),
      birthDate: fc.constantFrom('1990-01-01', '1991-02'),
      multipleBirthInteger: fc.integer({ min: 1, max: 3 }),
      contact: list(contact),
      communication: list(fc.record({ language: fc.record({ text }) })),
      managingOrganization: fc.record({ reference: fc.constantFrom('Organization/1', 'Organization/2') }),
      text: fc.record({ status: fc.constant('generated'), div: fc.constantFrom('<div>a</div>', '<div>b</div>') }),
    },
    { requiredKeys: [] },
  )
  .chain((fields) =>
    fc.constantFrom({}, { multipleBirthBoolean: true }).map((other) => {
      const { multipleBirthInteger, ...rest } = fields;
      const birth =
        Object.keys(other).length > 0 || multipleBirthInteger === undefined ? other : { multipleBirthInteger };
      return { resourceType: 'Patient', id: 'p', ...rest, ...birth };
    }),
  );

test('applied to the first version the patch gives the second', () => {
  fc.assert(
    fc.property(patient, patient, (before, after) => {
      const patch = parseJson(Buffer.from(diff(before, after)));
      const start = side(JSON.stringify(before));
      const parameters = asResource(patch.root);
      const result =
        parameters.parameter === undefined
          ? start
          : applyFhirPathPatch(start.resource, parameters, start.numbers, patch.numbers);
      expect(JSON.parse(stringifyJson(result.resource, result.numbers))).toEqual(JSON.parse(JSON.stringify(after)));
    }),
    { numRuns: 100 },
  );
});

test('nothing differs from itself; versions and times of update are not differences', () => {
  fc.assert(fc.property(patient, (one) => expect(diff(one, one)).toBe('{"resourceType":"Parameters"}')));
  const at = (versionId: string) => ({
    resourceType: 'Basic',
    id: 'b',
    meta: { versionId, lastUpdated: `2026-01-0${versionId}T00:00:00Z` },
  });
  expect(diff(at('1'), at('2'))).toBe('{"resourceType":"Parameters"}');
});

test('the spelling of a number is a difference, and is kept', () => {
  const one = (value: string) => side(`{"resourceType":"Basic","extension":[{"url":"u","valueDecimal":${value}}]}`);
  const { root, numbers } = diffOf(one('2.0'), one('2.00'), shapes);
  expect(stringifyJson(root, numbers)).toBe(
    '{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Basic.extension[0].value"},{"name":"value","valueDecimal":2.00}]}]}',
  );
});

test('extensions of a primitive stand under its own path', () => {
  const one = (twin: object) => ({ resourceType: 'Patient', birthDate: '1990-01-01', ...twin });
  const changed = diff(one({}), one({ _birthDate: { extension: [{ url: 'u', valueCode: 'x' }] } }));
  expect(changed).toContain(
    '{"name":"path","valueString":"Patient.birthDate"},{"name":"name","valueString":"extension"}',
  );
});
