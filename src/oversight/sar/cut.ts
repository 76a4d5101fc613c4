/**
 * What leaves of one resource: the version two people agreed on, without the elements they cut, and
 * without any way to what does not leave: references, identifiers of others, labels. Pure.
 */
import { isObject } from '../../fhir/resource.ts';
import type { Json, JsonObject, Resource } from '../../fhir/types.ts';

/** One element of a resource as a reviewer sees it. `path` is `component[0].valueString`. */
export interface Element {
  path: string;
  value: string;
}

/** What a reviewer may look at and cut, leaf by leaf, in the order of the resource. */
export function elementsOf(resource: Resource): Element[] {
  const found: Element[] = [];
  walk(resource, '', (path, value) => {
    if (path !== 'resourceType' && path !== 'id' && !path.startsWith('meta.')) found.push({ path, value });
  });
  return found;
}

function walk(value: Json | undefined, path: string, leaf: (path: string, value: string) => void): void {
  if (value === undefined || value === null) return;
  if (Array.isArray(value)) for (const [i, one] of value.entries()) walk(one, `${path}[${i}]`, leaf);
  else if (isObject(value)) {
    for (const [name, one] of Object.entries(value)) walk(one, path === '' ? name : `${path}.${name}`, leaf);
  } else leaf(path, String(value));
}

/** Directory types: who acted professionally is no third party, and where she was seen is her own. */
const PROFESSIONAL = ['Practitioner', 'PractitionerRole', 'Organization', 'HealthcareService', 'Location', 'CareTeam'];

export interface Leaving {
  /** `Type/id` of everything that leaves. */
  released: ReadonlySet<string>;
  /** `Type/id` of everything that was collected and does not leave. */
  withheld: ReadonlySet<string>;
}

/**
 * The resource as it leaves. Narrative and contained resources go with the first cut: they can say anything. Labels and
 * tags go always, with them every claim of a profile (it may require what was cut), and nothing marks a cut: a mark would tell that there is something.
 */
export function leavingOf(resource: Resource, paths: readonly string[], leaving: Leaving): Resource {
  const cut = new Set(paths);
  if (paths.length > 0) for (const name of ['text', 'contained']) cut.add(name);
  const own = copy(resource, '', cut, leaving);
  const { versionId, lastUpdated } = resource.meta ?? {};
  const meta = {
    ...(versionId === undefined ? {} : { versionId }),
    ...(lastUpdated === undefined ? {} : { lastUpdated }),
  };
  const { meta: _meta, ...rest } = isObject(own) ? own : {};
  return {
    resourceType: resource.resourceType,
    ...(resource.id === undefined ? {} : { id: resource.id }),
    meta,
    ...rest,
  };
}

function copy(value: Json | undefined, path: string, cut: ReadonlySet<string>, leaving: Leaving): Json | undefined {
  if (value === undefined || isCut(path, cut)) return undefined;
  if (Array.isArray(value)) {
    const kept: Json[] = [];
    for (const [i, one] of value.entries()) {
      const child = copy(one, `${path}[${i}]`, cut, leaving);
      if (child !== undefined) kept.push(child);
    }
    return kept.some((one) => one !== null) ? kept : undefined;
  }
  if (!isObject(value) || isSpelling(value)) return value;
  if (path !== '' && isReference(value) && !mayName(value, leaving)) return undefined;
  const kept: JsonObject = {};
  for (const [name, one] of Object.entries(value)) {
    const child = copy(one, path === '' ? name : `${path}.${name}`, cut, leaving);
    if (child !== undefined) kept[name] = child;
  }
  return Object.keys(kept).length === 0 ? undefined : kept;
}

/** A number that carries its own text (fhir/json.ts `keepSpelling`) is a leaf. */
function isSpelling(value: JsonObject): boolean {
  return Object.getPrototypeOf(value) === null && 'rawJSON' in value;
}

/** An element and its `_` twin are one: extensions of a cut value go with it. */
function isCut(path: string, cut: ReadonlySet<string>): boolean {
  return cut.has(path) || cut.has(path.replace(/(^|\.)_/g, '$1'));
}

/** Literal, or (inside a resource, where nothing else has one identifier) logical. */
function isReference(value: JsonObject): boolean {
  return typeof value.reference === 'string' || isObject(value.identifier);
}

/** A reference leaves when what it names leaves too, or is one who acted professionally. */
function mayName(value: JsonObject, { released, withheld }: Leaving): boolean {
  const named = typeof value.reference === 'string' ? value.reference : '';
  if (named === '') return PROFESSIONAL.includes(String(value.type));
  if (named.startsWith('#')) return true;
  const found = /(?:^|\/)([A-Z][A-Za-z]+)\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]+)?$/.exec(named);
  const target = found === null ? '' : `${found[1]}/${found[2]}`;
  if (withheld.has(target)) return false;
  return released.has(target) || PROFESSIONAL.includes(found?.[1] ?? '');
}

/**
 * The first `Type/id` of what is withheld that still stands anywhere in these texts (free text, an address), or null. An
 * id alone counts when it cannot be a word: eight characters or more with a digit among them.
 */
export function leakIn(texts: readonly string[], { withheld }: Leaving): { text: number; names: string } | null {
  const ids = new Map([...withheld].map((name) => [name.slice(name.indexOf('/') + 1), name]));
  for (const [text, words] of texts.entries()) {
    for (const [, type, found = ''] of words.matchAll(/(?:([A-Z][A-Za-z]+)\/)?([A-Za-z0-9.-]+)/g)) {
      const id = found.replace(/[.-]+$/, '');
      if (type !== undefined && withheld.has(`${type}/${id}`)) return { text, names: `${type}/${id}` };
      const names = id.length >= 8 && /\d/.test(id) ? ids.get(id) : undefined;
      if (names !== undefined) return { text, names };
    }
  }
  return null;
}
