/** Where in a resource a FHIRPath leads: the objects and keys that a patch can change. */
import fhirpath from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4';
import { childOf, isContainer } from './edit.ts';
import { refuse } from './outcome.ts';
import type { JsonObject } from './types.ts';

/** One element: `holder[key]`, or an item of the list there. */
export interface ElementPlace {
  holder: JsonObject;
  /** Name in JSON, choice type included (`valueQuantity`). */
  key: string;
  /** Name in FHIR (`value`). */
  name: string;
  index: number | null;
  /** Type or backbone path of the holder in the R4 model, e.g. `Patient.contact`, `HumanName`. */
  holderPath: string;
  /** The element the holder is; null when it is the resource. */
  above: ElementPlace | null;
}

/** What a path found: the resource itself, or an element of it. */
export type Found = { kind: 'root'; path: string } | { kind: 'element'; place: ElementPlace; path: string };

interface PathNode {
  propName: string | null;
  index: number | null;
  path: string;
  parentResNode: PathNode | null;
}

/** Functions that only choose among elements: no regular expressions, no recursion, nothing from outside. */
const FUNCTIONS: ReadonlySet<string> = new Set(
  'where first last single tail exists empty not all count hasValue extension ofType as is startsWith endsWith contains'.split(
    ' ',
  ),
);
const MAX_PATH_LENGTH = 1000;

interface SyntaxNode {
  type?: string;
  text?: string;
  children?: SyntaxNode[];
}

function requirePlain(node: SyntaxNode): void {
  if (node.type === 'ExternalConstantTerm') throw refuse(422, 'not-supported', 'a path must not use % variables');
  if (node.type === 'Functn' && !FUNCTIONS.has(node.text ?? '')) {
    throw refuse(422, 'not-supported', `a path may use only these functions: ${[...FUNCTIONS].join(', ')}`);
  }
  for (const child of node.children ?? []) requirePlain(child);
}

function isPathNode(value: unknown): value is PathNode {
  return (
    typeof value === 'object' && value !== null && 'parentResNode' in value && 'propName' in value && 'path' in value
  );
}

/** Whether a model table answers for `path.name`, contained definitions and base types included. */
function lookUp<Entry>(table: Readonly<Record<string, Entry>>, path: string, name: string): Entry | undefined {
  const elsewhere: Readonly<Record<string, string>> = r4.pathsDefinedElsewhere;
  const types: Readonly<Record<string, string>> = r4.type2Parent;
  let type: string | undefined = elsewhere[path] ?? path;
  while (type !== undefined) {
    const full: string = `${type}.${name}`;
    const known = table[full] ?? table[elsewhere[full] ?? full];
    if (known !== undefined) return known;
    type = types[type];
  }
  return undefined;
}

/** What the R4 model says of an element; null when there is none of that name. */
export function elementOf(path: string, name: string): { repeats: boolean; choice: boolean } | null {
  const choice = lookUp<readonly string[]>(r4.choiceTypePaths, path, name) !== undefined;
  if (!choice && lookUp<unknown>(r4.path2Type, path, name) === undefined) return null;
  return { repeats: lookUp<boolean>(r4.path2Repeating, path, name) === true, choice };
}

/** Path of the type inside an element, for the parts of a value: `Patient` and `contact` give `Patient.contact`. */
export function innerPath(path: string, name: string): string {
  const type = lookUp<unknown>(r4.path2Type, path, name);
  return typeof type === 'string' && type !== 'BackboneElement' && type !== 'Element' ? type : `${path}.${name}`;
}

/** The JSON key an element of a FHIR name has in an object: `value` may stand as `valueQuantity` or `_valueString`. */
export function keyIn(holder: JsonObject, name: string): string {
  if (Object.hasOwn(holder, name) || Object.hasOwn(holder, `_${name}`)) return name;
  const keys = Object.keys(holder).map((key) => (key.startsWith('_') ? key.slice(1) : key));
  return keys.find((key) => key.startsWith(name) && /^[A-Z]/.test(key.slice(name.length))) ?? name;
}

/** The object that holds the children of an element; for a primitive its `_name` companion. */
export function inside(place: ElementPlace): JsonObject | null {
  for (const key of [place.key, `_${place.key}`]) {
    const whole = childOf(place.holder, key);
    const one = place.index !== null && Array.isArray(whole) ? whole[place.index] : whole;
    if (isContainer(one) && !Array.isArray(one)) return one;
  }
  return null;
}

function placeOf(root: JsonObject, node: PathNode): ElementPlace | null {
  const { parentResNode: parent, propName: name } = node;
  if (parent === null || name === null) return null;
  const above = parent.parentResNode === null ? null : placeOf(root, parent);
  if (parent.parentResNode !== null && above === null) return null;
  const holder = above === null ? root : inside(above);
  if (holder === null) return null;
  const key = keyIn(holder, name);
  const index = Array.isArray(childOf(holder, key) ?? childOf(holder, `_${key}`)) ? (node.index ?? 0) : null;
  return { holder, key, name, index, holderPath: parent.path, above };
}

/**
 * The elements a path leads to, in order. Throws 422: not FHIRPath, a function beyond choosing elements, or a path whose
 * result is computed and not part of the resource.
 */
export function findElements(root: JsonObject, path: string): Found[] {
  if (path.length > MAX_PATH_LENGTH) throw refuse(422, 'too-costly', `a path may have ${MAX_PATH_LENGTH} characters`);
  const results = evaluate(root, path);
  return results.map((node) => {
    if (!isPathNode(node)) throw refuse(422, 'invalid', 'the path computes a value and leads to no element');
    if (node.parentResNode === null) return { kind: 'root', path: node.path };
    const place = placeOf(root, node);
    if (place === null) throw refuse(422, 'invalid', 'the path leads to no element that can be changed');
    return { kind: 'element', place, path: node.path };
  });
}

function evaluate(root: JsonObject, path: string): unknown[] {
  let syntax: SyntaxNode;
  try {
    syntax = fhirpath.parse(path);
  } catch {
    throw refuse(422, 'invalid', 'the path is not FHIRPath');
  }
  requirePlain(syntax);
  try {
    const options = { resolveInternalTypes: false, traceFn: () => undefined, async: false as const };
    const results: unknown[] = fhirpath.evaluate(root, path, {}, r4, options);
    return results;
  } catch {
    throw refuse(422, 'invalid', 'the path cannot be evaluated on this resource');
  }
}
