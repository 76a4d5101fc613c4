/** Loads the definitions: from the cached snapshot, or by compiling it first. */
import { fork } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Resource } from '../fhir/types.ts';
import type { SearchParam } from '../search/types.ts';
import { createElementOf } from './element-of.ts';
import { createExtensions } from './extensions.ts';
import { createLibrary } from './library.ts';
import { createTypes, type Types } from './nodes.ts';
import { compilePosted } from './posted/compile-posted.ts';
import { postedBase, withPosted } from './posted/overlay.ts';
import { createProfileCheck } from './profile-check.ts';
import { checkRequirements } from './requirements.ts';
import { openSnapshot, type Snapshot } from './snapshot.ts';
import type { DefinitionSource, ElementSource } from './snapshot-types.ts';
import { defaultSources, type Sources, sourcesHash } from './sources.ts';
import { createSubsets } from './subset.ts';
import { createTerminology, type Terminology } from './terminology.ts';
import { termLibrary } from './terms/library.ts';
import type { Definitions, PackageNote } from './types.ts';
import { createValidate } from './validate.ts';
import type { Walker } from './walk.ts';

/**
 * Compiles in a process of its own: the 35 MB of definitions cost 150 MB that a worker thread does not give back
 * (measured: rss 213 MB after a worker, 112 MB after a child, as without compiling).
 */
function compileApart(file: string, hash: string, sources: Sources): Promise<void> {
  return new Promise((resolve, reject) => {
    const entry = fileURLToPath(new URL('./compile-process.ts', import.meta.url));
    const child = fork(entry, [file, hash, JSON.stringify(sources)], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`definitions compiler ended with ${code}`)),
    );
  });
}

/** Snapshots of other hashes are of no use to this checkout; a process that uses one has read it whole already. */
function removeOthers(folder: string, keep: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(keep) && /\.(?:snapshot|library)$/.test(name)) rmSync(join(folder, name), { force: true });
  }
}

async function snapshotFor(cacheDir: string, hash: string, sources: Sources): Promise<Snapshot> {
  const file = join(cacheDir, `${hash}.snapshot`);
  const cached = openSnapshot(file, hash);
  if (cached && existsSync(libraryFile(cacheDir, hash))) return cached;
  await compileApart(file, hash, sources);
  const fresh = openSnapshot(file, hash);
  if (!fresh) throw new Error(`definitions snapshot ${file} cannot be read after compiling it`);
  removeOthers(cacheDir, hash);
  return fresh;
}

function libraryFile(cacheDir: string, hash: string): string {
  return join(cacheDir, `${hash}.library`);
}

/** What became of the packages: faults are told by whoever starts the service. */
function packageNotes(snapshot: Snapshot): PackageNote[] {
  const text = snapshot.text('packages');
  return text === null ? [] : JSON.parse(text);
}

function searchParamsOf(snapshot: Snapshot): Definitions['searchParams'] {
  const loaded = new Map<string, ReadonlyMap<string, SearchParam>>();
  return (type) => {
    const known = loaded.get(type);
    if (known) return known;
    const text = snapshot.text(`search:${type}`);
    const list: SearchParam[] = text === null ? [] : JSON.parse(text);
    const params = new Map(list.map((param) => [param.code, param]));
    if (text !== null) loaded.set(type, params);
    return params;
  };
}

function publishedOf(snapshot: Snapshot): Definitions['published'] {
  const loaded = new Map<string, Resource[]>();
  return (type) => {
    const known = loaded.get(type);
    if (known) return known;
    const text = snapshot.text(`pub:${type}`);
    if (text === null) return [];
    const resources: Resource[] = JSON.parse(text);
    loaded.set(type, resources);
    return resources;
  };
}

/** The top-level elements of a type, read out of the snapshot once. */
function rootElements(snapshot: Snapshot): (type: string) => readonly ElementSource[] {
  const loaded = new Map<string, readonly ElementSource[]>();
  return (type) => {
    const known = loaded.get(type);
    if (known) return known;
    const text = snapshot.text(`type:${type}`);
    if (text === null) return [];
    const source: DefinitionSource = JSON.parse(text);
    const elements = source.nodes[0]?.e ?? [];
    loaded.set(type, elements);
    return elements;
  };
}

