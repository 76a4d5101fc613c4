/**
 * Which codes are in which value set, as far as R4's and our own definitions say. Value sets that nobody can list (all
 * languages, MIME types, currencies, UCUM, SNOMED and LOINC filters) are decided by a rule or not at all (null).
 */
import type { Snapshot } from './snapshot.ts';
import type { CodeSystemSource, IncludeSource, ValueSetSource } from './snapshot-types.ts';

/** A value set made ready: membership in any system, and by system; `codes` for short lists in messages. */
export interface CodeSet {
  url: string;
  /** True, false, or null when it cannot be decided here. `system` undefined = any system of the set. */
  has(system: string | undefined, code: string): boolean | null;
  /** All codes when they are few enough to name in a message. */
  few: string[];
  /** Words without any code are fine: the set is the maximum of a preferred binding. */
  words?: true;
}

export interface Terminology {
  /** The value set, or null when it is not known or cannot be decided. Versions (`|4.0.1`) are ignored. */
  codesOf(valueSet: string): CodeSet | null;
  /** Contract of `Definitions.inValueSet`. */
  inValueSet(valueSet: string, system: string | undefined, code: string): boolean | null;
  /** Contract of `Definitions.codesOfValueSet`. */
  codesOfValueSet(valueSet: string): readonly { system: string; code: string }[] | null;
  /** Contract of `Definitions.relatedCodes`. */
  relatedCodes(system: string, code: string, direction: 'above' | 'below'): readonly string[] | null;
  /** True/false when the system is one whose codes we hold, null otherwise. */
  inCodeSystem(system: string, code: string): boolean | null;
}

const VS = 'http://hl7.org/fhir/ValueSet/';

