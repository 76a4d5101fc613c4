/** JSON Patch (RFC 6902) on resources (R4 http.html#patch). */
import {
  bring,
  type Container,
  childOf,
  closeWorkspace,
  depthOf,
  during,
  isContainer,
  type Moved,
  openWorkspace,
  type PatchedResource,
  put,
  remove,
  requireAllowedName,
  sameJson,
  splice,
  valueAt,
  type Workspace,
} from './edit.ts';
import { NO_NUMBERS, type NumberTexts } from './json.ts';
import { refuse } from './outcome.ts';
import type { Json, JsonObject, Resource } from './types.ts';

/** Most operations in one patch. */
const MAX_OPERATIONS = 1000;
const OPERATIONS = ['add', 'remove', 'replace', 'move', 'copy', 'test'] as const;
type OperationName = (typeof OPERATIONS)[number];

interface Operation {
  op: OperationName;
  path: string[];
  from: string[];
  value: Moved;
}

const missing = (): Error => refuse(422, 'processing', 'there is nothing at this path');

/** Steps of a JSON Pointer (RFC 6901). Throws 400 when it is none. */
function pointer(value: Json | undefined, member: string): string[] {
  if (typeof value !== 'string') throw refuse(400, 'structure', `"${member}" must be a JSON Pointer`);
  if (value === '') return [];
  if (!value.startsWith('/') || /~(?![01])/.test(value))
    throw refuse(400, 'structure', `"${member}" is no JSON Pointer`);
  const steps = value.slice(1).split('/');
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function readOperation(entry: Json, numbers: NumberTexts): Operation {
  if (!isContainer(entry) || Array.isArray(entry)) throw refuse(400, 'structure', 'an operation must be an object');
  const op = OPERATIONS.find((name) => name === entry.op);
  if (op === undefined) throw refuse(400, 'structure', `"op" must be one of ${OPERATIONS.join(', ')}`);
  const needsValue = op === 'add' || op === 'replace' || op === 'test';
  if (needsValue && !Object.hasOwn(entry, 'value')) throw refuse(400, 'required', '"value" is missing');
  const path = pointer(entry.path, 'path');
  const from = op === 'move' || op === 'copy' ? pointer(entry.from, 'from') : [];
  for (const step of [...path, ...from]) requireAllowedName(step);
  return { op, path, from, value: needsValue ? valueAt(entry, 'value', numbers) : { value: null } };
}

/** Array index of a step (RFC 6901 section 4); `-` only where `past` the end may be named. */
function indexOf(list: readonly Json[], step: string, past: boolean): number {
  if (step === '-' && past) return list.length;
  const index = /^(?:0|[1-9][0-9]{0,8})$/.test(step) ? Number(step) : Number.NaN;
  if (!(index < list.length + (past ? 1 : 0))) throw missing();
  return index;
}

interface Place {
  parent: Container;
  key: string | number;
}

/** Where a non-empty pointer leads; with `past`, the last step may name a place that is not there yet. */
function find(workspace: Workspace, path: readonly string[], past: boolean): Place {
  let parent = workspace.root;
  for (const [depth, step] of path.entries()) {
    if (!isContainer(parent)) throw missing();
    const last = depth === path.length - 1;
    const key = Array.isArray(parent) ? indexOf(parent, step, last && past) : step;
    if (!(last && past) && childOf(parent, key) === undefined) throw missing();
    if (last) return { parent, key };
    parent = childOf(parent, key) ?? null;
  }
  throw refuse(422, 'processing', 'the whole resource cannot be taken away');
}

function read(workspace: Workspace, path: readonly string[]): Moved {
  if (path.length === 0) return { value: workspace.root };
  const { parent, key } = find(workspace, path, false);
  return valueAt(parent, key, workspace.numbers);
}

function add(workspace: Workspace, path: readonly string[], moved: Moved): void {
  if (path.length === 0) {
    workspace.root = moved.value;
    return;
  }
  const { parent, key } = find(workspace, path, true);
  if (Array.isArray(parent)) splice(parent, Number(key), 0, [moved], workspace.numbers);
  else put(parent, key, moved, workspace.numbers);
}

function take(workspace: Workspace, path: readonly string[]): Moved {
  const { parent, key } = find(workspace, path, false);
  const taken = valueAt(parent, key, workspace.numbers);
  remove(parent, key, workspace.numbers);
  return taken;
}

function replace(workspace: Workspace, path: readonly string[], moved: Moved): void {
  if (path.length === 0) {
    workspace.root = moved.value;
    return;
  }
  const { parent, key } = find(workspace, path, false);
  put(parent, key, moved, workspace.numbers);
}

function move(workspace: Workspace, from: readonly string[], path: readonly string[]): void {
  if (path.length > from.length && from.every((step, i) => step === path[i])) {
    throw refuse(422, 'processing', 'a value cannot be moved into itself');
  }
  const moved = read(workspace, from);
  if (path.length + depthOf(moved.value) > 64) throw refuse(422, 'too-costly', 'the patch nests values too deeply');
  if (from.length === path.length && from.every((step, i) => step === path[i])) return;
  add(workspace, path, take(workspace, from));
}

function apply(workspace: Workspace, { op, path, from, value }: Operation, numbers: NumberTexts): void {
  if (op === 'remove') take(workspace, path);
  else if (op === 'move') move(workspace, from, path);
  else if (op === 'add') add(workspace, path, bring(workspace, value, numbers, path.length));
  else if (op === 'replace') replace(workspace, path, bring(workspace, value, numbers, path.length));
  else if (op === 'copy') add(workspace, path, bring(workspace, read(workspace, from), workspace.numbers, path.length));
  else if (!sameJson(read(workspace, path).value, value.value)) {
    throw refuse(422, 'processing', 'the value is not the one tested for');
  }
}

/** An operation for a message: its name and, when it holds nothing but element names and indices, its path. */
function describe(entry: Json, index: number): string {
  const { op, path } = (isContainer(entry) && !Array.isArray(entry) ? entry : {}) as JsonObject;
  const name = OPERATIONS.find((known) => known === op) ?? 'unknown';
  const shown = typeof path === 'string' && /^(?:\/(?:_?[A-Za-z][A-Za-z0-9]{0,63}|[0-9]{1,9}|-))*$/.test(path);
  return `Operation ${index} (${name}${shown ? ` ${path === '' ? 'the whole resource' : path}` : ''})`;
}

/**
 * Applies a JSON Patch to a resource and returns the new one; nothing of the input is changed or shared.
 * `numbers` are the number texts of the resource, `patchNumbers` those of the patch document; both are kept.
 * Throws an `Outcome` naming the operation (from 0) and its path: 400 for a malformed patch, 422 for one that cannot be
 * applied (nothing there, failed test, forbidden name, changed type or id, too large).
 */
export function applyJsonPatch(
  resource: Resource,
  patch: Json,
  numbers: NumberTexts = NO_NUMBERS,
  patchNumbers: NumberTexts = NO_NUMBERS,
): PatchedResource {
  if (!Array.isArray(patch)) throw refuse(400, 'structure', 'A JSON Patch is a list of operations.');
  if (patch.length > MAX_OPERATIONS) throw refuse(422, 'too-costly', `A patch may have ${MAX_OPERATIONS} operations.`);
  const workspace = openWorkspace(resource, numbers);
  for (const [index, entry] of patch.entries()) {
    during(describe(entry, index), () => {
      apply(workspace, readOperation(entry, patchNumbers), patchNumbers);
    });
  }
  return closeWorkspace(workspace, resource);
}
