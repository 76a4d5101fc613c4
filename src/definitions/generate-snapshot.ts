/**
 * Snapshots from differentials (R4 profiling.html#snapshot): the base's elements, with what the differential says laid
 * over them; data types, content references and slices are unfolded where it speaks of what is inside them.
 */
import type { ElementDefinition, ElementType, StructureDefinition } from './snapshot-types.ts';

/** A definition that cannot be made complete; the message says why. */
export class SnapshotFault extends Error {}

export interface SnapshotElement extends ElementDefinition {
  type?: ElementType[];
  base?: { path: string; min: number; max: string };
  constraint?: { key: string; severity: string; expression?: string; human: string; source?: string }[];
  slicing?: { discriminator?: { type: string; path: string }[]; rules?: string; ordered?: boolean };
  binding?: { strength: string; valueSet?: string };
}

const CORE = 'http://hl7.org/fhir/StructureDefinition/';
/** Elements of one snapshot: a differential that unfolds types within types must end somewhere. */
const MOST_ELEMENTS = 20_000;

interface Draft {
  elements: SnapshotElement[];
  /** Elements of any definition by canonical. @throws SnapshotFault */
  elementsOf(url: string): readonly SnapshotElement[];
}

function clone<T>(value: T): T {
  return structuredClone(value);
}

function lastDot(id: string): number {
  return id.lastIndexOf('.');
}

/** `Patient.identifier:nhs.system` -> `Patient.identifier.system`. */
function pathOf(id: string): string {
  return id.replace(/:[^.]*/g, '');
}

function find(draft: Draft, id: string): number {
  return draft.elements.findIndex((element) => element.id === id);
}

/** Position after an element, what is inside it, and its slices. */
function after(draft: Draft, id: string): number {
  let at = find(draft, id) + 1;
  const inside = (other: string): boolean =>
    other.startsWith(`${id}.`) || other.startsWith(`${id}:`) || other.startsWith(`${id}/`);
  while (at < draft.elements.length && inside(draft.elements[at]?.id ?? '')) at += 1;
  return at;
}

function rooted(elements: readonly SnapshotElement[], from: string, to: string): SnapshotElement[] {
  return elements.map((element) => {
    const id = to + element.id.slice(from.length);
    return { ...clone(element), id, path: pathOf(id) };
  });
}

