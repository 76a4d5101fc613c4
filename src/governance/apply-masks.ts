/** Applying masks to a resource: a copy without the masked paths, marked `SUBSETTED`. */
import type { Json, JsonObject, Resource } from '../fhir/types.ts';
import type { Mask } from './decision-types.ts';
import { literal, object, objects, unique } from './elements.ts';

const SUBSETTED = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };
const SEGMENT = /^([A-Za-z]+)(?:\[([A-Za-z]+)(?:=([^\]]+))?\])?$/;

interface Step {
  name: string;
  key: string | null;
  value: string | null;
}

const STEPS = new Map<string, readonly Step[]>();

/**
 * The resource without what the masks remove, never changed in place; with a `SUBSETTED` tag when masks applied, whether
 * or not they met anything (a tag only where something was hidden would tell that something is there).
 */
export function applyMasks(resource: Resource, masks: readonly Mask[]): Resource {
  if (masks.length === 0) return resource;
  const paths = unique(masks.flatMap((mask) => mask.remove));
  let copy: JsonObject = { ...resource };
  for (const path of paths) copy = without(copy, stepsOf(path));
  if (paths.includes('contained') && resource.contained !== undefined) copy = withoutContainedReferences(copy);
  const tags = objects(resource.meta?.tag).filter((tag) => tag.code !== SUBSETTED.code);
  const meta = { ...resource.meta, tag: [...tags, { ...SUBSETTED }] };
  return { ...copy, resourceType: resource.resourceType, meta };
}

function stepsOf(path: string): readonly Step[] {
  const known = STEPS.get(path);
  if (known) return known;
  const steps = segments(path).map((segment): Step => {
    const match = SEGMENT.exec(segment);
    if (!match?.[1]) throw new Error(`mask path not understood: ${path}`);
    return { name: match[1], key: match[2] ?? null, value: match[3] ?? null };
  });
  STEPS.set(path, steps);
  return steps;
}

/** Dots inside brackets belong to a value, e.g. a linkId. */
function segments(path: string): string[] {
  return path.match(/[^.[\]]+(?:\[[^\]]*\])?/g) ?? [];
}

function without(node: JsonObject, steps: readonly Step[]): JsonObject {
  const [step, ...rest] = steps;
  if (step === undefined) return node;
  const value = node[step.name];
  if (value === undefined && node[`_${step.name}`] === undefined) return node;
  const copy = { ...node };
  if (rest.length > 0) {
    copy[step.name] = inside(value, rest);
  } else if (step.key === null) {
    delete copy[step.name];
    delete copy[`_${step.name}`];
  } else {
    keepOthers(copy, step);
  }
  return copy;
}

function inside(value: Json | undefined, rest: readonly Step[]): Json | undefined {
  if (Array.isArray(value)) return value.map((one) => inside(one, rest) ?? null);
  const node = object(value);
  return node === null ? value : without(node, rest);
}

function keepOthers(copy: JsonObject, step: Step): void {
  const isList = Array.isArray(copy[step.name]);
  const [first, ...others] = objects(copy[step.name]).filter((one) => !matches(one, step));
  if (first === undefined) delete copy[step.name];
  else copy[step.name] = isList ? [first, ...others] : first;
}

function matches(node: JsonObject, step: Step): boolean {
  const value = step.key === null ? undefined : node[step.key];
  if (step.value === null) return value !== undefined;
  if (value === step.value) return true;
  const target = object(value);
  const reference = target === null ? value : target.reference;
  return target?.type === step.value || literal(reference)?.startsWith(`${step.value}/`) === true;
}

/** References into contained resources that are gone would break ref-1. What has none is kept as the same object. */
function withoutContainedReferences(node: JsonObject): JsonObject {
  const kept: JsonObject = {};
  let isSame = true;
  for (const [key, value] of Object.entries(node)) {
    const clean = withoutDangling(value);
    if (clean !== value) isSame = false;
    if (clean !== undefined) kept[key] = clean;
  }
  return isSame ? node : kept;
}

function withoutDangling(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) {
    const kept = value.map(withoutDangling).filter((one) => one !== undefined);
    const isSame = kept.length === value.length && kept.every((one, i) => one === value[i]);
    return isSame ? value : kept.length === 0 ? undefined : kept;
  }
  const node = object(value);
  if (node === null) return value;
  if (typeof node.reference === 'string' && node.reference.startsWith('#')) return undefined;
  const kept = withoutContainedReferences(node);
  // What held nothing but such a reference goes with it: an empty element is no FHIR, and tells that something was there.
  return kept !== node && Object.keys(kept).length === 0 ? undefined : kept;
}

/**
 * R-09 and 3.5: a family Group shows a reader only the members she may see; `quantity` is never given, and nothing tells
 * that a member is missing. `visible` holds the `Patient/..` references she may see.
 */
export function visibleMembers(group: Resource, visible: ReadonlySet<string>): Resource {
  const { quantity: _quantity, member: _member, text: _text, ...rest } = group;
  const member = objects(group.member).filter((one) => {
    const entity = literal(object(one.entity)?.reference);
    return entity !== null && (!entity.startsWith('Patient/') || visible.has(entity));
  });
  return { ...rest, resourceType: group.resourceType, ...(member.length === 0 ? {} : { member }) };
}
