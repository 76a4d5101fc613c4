/** FHIRPath Patch (R4 fhirpatch.html): Parameters with operations on elements named by FHIRPath. */
import {
  bring,
  closeWorkspace,
  depthOf,
  during,
  isContainer,
  openWorkspace,
  type PatchedResource,
  put,
  remove,
  requireAllowedName,
  splice,
  type Workspace,
} from './edit.ts';
import { type PatchOperation, type PatchValue, readOperation, readValue } from './fhirpath-operation.ts';
import { type ElementPlace, elementOf, type Found, findElements, innerPath, inside, keyIn } from './fhirpath-place.ts';
import { NO_NUMBERS, type NumberTexts } from './json.ts';
import { refuse } from './outcome.ts';
import type { Json, JsonObject, Resource } from './types.ts';

const MAX_OPERATIONS = 1000;

interface Work {
  workspace: Workspace;
  root: JsonObject;
  patchNumbers: NumberTexts;
}

function exactlyOne(found: readonly Found[]): Found {
  const [one] = found;
  if (one === undefined) throw refuse(422, 'processing', 'the path leads to nothing');
  if (found.length > 1) throw refuse(422, 'multiple-matches', `the path leads to ${found.length} elements, not one`);
  return one;
}

function valueFor(work: Work, operation: PatchOperation, path: string): PatchValue {
  if (operation.value === null) throw refuse(400, 'required', 'part "value" is missing');
  const value = readValue(operation.value, path, work.patchNumbers);
  return { ...value, moved: bring(work.workspace, value.moved, value.numbers, 0) };
}

/** The object that will hold children of an element; made when a primitive has no `_name` companion yet. */
function openInside(place: ElementPlace): JsonObject {
  const present = inside(place);
  if (present !== null) return present;
  const made: JsonObject = {};
  const companion = `_${place.key}`;
  if (place.index === null) place.holder[companion] = made;
  else {
    const list = companionList(place.holder, place.key) ?? [];
    while (list.length <= place.index) list.push(null);
    list[place.index] = made;
    place.holder[companion] = list;
  }
  return made;
}

function companionList(holder: JsonObject, key: string): Json[] | null {
  const list = holder[`_${key}`];
  return Array.isArray(list) ? list : null;
}

/** The `_name` list must run beside its list: same length before a splice, gone when it says nothing. */
function spliceCompanion(place: ElementPlace, act: (list: Json[]) => void): void {
  const list = companionList(place.holder, place.key);
  const main = place.holder[place.key];
  if (list === null) return;
  while (Array.isArray(main) && list.length < main.length) list.push(null);
  act(list);
  if (list.every((item) => item === null)) delete place.holder[`_${place.key}`];
}

function add(work: Work, operation: PatchOperation): void {
  const found = exactlyOne(findElements(work.root, operation.path));
  const name = operation.name ?? '';
  requireAllowedName(name);
  const element = elementOf(found.path, name);
  if (element === null) throw refuse(422, 'invalid', 'part "name" names no element that could be there');
  const { moved, suffix } = valueFor(work, operation, innerPath(found.path, name));
  const holder = found.kind === 'root' ? work.root : openInside(found.place);
  const present = keyIn(holder, name);
  const list = holder[present];
  if (element.repeats) {
    if (Array.isArray(list)) splice(list, list.length, 0, [moved], work.workspace.numbers);
    else {
      holder[name] = [];
      put(holder[name], 0, moved, work.workspace.numbers);
    }
    return;
  }
  if (list !== undefined) throw refuse(422, 'processing', 'the element is there already; use replace');
  put(holder, element.choice ? `${name}${suffix ?? ''}` : name, moved, work.workspace.numbers);
}

/** The list a path names as a whole. */
function wholeList(work: Work, path: string): { place: ElementPlace; list: Json[]; path: string } {
  const found = findElements(work.root, path);
  const [first] = found;
  if (first?.kind !== 'element') throw refuse(422, 'processing', 'the path leads to no list');
  const list = first.place.holder[first.place.key];
  const same = found.every(({ kind }, i) => kind === 'element' && sameList(found[i], first.place));
  if (!Array.isArray(list) || !same || list.length !== found.length) {
    throw refuse(422, 'processing', 'the path must lead to one whole list');
  }
  return { place: first.place, list, path: first.path };
}

function sameList(found: Found | undefined, place: ElementPlace): boolean {
  return found?.kind === 'element' && found.place.holder === place.holder && found.place.key === place.key;
}

function insert(work: Work, operation: PatchOperation): void {
  const { place, list, path } = wholeList(work, operation.path);
  const at = operation.index ?? 0;
  if (at > list.length) throw refuse(422, 'processing', `part "index" lies beyond the list of ${list.length}`);
  const { moved } = valueFor(work, operation, path);
  spliceCompanion(place, (companions) => companions.splice(at, 0, null));
  splice(list, at, 0, [moved], work.workspace.numbers);
}

