/** Writes `valueSets/*.json` and `profiles/*.json` from their tables: `node scripts/generate-definitions.ts`. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { profileFiles } from '../profiles/table.ts';
import { valueSetFiles } from '../valueSets/generate.ts';

/** Files by name; what else lies in the folder and ends in .json was generated before and is removed. */
function write(folder: URL, files: ReadonlyMap<string, string>): void {
  for (const name of readdirSync(folder)) {
    if (name.endsWith('.json') && !files.has(name)) rmSync(new URL(name, folder));
  }
  for (const [name, text] of files) writeFileSync(new URL(name, folder), text);
}

write(new URL('../valueSets/', import.meta.url), valueSetFiles());
write(new URL('../profiles/', import.meta.url), profileFiles());
