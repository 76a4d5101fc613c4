/** Definitional resources by id and by canonical: R4's, ours, those of loaded packages; read from disk when asked for. */
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Resource } from '../fhir/types.ts';
import type { LibraryRow } from './library-file.ts';
import type { Snapshot } from './snapshot.ts';

export interface LibraryEntry {
  type: string;
  id: string;
  /** Canonical without version; '' when it has none. */
  url: string;
  version: string;
}

export interface Library {
  /** The resource a canonical (`url` or `url|version`) of a type names, or null. */
  resolve(type: string, canonical: string): Resource | null;
  /** The resource of this type and id, or null. */
  byId(type: string, id: string): Resource | null;
  /** What there is of a type, ours first, then packages, then R4. */
  entries(type: string): readonly LibraryEntry[];
  /** Adds what the service itself makes at start, such as the definitions of its operations; again is the same as once. */
  publish(resources: readonly Resource[]): void;
}

interface Places {
  /** The file beside the snapshot. */
  file: string;
  /** Folder of R4's files. */
  r4: string;
}

function readAt(handle: number, start: number, length: number): Resource {
  const bytes = Buffer.allocUnsafe(length);
  readSync(handle, bytes, 0, length, start);
  return JSON.parse(bytes.toString('utf8'));
}

function readFrom(file: string, start: number, length: number): Resource {
  const handle = openSync(file, 'r');
  try {
    return readAt(handle, start, length);
  } finally {
    closeSync(handle);
  }
}

interface Index {
  /** Made by the service itself: not on any disk. */
  made: Map<string, Resource>;
  byId: Map<string, LibraryRow>;
  byUrl: Map<string, LibraryRow[]>;
  entries: LibraryEntry[];
}

function indexOf(rows: readonly LibraryRow[]): Index {
  const index: Index = { made: new Map(), byId: new Map(), byUrl: new Map(), entries: [] };
  for (const row of rows) {
    const [type, id, url, version] = row;
    const same = index.byUrl.get(url) ?? [];
    // of one canonical and version the first counts; of one id the first is read
    if (index.byId.has(id) || (url !== '' && same.some(([, , , other]) => other === version))) continue;
    index.byId.set(id, row);
    if (url !== '') index.byUrl.set(url, [...same, row]);
    index.entries.push({ type, id, url, version });
  }
  return index;
}

/**
 * The library of one snapshot. The file beside it stays open for the life of the process: another version of the service
 * that compiles its own removes it from the folder. Its positions (about 1 MB) are read at the first question
 * about a type.
 */
export function createLibrary(snapshot: Snapshot, places: Places): Library {
  const byType = new Map<string, Index>();
  const beside = openSync(places.file, 'r');
  const indexFor = (type: string): Index => {
    const known = byType.get(type);
    if (known) return known;
    const text = snapshot.text(`library:${type}`);
    const rows: LibraryRow[] = text === null ? [] : JSON.parse(text);
    const index = indexOf(rows);
    if (text !== null) byType.set(type, index);
    return index;
  };
  const publish = (resource: Resource): void => {
    const { resourceType: type, id = '', url, version } = resource;
    const index = indexFor(type);
    byType.set(type, index);
    if (index.byId.has(id)) return;
    const fresh = !index.made.has(id);
    index.made.set(id, resource);
    const words = { url: String(url ?? ''), version: String(version ?? '') };
    if (fresh) index.entries.push({ type, id, ...words });
  };
  const read = ([, , , , file, start, length]: LibraryRow): Resource =>
    file === '' ? readAt(beside, start, length) : readFrom(join(places.r4, file), start, length);
  return {
    byId: (type, id) => {
      const { byId, made } = indexFor(type);
      const row = byId.get(id);
      return row === undefined ? (made.get(id) ?? null) : read(row);
    },
    resolve: (type, canonical) => {
      const [url = '', version] = canonical.split('|', 2);
      const rows = url === '' ? [] : (indexFor(type).byUrl.get(url) ?? []);
      const row = version === undefined ? rows[0] : rows.find(([, , , one]) => one === version);
      if (row !== undefined) return read(row);
      const made = [...indexFor(type).made.values()].find((one) => one.url === url);
      return made !== undefined && (version === undefined || made.version === version) ? made : null;
    },
    publish: (resources) => resources.forEach(publish),
    entries: (type) => indexFor(type).entries,
  };
}
