/** Checks of one answer against its item: type, options, value set, bounds, length, format, target, unit, file. */
import type { NumberTexts } from '../../fhir/json.ts';
import type { JsonObject } from '../../fhir/types.ts';
import type { ForeignWork } from '../foreign-work.ts';
import { text } from '../reading.ts';
import { isObject } from '../run.ts';
import { orderOf } from './enabled.ts';
import { codingKey, type FormItem, optionKey } from './form.ts';

/** Whether a coding is in a value set; null when this service cannot decide it. */
export type InValueSet = (valueSet: string, system: string | undefined, code: string) => boolean | null;

/** What is wrong with one answer; `unsure` = only that it could not be checked. */
export interface AnswerFault {
  words: string;
  code: 'value' | 'code-invalid' | 'structure';
  unsure?: true;
}

export interface AnswerTools {
  inValueSet: InValueSet;
  numbers: NumberTexts | undefined;
  foreign: ForeignWork;
}

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

const wrong = (words: string): AnswerFault => ({ words, code: 'value' });

/** The JSON name of an answer's value; a value that is only an extension (`_valueString`) has none. */
export const valueNames = (answer: JsonObject): string[] =>
  Object.keys(answer).filter((key) => key.startsWith('value'));

/** What is wrong with one answer, in words without its content; null when nothing is. */
export function answerFault(item: FormItem, answer: JsonObject, tools: AnswerTools): AnswerFault | null {
  const names = valueNames(answer);
  const [name] = names;
  if (name === undefined && isMissingByReason(answer)) return null;
  if (name === undefined || names.length > 1) return wrong('an answer needs exactly one value');
  const fault = typeFault(item, answer, name);
  if (fault !== null) return fault;
  if (item.options !== null && !isFreeText(item, name) && !item.options.has(optionKey(answer))) {
    return { words: 'the answer is not one of the options', code: 'value' };
  }
  const value = answer[name];
  if (typeof value === 'number') return numberFault(item, value, tools.numbers?.get(answer, name));
  if (typeof value === 'string') return textFault(item, name, value, tools);
  if (!isObject(value)) return null;
  if (name === 'valueCoding') return codingFault(item, value, tools.inValueSet);
  if (name === 'valueReference') return targetFault(item, value);
  if (name === 'valueQuantity') return quantityFault(item, value, tools);
  return name === 'valueAttachment' ? attachmentFault(item, value) : null;
}

/** An answer may say why it has no value: an extension on it or on its value. */
const isMissingByReason = (answer: JsonObject): boolean =>
  answer.extension !== undefined || Object.keys(answer).some((key) => key.startsWith('_value'));

/** Free text of an open choice is not one of its options, unless they are texts themselves. */
const isFreeText = (item: FormItem, name: string): boolean => item.type === 'open-choice' && name === 'valueString';

function typeFault(item: FormItem, answer: JsonObject, name: string): AnswerFault | null {
  const isChoice = item.type === 'choice' || item.type === 'open-choice';
  const wanted = [...new Set([...(VALUE_OF[item.type] ?? []), ...(isChoice ? item.optionNames : [])])];
  if (wanted.length > 0 && !wanted.includes(name)) {
    return wrong(`the answer must be ${wanted.join(' or ')}, not ${name.slice(0, 40)}`);
  }
  const value = answer[name];
  if (typeof value === (JSON_TYPE[name] ?? 'string') && !Array.isArray(value) && value !== null) return null;
  return wrong(`the answer is not a ${name.slice('value'.length)}`);
}

function numberFault(item: FormItem, value: number, spelt: string | undefined): AnswerFault | null {
  if (item.type === 'integer' && !Number.isInteger(value)) return wrong('the answer is not a whole number');
  if (item.decimals < Number.POSITIVE_INFINITY && decimalsOf(spelt ?? String(value)) > item.decimals) {
    return wrong(`the answer has more than ${item.decimals} decimal places`);
  }
  return boundsFault(item, value);
}

