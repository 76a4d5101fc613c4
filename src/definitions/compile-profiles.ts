/** Profile snapshots -> trees of what they add to R4, which the walker has checked before (`profile-check.ts`). */
import { discriminate } from './compile-slices.ts';
import { typeSource, unversioned } from './compile-types.ts';
import type { Snapshots } from './generate-all.ts';
import type { SnapshotElement } from './generate-snapshot.ts';
import type {
  BoundSource,
  ElementType,
  ProfileNode,
  ProfileSlice,
  ProfileSource,
  StructureDefinition,
  TypeSource,
} from './snapshot-types.ts';

const CORE = 'http://hl7.org/fhir/StructureDefinition/';

/** R4's own elements by path (`Patient.name`, `HumanName.family`): what a profile repeats of them adds nothing. */
export interface CoreElements {
  get(path: string): SnapshotElement | undefined;
  has(type: string): boolean;
}

export interface Compiling {
  snapshots: Snapshots;
  core: CoreElements;
}

interface Found {
  node: ProfileNode;
  slice: ProfileSlice | null;
}

function childOf(parent: ProfileNode, name: string): ProfileNode {
  const known = parent.children.find((child) => child.name === name);
  if (known) return known;
  const child: ProfileNode = { name, children: [] };
  parent.children.push(child);
  return child;
}

function sliceOf(parent: ProfileNode, name: string): ProfileSlice {
  parent.slices ??= [];
  const known = parent.slices.find((slice) => slice.name === name);
  if (known) return known;
  const slice: ProfileSlice = { name, by: [], node: { name: parent.name, children: [] } };
  parent.slices.push(slice);
  return slice;
}

/** The node an element id speaks of; slices of slices (`a/b`) hang below their slice. */
export function nodeFor(root: ProfileNode, id: string): Found {
  let found: Found = { node: root, slice: null };
  for (const step of id.split('.').slice(1)) {
    const [rawName = '', slices] = step.split(':');
    found = { node: childOf(found.node, rawName.replace(/\[x\]$/, '')), slice: null };
    for (const name of slices?.split('/') ?? []) {
      const slice = sliceOf(found.node, name);
      found = { node: slice.node, slice };
    }
  }
  return found;
}

export function choiceOf(element: SnapshotElement, prefix: string): BoundSource | undefined {
  const key = Object.keys(element).find((name) => name.startsWith(prefix) && /^[A-Z]/.test(name.slice(prefix.length)));
  return key === undefined ? undefined : { type: key.slice(prefix.length), value: element[key] };
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function coreOf(compiling: Compiling, element: SnapshotElement): SnapshotElement | undefined {
  return compiling.core.get(element.base?.path ?? '');
}

function addRules(node: ProfileNode, element: SnapshotElement, core: SnapshotElement | undefined): void {
  for (const { key, severity, expression, human } of element.constraint ?? []) {
    const known = key === 'ele-1' || key === 'ext-1' || core?.constraint?.some((one) => one.key === key);
    if (!expression || known) continue;
    node.rules ??= [];
    if (node.rules.some((rule) => rule.key === key)) continue;
    node.rules.push({ key, e: expression, h: human, severity: severity === 'warning' ? 'warning' : 'error' });
  }
}

/** Target types by name; a profile's type is looked up, an unknown one leaves the targets open. */
export function targetsOf(compiling: Compiling, type: ElementType): string[] | undefined {
  const names = (type.targetProfile ?? []).map((target) => {
    const url = unversioned(target);
    return url.startsWith(CORE) && compiling.core.has(url.slice(CORE.length))
      ? url.slice(CORE.length)
      : compiling.snapshots.definition(url)?.type;
  });
  if (names.length === 0 || names.includes('Resource')) return undefined;
  return names.every((name) => name !== undefined) ? [...new Set(names)] : undefined;
}

function typesOf(compiling: Compiling, element: SnapshotElement): TypeSource[] {
  return (element.type ?? []).map((type) => {
    const { r: _, ...source } = typeSource(type, element.path, false);
    const targets = targetsOf(compiling, type);
    const profiles = (type.profile ?? []).map(unversioned).filter((url) => !/(?:Simple|Money)Quantity$/.test(url));
    return { ...source, ...(targets ? { r: targets } : {}), ...(profiles.length > 0 ? { p: profiles } : {}) };
  });
}

function addBinding(node: ProfileNode, element: SnapshotElement, core: SnapshotElement | undefined): void {
  const { binding } = element;
  if (!binding?.valueSet || same(binding, core?.binding)) return;
  if (binding.strength === 'required' || binding.strength === 'extensible') {
    node.binding = { v: unversioned(binding.valueSet), s: binding.strength };
  }
}

function addValues(node: ProfileNode, element: SnapshotElement): void {
  const fixed = choiceOf(element, 'fixed');
  const pattern = choiceOf(element, 'pattern');
  const least = choiceOf(element, 'minValue');
  const most = choiceOf(element, 'maxValue');
  if (fixed) node.fixed = fixed.value;
  if (pattern) node.pattern = pattern.value;
  if (least) node.least = least;
  if (most) node.most = most;
  if (typeof element.maxLength === 'number') node.maxLength = element.maxLength;
}

function apply(compiling: Compiling, found: Found, element: SnapshotElement): void {
  const { node, slice } = found;
  const core = coreOf(compiling, element);
  const { min = 0, max, base } = element;
  if (slice ? min > 0 : min !== (base?.min ?? 0)) node.min = min;
  if (max !== undefined && max !== '*' && (slice ? true : max !== base?.max)) node.max = Number(max);
  if (element.type && !same(element.type, core?.type)) node.types = typesOf(compiling, element);
  addValues(node, element);
  addBinding(node, element, core);
  addRules(node, element, core);
  const { slicing } = element;
  if (slicing) {
    const rules = slicing.rules === 'closed' || slicing.rules === 'openAtEnd' ? slicing.rules : 'open';
    if (rules !== 'open' || slicing.ordered) node.slicing = { rules, ordered: slicing.ordered === true };
  }
}

/** Parts that say nothing are left out; slices stay, they decide what is in no slice. */
function pruned(node: ProfileNode): ProfileNode {
  const children = node.children
    .map(pruned)
    .filter((child) => Object.keys(child).length > 2 || child.children.length > 0);
  const slices = node.slices?.map((slice) => ({ ...slice, node: pruned(slice.node) }));
  return { ...node, children, ...(slices ? { slices } : {}) };
}

/** Compiles one profile of a resource or data type. @throws SnapshotFault when its snapshot cannot be made */
export function compileProfile(
  definition: StructureDefinition,
  snapshots: Snapshots,
  core: CoreElements,
): ProfileSource {
  const compiling: Compiling = { snapshots, core };
  const root: ProfileNode = { name: definition.type, children: [] };
  const elements = snapshots.elementsOf(definition.url);
  const [first] = elements;
  if (first) addRules(root, first, core.get(definition.type));
  for (const element of elements.slice(1)) apply(compiling, nodeFor(root, element.id), element);
  discriminate(compiling, root, elements);
  return { url: definition.url, type: definition.type, root: pruned(root) };
}
