/** The end of every write: all permitted or none, one commit, then the pumps of this process are woken. */

import { auditColumns } from '../audit/entry.ts';
import type { Pool, PoolClient } from '../store/pool.ts';
import { DefinitionsMoved, type WriteSet, writeRows } from '../store/write.ts';
import { isDefinition, writeDefinitions } from './definition-write.ts';
import { requireFreshSignIn } from './fresh-sign-in.ts';
import { requireKeepersStay } from './keepers-stay.ts';
import { overrideDisclosures } from './override-disclosure.ts';
import { type Change, type Planned, plan } from './plan.ts';
import { refused } from './refusal.ts';
import { noRoom } from './store-fault.ts';
import { type Context, type Door, StaleStanding, type Written } from './types.ts';

/**
 * Decides and writes several changes in one transaction, with their audit records in the same commit.
 * @param db the pool (one round trip, its own transaction) or a client inside a transaction
 * @throws Outcome of the first refused change (recorded), 503 while the disk is full; VersionConflict when somebody else wrote first
 */
export async function commit(
  door: Door,
  db: Pool | PoolClient,
  context: Context,
  changes: readonly Change[],
): Promise<Written[]> {
  if (door.room.full()) throw noRoom();
  const { planned, facts } = await plan(door, db, context, changes);
  for (const { decision, entry } of planned) {
    if (!decision.permit) throw await refused(door, entry, decision);
  }
  // R-39, after the decision: who may not change it is told that, not to sign in.
  if (changes.some(({ type }) => type === 'Consent')) requireFreshSignIn(door, context);
  await requireKeepersStay(db, context, changes);
  const entries = [...planned.map(({ entry }) => entry), ...overrideDisclosures(planned)];
  const audit = entries.map(auditColumns);
  await writeSet(door, db, context, { rows: planned.flatMap(({ write }) => write ?? []), facts, audit });
  door.wake();
  return planned.map(written);
}

/** @throws StaleStanding when other definitions took effect since the rows were indexed: they are indexed again then */
async function writeSet(door: Door, db: Pool | PoolClient, context: Context, set: WriteSet): Promise<void> {
  try {
    if (set.rows.some(({ facts }) => isDefinition(facts.type))) await writeDefinitions(door, db, context, set);
    else await writeRows(db, set);
  } catch (error) {
    if (!(error instanceof DefinitionsMoved)) throw error;
    await door.live.refresh();
    throw new StaleStanding();
  }
}

/** The only result of a single write. */
export function one(results: readonly Written[]): Written {
  const [only] = results;
  if (only === undefined) throw new Error('a write gave no result');
  return only;
}

function written({ change, write, shown }: Planned): Written {
  if (write === null) return { ...shown, outcome: 'unchanged', warnings: change.warnings };
  const outcome = write.op === 'D' ? 'deleted' : write.op === 'C' ? 'created' : 'updated';
  return { ...shown, outcome, warnings: change.warnings };
}