/** Decimal places as written: `20.00` has two, `1e-3` three. */
function decimalsOf(spelt: string): number {
  const [, digits = '', exponent = '0'] = /^-?\d+(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(spelt) ?? [];
  return Math.max(0, digits.length - Number(exponent));
}

function boundsFault(item: FormItem, value: number | string): AnswerFault | null {
  if (item.min !== null && isBefore(value, item.min)) return wrong(`the answer is below ${item.min}`);
  if (item.max !== null && isBefore(item.max, value)) return wrong(`the answer is above ${item.max}`);
  return null;
}

/** Certainly before: `2026` is neither before nor after `2026-05`. */
const isBefore = (a: number | string, b: number | string): boolean => (orderOf(a, b) ?? 0) < 0;

function textFault(item: FormItem, name: string, value: string, tools: AnswerTools): AnswerFault | null {
  if (value.trim() === '') return wrong('the answer is empty');
  const length = value.length > item.maxLength || value.length < item.minLength ? [...value].length : value.length;
  if (length > item.maxLength) return wrong(`the answer is longer than ${item.maxLength} characters`);
  if (length < item.minLength) return wrong(`the answer is shorter than ${item.minLength} characters`);
  if (name === 'valueDate' && !isPartialDate(value)) return wrong('the answer is not a date');
  if (item.regex !== null) {
    const fits = matches(item.regex, value, tools.foreign);
    if (fits === false) return wrong('the answer is not written as the question asks');
    if (fits === undefined) return { words: 'its pattern could not be checked', code: 'value', unsure: true };
  }
  return name === 'valueString' || name === 'valueUri' ? null : boundsFault(item, value);
}

/** R4 `date`: YYYY, YYYY-MM or YYYY-MM-DD that exists. */
function isPartialDate(value: string): boolean {
  if (!/^\d{4}(-\d{2}(-\d{2})?)?$/.test(value)) return false;
  const full = `${value}${'-01-01'.slice(0, 10 - value.length)}`;
  const ms = Date.parse(`${full}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(full);
}

/** Whether the whole text matches a pattern of the form's author; undefined when it is no pattern, or takes too long. */
function matches(pattern: string, value: string, foreign: ForeignWork): boolean | undefined {
  return foreign(() => new RegExp(`^(?:${pattern})$`, 'u').test(value));
}

function codingFault(item: FormItem, coding: JsonObject, inValueSet: InValueSet): AnswerFault | null {
  if (item.options !== null) return null;
  const code = text(coding, 'code');
  if (code === undefined) return wrong('the answer has no code');
  return item.valueSet === null ? null : memberFault(item.valueSet, coding, inValueSet);
}

function memberFault(valueSet: string, coding: JsonObject, inValueSet: InValueSet): AnswerFault | null {
  const system = text(coding, 'system');
  const found = inValueSet(valueSet, system, text(coding, 'code') ?? '');
  if (found === null) {
    return {
      words: `${valueSet.slice(0, 200)} cannot be listed here, so the answer was not checked against it`,
      code: 'code-invalid',
      unsure: true,
    };
  }
  if (found && system === undefined) return { words: 'the answer has no system', code: 'value' };
  return found ? null : { words: `the answer is not in ${valueSet.slice(0, 200)}`, code: 'value' };
}

/** Logical references say their type or are not judged; urn:uuid is judged where it is resolved. */
function targetFault(item: FormItem, value: JsonObject): AnswerFault | null {
  if (item.targets.size === 0) return null;
  const named = /(?:^|\/)([A-Z][A-Za-z]+)\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;
  const type = named.exec(text(value, 'reference') ?? '')?.[1] ?? text(value, 'type');
  if (type === undefined || item.targets.has(type)) return null;
  return wrong(`the answer may refer to ${[...item.targets].join(' or ')}, not ${type.slice(0, 64)}`);
}

function quantityFault(item: FormItem, quantity: JsonObject, tools: AnswerTools): AnswerFault | null {
  const { value } = quantity;
  if (typeof value === 'number') {
    const fault = numberFault({ ...item, type: 'decimal' }, value, tools.numbers?.get(quantity, 'value'));
    if (fault !== null) return fault;
  }
  const unit = { system: quantity.system ?? '', code: quantity.code ?? '' };
  if (item.units.size > 0 && !item.units.has(codingKey(unit)) && !hasUnitWords(item, quantity)) {
    return wrong('the answer is not in one of the units asked for');
  }
  return item.unitValueSet === null || quantity.code === undefined
    ? null
    : memberFault(item.unitValueSet, quantity, tools.inValueSet);
}

/** A quantity without a code may name its unit in words, when the form names it in words as well. */
const hasUnitWords = (item: FormItem, quantity: JsonObject): boolean =>
  quantity.code === undefined && item.units.has(`| ${text(quantity, 'unit') ?? ''}`);

function attachmentFault(item: FormItem, attachment: JsonObject): AnswerFault | null {
  const type = text(attachment, 'contentType')?.split(';')[0]?.trim().toLowerCase();
  if (item.mimeTypes.length > 0) {
    if (type === undefined) return wrong(`the file must say its contentType: ${item.mimeTypes.join(', ')}`);
    if (!item.mimeTypes.some((allowed) => fitsType(type, allowed.toLowerCase()))) {
      return wrong(`the file must be ${item.mimeTypes.join(' or ')}`);
    }
  }
  return sizeOf(attachment) > item.maxSize ? wrong(`the file is larger than ${item.maxSize / 1_000_000} MB`) : null;
}

const fitsType = (type: string, allowed: string): boolean =>
  allowed === type || (allowed.endsWith('/*') && type.startsWith(allowed.slice(0, -1)));

/** Bytes: what it says, or what its base64 text holds, whichever is more. */
function sizeOf(attachment: JsonObject): number {
  const said = typeof attachment.size === 'number' ? attachment.size : 0;
  const inside = text(attachment, 'data')?.replace(/[\s=]/g, '').length ?? 0;
  return Math.max(said, Math.floor((inside * 3) / 4));
}

export const hasValue = (answer: JsonObject): boolean => valueNames(answer).length > 0;