/** Names of a type's top-level elements that satisfy a test, each choice by all its JSON names. */
function topLevel(
  roots: (type: string) => readonly ElementSource[],
  test: (element: ElementSource) => boolean,
): (type: string) => readonly string[] {
  return (type) => roots(type).filter(test).flatMap(jsonNames);
}

function jsonNames(element: ElementSource): string[] {
  if (element.x !== 1) return [element.n];
  return element.t.map(({ c }) => element.n + c.charAt(0).toUpperCase() + c.slice(1));
}

type Validator = Pick<Definitions, 'validate' | 'validateSoon'>;

function validatorOf(snapshot: Snapshot, types: Types, terminology: Terminology): Validator {
  const extensions = createExtensions(snapshot, terminology, types);
  const walker: Walker = { types, terminology, extensions, nested: () => undefined };
  return createValidate({ walker, checkProfiles: createProfileCheck(snapshot, terminology), checkRequirements });
}

/**
 * Definitions for a process. `cacheDir` is a folder of ours (`DATA_DIR/definitions`), made when missing.
 * `packageDir` holds implementation-guide packages (`.tgz`); broken ones are left out and named in `packages`.
 * Throws when the snapshot can be neither read nor written.
 * Measured (scripts/measure-definitions.ts, Node 24, 2 shared cores): compiling 550 ms once; from the snapshot 7 ms and
 * 1 MB of heap; with the search parameters of all types 7 MB more, with all types linked for validation 4 MB more.
 */
export async function loadDefinitions(cacheDir: string, packageDir?: string): Promise<Definitions> {
  const sources = defaultSources(packageDir);
  const hash = sourcesHash(sources);
  const snapshot = await snapshotFor(cacheDir, hash, sources);
  return openDefinitions(snapshot, { cacheDir, hash, r4: sources.r4 });
}

/** Where a snapshot lies: enough for another thread to open it too. */
export interface SnapshotPlace {
  cacheDir: string;
  hash: string;
  /** Folder of R4's files. */
  r4: string;
}

/** The definitions of a snapshot that another thread of this process has opened. */
export function definitionsAt(place: SnapshotPlace): Definitions {
  const snapshot = openSnapshot(join(place.cacheDir, `${place.hash}.snapshot`), place.hash);
  if (snapshot === null) throw new Error('the definitions snapshot is gone');
  return openDefinitions(snapshot, place);
}

function openDefinitions(snapshot: Snapshot, place: SnapshotPlace): Definitions {
  const library = createLibrary(snapshot, { file: libraryFile(place.cacheDir, place.hash), r4: place.r4 });
  const types = new Set(snapshot.resourceTypes);
  const terminology = createTerminology(snapshot);
  const roots = rootElements(snapshot);
  const linked = createTypes({ snapshot, codesOf: terminology.codesOf });
  // A library of its own: without bindings it is a tenth of the validator's, and most processes never need it.
  const shapes = createTypes({ snapshot, codesOf: () => null });
  const base: Definitions = {
    place,
    version: snapshot.hash,
    resourceTypes: snapshot.resourceTypes,
    isResourceType: (name) => types.has(name),
    searchParams: searchParamsOf(snapshot),
    ...validatorOf(snapshot, linked, terminology),
    shapes,
    subsets: createSubsets(shapes),
    mandatoryElements: topLevel(roots, (element) => element.min > 0),
    published: publishedOf(snapshot),
    terms: termLibrary(snapshot),
    elementOf: createElementOf((url) => library.resolve('StructureDefinition', url)),
    resolve: library.resolve,
    byId: library.byId,
    entries: library.entries,
    publish: library.publish,
    packages: packageNotes(snapshot),
    inValueSet: terminology.inValueSet,
    codesOfValueSet: terminology.codesOfValueSet,
    relatedCodes: terminology.relatedCodes,
    withPosted: (sections) =>
      withPosted(base, { snapshot, sections, validator: (over, terms) => validatorOf(over, linked, terms) }),
    compilePosted: (posted) => compilePosted(posted, postedBase(snapshot, base)),
  };
  return base;
}
