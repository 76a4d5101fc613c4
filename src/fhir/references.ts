/** What a reference says (R4 references.html, datatypes.html#canonical), and every reference of a resource. */
import { isResourceType } from './resource-types.ts';
import type { Json, JsonObject, Reference, Resource } from './types.ts';

export type ParsedReference =
  /** A resource of this server: relative, or absolute under our own base. */
  | { kind: 'local'; type: string; id: string; version: string | null }
  /** An absolute URL elsewhere; type and id when it has the RESTful form. */
  | { kind: 'absolute'; url: string; type: string | null; id: string | null; version: string | null }
  /** `urn:uuid:` or `urn:oid:`: another entry of the same bundle. */
  | { kind: 'urn'; urn: string }
  /** `#id`; an empty id is the container itself. */
  | { kind: 'contained'; id: string }
  /** `Type?criteria`, allowed only inside a transaction. */
  | { kind: 'conditional'; type: string; query: string };

const URN = /^urn:(?:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|oid:[0-2](?:\.(?:0|[1-9][0-9]*))+)$/;
const RESTFUL = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]{1,64}))?$/;
const RESTFUL_TAIL = /\/([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]{1,64}))?$/;
const CONTAINED = /^#[A-Za-z0-9\-.]{0,64}$/;
const CONDITIONAL = /^([A-Z][A-Za-z]+)\?(\S+)$/;
const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\/[^\s/]\S*$/i;

/** A base URL without its trailing slash. */
function trimmed(base: string): string {
  return base.endsWith('/') ? base.slice(0, -1) : base;
}

/** An absolute URL under one of our own bases, made relative; other texts unchanged. */
export function relativeTo(text: string, bases: readonly string[]): string {
  for (const base of bases) {
    const root = trimmed(base);
    if (root !== '' && text.startsWith(root) && text.charAt(root.length) === '/') return text.slice(root.length + 1);
  }
  return text;
}

/**
 * Reads `Reference.reference`. `ownBases` are the absolute bases under which this server is known.
 * Null when the text is no reference: unknown type, bad id, wrong urn, blank.
 */
export function parseReference(text: string, ownBases: readonly string[] = []): ParsedReference | null {
  if (text.startsWith('#')) return CONTAINED.test(text) ? { kind: 'contained', id: text.slice(1) } : null;
  if (text.startsWith('urn:')) return URN.test(text) ? { kind: 'urn', urn: text } : null;
  const own = relativeTo(text, ownBases);
  const local = RESTFUL.exec(own);
  if (local) {
    const [, type = '', id = '', version = null] = local;
    return isResourceType(type) ? { kind: 'local', type, id, version } : null;
  }
  const conditional = CONDITIONAL.exec(own);
  if (conditional) {
    const [, type = '', query = ''] = conditional;
    return isResourceType(type) ? { kind: 'conditional', type, query } : null;
  }
  if (!ABSOLUTE.test(own) || own !== text) return null;
  const [, type = null, id = null, version = null] = RESTFUL_TAIL.exec(text) ?? [];
  if (type === null || !isResourceType(type))
    return { kind: 'absolute', url: text, type: null, id: null, version: null };
  return { kind: 'absolute', url: text, type, id, version };
}

/** The text of a parsed reference. Inverse of `parseReference` up to our own base. */
export function referenceText(reference: ParsedReference): string {
  switch (reference.kind) {
    case 'local':
      return `${reference.type}/${reference.id}${reference.version === null ? '' : `/_history/${reference.version}`}`;
    case 'absolute':
      return reference.url;
    case 'urn':
      return reference.urn;
    case 'contained':
      return `#${reference.id}`;
    case 'conditional':
      return `${reference.type}?${reference.query}`;
  }
}

/** `Type/id` of a local reference text (version and own base dropped), or null for anything else. */
export function localTarget(text: string, ownBases: readonly string[] = []): string | null {
  const parsed = parseReference(text, ownBases);
  return parsed?.kind === 'local' ? `${parsed.type}/${parsed.id}` : null;
}

export interface Canonical {
  url: string;
  version: string | null;
  fragment: string | null;
}

