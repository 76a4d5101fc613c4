import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadDefinitions } from '../../../src/definitions/load.ts';
import type { Definitions } from '../../../src/definitions/types.ts';

/** Where the unit tests keep their snapshot: compiled by whichever suite comes first, read by the others. */
export const CACHE = join(tmpdir(), 'tandem-test-definitions');

let loaded: Promise<Definitions> | undefined;

/** One set of definitions per test file. */
export function testDefinitions(): Promise<Definitions> {
  loaded ??= loadDefinitions(CACHE);
  return loaded;
}
