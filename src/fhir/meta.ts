/** Profiles, tags and security labels added to or taken from a resource (R4 $meta-add, $meta-delete). Pure. */
import { cloneJson, type NumberTexts } from './json.ts';
import { refuse } from './outcome.ts';
import { asResource, isObject } from './resource.ts';
import type { Coding, Json, Meta, Resource } from './types.ts';

export type MetaChange = 'meta-add' | 'meta-delete';

/** The parts of meta that are the client's to change; versionId, lastUpdated and source are not. */
export interface MetaParts {
  profile: string[];
  security: Coding[];
  tag: Coding[];
}

/** @throws Outcome 400 for anything that is no Meta, or that names parts which cannot be changed this way */
export function metaParts(value: Json | undefined): MetaParts {
  const path = 'Parameters.parameter.value';
  if (!isObject(value)) throw refuse(400, 'required', 'Parameters has no part "meta" with a valueMeta', path);
  const other = Object.keys(value).find((key) => key !== 'profile' && key !== 'security' && key !== 'tag');
  if (other !== undefined)
    throw refuse(
      400,
      'not-supported',
      `Only profile, security and tag can be changed, not ${other.slice(0, 40)}`,
      path,
    );
  const codings = (list: Json | undefined): Coding[] => listOf(list).filter(isObject);
  const profile = listOf(value.profile).filter((one) => typeof one === 'string');
  return { profile, security: codings(value.security), tag: codings(value.tag) };
}

const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);

/** A label or tag is the same when system and code are (R4 resource.html#Meta): display and version do not count. */
function same(a: Coding, b: Coding): boolean {
  return a.system === b.system && a.code === b.code;
}

/** The resource with its meta changed; nothing of the original is touched. */
export function changeMeta(resource: Resource, parts: MetaParts, change: MetaChange, numbers: NumberTexts) {
  const copy = cloneJson(resource, numbers);
  const root = asResource(copy.root);
  const meta: Meta = root.meta ?? {};
  const next = {
    profile: merged(meta.profile ?? [], parts.profile, change, (a, b) => a === b),
    security: merged(meta.security ?? [], parts.security, change, same),
    tag: merged(meta.tag ?? [], parts.tag, change, same),
  };
  const { profile: _p, security: _s, tag: _t, ...rest } = meta;
  const filled = Object.fromEntries(Object.entries(next).filter(([, list]) => list.length > 0));
  root.meta = { ...rest, ...filled };
  return { resource: root, numbers: copy.numbers };
}

function merged<T>(own: readonly T[], given: readonly T[], change: MetaChange, equal: (a: T, b: T) => boolean): T[] {
  if (change === 'meta-delete') return own.filter((one) => !given.some((other) => equal(one, other)));
  return [...own, ...given.filter((one, i) => ![...own, ...given.slice(0, i)].some((other) => equal(one, other)))];
}
