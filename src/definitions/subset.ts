/**
 * Parts of a resource that a search asked for: `_summary=true` at every level as the definitions mark it, `_elements` by
 * name or path (R4 search.html#summary). What is mandatory stays where its parent stays, so that a part is still valid.
 */
import { isObject } from '../fhir/resource.ts';
import type { Json, JsonObject, Resource } from '../fhir/types.ts';
import type { Node, Prop, Types } from './nodes.ts';

/** What of a level is kept: everything, nothing, or part of what lies below. */
type Keep = 'all' | 'none' | Wanted;

interface Wanted {
  of(prop: Prop, node: Node): Keep;
}

export interface Subsets {
  summary(resource: Resource): JsonObject;
  /** `paths` are element names, with the elements within them behind dots. */
  elements(resource: Resource, paths: readonly string[]): JsonObject;
}

export function createSubsets(types: Types): Subsets {
  const kept = (resource: Resource, wanted: Wanted): JsonObject => {
    const node = types.node(resource.resourceType);
    return node === null ? resource : level(resource, { node, isRoot: true }, wanted, types);
  };
  return {
    summary: (resource) => kept(resource, SUMMARY),
    elements: (resource, paths) => kept(resource, named(paths.map((path) => withoutRoot(path, resource.resourceType)))),
  };
}

/** `Patient.name` is `name`. */
const withoutRoot = (path: string, type: string): string =>
  path.startsWith(`${type}.`) ? path.slice(type.length + 1) : path;

const isRequired = (prop: Prop, node: Node): boolean =>
  node.required.some(({ keys }) => keys.includes(prop.key) || keys.includes(prop.key.replace(/^_/, '')));

const ALWAYS: ReadonlySet<string> = new Set(['resourceType', 'id', 'meta']);

const SUMMARY: Wanted = {
  of: (prop, node) => (prop.summary || isRequired(prop, node) ? SUMMARY : 'none'),
};

function named(paths: readonly string[]): Wanted {
  const below = new Map<string, string[]>();
  for (const path of paths) {
    const [name = '', ...rest] = path.split('.');
    below.set(name, [...(below.get(name) ?? []), rest.join('.')]);
  }
  return {
    of: (prop, node) => {
      const asked = below.get(prop.name) ?? below.get(prop.key.replace(/^_/, ''));
      if (asked === undefined) return isRequired(prop, node) ? 'all' : 'none';
      return asked.includes('') ? 'all' : named(asked);
    },
  };
}

function level(
  value: JsonObject,
  { node, isRoot }: { node: Node; isRoot: boolean },
  wanted: Wanted,
  types: Types,
): JsonObject {
  const kept: JsonObject = {};
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined) continue;
    const prop = node.props.get(key);
    if (isRoot && ALWAYS.has(key)) kept[key] = inner;
    if (prop === undefined || (isRoot && ALWAYS.has(key))) continue;
    const keep = wanted.of(prop, node);
    const part = keep === 'all' ? inner : keep === 'none' ? undefined : within(inner, prop, keep, types);
    if (part !== undefined) kept[key] = part;
    else if (keep !== 'none' && isRequired(prop, node)) kept[key] = inner;
  }
  return kept;
}

/** A value with the wanted part of what lies in it; undefined when nothing is left. */
function within(value: Json, prop: Prop, wanted: Wanted, types: Types): Json | undefined {
  const node = prop.kind === 'complex' ? (prop.node ?? types.node(prop.definition)) : null;
  if (node === null) return value;
  const one = (item: Json): Json | undefined => {
    if (!isObject(item)) return item;
    const part = level(item, { node, isRoot: false }, wanted, types);
    return Object.keys(part).length === 0 ? undefined : part;
  };
  if (!Array.isArray(value)) return one(value);
  const parts = value.map(one).filter((item) => item !== undefined);
  return parts.length === 0 ? undefined : parts;
}
