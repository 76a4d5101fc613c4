/**
 * What changed between two versions of a resource, as the FHIRPath Patch (R4 fhirpatch.html) that makes the second of
 * the first. Lists are compared place by place. Version and time of update are the server's and left out. Pure.
 */
import { copyJson, NumberTextMap, type NumberTexts } from './json.ts';
import { isObject } from './resource.ts';
import type { Json, JsonObject, Resource } from './types.ts';
import { holdsResource, nodeOf, type XmlNode, type XmlProp, type XmlShapes } from './xml-shape.ts';

/** One side: a tree and how its numbers were spelt. */
export interface Side {
  resource: Resource;
  numbers: NumberTexts;
}

interface Work {
  shapes: XmlShapes;
  before: NumberTexts;
  after: NumberTexts;
  /** Spelling of the numbers copied into the operations. */
  texts: NumberTextMap;
  operations: JsonObject[];
}

/** The Parameters resource and the spelling of its numbers. @throws Error when a side is no R4 resource (a bug) */
export function diffOf(before: Side, after: Side, shapes: XmlShapes): { root: Resource; numbers: NumberTexts } {
  const { resourceType } = after.resource;
  const node = shapes.node(resourceType);
  if (node === null) throw new Error(`no definition of ${resourceType}`);
  const texts = new NumberTextMap();
  const work: Work = { shapes, before: before.numbers, after: after.numbers, texts, operations: [] };
  diffObjects(work, node, { path: resourceType, from: content(before.resource), to: content(after.resource) });
  const { operations } = work;
  const root = { resourceType: 'Parameters', ...(operations.length === 0 ? {} : { parameter: operations }) };
  return { root, numbers: texts };
}

const SERVERS_OWN = ['versionId', 'lastUpdated'];

/** Without what the server itself stamps; numbers at the top keep their holder, so none is copied. */
function content(resource: Resource): JsonObject {
  const { meta } = resource;
  if (!isObject(meta)) return resource;
  const kept = Object.fromEntries(Object.entries(meta).filter(([key]) => !SERVERS_OWN.includes(key)));
  for (const key of SERVERS_OWN) delete meta[key];
  if (Object.keys(kept).length === 0) delete resource.meta;
  return resource;
}

interface Pair {
  path: string;
  from: JsonObject;
  to: JsonObject;
}

function diffObjects(work: Work, node: XmlNode, { path, from, to }: Pair): void {
  // A choice that changes its type is taken away before the other comes.
  for (const prop of node.props.values())
    if (from[prop.key] !== undefined) diffProp(work, prop, { path, from, to }, true);
  for (const prop of node.props.values()) diffProp(work, prop, { path, from, to }, false);
}

/** Element names that are words of FHIRPath stand in back quotes (`div`, ValueSet.expansion.`contains`). */
const WORDS: ReadonlySet<string> = new Set(['div', 'contains', 'is', 'as', 'in', 'and', 'or', 'xor', 'implies', 'mod']);

const step = (name: string): string => (WORDS.has(name) ? `\`${name}\`` : name);

/** `removing`: only what the second side no longer has; else everything but that. */
function diffProp(work: Work, prop: XmlProp, { path, from, to }: Pair, removing: boolean): void {
  const { key, name, kind } = prop;
  if (kind === 'type' || kind === 'shadow') return;
  const [old, next] = [from[key], to[key]];
  const at = `${path}.${step(name)}`;
  if (removing) {
    if (next === undefined && !prop.list) work.operations.push(operation('delete', [text('path', at)]));
    else if (prop.list) removeBeyond(work, at, listOf(old), listOf(next));
    return;
  }
  if (prop.list) diffLists(work, prop, { path, from, to });
  else if (old === undefined && next !== undefined) push(work, prop, { path, holder: to, key });
  else if (old !== undefined && next !== undefined) diffValues(work, prop, { path: at, from, to, key, other: key });
  if (kind === 'primitive' && next !== undefined) diffTwins(work, at, from[`_${key}`], to[`_${key}`]);
}

const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);

function removeBeyond(work: Work, at: string, old: Json[], next: Json[]): void {
  for (let i = old.length - 1; i >= next.length; i -= 1) {
    work.operations.push(operation('delete', [text('path', `${at}[${i}]`)]));
  }
}

