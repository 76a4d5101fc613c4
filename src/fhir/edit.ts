/** Changes to a JSON tree that keep the texts of its numbers in step; both kinds of patch are made of them. */
import { copyJson, NumberTextMap, type NumberTexts } from './json.ts';
import { FORBIDDEN_NAMES } from './json-fault.ts';
import { Outcome, refuse } from './outcome.ts';
import type { Json, JsonObject, Resource } from './types.ts';

export type Container = Json[] | JsonObject;

export interface PatchedResource {
  resource: Resource;
  numbers: NumberTexts;
}

/** A number with the text it came with, on its way to another place; anything else as it is. */
export interface Moved {
  value: Json;
  text?: string | undefined;
}

/** Deepest nesting a patch may build, as for bodies. */
const MAX_DEPTH = 64;
/** Most values one patch may copy: a copy of the whole into itself doubles it each time. */
const MAX_COPIED = 100_000;

export function isContainer(value: Json | undefined): value is Container {
  return typeof value === 'object' && value !== null;
}

/** The child under a key or index, own properties only. */
export function childOf(parent: Container, key: string | number): Json | undefined {
  if (Array.isArray(parent)) return parent[Number(key)];
  return Object.hasOwn(parent, key) ? parent[key] : undefined;
}

/** A value with its number text, taken from where it stands. */
export function valueAt(parent: Container, key: string | number, numbers: NumberTexts): Moved {
  return { value: childOf(parent, key) ?? null, text: numbers.get(parent, key) };
}

/** Sets an existing or new property, or replaces an item. */
export function put(parent: Container, key: string | number, moved: Moved, numbers: NumberTextMap): void {
  if (Array.isArray(parent)) parent[Number(key)] = moved.value;
  else parent[key] = moved.value;
  if (moved.text === undefined) numbers.delete(parent, key);
  else numbers.set(parent, key, moved.text);
}

/** Splices an array, the texts of its own numbers with it. */
export function splice(
  list: Json[],
  at: number,
  removed: number,
  added: readonly Moved[],
  numbers: NumberTextMap,
): void {
  const texts = numbers.size > 0 ? list.map((_, index) => numbers.get(list, index)) : [];
  list.splice(at, removed, ...added.map(({ value }) => value));
  if (numbers.size === 0 && added.every(({ text }) => text === undefined)) return;
  const all = texts.length > 0 ? texts : new Array<undefined>(at).fill(undefined);
  all.splice(at, removed, ...added.map(({ text }) => text));
  all.push(...new Array<undefined>(removed).fill(undefined));
  for (const [index, text] of all.entries()) {
    if (text === undefined) numbers.delete(list, index);
    else numbers.set(list, index, text);
  }
}

/** Removes a property or item. */
export function remove(parent: Container, key: string | number, numbers: NumberTextMap): void {
  if (Array.isArray(parent)) splice(parent, Number(key), 1, [], numbers);
  else {
    delete parent[key];
    numbers.delete(parent, key);
  }
}

function size(value: Json): number {
  if (!isContainer(value)) return 1;
  const items = Array.isArray(value) ? value : Object.values(value);
  let total = 1;
  for (const item of items) total += size(item ?? null);
  return total;
}

/** JSON equality: numbers by value, objects whatever the order of their properties. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (!isContainer(a) || !isContainer(b)) return a === b;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameJson(item, b[i]));
  if (Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]))
  );
}

/** Levels of objects and arrays in a value; 0 for a primitive. */
export function depthOf(value: Json): number {
  if (!isContainer(value)) return 0;
  let deepest = 0;
  for (const item of Array.isArray(value) ? value : Object.values(value))
    deepest = Math.max(deepest, depthOf(item ?? null));
  return deepest + 1;
}

/** The tree a patch works on: a copy, so that the input stays as it was, with what the patch may still add to it. */
export interface Workspace {
  root: Json;
  readonly numbers: NumberTextMap;
  /** How many more values may be copied. */
  budget: number;
}

/** A workspace holding a copy of the resource. */
export function openWorkspace(resource: Resource, numbers: NumberTexts): Workspace {
  const texts = new NumberTextMap();
  return { root: copyJson(resource, numbers, texts), numbers: texts, budget: MAX_COPIED };
}

/** A copy of a value for placing in the workspace `depth` levels down. Throws 422 `too-costly` when it grows too large. */
export function bring(workspace: Workspace, moved: Moved, from: NumberTexts, depth: number): Moved {
  workspace.budget -= size(moved.value);
  if (workspace.budget < 0) throw refuse(422, 'too-costly', 'the patch makes the resource too large');
  if (depth + depthOf(moved.value) > MAX_DEPTH) throw refuse(422, 'too-costly', 'the patch nests values too deeply');
  return { value: copyJson(moved.value, from, workspace.numbers), text: moved.text };
}

/** Refuses property names that could reach a prototype. */
export function requireAllowedName(name: string): void {
  if (FORBIDDEN_NAMES.has(name)) throw refuse(422, 'invalid', 'this property name is not allowed');
}

/** Runs one operation; a refusal inside it comes out naming which operation and, with `expression`, where. */
export function during(operation: string, act: () => void, expression?: string): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Outcome)) throw error;
    const { code = 'processing', diagnostics = '' } = error.issues[0] ?? {};
    throw refuse(error.status, code, `${operation}: ${diagnostics}.`, expression);
  }
}

function isResource(value: Json): value is Resource {
  return isContainer(value) && !Array.isArray(value) && typeof value.resourceType === 'string';
}

/** The patched resource; 422 when the patch changed what it is: its type or id. */
export function closeWorkspace(workspace: Workspace, before: Resource): PatchedResource {
  const { root, numbers } = workspace;
  if (!isResource(root) || root.resourceType !== before.resourceType) {
    throw refuse(422, 'business-rule', 'A patch must not change resourceType.', `${before.resourceType}.resourceType`);
  }
  if (root.id !== before.id)
    throw refuse(422, 'business-rule', 'A patch must not change id.', `${before.resourceType}.id`);
  return { resource: root, numbers };
}
