/** enableWhen of R4 Questionnaires: is an item enabled, given the answers around it? */
import type { Json, JsonObject } from '../../fhir/types.ts';
import { choiceName, inOrder, objects, text } from '../reading.ts';
import { isObject } from '../run.ts';
import type { EnableWhen, FormItem } from './form.ts';

/** An item of the response, and what holds it: the response, items and answers, outermost first. */
interface Occurrence {
  answers: readonly JsonObject[];
  holders: readonly JsonObject[];
}

/** Where each linkId is answered; made once per response, and only when some item asks. */
export type AnswerIndex = ReadonlyMap<string, readonly Occurrence[]>;

export function indexAnswers(response: JsonObject): AnswerIndex {
  const index = new Map<string, Occurrence[]>();
  const visit = (holder: JsonObject, above: readonly JsonObject[]): void => {
    const holders = [...above, holder];
    for (const item of objects(holder, 'item')) {
      const answers = objects(item, 'answer');
      const linkId = text(item, 'linkId') ?? '';
      if (answers.length > 0) {
        const known = index.get(linkId);
        if (known === undefined) index.set(linkId, [{ answers, holders }]);
        else known.push({ answers, holders });
      }
      if (item.item !== undefined) visit(item, holders);
      for (const answer of answers) if (answer.item !== undefined) visit(answer, [...holders, item]);
    }
  };
  visit(response, []);
  return index;
}

/**
 * Answers to `linkId` seen from inside nested groups: the nearest enclosing scope that holds any counts, so that a
 * question inside a repeating group refers to its own repetition (R4: the ancestor axis comes first).
 * @param scopes the QuestionnaireResponse and the items down to the one asked about, outermost first
 */
export function answersInScope(index: AnswerIndex, scopes: readonly JsonObject[], linkId: string): JsonObject[] {
  const occurrences = index.get(linkId) ?? [];
  for (let depth = scopes.length - 1; depth >= 0 && occurrences.length > 0; depth -= 1) {
    const scope = scopes[depth];
    const near = occurrences.filter(({ holders }) => scope !== undefined && holders.includes(scope));
    if (near.length > 0) return near.flatMap(({ answers }) => answers);
  }
  return [];
}

/** Whether an item is enabled; an unanswered question meets no condition but `exists = false` (R4 enableWhen). */
export function isEnabled(item: FormItem, index: AnswerIndex, scopes: readonly JsonObject[]): boolean {
  if (item.enableWhen.length === 0) return true;
  const holds = (when: EnableWhen): boolean => meets(when, answersInScope(index, scopes, when.question));
  return item.enableAll ? item.enableWhen.every(holds) : item.enableWhen.some(holds);
}

function meets(when: EnableWhen, answers: readonly JsonObject[]): boolean {
  if (when.operator === 'exists') return answers.length > 0 === (when.expected === true);
  return answers.some((answer) => {
    const name = choiceName(answer, 'value');
    return compare(name === undefined ? undefined : answer[name], when.operator, when.expected);
  });
}

function compare(actual: Json | undefined, operator: string, expected: Json | undefined): boolean {
  if (actual === undefined || expected === undefined) return false;
  if (operator === '=') return isSame(actual, expected);
  if (operator === '!=') return !isSame(actual, expected);
  const order = orderOf(actual, expected);
  if (order === null) return false;
  if (operator === '>') return order > 0;
  if (operator === '<') return order < 0;
  if (operator === '>=') return order >= 0;
  return operator === '<=' && order <= 0;
}

/** Codings are equal by system and code, quantities by value and unit, references by their text; displays do not count. */
function isSame(a: Json, b: Json): boolean {
  if (!isObject(a) || !isObject(b)) return a === b || (isInstant(a) && isInstant(b) && Date.parse(a) === Date.parse(b));
  if (a.value !== undefined || b.value !== undefined) return a.value === b.value && unitOf(a) === unitOf(b);
  return a.system === b.system && a.code === b.code && a.reference === b.reference;
}

const DATE = /^\d{4}(?:-\d{2}(?:-\d{2}(?:T.+)?)?)?$/;
const isInstant = (value: Json): value is string =>
  typeof value === 'string' && value.includes('T') && DATE.test(value);

const unitOf = (quantity: JsonObject): string =>
  `${text(quantity, 'system') ?? ''}|${text(quantity, 'code') ?? text(quantity, 'unit') ?? ''}`;

/** Order of two numbers, of two quantities of one unit, or of two dates or times; null when they cannot be compared. */
export function orderOf(a: Json, b: Json): number | null {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') {
    if (!DATE.test(a) || !DATE.test(b)) return a === b ? 0 : a < b ? -1 : 1;
    const [before, after] = [inOrder(a, b), inOrder(b, a)];
    return before && after ? 0 : before ? -1 : 1;
  }
  if (!isObject(a) || !isObject(b) || unitOf(a) !== unitOf(b)) return null;
  return a.value === undefined || b.value === undefined ? null : orderOf(a.value, b.value);
}
