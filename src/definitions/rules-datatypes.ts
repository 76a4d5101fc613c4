/** Invariants of data types (R4 datatypes.html), as direct code. */
import type { JsonObject } from '../fhir/types.ts';
import { count, has, inOrder, number, object, objects, text } from './reading.ts';

type DirectRule = (value: JsonObject) => boolean;

const UCUM = 'http://unitsofmeasure.org';
const MEAL_TIMES = new Set(['C', 'CM', 'CD', 'CV']);

function sameUnit(a: JsonObject, b: JsonObject): boolean {
  return a.system === b.system && a.code === b.code && a.unit === b.unit;
}

function withCode(value: JsonObject): boolean {
  return has(value, 'code') || !has(value, 'value');
}

function isUcum(value: JsonObject): boolean {
  return !has(value, 'system') || value.system === UCUM;
}

function whens(value: JsonObject): unknown[] {
  return Array.isArray(value.when) ? value.when : [];
}

export const DATATYPE_RULES: Readonly<Record<string, DirectRule>> = {
  'per-1': (v) => {
    const [start, end] = [text(v, 'start'), text(v, 'end')];
    return start === undefined || end === undefined || inOrder(start, end);
  },
  'qty-3': (v) => !has(v, 'code') || has(v, 'system'),
  'sqty-1': (v) => !has(v, 'comparator'),
  'rng-2': (v) => {
    const [low, high] = [object(v, 'low'), object(v, 'high')];
    if (!low || !high || !sameUnit(low, high)) return true;
    const [from, to] = [number(low, 'value'), number(high, 'value')];
    return from === undefined || to === undefined || from <= to;
  },
  'rat-1': (v) => (has(v, 'numerator') ? has(v, 'denominator') : !has(v, 'denominator') && has(v, 'extension')),
  'age-1': (v) => withCode(v) && isUcum(v) && (number(v, 'value') ?? 1) > 0,
  // without a system the first half says nothing, so the second decides
  'drt-1': (v) => !has(v, 'code') || ((!has(v, 'system') || v.system === UCUM) && has(v, 'value')),
  'dis-1': (v) => withCode(v) && isUcum(v),
  'att-1': (v) => !has(v, 'data') || has(v, 'contentType'),
  'cpt-2': (v) => !has(v, 'value') || has(v, 'system'),
  'exp-1': (v) => has(v, 'expression') || has(v, 'reference'),
  'tim-1': (v) => !has(v, 'duration') || has(v, 'durationUnit'),
  'tim-2': (v) => !has(v, 'period') || has(v, 'periodUnit'),
  'tim-4': (v) => (number(v, 'duration') ?? 0) >= 0,
  'tim-5': (v) => (number(v, 'period') ?? 0) >= 0,
  'tim-6': (v) => !has(v, 'periodMax') || has(v, 'period'),
  'tim-7': (v) => !has(v, 'durationMax') || has(v, 'duration'),
  'tim-8': (v) => !has(v, 'countMax') || has(v, 'count'),
  'tim-9': (v) =>
    !has(v, 'offset') || (count(v, 'when') > 0 && whens(v).every((when) => !MEAL_TIMES.has(String(when)))),
  'tim-10': (v) => !has(v, 'timeOfDay') || !has(v, 'when'),
  // organisations have no home: the level is one address or telecom
  'org-2': (v) => v.use !== 'home',
  'org-3': (v) => v.use !== 'home',
  'ras-1': (v) =>
    ['low', 'high'].every((name) =>
      objects(v, name).every((quantity) => quantity.code === '%' && quantity.system === UCUM),
    ),
  'eld-12': (v) => !has(v, 'valueSet') || /^(?:http:|https|urn:)/.test(text(v, 'valueSet') ?? 'urn:'),
};
