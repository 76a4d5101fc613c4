/** Invariants of Questionnaire and QuestionnaireResponse, as direct code: joint visits have 150 items. */
import type { JsonObject } from '../fhir/types.ts';
import { choiceName, count, distinct, has, objects, text } from './reading.ts';

type DirectRule = (value: JsonObject) => boolean;

const WITH_LENGTH = new Set(['boolean', 'decimal', 'integer', 'string', 'text', 'url', 'open-choice']);
const WITH_OPTIONS = new Set([
  'choice',
  'open-choice',
  'decimal',
  'integer',
  'date',
  'dateTime',
  'time',
  'string',
  'quantity',
]);

/** linkIds of the items at any depth, and those of contained questionnaires, as `descendants()` sees them. */
function linkIds(value: JsonObject, found: string[]): string[] {
  for (const name of ['item', 'contained']) {
    for (const child of objects(value, name)) {
      const linkId = text(child, 'linkId');
      if (linkId !== undefined) found.push(linkId);
      linkIds(child, found);
    }
  }
  return found;
}

function notFor(type: string, ...names: string[]): DirectRule {
  return (value) => value.type !== type || names.every((name) => !has(value, name));
}

export const QUESTIONNAIRE_RULES: Readonly<Record<string, DirectRule>> = {
  'que-1': (v) => (v.type === 'group' ? has(v, 'item') : v.type !== 'display' || !has(v, 'item')),
  'que-2': (v) => distinct(linkIds(v, [])),
  'que-3': notFor('display', 'code'),
  'que-4': (v) => !has(v, 'answerOption') || !has(v, 'answerValueSet'),
  'que-5': (v) =>
    WITH_OPTIONS.has(text(v, 'type') ?? 'choice') || (!has(v, 'answerValueSet') && !has(v, 'answerOption')),
  'que-6': notFor('display', 'required', 'repeats'),
  // R4 writes `answer is Boolean`, which no FHIR boolean is (the System type): taken as it is meant
  'que-7': (v) => v.operator !== 'exists' || (choiceName(v, 'answer') ?? 'answerBoolean') === 'answerBoolean',
  'que-8': (v) => (v.type !== 'group' && v.type !== 'display') || !has(v, 'initial'),
  'que-9': notFor('display', 'readOnly'),
  'que-10': (v) => WITH_LENGTH.has(text(v, 'type') ?? 'string') || !has(v, 'maxLength'),
  'que-11': (v) => !has(v, 'answerOption') || !has(v, 'initial'),
  'que-12': (v) => count(v, 'enableWhen') <= 2 || has(v, 'enableBehavior'),
  'que-13': (v) => v.repeats === true || count(v, 'initial') <= 1,
  'qrs-1': (v) => !has(v, 'answer') || !has(v, 'item'),
};
