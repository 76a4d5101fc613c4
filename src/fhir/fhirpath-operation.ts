/** One operation of a FHIRPath Patch as its Parameters say it (R4 fhirpatch.html). */

import { type Moved, put, requireAllowedName, valueAt } from './edit.ts';
import { elementOf, innerPath } from './fhirpath-place.ts';
import { NumberTextMap, type NumberTexts } from './json.ts';
import { refuse } from './outcome.ts';
import { isObject } from './resource.ts';
import type { Json, JsonObject } from './types.ts';

export const OPERATION_TYPES = ['add', 'insert', 'delete', 'replace', 'move'] as const;
export type OperationType = (typeof OPERATION_TYPES)[number];

export interface PatchOperation {
  type: OperationType;
  path: string;
  name: string | null;
  /** The `value` part as it came; read with `readValue` once the place is known. */
  value: JsonObject | null;
  index: number | null;
  source: number | null;
  destination: number | null;
}

/** A value ready to be placed. `suffix` is the type in a choice name (`Quantity`), null for parts and resources. */
export interface PatchValue {
  moved: Moved;
  suffix: string | null;
  numbers: NumberTexts;
}

function partList(holder: JsonObject): JsonObject[] {
  const { part } = holder;
  if (!Array.isArray(part) || part.length === 0) throw refuse(400, 'structure', 'the operation has no parts');
  return part.map((entry) => {
    if (isObject(entry) && typeof entry.name === 'string') return entry;
    throw refuse(400, 'structure', 'a part must be an object with a name');
  });
}

const PARTS = ['type', 'path', 'name', 'value', 'index', 'source', 'destination'];

function textOf(part: JsonObject | undefined): string | null {
  if (part === undefined) return null;
  const value = part.valueString ?? part.valueCode;
  if (typeof value === 'string' && value !== '') return value;
  throw refuse(400, 'structure', `part "${part.name}" must have a valueString or valueCode`);
}

function integerOf(part: JsonObject | undefined): number | null {
  if (part === undefined) return null;
  const value = part.valueInteger;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw refuse(400, 'structure', `part "${part.name}" must have a valueInteger of 0 or more`);
}

const NEEDS: Readonly<Record<OperationType, readonly string[]>> = {
  add: ['name', 'value'],
  insert: ['value', 'index'],
  delete: [],
  replace: ['value'],
  move: ['source', 'destination'],
};

/** Reads one `parameter` of the Parameters. Throws 400 `structure` or `required`. */
export function readOperation(parameter: Json): PatchOperation {
  if (!isObject(parameter) || parameter.name !== 'operation') {
    throw refuse(400, 'structure', 'a FHIRPath Patch holds only parameters named "operation"');
  }
  const parts = new Map<string, JsonObject>();
  for (const part of partList(parameter)) {
    const name = String(part.name);
    if (!PARTS.includes(name)) throw refuse(400, 'structure', `a part must be one of ${PARTS.join(', ')}`);
    if (parts.has(name)) throw refuse(400, 'structure', `part "${name}" is there twice`);
    parts.set(name, part);
  }
  const given = textOf(parts.get('type'));
  const type = OPERATION_TYPES.find((known) => known === given);
  if (type === undefined) throw refuse(400, 'value', `part "type" must be one of ${OPERATION_TYPES.join(', ')}`);
  const path = textOf(parts.get('path'));
  for (const need of ['path', ...NEEDS[type]]) {
    if (!parts.has(need)) throw refuse(400, 'required', `part "${need}" is missing`);
  }
  return {
    type,
    path: path ?? '',
    name: textOf(parts.get('name')),
    value: parts.get('value') ?? null,
    index: integerOf(parts.get('index')),
    source: integerOf(parts.get('source')),
    destination: integerOf(parts.get('destination')),
  };
}

/** `value[x]`, `resource` or, for elements without a type of their own, nested parts. */
export function readValue(part: JsonObject, path: string, numbers: NumberTexts): PatchValue {
  const keys = Object.keys(part).filter((key) => key !== 'name' && key !== 'id');
  const [key = ''] = keys;
  if (keys.length !== 1) throw refuse(422, 'not-supported', `part "${part.name}" must hold exactly one value`);
  if (key === 'part') return composite(part, path, numbers);
  const moved = valueAt(part, key, numbers);
  if (key === 'resource' && isObject(moved.value)) return { moved, suffix: null, numbers };
  if (/^value[A-Z]/.test(key)) return { moved, suffix: key.slice('value'.length), numbers };
  throw refuse(400, 'structure', `part "${part.name}" has no value`);
}

function composite(part: JsonObject, path: string, numbers: NumberTexts): PatchValue {
  const built: JsonObject = {};
  const texts = new NumberTextMap();
  const all: NumberTexts = {
    get size() {
      return texts.size + numbers.size;
    },
    get: (parent, key) => texts.get(parent, key) ?? numbers.get(parent, key),
  };
  for (const inner of partList(part)) {
    const name = String(inner.name);
    requireAllowedName(name);
    const element = elementOf(path, name);
    if (element === null) throw refuse(422, 'invalid', 'a part of the value names no element of this type');
    const value = readValue(inner, innerPath(path, name), numbers);
    const key = element.choice ? `${name}${value.suffix ?? ''}` : name;
    const list = built[key];
    if (element.repeats) put(built, key, { value: [...(Array.isArray(list) ? list : []), value.moved.value] }, texts);
    else if (list === undefined) put(built, key, value.moved, texts);
    else throw refuse(422, 'invalid', 'a part of the value repeats an element that does not repeat');
  }
  return { moved: { value: built }, suffix: null, numbers: all };
}
