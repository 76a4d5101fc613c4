/** StructureDefinitions of R4, ours and of packages -> profiles and extensions of the snapshot. */
import type { Resource } from '../fhir/types.ts';
import { compileContextExtension, compileExtension } from './compile-extensions.ts';
import { type CoreElements, compileProfile } from './compile-profiles.ts';
import { createSnapshots, type Snapshots } from './generate-all.ts';
import { type SnapshotElement, SnapshotFault } from './generate-snapshot.ts';
import type { R4Files } from './library-file.ts';
import type { ExtensionSource, StructureDefinition } from './snapshot-types.ts';

const R4 = '4.0.1';

function isStructure(resource: Resource | StructureDefinition): resource is StructureDefinition {
  const { url, type, kind } = resource;
  // what a package says is not ours to trust: without these the definition is of no use to anyone
  return resource.resourceType === 'StructureDefinition' && [url, type, kind].every((word) => typeof word === 'string');
}

function structures(resources: readonly Resource[]): StructureDefinition[] {
  const mixed: readonly (Resource | StructureDefinition)[] = resources;
  return mixed.filter(isStructure);
}

function standardStructures(r4: R4Files, name: string): StructureDefinition[] {
  return structures(r4.entries(name).map(({ resource }) => resource)).filter(({ fhirVersion }) => fhirVersion === R4);
}

function coreElements(core: readonly StructureDefinition[]): CoreElements {
  const found = new Map<string, SnapshotElement>();
  for (const definition of core.filter(({ derivation }) => derivation !== 'constraint')) {
    const elements: SnapshotElement[] = definition.snapshot?.element ?? [];
    for (const element of elements) if (!found.has(element.path)) found.set(element.path, element);
  }
  return found;
}

interface Layers {
  own: readonly Resource[];
  packages: readonly Resource[];
}

interface Compiling {
  sections: Map<string, unknown>;
  snapshots: Snapshots;
  core: CoreElements;
  extensions: Record<string, ExtensionSource>;
}

function addStructure(compiling: Compiling, definition: StructureDefinition): void {
  const { sections, snapshots, core, extensions } = compiling;
  if (definition.derivation !== 'constraint' || definition.kind === 'logical') return;
  sections.set(`profile:${definition.url}`, compileProfile(definition, snapshots, core));
  if (definition.type === 'Extension') {
    extensions[definition.url] = compileContextExtension(definition, snapshots.elementsOf(definition.url));
  }
}

/** Adds packages' profiles as far as they can be made complete; gives the others, each with the reason. */
function addPackages(compiling: Compiling, definitions: readonly StructureDefinition[]): string[] {
  return definitions.flatMap((definition) => {
    try {
      addStructure(compiling, definition);
      return [];
    } catch (error) {
      // a package may hold anything: whatever its shape breaks, only that definition is left out
      const reason = error instanceof SnapshotFault ? error.message : 'it is not shaped like a StructureDefinition';
      return [`${definition.url}: ${reason}`];
    }
  });
}

/** Compiles profiles and extensions; gives what of the packages was left out. @throws SnapshotFault for one of ours */
export function addStructures(sections: Map<string, unknown>, r4: R4Files, layers: Layers): string[] {
  const core = [...standardStructures(r4, 'profiles-types.json'), ...standardStructures(r4, 'profiles-resources.json')];
  const r4Extensions = standardStructures(r4, 'extension-definitions.json');
  const r4Profiles = standardStructures(r4, 'profiles-others.json');
  const own = structures(layers.own);
  const packaged = structures(layers.packages);
  const all = [...packaged, ...own, ...r4Profiles, ...r4Extensions, ...core];
  const byUrl = new Map(all.map((definition) => [definition.url, definition]));
  const extensions: Record<string, ExtensionSource> = {};
  const compiling: Compiling = {
    sections,
    snapshots: createSnapshots(byUrl),
    core: coreElements(core),
    extensions,
  };
  const leftOut = addPackages(compiling, packaged);
  for (const definition of r4Extensions) extensions[definition.url] = compileExtension(definition);
  for (const definition of [...r4Profiles, ...own]) addStructure(compiling, definition);
  sections.set('extensions', extensions);
  sections.set(
    'profiles',
    own.filter(({ type }) => type !== 'Extension').map(({ url }) => url),
  );
  return leftOut;
}
