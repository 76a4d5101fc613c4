/** Reads the snapshot file: the bytes stay outside the heap, sections are parsed when first asked for. */
import { readFileSync } from 'node:fs';
import type { SnapshotIndex } from './snapshot-types.ts';

export interface Snapshot {
  hash: string;
  resourceTypes: readonly string[];
  /** Names of all sections with this prefix, e.g. `profile:`; the prefix is cut off. */
  names(prefix: string): string[];
  /** Section text, or null. The caller parses it into the shape its section has. */
  text(section: string): string | null;
}

/** A snapshot with more sections; what it has itself stands. */
export function withSections(base: Snapshot, more: ReadonlyMap<string, string>): Snapshot {
  return {
    ...base,
    names: (prefix) => [
      ...base.names(prefix),
      ...[...more.keys()]
        .filter((name) => name.startsWith(prefix) && base.text(name) === null)
        .map((name) => name.slice(prefix.length)),
    ],
    text: (section) => base.text(section) ?? more.get(section) ?? null,
  };
}

/** Opens a snapshot; null when the file is missing, cut short or of another format: then it must be compiled. */
export function openSnapshot(file: string, hash: string): Snapshot | null {
  const bytes = readOrNull(file);
  if (!bytes) return null;
  const end = bytes.indexOf(10);
  const index = end < 0 ? null : indexOrNull(bytes.toString('utf8', 0, end));
  if (index?.format !== 1 || index.hash !== hash || bytes.length !== end + 1 + index.size) return null;
  const positions = new Map(Object.entries(index.sections));
  return {
    hash,
    resourceTypes: index.resourceTypes,
    names: (prefix) =>
      [...positions.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)),
    text: (section) => {
      const position = positions.get(section);
      if (!position) return null;
      const start = end + 1 + position[0];
      return bytes.toString('utf8', start, start + position[1]);
    },
  };
}

function readOrNull(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch {
    return null;
  }
}

function indexOrNull(line: string): SnapshotIndex | null {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
