/** Loads the definitions: from the cached snapshot, or by compiling it first. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { SearchParam } from '../search/types.ts';
import { createExtensions } from './extensions.ts';
import { createLibrary } from './nodes.ts';
import { createProfileCheck } from './profile-check.ts';
import { checkRequirements } from './requirements.ts';
import { openSnapshot, type Snapshot } from './snapshot.ts';
import { defaultSources, type Sources, sourcesHash } from './sources.ts';
import { createTerminology, type Terminology } from './terminology.ts';
import type { Definitions } from './types.ts';
import { createValidate } from './validate.ts';
import type { Walker } from './walk.ts';

function compileInWorker(file: string, hash: string, sources: Sources): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./compile-worker.ts', import.meta.url), {
      workerData: { file, hash, sources },
      execArgv: [],
    });
    worker.once('error', reject);
    worker.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`definitions compiler ended with ${code}`)),
    );
  });
}

/** Snapshots of other hashes are of no use to this checkout; a process that uses one has read it whole already. */
function removeOthers(folder: string, keep: string): void {
  for (const name of readdirSync(folder)) {
    if (name !== keep && name.endsWith('.snapshot')) rmSync(join(folder, name), { force: true });
  }
}

async function snapshotFor(cacheDir: string, sources: Sources): Promise<Snapshot> {
  const hash = sourcesHash(sources);
  const name = `${hash}.snapshot`;
  const file = join(cacheDir, name);
  const cached = openSnapshot(file, hash);
  if (cached) return cached;
  await compileInWorker(file, hash, sources);
  const fresh = openSnapshot(file, hash);
  if (!fresh) throw new Error(`definitions snapshot ${file} cannot be read after compiling it`);
  removeOthers(cacheDir, name);
  return fresh;
}

function searchParamsOf(snapshot: Snapshot): Definitions['searchParams'] {
  const loaded = new Map<string, ReadonlyMap<string, SearchParam>>();
  return (type) => {
    const known = loaded.get(type);
    if (known) return known;
    const text = snapshot.text(`search:${type}`);
    const list: SearchParam[] = text === null ? [] : JSON.parse(text);
    const params = new Map(list.map((param) => [param.code, param]));
    if (text !== null) loaded.set(type, params);
    return params;
  };
}

function publishedOf(snapshot: Snapshot): Definitions['published'] {
  return (type) => {
    const text = snapshot.text(`pub:${type}`);
    return text === null ? [] : JSON.parse(text);
  };
}

function validatorOf(snapshot: Snapshot, terminology: Terminology): Definitions['validate'] {
  const library = createLibrary({ snapshot, codesOf: terminology.codesOf });
  const extensions = createExtensions(snapshot, terminology);
  const walker: Walker = { library, terminology, extensions, nested: () => undefined };
  return createValidate({ walker, checkProfiles: createProfileCheck(snapshot, terminology), checkRequirements });
}

/**
 * Definitions for a process. `cacheDir` is a folder of ours (`DATA_DIR/definitions`), made when missing.
 * Throws when the snapshot can be neither read nor written.
 */
export async function loadDefinitions(cacheDir: string): Promise<Definitions> {
  const snapshot = await snapshotFor(cacheDir, defaultSources());
  const types = new Set(snapshot.resourceTypes);
  const terminology = createTerminology(snapshot);
  return {
    resourceTypes: snapshot.resourceTypes,
    isResourceType: (name) => types.has(name),
    searchParams: searchParamsOf(snapshot),
    validate: validatorOf(snapshot, terminology),
    published: publishedOf(snapshot),
    inValueSet: terminology.inValueSet,
  };
}
