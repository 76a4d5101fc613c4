/** Our StructureDefinition differentials -> trees of what they add to the base type. */
import { typeSource, unversioned } from './compile-types.ts';
import type {
  ElementDefinition,
  ElementType,
  ProfileNode,
  ProfileSource,
  StructureDefinition,
} from './snapshot-types.ts';

type RawElement = ElementDefinition & {
  type?: ElementType[];
  binding?: { strength: string; valueSet?: string };
  constraint?: { key: string; severity: string; expression?: string; human: string }[];
  slicing?: { discriminator?: { type: string; path: string }[]; rules?: string };
};

/** Finds the children of a node by the segments of an element id (`participant`, `identifier:nhsNumber`). */
function childFor(parent: ProfileNode, segment: string): ProfileNode {
  const [rawName = '', sliceName] = segment.split(':');
  const name = rawName.replace(/\[x\]$/, '');
  let child = parent.children.find((candidate) => candidate.name === name);
  if (!child) {
    child = { name, children: [] };
    parent.children.push(child);
  }
  if (sliceName === undefined) return child;
  child.slices ??= [];
  let slice = child.slices.find((candidate) => candidate.name === sliceName);
  if (!slice) {
    slice = { name: sliceName, by: [], node: { name, children: [] } };
    child.slices.push(slice);
  }
  return slice.node;
}

function firstOf(element: RawElement, prefix: string): unknown {
  const key = Object.keys(element).find((candidate) => candidate.startsWith(prefix));
  return key === undefined ? undefined : element[key];
}

function addRules(node: ProfileNode, element: RawElement): void {
  for (const constraint of element.constraint ?? []) {
    if (!constraint.expression) continue;
    node.rules ??= [];
    node.rules.push({
      key: constraint.key,
      e: constraint.expression,
      h: constraint.human,
      severity: constraint.severity === 'warning' ? 'warning' : 'error',
    });
  }
}

function apply(node: ProfileNode, element: RawElement): void {
  if (element.min !== undefined) node.min = element.min;
  if (element.max !== undefined) node.max = element.max === '*' ? -1 : Number(element.max);
  if (element.type) node.types = element.type.map((type) => typeSource(type, element.path, false));
  const fixed = firstOf(element, 'fixed');
  if (fixed !== undefined) node.fixed = fixed;
  const pattern = firstOf(element, 'pattern');
  if (pattern !== undefined) node.pattern = pattern;
  if (element.binding?.strength === 'required' && element.binding.valueSet) {
    node.binding = unversioned(element.binding.valueSet);
  }
  if (element.slicing?.rules === 'closed') node.closed = true;
  addRules(node, element);
}

/** Slices learn how they are told apart from the element that declares the slicing. */
function setDiscriminators(root: ProfileNode, elements: readonly RawElement[]): void {
  for (const element of elements) {
    if (!element.slicing) continue;
    const node = element.id.split('.').slice(1).reduce(childFor, root);
    for (const slice of node.slices ?? []) slice.by = element.slicing.discriminator ?? [];
  }
}

/** Compiles one profile; elements are addressed by their ids, which carry the slice names. */
export function compileProfile(definition: StructureDefinition): ProfileSource {
  const root: ProfileNode = { name: definition.type, children: [] };
  const elements: RawElement[] = definition.differential?.element ?? [];
  for (const element of elements) apply(element.id.split('.').slice(1).reduce(childFor, root), element);
  setDiscriminators(root, elements);
  return { url: definition.url, type: definition.type, base: definition.baseDefinition ?? '', root };
}
