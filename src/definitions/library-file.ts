/**
 * Where the whole text of each definitional resource lies: R4's own stay in the files of the R4 package, ours and those
 * of loaded packages are written beside the snapshot. Only positions are held in memory.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Resource } from '../fhir/types.ts';

/** One row of the section `library`: type, id, canonical, version, file ('' = the file beside the snapshot), position. */
export type LibraryRow = [
  type: string,
  id: string,
  url: string,
  version: string,
  file: string,
  start: number,
  length: number,
];

/** R4's files, in the order in which a canonical is looked up. */
export const R4_FILES = [
  'profiles-types.json',
  'profiles-resources.json',
  'extension-definitions.json',
  'profiles-others.json',
  'valuesets.json',
  'v3-codesystems.json',
  'v2-tables.json',
  'search-parameters.json',
  'conceptmaps.json',
] as const;

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN = new Set([0x7b, 0x5b]);
const CLOSE = new Set([0x7d, 0x5d]);
/** { entry [ { resource { */
const RESOURCE_DEPTH = 4;

function endOfString(bytes: Buffer, start: number): number {
  for (let at = start + 1; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) return at;
  }
  return bytes.length;
}

/** Positions of the `resource` objects of a Bundle's entries. */
export function resourcePositions(bytes: Buffer): [start: number, length: number][] {
  const found: [number, number][] = [];
  let depth = 0;
  let start = -1;
  let name = '';
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) {
      const end = endOfString(bytes, at);
      if (depth === RESOURCE_DEPTH - 1) name = bytes.toString('utf8', at + 1, Math.min(end, at + 20));
      at = end;
    } else if (OPEN.has(byte)) {
      depth += 1;
      if (depth === RESOURCE_DEPTH && name === 'resource') start = at;
    } else if (CLOSE.has(byte)) {
      if (depth === RESOURCE_DEPTH && start >= 0) found.push([start, at + 1 - start]);
      if (depth === RESOURCE_DEPTH) start = -1;
      depth -= 1;
    }
  }
  return found;
}

function rowOf(resource: Resource, file: string, position: [number, number]): LibraryRow[] {
  const { resourceType: type, id, url, version } = resource;
  if (typeof id !== 'string') return [];
  const words = (value: unknown): string => (typeof value === 'string' ? value : '');
  return [[type, id, words(url), words(version), file, ...position]];
}

/** R4 has 4.0.1 only; the package carries some definitions of R4B and of its maker. */
function isR4(resource: Resource): boolean {
  return resource.resourceType !== 'StructureDefinition' || resource.fhirVersion === '4.0.1';
}

export interface R4Entry {
  resource: Resource;
  position: [start: number, length: number];
}

/** R4's files, each read and parsed once: that is most of what compiling costs. */
export interface R4Files {
  entries(name: string): readonly R4Entry[];
}

/** Reads the Bundles of a folder. */
export function r4Files(folder: string): R4Files {
  const read = new Map<string, R4Entry[]>();
  return {
    entries: (name) => {
      const known = read.get(name);
      if (known) return known;
      const bytes = readFileSync(`${folder}/${name}`);
      const entries = resourcePositions(bytes).map((position): R4Entry => {
        const [start, length] = position;
        return { resource: JSON.parse(bytes.toString('utf8', start, start + length)), position };
      });
      read.set(name, entries);
      return entries;
    },
  };
}

/** Writes our own and the packages' resources to `file` and gives the rows of all: ours first, then packages, then R4. */
export function writeLibrary(file: string, r4: R4Files, resources: readonly Resource[]): LibraryRow[] {
  const bodies: Buffer[] = [];
  let at = 0;
  const rows = resources.flatMap((resource) => {
    const body = Buffer.from(JSON.stringify(resource));
    const start = at;
    bodies.push(body);
    at += body.length;
    return rowOf(resource, '', [start, body.length]);
  });
  writeFileSync(file, Buffer.concat(bodies), { flush: true });
  const standard = R4_FILES.flatMap((name) =>
    r4.entries(name).flatMap(({ resource, position }) => (isR4(resource) ? rowOf(resource, name, position) : [])),
  );
  return [...rows, ...standard];
}
