/**
 * Reads implementation-guide packages (FHIR NPM package format: a gzipped tar with `package/package.json` and one JSON
 * file per resource). Nothing is ever unpacked to disk; sizes are bounded before anything is held, links and paths that
 * leave the package are refused.
 */
import { readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Resource } from '../fhir/types.ts';

/** A package that cannot be used; the message says in one sentence which and why. */
export class PackageFault extends Error {}

export interface IgPackage {
  name: string;
  version: string;
  /** Definitional resources in the order of the package. */
  resources: Resource[];
}

const MEGABYTE = 1_048_576;
const LARGEST_FILE = 64 * MEGABYTE;
const LARGEST_UNPACKED = 256 * MEGABYTE;
const LARGEST_ENTRY = 16 * MEGABYTE;
const MOST_ENTRIES = 20_000;
const BLOCK = 512;

/** Types that validation, terminology, search and readers of definitions can use. */
const USED: ReadonlySet<string> = new Set([
  'StructureDefinition',
  'ValueSet',
  'CodeSystem',
  'SearchParameter',
  'ConceptMap',
  'Questionnaire',
  'OperationDefinition',
  'CapabilityStatement',
  'NamingSystem',
]);

interface TarEntry {
  name: string;
  body: Buffer;
}

function unpacked(file: string): Buffer {
  if (statSync(file).size > LARGEST_FILE) throw new PackageFault('it is larger than 64 MB');
  const bytes = readFileSync(file);
  try {
    return gunzipSync(bytes, { maxOutputLength: LARGEST_UNPACKED });
  } catch (error) {
    const tooLarge = isRecord(error) && error.code === 'ERR_BUFFER_TOO_LARGE';
    throw new PackageFault(tooLarge ? 'it unpacks to more than 256 MB' : 'it is not a gzip file, or is cut short');
  }
}

function field(header: Buffer, start: number, length: number): string {
  const end = header.indexOf(0, start);
  return header.toString('utf8', start, end < 0 || end > start + length ? start + length : end);
}

function sizeOf(header: Buffer): number {
  const text = field(header, 124, 12).trim();
  if (!/^[0-7]{1,12}$/.test(text)) throw new PackageFault('its tar headers are not readable');
  return Number.parseInt(text, 8);
}

/** The sum of the header's bytes, its own field taken as blanks. */
function hasChecksum(header: Buffer): boolean {
  let sum = 8 * 32;
  for (let at = 0; at < BLOCK; at += 1) if (at < 148 || at >= 156) sum += header[at] ?? 0;
  return Number.parseInt(field(header, 148, 8).trim(), 8) === sum;
}

function requireInside(name: string): void {
  if (name.startsWith('/') || name.includes('\\') || name.includes(':') || name.split('/').includes('..')) {
    throw new PackageFault('it has a path that leaves the package');
  }
}

/** `path=` of a pax header (POSIX tar). */
function paxPath(body: Buffer): string | null {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(body.toString('utf8'))?.[1] ?? null;
}

function* tarEntries(tar: Buffer): Generator<TarEntry> {
  let longName: string | null = null;
  let count = 0;
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const header = tar.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return;
    if (!hasChecksum(header)) throw new PackageFault('its tar headers are not readable');
    const size = sizeOf(header);
    const body = tar.subarray(at + BLOCK, at + BLOCK + size);
    if (body.length < size) throw new PackageFault('it is cut short');
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    count += 1;
    if (count > MOST_ENTRIES) throw new PackageFault('it has more than 20,000 files');
    const kind = field(header, 156, 1);
    if (kind === 'x') longName = paxPath(body) ?? longName;
    else if (kind === 'L') longName = body.toString('utf8').replace(/\0.*$/s, '');
    else if (kind === '0' || kind === '' || kind === '7') {
      const prefix = field(header, 345, 155);
      const short = field(header, 0, 100);
      const name = longName ?? (prefix === '' ? short : `${prefix}/${short}`);
      longName = null;
      requireInside(name);
      if (size > LARGEST_ENTRY) throw new PackageFault('one of its files is larger than 16 MB');
      yield { name: name.replace(/^\.\//, ''), body };
    } else if (kind !== '5' && kind !== 'g') throw new PackageFault('it holds links or devices, not only files');
  }
}

function parsed(entry: TarEntry): unknown {
  try {
    return JSON.parse(entry.body.toString('utf8').replace(/^\uFEFF/, ''));
  } catch {
    throw new PackageFault(`${entry.name.slice(0, 100)} is not JSON`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readManifest(value: unknown): { name: string; version: string } {
  if (!isRecord(value) || typeof value.name !== 'string' || typeof value.version !== 'string') {
    throw new PackageFault('its package.json has no name or version');
  }
  const versions = [value.fhirVersions, value['fhir-version-list']].find(Array.isArray) ?? [];
  if (versions.length > 0 && !versions.some((version) => String(version).startsWith('4.0'))) {
    throw new PackageFault(`it is for FHIR ${versions.map(String).join(', ').slice(0, 40)}, not for R4`);
  }
  return { name: value.name, version: value.version };
}

function isUsed(value: unknown): value is Resource {
  if (!isRecord(value) || typeof value.resourceType !== 'string' || !USED.has(value.resourceType)) return false;
  return typeof value.url === 'string' || value.resourceType === 'NamingSystem';
}

/**
 * Reads one `.tgz`. Resources without an id get the last part of their canonical as one.
 * @throws PackageFault with the reason as a sentence's end
 */
export function readPackage(file: string): IgPackage {
  let manifest: { name: string; version: string } | null = null;
  const resources: Resource[] = [];
  for (const entry of tarEntries(unpacked(file))) {
    if (entry.name === 'package/package.json') manifest = readManifest(parsed(entry));
    // examples and tooling stand in folders below, or under names that begin with a dot
    else if (/^package\/[^/.][^/]*\.json$/.test(entry.name)) {
      const value = parsed(entry);
      if (isUsed(value)) resources.push(withId(value));
    }
  }
  if (manifest === null) throw new PackageFault('it has no package/package.json');
  if (resources.length === 0) throw new PackageFault('it has no definitions that can be used');
  return { ...manifest, resources };
}

function withId(resource: Resource): Resource {
  if (typeof resource.id === 'string') return resource;
  const last = String(resource.url).split('/').at(-1) ?? '';
  return { ...resource, id: last.replace(/[^A-Za-z0-9.-]/g, '-').slice(0, 64) };
}
