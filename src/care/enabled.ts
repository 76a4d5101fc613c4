/** enableWhen of R4 Questionnaires: is an item enabled, given the answers around it? */
import type { Json, JsonObject } from '../fhir/types.ts';
import type { EnableWhen, InstrumentItem } from './instrument.ts';
import { isObject, objectsAt } from './shape.ts';

/**
 * Answers to `linkId` seen from inside nested groups: the nearest enclosing scope that holds any counts, so that a
 * question inside a repeating group refers to its own repetition (SDC reading of R4).
 * @param scopes the QuestionnaireResponse and the items down to the one asked about, outermost first
 */
export function answersInScope(scopes: readonly JsonObject[], linkId: string): JsonObject[] {
  for (let depth = scopes.length - 1; depth >= 0; depth -= 1) {
    const found: JsonObject[] = [];
    collect(scopes[depth], linkId, found);
    if (found.length > 0) return found;
  }
  return [];
}

function collect(holder: JsonObject | undefined, linkId: string, into: JsonObject[]): void {
  for (const item of objectsAt(holder, 'item')) {
    const answers = objectsAt(item, 'answer');
    if (item.linkId === linkId) into.push(...answers);
    collect(item, linkId, into);
    for (const answer of answers) collect(answer, linkId, into);
  }
}

/** Whether an item is enabled; an unanswered question meets no condition but `exists = false`. */
export function isEnabled(item: InstrumentItem, scopes: readonly JsonObject[]): boolean {
  if (item.enableWhen.length === 0) return true;
  const holds = (when: EnableWhen): boolean => meets(when, answersInScope(scopes, when.question));
  return item.enableAll ? item.enableWhen.every(holds) : item.enableWhen.some(holds);
}

function meets(when: EnableWhen, answers: readonly JsonObject[]): boolean {
  if (when.operator === 'exists') return answers.length > 0 === (when.answer.answerBoolean === true);
  const expected = valueWithPrefix(when.answer, 'answer');
  return answers.some((answer) => compare(valueWithPrefix(answer, 'value'), when.operator, expected));
}

/** The value of a choice element, e.g. `valueCoding` or `answerBoolean`. */
function valueWithPrefix(holder: JsonObject, prefix: 'value' | 'answer'): Json | undefined {
  const name = Object.keys(holder).find((key) => key.startsWith(prefix));
  return name === undefined ? undefined : holder[name];
}

function compare(actual: Json | undefined, operator: string, expected: Json | undefined): boolean {
  if (actual === undefined || expected === undefined) return false;
  const equal = isObject(actual) && isObject(expected) ? sameThing(actual, expected) : actual === expected;
  if (operator === '=') return equal;
  if (operator === '!=') return !equal;
  const order = orderOf(actual, expected);
  if (order === null) return false;
  if (operator === '>') return order > 0;
  if (operator === '<') return order < 0;
  if (operator === '>=') return order >= 0;
  return operator === '<=' && order <= 0;
}

/** Codings are equal by system and code, references by their text; displays do not count. */
function sameThing(a: JsonObject, b: JsonObject): boolean {
  return a.system === b.system && a.code === b.code && a.reference === b.reference;
}

/** Order of two numbers or of two texts (dates and times order as text); null when they cannot be compared. */
function orderOf(a: Json, b: Json): number | null {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a === b ? 0 : a < b ? -1 : 1;
  return null;
}
