/** Posted definitions laid over those of a snapshot, and what their compiler asks of these. */
import { createHash } from 'node:crypto';
import type { Resource } from '../../fhir/types.ts';
import type { SearchParam } from '../../search/types.ts';
import { createElementOf } from '../element-of.ts';
import { type Snapshot, withSections } from '../snapshot.ts';
import type { DefinitionSource, ValueSetSource } from '../snapshot-types.ts';
import { createTerminology, type Terminology } from '../terminology.ts';
import { termLibrary } from '../terms/library.ts';
import type { Definitions } from '../types.ts';
import type { PostedBase } from './compile-posted.ts';

interface Overlay {
  snapshot: Snapshot;
  /** By name, as `compilePosted` made them. */
  sections: ReadonlyMap<string, string>;
  /** R4's types stay linked in it: nothing posted changes what they say. */
  validator(over: Snapshot, terminology: Terminology): Pick<Definitions, 'validate' | 'validateSoon'>;
}

/** The same definitions with posted ones beside them. */
export function withPosted(base: Definitions, { snapshot, sections, validator }: Overlay): Definitions {
  if (sections.size === 0) return base;
  const over = withSections(snapshot, sections);
  const terminology = createTerminology(over);
  return {
    ...base,
    version: `${base.version}+${hashOf(sections)}`,
    searchParams: withPostedParams(base.searchParams, sections),
    ...validator(over, terminology),
    elementOf: createElementOf((url) => base.resolve('StructureDefinition', url) ?? structureIn(sections, url)),
    terms: termLibrary(over),
    inValueSet: terminology.inValueSet,
    codesOfValueSet: terminology.codesOfValueSet,
    relatedCodes: terminology.relatedCodes,
  };
}

function structureIn(sections: ReadonlyMap<string, string>, url: string): Resource | null {
  const text = sections.get(`structure:${url}`);
  return text === undefined ? null : JSON.parse(text);
}

function hashOf(sections: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  for (const [name, text] of [...sections].sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(`${name} ${text}\n`);
  return hash.digest('hex').slice(0, 16);
}

function withPostedParams(
  base: Definitions['searchParams'],
  sections: ReadonlyMap<string, string>,
): Definitions['searchParams'] {
  const merged = new Map<string, ReadonlyMap<string, SearchParam>>();
  return (type) => {
    const known = merged.get(type);
    if (known) return known;
    const text = sections.get(`posted-search:${type}`);
    const own: SearchParam[] = text === undefined ? [] : JSON.parse(text);
    // the base's own map where nothing is added: what is compiled from it hangs on its identity
    const params =
      own.length === 0 ? base(type) : new Map([...own.map((one) => [one.code, one] as const), ...base(type)]);
    merged.set(type, params);
    return params;
  };
}

/** What the definitions that ship say to the compiler of posted ones. */
export function postedBase(snapshot: Snapshot, base: Definitions): PostedBase {
  const section = <T>(name: string): T | undefined => {
    const text = snapshot.text(name);
    return text === null ? undefined : JSON.parse(text);
  };
  return {
    resourceTypes: base.resourceTypes,
    searchParams: base.searchParams,
    parameter: (url) => base.resolve('SearchParameter', url),
    type: (name) => section<DefinitionSource>(`type:${name}`),
    valueSet: (url) => section<ValueSetSource>(`vs:${url}`),
    structure: (url) => base.resolve('StructureDefinition', url),
    ships: (type, url) => base.resolve(type, url) !== null || snapshot.text(`text:${type}:${url}`) !== null,
  };
}
