/** Checks of one answer against its item: type, options, range, length, reference target. */
import type { JsonObject } from '../fhir/types.ts';
import { CANON } from './canon.ts';
import { type InstrumentItem, optionKey } from './instrument.ts';
import { isObject, textAt } from './shape.ts';

/** Codes of a value set, or null when this service cannot decide it (then any code passes). */
export type CodesOf = (valueSetUrl: string) => readonly string[] | null;

const VALUE_OF: Readonly<Record<string, readonly string[]>> = {
  boolean: ['valueBoolean'],
  decimal: ['valueDecimal'],
  integer: ['valueInteger'],
  date: ['valueDate'],
  dateTime: ['valueDateTime'],
  time: ['valueTime'],
  string: ['valueString'],
  text: ['valueString'],
  url: ['valueUri'],
  choice: ['valueCoding'],
  'open-choice': ['valueCoding', 'valueString'],
  attachment: ['valueAttachment'],
  reference: ['valueReference'],
  quantity: ['valueQuantity'],
};

const JSON_TYPE: Readonly<Record<string, string>> = {
  valueBoolean: 'boolean',
  valueDecimal: 'number',
  valueInteger: 'number',
  valueCoding: 'object',
  valueAttachment: 'object',
  valueReference: 'object',
  valueQuantity: 'object',
};

/** What is wrong with one answer, in words without its content; null when nothing is. */
export function answerFault(item: InstrumentItem, answer: JsonObject, codesOf: CodesOf): string | null {
  const names = Object.keys(answer).filter((key) => key.startsWith('value'));
  const name = names[0];
  const wanted = VALUE_OF[item.type] ?? [];
  if (name === undefined || names.length > 1) return 'an answer needs exactly one value';
  if (!wanted.includes(name)) return `the answer must be ${wanted.join(' or ')}, not ${name.slice(0, 40)}`;
  const value = answer[name];
  if (typeof value !== (JSON_TYPE[name] ?? 'string') || Array.isArray(value) || value === null) {
    return `the answer is not a ${name.slice('value'.length)}`;
  }
  if (typeof value === 'number') return numberFault(item, value);
  if (typeof value === 'string') return textFault(item, value);
  if (isObject(value) && name === 'valueCoding') return codingFault(item, answer, codesOf);
  if (isObject(value) && name === 'valueReference') return targetFault(item, value);
  return null;
}

function numberFault(item: InstrumentItem, value: number): string | null {
  if (item.type === 'integer' && !Number.isInteger(value)) return 'the answer is not a whole number';
  if (item.min !== null && value < item.min) return `the answer is below ${item.min}`;
  if (item.max !== null && value > item.max) return `the answer is above ${item.max}`;
  return null;
}

function textFault(item: InstrumentItem, value: string): string | null {
  if (value.trim() === '') return 'the answer is empty';
  if (value.length > item.maxLength) return `the answer is longer than ${item.maxLength} characters`;
  if (item.type === 'date' && !isPartialDate(value)) return 'the answer is not a date';
  return null;
}

/** R4 `date`: YYYY, YYYY-MM or YYYY-MM-DD that exists. */
function isPartialDate(value: string): boolean {
  if (!/^\d{4}(-\d{2}(-\d{2})?)?$/.test(value)) return false;
  const full = `${value}${'-01-01'.slice(0, 10 - value.length)}`;
  const ms = Date.parse(`${full}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(full);
}

function codingFault(item: InstrumentItem, answer: JsonObject, codesOf: CodesOf): string | null {
  if (item.options !== null && !item.options.has(optionKey(answer))) return 'the answer is not one of the options';
  const code = textAt(answer, 'valueCoding', 'code');
  if (code === undefined) return 'the answer has no code';
  if (item.valueSet === null) return null;
  const codes = codesOf(item.valueSet);
  if (codes === null) return null;
  const home = `${CANON}/ValueSet/`;
  const system = item.valueSet.startsWith(home) ? `${CANON}/CodeSystem/${item.valueSet.slice(home.length)}` : undefined;
  const right = codes.includes(code) && (system === undefined || textAt(answer, 'valueCoding', 'system') === system);
  return right ? null : `the answer is not in ${item.valueSet}`;
}

/** Logical references and urn:uuid are judged where they are resolved; here only a typed literal one. */
function targetFault(item: InstrumentItem, value: JsonObject): string | null {
  const type = /(?:^|\/)([A-Z][A-Za-z]+)\/[A-Za-z0-9\-.]{1,64}/.exec(textAt(value, 'reference') ?? '')?.[1];
  if (type === undefined || item.targets.size === 0 || item.targets.has(type)) return null;
  return `the answer may refer to ${[...item.targets].join(' or ')}, not ${type}`;
}
