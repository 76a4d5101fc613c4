/**
 * `npm run package -- <file.tgz>`: checks an implementation-guide package and puts it into PACKAGE_DIR, from where the
 * next start reads it. Exit code 0 when it is in, 1 when it cannot be used; nothing is fetched from anywhere.
 */
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { loadConfig } from './config.ts';
import { loadDefinitions } from './definitions/load.ts';
import { type IgPackage, PackageFault, readPackage } from './definitions/package-file.ts';

/** What a package holds, in one line: `fhir.r4.ukcore.stu2 2.0.2: 3 StructureDefinition, 1 ValueSet`. */
export function contents(found: IgPackage): string {
  const counts = new Map<string, number>();
  for (const { resourceType } of found.resources) counts.set(resourceType, (counts.get(resourceType) ?? 0) + 1);
  return `${found.name} ${found.version}: ${[...counts].map(([type, count]) => `${count} ${type}`).join(', ')}`;
}

/** Compiles the package on its own and gives what of it would be left out. */
async function leftOut(file: string): Promise<string[]> {
  const trial = mkdtempSync(join(tmpdir(), 'tandem-package-'));
  try {
    mkdirSync(join(trial, 'packages'));
    copyFileSync(file, join(trial, 'packages', basename(file)));
    const definitions = await loadDefinitions(trial, join(trial, 'packages'));
    return definitions.packages.flatMap((note) => note.leftOut);
  } finally {
    rmSync(trial, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  const [given] = process.argv.slice(2);
  if (given === undefined || !given.endsWith('.tgz')) {
    process.stderr.write('Name one package: npm run package -- <file.tgz>\n');
    return 1;
  }
  const file = resolve(given);
  const { packageDir } = loadConfig(process.env);
  const found = readPackage(file);
  for (const reason of await leftOut(file)) process.stdout.write(`left out: ${reason}\n`);
  mkdirSync(packageDir, { recursive: true });
  const target = join(packageDir, basename(file));
  copyFileSync(file, `${target}.part`);
  renameSync(`${target}.part`, target);
  process.stdout.write(`${contents(found)}\nIt is in ${packageDir}; the next start reads it.\n`);
  return 0;
}

if (import.meta.main) {
  process.exitCode = await main().catch((error: unknown) => {
    const words = error instanceof PackageFault ? `The package is not usable: ${error.message}.` : String(error);
    process.stderr.write(`${words}\n`);
    return 1;
  });
}