function diffLists(work: Work, prop: XmlProp, { path, from, to }: Pair): void {
  const [old, next] = [listOf(from[prop.key]), listOf(to[prop.key])];
  const [oldTwins, nextTwins] = [listOf(from[`_${prop.key}`]), listOf(to[`_${prop.key}`])];
  for (const i of next.keys()) {
    const at = `${path}.${step(prop.name)}[${i}]`;
    if (i >= old.length) push(work, prop, { path, holder: next, key: i });
    else diffValues(work, prop, { path: at, from: old, to: next, key: i, other: i });
    diffTwins(work, at, oldTwins[i] ?? undefined, nextTwins[i] ?? undefined);
  }
}

interface Values {
  path: string;
  from: JsonObject | Json[];
  to: JsonObject | Json[];
  key: string | number;
  other: string | number;
}

function diffValues(work: Work, prop: XmlProp, { path, from, to, key, other }: Values): void {
  const [old, next] = [valueAt(from, other), valueAt(to, key)];
  const isWhole = prop.kind === 'primitive' || prop.kind === 'xhtml' || holdsResource(work.shapes, prop);
  if (!isWhole && isObject(old) && isObject(next)) {
    diffObjects(work, nodeOf(work.shapes, prop), { path, from: old, to: next });
    return;
  }
  if (spelt(work.before, from, other) === spelt(work.after, to, key)) return;
  work.operations.push(operation('replace', [text('path', path), valuePart(work, prop, to, key)]));
}

function valueAt(holder: JsonObject | Json[], key: string | number): Json | undefined {
  return Array.isArray(holder) ? holder[Number(key)] : holder[String(key)];
}

/** A value as text, its number as it was spelt. */
function spelt(numbers: NumberTexts, holder: JsonObject | Json[], key: string | number): string {
  const value = valueAt(holder, key);
  return typeof value === 'number' ? (numbers.get(holder, key) ?? String(value)) : JSON.stringify(value);
}

/** Ids and extensions of a primitive stand under its own path. */
function diffTwins(work: Work, path: string, old: Json | undefined, next: Json | undefined): void {
  const node = work.shapes.node('Element');
  if (node === null) throw new Error('no definition of Element');
  if (!isObject(old) && !isObject(next)) return;
  diffObjects(work, node, { path, from: isObject(old) ? old : {}, to: isObject(next) ? next : {} });
}

interface Placed {
  path: string;
  holder: JsonObject | Json[];
  key: string | number;
}

function push(work: Work, prop: XmlProp, { path, holder, key }: Placed): void {
  const value = valuePart(work, prop, holder, key);
  work.operations.push(operation('add', [text('path', path), text('name', prop.name), value]));
}

function operation(type: string, parts: JsonObject[]): JsonObject {
  return { name: 'operation', part: [{ name: 'type', valueCode: type }, ...parts] };
}

const text = (name: string, value: string): JsonObject => ({ name, valueString: value });

/** The `value` part of one element. */
function valuePart(work: Work, prop: XmlProp, holder: JsonObject | Json[], key: string | number): JsonObject {
  return filled(work, prop, { name: 'value', holder, key });
}

/** `value[x]` where Parameters has such a type, `resource` for a resource, nested parts for everything else. */
function filled(work: Work, prop: XmlProp, { name, holder, key }: { name: string } & Omit<Placed, 'path'>): JsonObject {
  const value = valueAt(holder, key);
  const part: JsonObject = { name };
  if (value === undefined || value === null) return part;
  const typed = `value${prop.type.charAt(0).toUpperCase()}${prop.type.slice(1)}`;
  const known = work.shapes.node('Parameters')?.props.get('parameter')?.node?.props.has(typed) === true;
  if (holdsResource(work.shapes, prop)) part.resource = copyJson(value, work.after, work.texts);
  else if (isObject(value) && (prop.node !== null || !known)) {
    part.part = parts(work, nodeOf(work.shapes, prop), value);
  } else {
    const target = known ? typed : 'valueString';
    part[target] = copyJson(value, work.after, work.texts);
    const number = typeof value === 'number' ? work.after.get(holder, key) : undefined;
    if (number !== undefined) work.texts.set(part, target, number);
  }
  return part;
}

function parts(work: Work, node: XmlNode, value: JsonObject): JsonObject[] {
  return [...node.props.values()].flatMap((prop) => {
    const inner = value[prop.key];
    if (inner === undefined || prop.kind === 'shadow' || prop.kind === 'type') return [];
    if (!Array.isArray(inner)) return [filled(work, prop, { name: prop.name, holder: value, key: prop.key })];
    return [...inner.keys()].map((i) => filled(work, prop, { name: prop.name, holder: inner, key: i }));
  });
}