/** Value sets whose members follow a grammar; R4 itself writes `xml`, `json`, `ttl` and `mime` for MIME types. */
const BY_RULE: ReadonlyMap<string, { system: string; test: RegExp }> = new Map([
  [
    `${VS}mimetypes`,
    { system: 'urn:ietf:bcp:13', test: /^(?:xml|json|ttl|mime|[\w!#$&^.+-]+\/[\w!#$&^.+*-]+(?:\s*;.*)?)$/ },
  ],
  [`${VS}all-languages`, { system: 'urn:ietf:bcp:47', test: /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$/ }],
  [`${VS}currencies`, { system: 'urn:iso:std:iso:4217', test: /^[A-Z]{3}$/ }],
]);

/** Codes by system, while a value set is being listed. */
type Listing = Map<string, Set<string>>;

interface Reader {
  codeSystem(url: string): CodeSystemSource | null;
  valueSet(url: string): ValueSetSource | null;
}

function reader(snapshot: Snapshot): Reader {
  const systems = new Map<string, CodeSystemSource>();
  return {
    codeSystem: (url) => {
      const known = systems.get(url);
      if (known !== undefined) return known;
      const text = snapshot.text(`cs:${url}`);
      if (text === null) return null;
      const source: CodeSystemSource = JSON.parse(text);
      systems.set(url, source);
      return source;
    },
    valueSet: (url) => {
      const text = snapshot.text(`vs:${url}`);
      return text === null ? null : JSON.parse(text);
    },
  };
}

function isBelow(source: CodeSystemSource, position: number, ancestor: number): boolean {
  const seen = new Set<number>();
  const open = [position];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const parent of [source.parents?.[at] ?? -1].flat()) {
      if (parent === ancestor) return true;
      if (parent < 0 || seen.has(parent)) continue;
      seen.add(parent);
      open.push(parent);
    }
  }
  return false;
}

/** Codes of a system that pass its hierarchy filters; null for any other filter. */
function filtered(source: CodeSystemSource, filters: readonly [string, string, string][]): string[] | null {
  let codes = source.codes.map((_, position) => position);
  for (const [property, op, value] of filters) {
    if (property !== 'concept' || (op !== 'is-a' && op !== 'descendent-of')) return null;
    const ancestor = source.codes.indexOf(value);
    codes = codes.filter((at) => (op === 'is-a' && at === ancestor) || isBelow(source, at, ancestor));
  }
  return codes.flatMap((at) => source.codes[at] ?? []);
}

function listInclude(read: Reader, include: IncludeSource, depth: number): Listing | null {
  let listing: Listing | null = null;
  if (include.s !== undefined) {
    const codes = systemCodes(read, include);
    if (!codes) return null;
    listing = new Map([[include.s, new Set(codes)]]);
  }
  for (const url of include.v ?? []) {
    const other = listValueSet(read, url, depth + 1);
    if (!other) return null;
    listing = listing === null ? other : intersect(listing, other);
  }
  return listing ?? new Map();
}

function systemCodes(read: Reader, include: IncludeSource): readonly string[] | null {
  if (include.c) return include.c;
  const source = read.codeSystem(include.s ?? '');
  if (!source?.complete) return null;
  return include.f ? filtered(source, include.f) : source.codes;
}

function intersect(a: Listing, b: Listing): Listing {
  return new Map(
    [...a].map(([system, codes]) => [system, new Set([...codes].filter((code) => b.get(system)?.has(code)))]),
  );
}

function listValueSet(read: Reader, url: string, depth: number): Listing | null {
  const source = depth > 10 ? null : read.valueSet(url);
  if (!source || source.include.length === 0) return null;
  const all: Listing = new Map();
  for (const include of source.include) {
    const listing = listInclude(read, include, depth);
    if (!listing) return null;
    for (const [system, codes] of listing) all.set(system, new Set([...codes, ...(all.get(system) ?? [])]));
  }
  for (const exclude of source.exclude ?? []) {
    const listing = listInclude(read, exclude, depth);
    if (!listing) return null;
    for (const [system, codes] of listing) for (const code of codes) all.get(system)?.delete(code);
  }
  return all;
}

function listed(url: string, listing: Listing): CodeSet {
  const any = new Set([...listing.values()].flatMap((codes) => [...codes]));
  return {
    url,
    has: (system, code) => (system === undefined ? any.has(code) : (listing.get(system)?.has(code) ?? false)),
    few: any.size <= 12 ? [...any] : [],
  };
}

function ruled(url: string, rule: { system: string; test: RegExp }): CodeSet {
  return {
    url,
    has: (system, code) => (system === undefined || system === rule.system) && rule.test.test(code),
    few: [],
  };
}

/** Terminology over one snapshot; value sets are listed at first use and kept. */
export function createTerminology(snapshot: Snapshot): Terminology {
  const read = reader(snapshot);
  const sets = new Map<string, CodeSet | null>();
  const codeSystems = new Map<string, ReadonlySet<string>>();
  const codesOf = (valueSet: string): CodeSet | null => {
    const url = valueSet.split('|', 1)[0] ?? '';
    const known = sets.get(url);
    if (known !== undefined) return known;
    const rule = BY_RULE.get(url);
    const listing = rule ? null : listValueSet(read, url, 0);
    const set = rule ? ruled(url, rule) : listing ? listed(url, listing) : null;
    if (set || snapshot.text(`vs:${url}`) !== null) sets.set(url, set);
    return set;
  };
  return {
    codesOf,
    inValueSet: (valueSet, system, code) => codesOf(valueSet)?.has(system, code) ?? null,
    codesOfValueSet: (valueSet) => {
      const listing = listValueSet(read, valueSet.split('|', 1)[0] ?? '', 0);
      if (listing === null) return null;
      return [...listing].flatMap(([system, codes]) => [...codes].map((code) => ({ system, code })));
    },
    relatedCodes: (system, code, direction) => {
      const source = read.codeSystem(system);
      const at = source?.codes.indexOf(code) ?? -1;
      if (source === null || at < 0) return null;
      const related = (other: number): boolean =>
        direction === 'below' ? isBelow(source, other, at) : isBelow(source, at, other);
      return source.codes.filter((_, other) => other === at || related(other));
    },
    inCodeSystem: (system, code) => {
      const known = codeSystems.get(system);
      if (known) return known.has(code);
      const source = read.codeSystem(system);
      if (!source?.complete) return null;
      const codes = new Set(source.codes);
      codeSystems.set(system, codes);
      return codes.has(code);
    },
  };
}