function move(work: Work, operation: PatchOperation): void {
  const { place, list } = wholeList(work, operation.path);
  const { numbers } = work.workspace;
  const [from, to] = [operation.source ?? 0, operation.destination ?? 0];
  if (from >= list.length || to >= list.length) {
    throw refuse(422, 'processing', `part "source" or "destination" lies beyond the list of ${list.length}`);
  }
  spliceCompanion(place, (companions) => {
    companions.splice(to, 0, ...companions.splice(from, 1));
  });
  const moved = { value: list[from] ?? null, text: numbers.get(list, from) };
  splice(list, from, 1, [], numbers);
  splice(list, to, 0, [moved], numbers);
}

/** Takes an element away, and with it lists and objects that become empty: FHIR JSON has none. */
function takeAway(place: ElementPlace, numbers: Workspace['numbers']): void {
  const { holder, key, index, above } = place;
  const list = holder[key];
  if (index !== null && Array.isArray(list)) {
    spliceCompanion(place, (companions) => companions.splice(index, 1));
    remove(list, index, numbers);
    if (list.length === 0) delete holder[key];
  } else {
    remove(holder, key, numbers);
    delete holder[`_${key}`];
  }
  if (above !== null && Object.keys(holder).length === 0) takeAway(above, numbers);
}

function replace(work: Work, operation: PatchOperation): void {
  const found = exactlyOne(findElements(work.root, operation.path));
  if (found.kind === 'root') throw refuse(422, 'processing', 'the whole resource cannot be replaced');
  const { holder, key, name, index, holderPath } = found.place;
  const { moved, suffix } = valueFor(work, operation, found.path);
  const list = holder[key];
  if (index !== null && Array.isArray(list)) {
    spliceCompanion(found.place, (companions) => companions.splice(index, 1, null));
    put(list, index, moved, work.workspace.numbers);
    return;
  }
  remove(holder, key, work.workspace.numbers);
  delete holder[`_${key}`];
  const choice = elementOf(holderPath, name)?.choice === true;
  put(holder, choice && suffix !== null ? `${name}${suffix}` : key, moved, work.workspace.numbers);
}

function deleteElement(work: Work, operation: PatchOperation): void {
  const found = findElements(work.root, operation.path);
  // "content at the path": nothing there is nothing to do
  if (found.length === 0) return;
  const one = exactlyOne(found);
  if (one.kind === 'root') throw refuse(422, 'processing', 'the whole resource cannot be deleted by a patch');
  takeAway(one.place, work.workspace.numbers);
}

const ACTIONS = { add, insert, delete: deleteElement, replace, move } as const;

function operationsOf(parameters: Json): Json[] {
  const { resourceType, parameter } = (isContainer(parameters) ? parameters : {}) as JsonObject;
  if (resourceType !== 'Parameters') throw refuse(400, 'structure', 'A FHIRPath Patch is a Parameters resource.');
  if (!Array.isArray(parameter) || parameter.length === 0) {
    throw refuse(400, 'structure', 'A FHIRPath Patch needs at least one operation.', 'Parameters.parameter');
  }
  if (parameter.length > MAX_OPERATIONS) {
    throw refuse(422, 'too-costly', `A patch may have ${MAX_OPERATIONS} operations.`, 'Parameters.parameter');
  }
  return parameter;
}

/**
 * Applies a FHIRPath Patch to a resource and returns the new one; nothing of the input is changed or shared.
 * Paths may only choose among elements (no regular expressions, variables or `resolve()`); nothing is printed.
 * `numbers` are the number texts of the resource, `patchNumbers` those of the Parameters; both are kept.
 * Throws an `Outcome` naming `Parameters.parameter[i]`: 400 for a malformed patch, 422 for one that cannot be applied.
 */
export function applyFhirPathPatch(
  resource: Resource,
  parameters: Json,
  numbers: NumberTexts = NO_NUMBERS,
  patchNumbers: NumberTexts = NO_NUMBERS,
): PatchedResource {
  const operations = operationsOf(parameters);
  const workspace = openWorkspace(resource, numbers);
  const { root } = workspace;
  if (!isContainer(root) || Array.isArray(root)) throw refuse(422, 'processing', 'The resource is not an object.');
  const work: Work = { workspace, root, patchNumbers };
  for (const [index, parameter] of operations.entries()) {
    const act = (): void => {
      const operation = readOperation(parameter);
      ACTIONS[operation.type](work, operation);
      if (depthOf(root) > 64) throw refuse(422, 'too-costly', 'the patch nests values too deeply');
    };
    during(`Operation ${index}`, act, `Parameters.parameter[${index}]`);
  }
  return closeWorkspace(workspace, resource);
}