/** What a content reference points at, from the definition that holds it. */
function referenced(draft: Draft, reference: string): SnapshotElement[] {
  const target = reference.replace(/^.*#/, '');
  const type = target.split('.')[0] ?? '';
  const elements = draft.elementsOf(CORE + type);
  return rooted(
    elements.filter((element) => element.id.startsWith(`${target}.`)),
    target,
    target,
  );
}

function childrenOfType(draft: Draft, element: SnapshotElement): SnapshotElement[] {
  if (element.contentReference !== undefined) {
    const target = element.contentReference.replace(/^.*#/, '');
    return rooted(referenced(draft, element.contentReference), target, element.id);
  }
  const types = element.type ?? [];
  const [type] = types;
  const code = types.length === 1 && type ? type.code : 'Element';
  const url = types.length === 1 ? (type?.profile?.[0] ?? CORE + code) : CORE + code;
  if (code.startsWith('http://hl7.org/fhirpath/')) return [];
  const elements = draft.elementsOf(url.split('|', 1)[0] ?? url);
  const root = elements[0]?.id ?? '';
  return rooted(elements.slice(1), root, element.id);
}

/** Adds the children of an element that has none in the list yet. */
function unfold(draft: Draft, id: string): void {
  const at = find(draft, id);
  const element = draft.elements[at];
  if (!element) throw new SnapshotFault(`it speaks of ${id}, which its base does not have`);
  if (draft.elements[at + 1]?.id.startsWith(`${id}.`)) return;
  const colon = id.indexOf(':', lastDot(id));
  const plain = colon < 0 ? null : id.slice(0, colon);
  const beside = plain === null ? [] : draft.elements.filter((other) => other.id.startsWith(`${plain}.`));
  const profiled = element.type?.[0]?.profile !== undefined;
  const children =
    plain !== null && beside.length > 0 && !profiled ? rooted(beside, plain, id) : childrenOfType(draft, element);
  if (draft.elements.length + children.length > MOST_ELEMENTS) throw new SnapshotFault('it has too many elements');
  draft.elements.splice(at + 1, 0, ...children);
}

function addSlice(draft: Draft, id: string, plain: string): number {
  const model = draft.elements[ensure(draft, plain)];
  if (!model) throw new SnapshotFault(`it speaks of ${id}, which its base does not have`);
  const name = id.slice(id.lastIndexOf(':') + 1);
  const { slicing: _, ...rest } = clone(model);
  const at = after(draft, plain.replace(/\/[^/.]*$/, ''));
  draft.elements.splice(at, 0, { ...rest, id, path: pathOf(id), sliceName: name, min: 0 });
  return at;
}

/** Position of an element, which is made when it stands inside something not yet unfolded. @throws SnapshotFault */
function ensure(draft: Draft, id: string): number {
  const known = find(draft, id);
  if (known >= 0) return known;
  const dot = lastDot(id);
  if (dot < 0) throw new SnapshotFault(`it speaks of ${id}, which its base does not have`);
  const last = id.slice(dot + 1);
  const cut = Math.max(last.lastIndexOf('/'), last.lastIndexOf(':'));
  if (cut > 0) return addSlice(draft, id, id.slice(0, dot + 1 + cut));
  const parent = id.slice(0, dot);
  ensure(draft, parent);
  unfold(draft, parent);
  const found = find(draft, id);
  if (found < 0) throw new SnapshotFault(`it speaks of ${id}, which its base does not have`);
  return found;
}

/** `Observation.valueQuantity` -> `Observation.value[x]:valueQuantity` (the short form of a choice, step by step). */
function longForm(draft: Draft, id: string): string {
  const steps = id.split('.');
  let done = steps[0] ?? '';
  for (const step of steps.slice(1)) {
    const plain = `${done}.${step}`;
    const [name = '', slice] = step.split(':');
    const choice = draft.elements.find(({ id: other }) => {
      if (!other.startsWith(`${done}.`) || !other.endsWith('[x]') || lastDot(other) !== done.length) return false;
      const stem = other.slice(done.length + 1, -3);
      return name.startsWith(stem) && /^[A-Z]/.test(name.slice(stem.length));
    });
    done = choice && find(draft, plain) < 0 ? `${choice.id}:${slice ?? name}` : plain;
  }
  return done;
}

function idOf(element: SnapshotElement): string {
  if (typeof element.id === 'string' && pathOf(element.id) === element.path) return element.id;
  if (typeof element.id === 'string' && element.id.includes('.')) return element.id;
  return element.sliceName === undefined ? element.path : `${element.path}:${element.sliceName}`;
}

/** The type of a choice's slice follows from its name when it is not said: `value[x]:valueQuantity`. */
function impliedType(target: SnapshotElement, id: string): ElementType[] | undefined {
  const found = /\.(\w+)\[x\]:(\w+)$/.exec(id);
  const [, stem = '', name = ''] = found ?? [];
  if (!found || !name.startsWith(stem)) return undefined;
  const wanted = name.slice(stem.length).toLowerCase();
  const type = target.type?.find(({ code }) => code.toLowerCase() === wanted);
  return type ? [type] : undefined;
}

const ADDED = ['constraint', 'condition', 'mapping', 'alias'] as const;

function merge(target: SnapshotElement, said: SnapshotElement, id: string): SnapshotElement {
  const merged: SnapshotElement = { ...target, ...clone(said), id, path: target.path };
  if (target.base !== undefined) merged.base = target.base;
  for (const name of ADDED) {
    const before = target[name];
    const more = said[name];
    if (Array.isArray(before) && Array.isArray(more)) Object.assign(merged, { [name]: [...before, ...clone(more)] });
  }
  const implied = said.type === undefined ? impliedType(target, id) : undefined;
  if (implied) merged.type = implied;
  if (said.min === undefined && target.min !== undefined) merged.min = target.min;
  return merged;
}

/** Choices with slices by type are sliced so, whether or not the differential says it. */
function sliceChoice(draft: Draft, id: string): void {
  const choice = /^(.*\[x\]):[^.:]+$/.exec(id)?.[1];
  const element = choice === undefined ? undefined : draft.elements[find(draft, choice)];
  if (element && element.slicing === undefined) {
    element.slicing = { discriminator: [{ type: 'type', path: '$this' }], ordered: false, rules: 'open' };
  }
}

/**
 * The elements of a profile: the base's snapshot with the differential laid over it.
 * @throws SnapshotFault when the differential speaks of what the base does not have
 */
export function generateSnapshot(
  definition: StructureDefinition,
  elementsOf: (url: string) => readonly SnapshotElement[],
): SnapshotElement[] {
  const base = (definition.baseDefinition ?? '').split('|', 1)[0] ?? '';
  if (base === '') throw new SnapshotFault('it has no baseDefinition');
  const draft: Draft = { elements: clone([...elementsOf(base)]), elementsOf };
  const said: SnapshotElement[] = definition.differential?.element ?? [];
  for (const element of said) {
    const id = longForm(draft, idOf(element));
    const at = ensure(draft, id);
    const target = draft.elements[at];
    if (target) draft.elements[at] = merge(target, element, id);
    sliceChoice(draft, id);
  }
  return draft.elements;
}
