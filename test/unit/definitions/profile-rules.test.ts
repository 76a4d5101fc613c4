import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import profile from '../../../profiles/StructureDefinition-JV-Patient.json' with { type: 'json' };
import { evaluateRule } from '../../../src/definitions/path-rules.ts';
import { PROFILE_RULES } from '../../../src/definitions/rules-profile.ts';
import type { JsonObject } from '../../../src/fhir/types.ts';

const expressions = new Map(
  profile.differential.element.flatMap((element) =>
    ('constraint' in element ? (element.constraint ?? []) : []).map(
      ({ key, expression }) => [key, expression] as const,
    ),
  ),
);
const STATUS = 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus';
const digits = fc.stringMatching(/^[0-9]{9}$/);
/** Nine digits and the digit that fits, so that right numbers are met as often as wrong ones. */
const fitting = digits.map((nine) => {
  const sum = [...nine].reduce((total, digit, at) => total + Number(digit) * (10 - at), 0);
  return `${nine}${((11 - (sum % 11)) % 11) % 10}`;
});
const value = fc.oneof(fitting, fc.stringMatching(/^[0-9]{9,11}$/), fc.constant('999 000 1006'));
const extension = fc.constantFrom<JsonObject[]>(
  [{ url: STATUS, valueCode: 'x' }],
  [{ url: 'http://a.example', valueCode: 'x' }],
);
const identifier = fc
  .record({ value, extension }, { requiredKeys: [] })
  .filter((one) => !/^(.)\1*$/.test(one.value ?? 'ab'));

test.each([...PROFILE_RULES.keys()])('%s means what its expression means', (key) => {
  const direct = PROFILE_RULES.get(key);
  const expression = expressions.get(key) ?? 'missing';
  fc.assert(
    fc.property(identifier, (one) => {
      const element: JsonObject = JSON.parse(JSON.stringify({ system: 'x', ...one }));
      const resource = { resourceType: 'Patient', identifier: [element] };
      const kept = evaluateRule({ base: 'Patient.identifier', expression }, element, { resource, root: resource });
      expect(direct?.(element)).toBe(kept);
    }),
    { numRuns: 300 },
  );
});
