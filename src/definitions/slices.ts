/** Which slice an item belongs to: discriminators of R4 (profiling.html#discriminator) on values as clients send them. */
import { parseReference } from '../fhir/references.ts';
import type { Json, JsonObject } from '../fhir/types.ts';
import { equalJson, matchesPattern } from './profile-values.ts';
import { choiceName, objects, text } from './reading.ts';
import { isObject, type Run } from './run.ts';
import type { ProfileSlice, SliceTest } from './snapshot-types.ts';
import type { Terminology } from './terminology.ts';

/** A value met on a discriminator's path. */
export interface Met {
  value: Json;
  /** Type when the JSON says it: of a choice, of a resource, of a reference's target; else null. */
  type: string | null;
  /** Only the type is known: the target of a reference to elsewhere. */
  unresolved?: true;
}

export interface SliceContext {
  terminology: Terminology;
  /** The value meets the profile; null when the profile is not known. */
  conforms(run: Run, url: string, value: Json): boolean | null;
}

const STEP = /extension\('([^']*)'\)|resolve\(\)|ofType\((\w+)\)|\$this|[A-Za-z_]\w*/g;

/** What a reference points at: contained, or another entry of the Bundle; else only its type. */
function resolveReference(run: Run, value: Json): Met[] {
  const literal = typeof value === 'string' ? value : isObject(value) ? text(value, 'reference') : undefined;
  const parsed = literal === undefined ? null : parseReference(literal);
  if (!parsed || literal === undefined) return [];
  const found = parsed.kind === 'contained' ? run.inside?.get(parsed.id) : entryFor(run, literal);
  if (found) return [{ value: found, type: text(found, 'resourceType') ?? null }];
  const said = isObject(value) ? text(value, 'type') : undefined;
  const type = 'type' in parsed && parsed.type ? parsed.type : (said ?? null);
  return [{ value: null, type, unresolved: true }];
}

const tails = new WeakMap<ReadonlyMap<string, JsonObject>, ReadonlyMap<string, JsonObject>>();

/** Entries by the `Type/id` their address ends with, made once for a Bundle; of two the first counts. */
function byTail(entries: ReadonlyMap<string, JsonObject>): ReadonlyMap<string, JsonObject> {
  const known = tails.get(entries);
  if (known) return known;
  const found = new Map<string, JsonObject>();
  for (const [url, resource] of entries) {
    const tail = /\/([^/]+\/[^/]+)$/.exec(url)?.[1];
    if (tail !== undefined && !found.has(tail)) found.set(tail, resource);
  }
  tails.set(entries, found);
  return found;
}

function entryFor(run: Run, literal: string): JsonObject | undefined {
  const whole = run.entries?.get(literal);
  if (whole || !run.entries) return whole;
  return byTail(run.entries).get(literal);
}

function children(value: Json, name: string): Met[] {
  if (!isObject(value)) return [];
  const item = value[name];
  if (item !== undefined)
    return (Array.isArray(item) ? item : [item]).map((one) => ({ value: one, type: typeOf(one) }));
  const choice = choiceName(value, name);
  if (choice === undefined) return [];
  return [{ value: value[choice] ?? null, type: choice.slice(name.length) }];
}

function typeOf(value: Json): string | null {
  return isObject(value) && typeof value.resourceType === 'string' ? value.resourceType : null;
}

function sameType(wanted: string, actual: string | null): boolean {
  return actual !== null && wanted.toLowerCase() === actual.toLowerCase();
}

function step(run: Run, met: readonly Met[], [word = '', url, cast]: RegExpMatchArray): Met[] {
  if (word === '$this') return [...met];
  if (word === 'resolve()') return met.flatMap(({ value }) => resolveReference(run, value));
  if (cast !== undefined) return met.filter(({ type }) => type === null || sameType(cast, type));
  if (url === undefined) return met.flatMap(({ value }) => children(value, word));
  return met.flatMap(({ value }) =>
    children(value, 'extension').filter((one) => isObject(one.value) && one.value.url === url),
  );
}

/** Values at a discriminator's path below an item. */
export function valuesAt(run: Run, item: Met, path: string): Met[] {
  let met: Met[] = [item];
  for (const found of path.matchAll(STEP)) met = step(run, met, found);
  return met;
}

function holds(context: SliceContext, run: Run, test: SliceTest, met: readonly Met[]): boolean {
  if (test.type === 'exists') return met.length > 0 === test.exists;
  if (test.type === 'type') return met.some(({ type, value }) => isOfType(test.types ?? [], type, value));
  if (test.type === 'profile') {
    return met.some(({ value, unresolved }) =>
      unresolved ? false : (test.profiles ?? []).some((url) => context.conforms(run, url, value) === true),
    );
  }
  if (test.fixed !== undefined) return met.some(({ value }) => equalJson(test.fixed, value));
  if (test.pattern !== undefined) return met.some(({ value }) => matchesPattern(test.pattern, value));
  return met.some(({ value }) => inSet(context, test.binding ?? '', value));
}

/** The JSON of an element that is no choice does not tell its type: then it is taken as fitting. */
function isOfType(types: readonly string[], type: string | null, value: Json): boolean {
  if (types.length === 0 || types.includes('Resource')) return true;
  return type === null ? value !== null : types.some((wanted) => sameType(wanted, type));
}

function inSet(context: SliceContext, valueSet: string, value: Json): boolean {
  const codes = context.terminology.codesOf(valueSet);
  if (!codes) return false;
  if (typeof value === 'string') return codes.has(undefined, value) === true;
  if (!isObject(value)) return false;
  const codings = Array.isArray(value.coding) ? objects(value, 'coding') : [value];
  return codings.some((coding) => {
    const code = text(coding, 'code');
    return code !== undefined && codes.has(text(coding, 'system'), code) === true;
  });
}

/** True when the item belongs to the slice; a slice without a way to tell has no items. */
export function inSlice(context: SliceContext, run: Run, slice: ProfileSlice, item: Met): boolean {
  if (slice.by.length === 0) return false;
  return slice.by.every((test) => holds(context, run, test, valuesAt(run, item, test.path)));
}