/** Reads a canonical, `url|version#fragment` (R4 references.html#canonical); null when there is no url. */
export function parseCanonical(text: string): Canonical | null {
  const found = /^([^\s|#]+)(?:\|([^\s|#]+))?(?:#(\S+))?$/.exec(text);
  if (!found) return null;
  const [, url = '', version = null, fragment = null] = found;
  return { url, version, fragment };
}

export interface LogicalReference {
  type: string | null;
  system: string | null;
  value: string;
}

/** The logical side of a Reference: type and business identifier; null when it has no identifier value. */
export function logicalReference(reference: Reference): LogicalReference | null {
  const { system, value } = reference.identifier ?? {};
  if (typeof value !== 'string' || value === '') return null;
  const type = typeof reference.type === 'string' ? reference.type : null;
  return { type, system: typeof system === 'string' ? system : null, value };
}

type Step = string | number;

/** FHIRPath of a place in a resource, e.g. `Encounter.participant[0].individual`. */
export function pathText(steps: readonly Step[]): string {
  let out = '';
  for (const step of steps) out += typeof step === 'number' ? `[${step}]` : `${out === '' ? '' : '.'}${step}`;
  return out;
}

const REFERENCE_KEYS = new Set(['reference', 'type', 'identifier', 'display', 'id', 'extension']);

/**
 * Elements that hold one Identifier and may look like a logical Reference without being one (R4: Substance.instance,
 * DocumentManifest.related, Contract.term and its valuedItem, and the SubstanceX parts).
 */
const IDENTIFIED_PARTS = new Set([
  'instance',
  'related',
  'term',
  'valuedItem',
  'moiety',
  'isotope',
  'linkage',
  'sugar',
]);

/** The element name a value stands under: the last step that is not an index. */
function elementName(steps: readonly Step[]): string {
  for (let i = steps.length - 1; i >= 0; i -= 1) {
    const step = steps[i];
    if (typeof step === 'string') return step;
  }
  return '';
}

/** Literal reference. Two R4 elements called `reference` are plain uris: DetectedIssue and Immunization.education. */
function isLiteral(value: JsonObject, steps: readonly Step[]): boolean {
  return typeof value.reference === 'string' && value.resourceType === undefined && elementName(steps) !== 'education';
}

function isLogical(value: JsonObject, steps: readonly Step[]): boolean {
  const { reference, identifier, type } = value;
  if (reference !== undefined || typeof identifier !== 'object' || identifier === null || Array.isArray(identifier)) {
    return false;
  }
  if ((type !== undefined && typeof type !== 'string') || IDENTIFIED_PARTS.has(elementName(steps))) return false;
  return Object.keys(value).every((key) => key.startsWith('_') || REFERENCE_KEYS.has(key));
}

function visitAll(value: Json, steps: Step[], visit: (found: JsonObject, steps: readonly Step[]) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i += 1) {
      steps.push(i);
      visitAll(value[i] ?? null, steps, visit);
      steps.pop();
    }
    return;
  }
  visit(value, steps);
  for (const key in value) {
    const item = value[key];
    if (typeof item !== 'object' || item === null) continue;
    steps.push(key);
    visitAll(item, steps, visit);
    steps.pop();
  }
}

/**
 * Every Reference with a literal `reference`, contained resources and extensions included, in document order.
 * `path` is the FHIRPath of the Reference, e.g. `Encounter.subject`.
 */
export function eachReference(resource: Resource, visit: (reference: Reference, path: string) => void): void {
  visitAll(resource, [resource.resourceType], (found, steps) => {
    if (isLiteral(found, steps)) visit(found, pathText(steps));
  });
}

/** Every Reference that has only an identifier (4.12: nobody needs our ids to refer). Order and path as above. */
export function eachLogicalReference(resource: Resource, visit: (reference: Reference, path: string) => void): void {
  visitAll(resource, [resource.resourceType], (found, steps) => {
    if (isLogical(found, steps)) visit(found, pathText(steps));
  });
}

/** The literal reference texts of a resource, in document order, each once. */
export function referencesOf(resource: Resource): string[] {
  const texts = new Set<string>();
  visitAll(resource, [resource.resourceType], (found, steps) => {
    if (isLiteral(found, steps) && typeof found.reference === 'string') texts.add(found.reference);
  });
  return [...texts];
}

/** What a reference becomes: a Map, or anything that answers like one. */
export interface ReferenceTargets {
  get(reference: string): string | undefined;
}

/**
 * Elements that may hold a `urn:` and are not links to an entry (R4 http.html#trules): canonicals, plain texts, and
 * uuid, whose values are nothing but uuids.
 */
const NOT_LINKS = new Set([
  'value',
  'id',
  'valueCanonical',
  'valueUuid',
  'valueString',
  'valueMarkdown',
  'valueCode',
  'valueId',
  'instantiatesCanonical',
  'profile',
  'targetProfile',
  'questionnaire',
  'valueSet',
]);

const LINK = /(\s(?:href|src)\s*=\s*)(["'])(urn:[^"']+)\2/g;

/** In a list of canonicals the texts stay; objects are gone into. */
function continueInto(key: string | number, item: JsonObject | Json[], targets: ReferenceTargets): void {
  if (!Array.isArray(item) || !NOT_LINKS.has(String(key))) rewriteStrings(item, targets);
  else for (const one of item) if (typeof one === 'object' && one !== null) rewriteStrings(one, targets);
}

function rewriteStrings(value: JsonObject | Json[], targets: ReferenceTargets): void {
  const entries: [string | number, Json | undefined][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  for (const [key, item] of entries) {
    if (typeof item === 'object' && item !== null) continueInto(key, item, targets);
    if (typeof item !== 'string' || !item.includes('urn:') || NOT_LINKS.has(String(key))) continue;
    const next =
      key === 'div'
        ? item.replace(LINK, (all, head, quote, urn) => {
            const target = targets.get(urn);
            return target === undefined ? all : `${head}${quote}${target}${quote}`;
          })
        : item.startsWith('urn:') && targets.get(item);
    if (typeof next !== 'string') continue;
    if (Array.isArray(value)) value[Number(key)] = next;
    else value[key] = next;
  }
}

/**
 * Replaces references **in place** (number texts hang on the objects, so the objects stay): every literal Reference
 * whose text `targets` knows; every other string that is exactly a known `urn:` (uri, url and oid elements; not
 * canonicals) except business identifier values; and links in narrative (R4 http.html#trules).
 */
export function rewriteReferences(resource: Resource, targets: ReferenceTargets): void {
  visitAll(resource, [resource.resourceType], (found, steps) => {
    if (!isLiteral(found, steps) || typeof found.reference !== 'string') return;
    const target = targets.get(found.reference);
    if (target !== undefined) found.reference = target;
  });
  rewriteStrings(resource, targets);
}
