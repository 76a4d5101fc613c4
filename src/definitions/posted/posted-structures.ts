/** Posted StructureDefinitions -> profiles and extensions, on top of what this process holds. */
import type { Resource } from '../../fhir/types.ts';
import { compileContextExtension } from '../compile-extensions.ts';
import { type CoreElements, compileProfile } from '../compile-profiles.ts';
import { createSnapshots, type Snapshots } from '../generate-all.ts';
import { type SnapshotElement, SnapshotFault } from '../generate-snapshot.ts';
import { brokenRule } from '../path-rules.ts';
import type { ExtensionSource, ProfileNode, ProfileSource, StructureDefinition } from '../snapshot-types.ts';
import type { Posted, PostedFault } from './types.ts';

const CORE = 'http://hl7.org/fhir/StructureDefinition/';

export interface PostedStructures {
  profiles: Map<string, ProfileSource>;
  extensions: Map<string, ExtensionSource>;
  faults: PostedFault[];
}

/** Finds a StructureDefinition that ships, whole. */
export type FindShipped = (url: string) => Resource | null;

function isStructure(resource: Resource | StructureDefinition): resource is StructureDefinition {
  const { url, type, kind } = resource;
  return resource.resourceType === 'StructureDefinition' && [url, type, kind].every((word) => typeof word === 'string');
}

function asStructure(resource: Resource | StructureDefinition | null): StructureDefinition | undefined {
  return resource !== null && isStructure(resource) ? resource : undefined;
}

/** R4's elements by path, read type by type when a profile speaks of them. */
function coreElements(find: FindShipped): CoreElements {
  const types = new Map<string, ReadonlyMap<string, SnapshotElement>>();
  const of = (type: string): ReadonlyMap<string, SnapshotElement> => {
    const known = types.get(type);
    if (known) return known;
    const elements: SnapshotElement[] = asStructure(find(CORE + type))?.snapshot?.element ?? [];
    const found = new Map(elements.map((element) => [element.path, element]));
    types.set(type, found);
    return found;
  };
  return {
    get: (path) => of(path.split('.', 1)[0] ?? '').get(path),
    has: (type) => of(type).size > 0,
  };
}

/** @throws SnapshotFault for what cannot be a profile here */
function checkKind(definition: StructureDefinition): void {
  if (definition.kind === 'logical') throw new SnapshotFault('logical models have no effect on R4 resources');
  if (definition.derivation !== 'constraint') {
    throw new SnapshotFault('only profiles (derivation constraint) take effect; R4 has the types it has');
  }
  if (definition.fhirVersion !== undefined && !definition.fhirVersion.startsWith('4.0')) {
    throw new SnapshotFault(`it is written for FHIR ${definition.fhirVersion}, this service speaks 4.0.1`);
  }
}

/** Every constraint must parse and end: one that cannot would be noticed by whoever sends a record. */
function checkRules(node: ProfileNode, base: string): void {
  for (const { key, e } of node.rules ?? []) {
    const fault = brokenRule(base, e);
    if (fault !== null) throw new SnapshotFault(`constraint ${key} ${fault}`);
  }
  const inner = [...node.children, ...(node.slices ?? []).map((slice) => slice.node)];
  for (const child of inner) checkRules(child, child.name === node.name ? base : `${base}.${child.name}`);
}

interface Compiling {
  snapshots: Snapshots;
  core: CoreElements;
  made: PostedStructures;
}

function add({ snapshots, core, made }: Compiling, definition: StructureDefinition): void {
  checkKind(definition);
  const profile = compileProfile(definition, snapshots, core);
  checkRules(profile.root, definition.type);
  made.profiles.set(definition.url, profile);
  if (definition.type === 'Extension') {
    made.extensions.set(definition.url, compileContextExtension(definition, [...snapshots.elementsOf(definition.url)]));
  }
}

/** Compiles what can be made complete; what cannot has no effect and is told why. */
export function compileStructures(posted: readonly Posted[], find: FindShipped): PostedStructures {
  const own = new Map<string, StructureDefinition>();
  const made: PostedStructures = { profiles: new Map(), extensions: new Map(), faults: [] };
  const structures: { place: string; definition: StructureDefinition }[] = [];
  for (const { place, resource } of posted) {
    const definition = asStructure(resource);
    if (definition === undefined) made.faults.push({ place, reason: 'it has no url, type or kind' });
    else {
      own.set(definition.url, definition);
      structures.push({ place, definition });
    }
  }
  const shipped = new Map<string, StructureDefinition | undefined>();
  const get = (url: string): StructureDefinition | undefined => {
    if (!shipped.has(url)) shipped.set(url, asStructure(find(url)));
    return shipped.get(url) ?? own.get(url);
  };
  const compiling: Compiling = { snapshots: createSnapshots({ get }), core: coreElements(find), made };
  for (const { place, definition } of structures) {
    try {
      add(compiling, definition);
    } catch (error) {
      // whatever its shape breaks, only that definition is without effect
      const reason = error instanceof SnapshotFault ? error.message : 'it is not shaped like a StructureDefinition';
      made.faults.push({ place, reason });
    }
  }
  return made;
}
