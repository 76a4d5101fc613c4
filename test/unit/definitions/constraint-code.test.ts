/** Constraints as direct code say what fhirpath says, for our own and for generated ones, on generated responses. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { QUESTIONNAIRES } from '../../../src/care/questionnaires/all.ts';
import { directConstraint } from '../../../src/definitions/answers/constraint-code.ts';
import { evaluateRule } from '../../../src/definitions/path-rules.ts';
import type { Json, JsonObject, Resource } from '../../../src/fhir/types.ts';

const link = fc.constantFrom('a', 'b', 'c');
const linkIs = link.map((id) => `linkId='${id}'`);
const where = fc
  .tuple(linkIs, linkIs, fc.constantFrom('', ' or ', ' and '))
  .map(([one, two, joint]) => `where(${joint === '' ? one : one + joint + two})`);
const items = where.map((condition) => `item.${condition}`);
const answers = items.map((path) => `${path}.answer`);
const coded = answers.map((path) => `${path}.where(value.code = 'yes')`);
const test0 = fc.oneof(
  fc
    .tuple(fc.oneof(items, answers, coded), fc.constantFrom('.exists()', '.empty()', '.exists().not()'))
    .map((two) => two.join('')),
  fc.tuple(answers, fc.constantFrom('true', 'false')).map(([path, literal]) => `${path}.value = ${literal}`),
  answers.map((path) => `${path}.value.code = 'yes'`),
  fc.constant("linkId = 'a'"),
);
const expression = fc.oneof(
  test0,
  fc.tuple(test0, fc.constantFrom(' and ', ' or '), test0).map((three) => three.join('')),
  fc.tuple(test0, test0, test0).map(([a, b, c]) => `(${a} and ${b}).not() or ${c}`),
);

const value: fc.Arbitrary<JsonObject> = fc.constantFrom<JsonObject>(
  { valueBoolean: true },
  { valueBoolean: false },
  { valueCoding: { system: 'urn:s', code: 'yes' } },
  { valueCoding: { system: 'urn:s', code: 'no' } },
  { valueString: 'yes' },
);
const question = fc
  .tuple(link, fc.array(value, { maxLength: 2 }))
  .map(([linkId, answer]): JsonObject => (answer.length > 0 ? { linkId, answer } : { linkId }));
const group = fc
  .array(question, { maxLength: 4 })
  .map((item): JsonObject => (item.length > 0 ? { linkId: 'a', item } : { linkId: 'a' }));

const byFhirPath = (text: string, at: JsonObject): boolean | null => {
  const resource: Resource = { resourceType: 'QuestionnaireResponse', item: [at] };
  return evaluateRule({ base: 'QuestionnaireResponse.item', expression: text }, at, { resource, root: resource });
};

describe('direct code and fhirpath', () => {
  test('agree on generated constraints', () => {
    fc.assert(
      fc.property(expression, group, (text, at) => {
        const direct = directConstraint(text);
        expect(direct).not.toBeNull();
        expect(direct?.(at) !== false).toBe(byFhirPath(text, at));
      }),
      { numRuns: 400 },
    );
  });

  test('what it does not know is left to fhirpath', () => {
    for (const text of [
      'item.count() > 1',
      "trace('x').exists()",
      "item.answer.value = 'yes'",
      "item.where(linkId = 'a').first().exists()",
      '%resource.item.exists()',
      "item.exists() and 'x'",
      "linkId = 'a\\'b'",
      'item.exists(',
      'item',
    ])
      expect([text, directConstraint(text)]).toEqual([text, null]);
  });

  test('the constraints of every heading are direct; of ours one looks outside its group and is not', () => {
    const found: string[] = [];
    const visit = (at: Json | undefined): void => {
      if (Array.isArray(at)) at.forEach(visit);
      else if (typeof at === 'object' && at !== null) {
        if (at.url === 'expression' && typeof at.valueString === 'string') found.push(at.valueString);
        Object.values(at).forEach(visit);
      }
    };
    visit(QUESTIONNAIRES.map((one) => one.item ?? null));
    expect(found.filter((text) => text.startsWith("item.where(linkId='mwt.")).length).toBeGreaterThanOrEqual(21);
    const left = found.filter((text) => directConstraint(text) === null);
    expect(left.map((text) => text.includes('%resource'))).toEqual([true]);
  });
});
