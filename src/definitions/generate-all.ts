/** Snapshots of many definitions that build on each other: each made once, circles refused. */
import { generateSnapshot, type SnapshotElement, SnapshotFault } from './generate-snapshot.ts';
import type { StructureDefinition } from './snapshot-types.ts';

export interface Snapshots {
  /** Elements of a definition by canonical without version. @throws SnapshotFault unknown, circular, not buildable */
  elementsOf(url: string): readonly SnapshotElement[];
  /** The definition itself, or undefined. */
  definition(url: string): StructureDefinition | undefined;
}

/** A snapshot that came with the definition is used as it is. */
function given(definition: StructureDefinition): SnapshotElement[] | null {
  const elements: SnapshotElement[] = definition.snapshot?.element ?? [];
  return elements.length > 0 ? elements : null;
}

/** Where definitions are found by canonical without version: a map, or whatever reads them when asked. */
export interface Structures {
  get(url: string): StructureDefinition | undefined;
}

/** Snapshots over a set of definitions, generated when first asked for. */
export function createSnapshots(definitions: Structures): Snapshots {
  const made = new Map<string, readonly SnapshotElement[]>();
  const underWay = new Set<string>();
  const elementsOf = (url: string): readonly SnapshotElement[] => {
    const known = made.get(url);
    if (known) return known;
    const definition = definitions.get(url);
    if (!definition) throw new SnapshotFault(`${url} is not known`);
    if (underWay.has(url)) throw new SnapshotFault(`${url} builds on itself`);
    underWay.add(url);
    try {
      const elements = given(definition) ?? generateSnapshot(definition, elementsOf);
      made.set(url, elements);
      return elements;
    } finally {
      underWay.delete(url);
    }
  };
  return { elementsOf, definition: (url) => definitions.get(url) };
}
