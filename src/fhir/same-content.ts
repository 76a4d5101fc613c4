/** Whether two versions of a resource say the same: what the server writes itself, and the order of members, aside. */
import type { NumberTexts } from './json.ts';
import { isObject } from './resource.ts';
import type { Json, JsonObject, Resource } from './types.ts';

export interface Spelled {
  resource: Resource;
  numbers: NumberTexts;
}

/** Everything but `id`, `meta.versionId` and `meta.lastUpdated` is equal, numbers in their spelling. */
export function saysTheSame(a: Spelled, b: Spelled): boolean {
  return isSame(withoutStamp(a), withoutStamp(b));
}

/** As `saysTheSame`, labels, tags and profiles aside: who changes those alone has written nothing of the content. */
export function hasSameContent(a: Spelled, b: Spelled): boolean {
  return isSame(withoutStamp(a, true), withoutStamp(b, true));
}

interface Side {
  value: Json | undefined;
  numbers: NumberTexts;
  /** The object the number texts hang on, where `value` is a copy of it. */
  origin: object | null;
}

function withoutStamp({ resource, numbers }: Spelled, noMeta = false): Side {
  const { id: _id, meta, ...rest } = resource;
  const { versionId: _version, lastUpdated: _updated, ...kept } = isObject(meta) ? meta : {};
  const value = noMeta || Object.keys(kept).length === 0 ? rest : { ...rest, meta: kept };
  return { value, numbers, origin: resource };
}

function isSame(a: Side, b: Side): boolean {
  if (Array.isArray(a.value) && Array.isArray(b.value)) return hasSameMembers(a, b);
  if (isObject(a.value) && isObject(b.value)) return hasSameMembers(a, b);
  return a.value === b.value;
}

function hasSameMembers(a: Side, b: Side): boolean {
  const [left, right] = [Object(a.value) as JsonObject, Object(b.value) as JsonObject];
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every(
      (key) => Object.hasOwn(right, key) && textAt(a, key) === textAt(b, key) && isSame(inner(a, key), inner(b, key)),
    )
  );
}

function inner(side: Side, key: string): Side {
  return { value: (Object(side.value) as JsonObject)[key], numbers: side.numbers, origin: null };
}

function textAt({ value, numbers, origin }: Side, key: string): string | undefined {
  return numbers.size === 0 ? undefined : numbers.get(origin ?? Object(value), key);
}
