/** Builds a random valid response to a Questionnaire, from a stream of picks; shares no code with the checks. */

import { isObject, objectsAt, textAt } from '../../../src/care/shape.ts';
import type { JsonObject, Resource } from '../../../src/fhir/types.ts';
import { codesOf } from './code-lists.ts';

/** A number from 0 to n - 1. */
export type Pick = (n: number) => number;

export function randomResponse(questionnaire: Resource, pick: Pick): Resource {
  const items = build(objectsAt(questionnaire, 'item'), pick, []);
  return {
    resourceType: 'QuestionnaireResponse',
    questionnaire: `${textAt(questionnaire, 'url')}|0.1.0`,
    status: 'completed',
    item: items,
  };
}

function build(definitions: JsonObject[], pick: Pick, above: JsonObject[][]): JsonObject[] {
  const made: JsonObject[] = [];
  for (const definition of definitions) {
    if (definition.type === 'display' || !enabled(definition, [...above, made])) continue;
    const linkId = textAt(definition, 'linkId') ?? '';
    const must = definition.required === true || forced(linkId, made);
    if (!must && pick(3) === 0) continue;
    if (definition.type === 'group') {
      const count = linkId === 'visit.practitioners' ? 2 + pick(2) : definition.repeats === true ? 1 + pick(3) : 1;
      for (let n = 0; n < count; n += 1) {
        const children = build(objectsAt(definition, 'item'), pick, [...above, made]);
        made.push({ linkId, ...(children.length > 0 ? { item: children } : {}) });
      }
    } else {
      const count = definition.repeats === true ? 1 + pick(3) : 1;
      made.push({ linkId, answer: Array.from({ length: count }, () => value(definition, pick, made, above)) });
    }
  }
  return made;
}

/** What the two constraints ask for. */
function forced(linkId: string, made: JsonObject[]): boolean {
  if (linkId.endsWith('.strengths')) return true;
  return linkId === 'plan.review' && made.some((item) => item.linkId === 'plan.goal');
}

function value(definition: JsonObject, pick: Pick, made: JsonObject[], above: JsonObject[][]): JsonObject {
  switch (definition.type) {
    case 'boolean':
      return { valueBoolean: pick(2) === 0 };
    case 'integer':
      return { valueInteger: 1 + pick(2) };
    case 'date':
      return { valueDate: `2026-0${1 + pick(9)}-1${pick(9)}` };
    case 'reference':
      return { valueReference: { reference: reference(definition, pick) } };
    case 'choice':
      return choice(definition, pick, made, above);
    default:
      return { valueString: `words ${pick(1000)}` };
  }
}

function reference(definition: JsonObject, pick: Pick): string {
  const types = objectsAt(definition, 'extension').flatMap((ext) => textAt(ext, 'valueCode') ?? []);
  return `${types[pick(types.length)]}/x${pick(50)}`;
}

function choice(definition: JsonObject, pick: Pick, made: JsonObject[], above: JsonObject[][]): JsonObject {
  const options = objectsAt(definition, 'answerOption');
  const option = options[pick(Math.max(options.length, 1))];
  if (option) return option;
  const url = textAt(definition, 'answerValueSet') ?? '';
  const codes = codesOf(url);
  if (!codes) return { valueCoding: { system: 'urn:ietf:bcp:47', code: 'ur' } };
  const alone = [made, ...above].flat().some((item) => item.linkId === 'jvc.alone' && firstIs(item, true));
  const from = definition.linkId === 'jvc.da.asked' && !alone ? codes.slice(1) : codes;
  return { valueCoding: { system: url.replace('/ValueSet/', '/CodeSystem/'), code: from[pick(from.length)] ?? '' } };
}

const firstIs = (item: JsonObject, wanted: boolean): boolean => objectsAt(item, 'answer')[0]?.valueBoolean === wanted;

/** Questions always stand before what depends on them, in the same group or above it. */
function enabled(definition: JsonObject, made: JsonObject[][]): boolean {
  const results = objectsAt(definition, 'enableWhen').map((when) => {
    const answers = made.flat().filter((item) => item.linkId === when.question);
    return answers
      .flatMap((item) => objectsAt(item, 'answer'))
      .some((answer) => {
        if (typeof when.answerBoolean === 'boolean') return answer.valueBoolean === when.answerBoolean;
        const same = isObject(when.answerCoding) && textAt(answer, 'valueCoding', 'code') === when.answerCoding.code;
        return when.operator === '!=' ? !same : same;
      });
  });
  if (results.length === 0) return true;
  return definition.enableBehavior === 'all' ? results.every(Boolean) : results.some(Boolean);
}
