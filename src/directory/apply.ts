/** Writes planned changes of the directory: all of them in one transaction, or none. */
import { NO_NUMBERS } from '../fhir/json.ts';
import type { Resource } from '../fhir/types.ts';
import { commit } from '../record/commit.ts';
import type { Change } from '../record/plan.ts';
import { prepareCreate, prepareUpdate } from '../record/prepare.ts';
import { conflictAsOutcome } from '../record/refusal.ts';
import type { Context, Door, Written } from '../record/types.ts';
import type { PoolClient } from '../store/pool.ts';
import { lock, lockKey } from '../store/write.ts';

export interface Writable {
  type: string;
  id: string;
  /** The version the change was planned on; null = new. */
  version: number | null;
  resource: Resource;
}

/** @throws Outcome 412 when one of them has changed since, 403 as the rules say, 422 when nobody could go on (keepers.ts) */
export function applyChanges(
  door: Door,
  context: Context,
  db: PoolClient,
  changes: readonly Writable[],
): Promise<Written[]> {
  return conflictAsOutcome(async () => {
    await lock(
      db,
      changes.map(({ type, id }) => lockKey(`${type}/${id}`)),
    );
    const prepared: Change[] = [];
    for (const change of changes) prepared.push(await prepare({ door, context, db }, change));
    return commit(door, db, context, prepared);
  });
}

async function prepare(
  writing: { door: Door; context: Context; db: PoolClient },
  { type, id, version, resource }: Writable,
): Promise<Change> {
  const document = { resource, numbers: NO_NUMBERS };
  if (version !== null) return prepareUpdate(writing, type, { id }, { document, ifMatch: `W/"${version}"` });
  const change = await prepareCreate(writing, type, document, null);
  if ('existing' in change) throw new Error('an unconditional create found something');
  return { ...change, id };
}
