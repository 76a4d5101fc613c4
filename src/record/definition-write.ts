/** Writing definitions: who wrote which version is kept beside it, and what is in effect changes in the same commit. */
import { DEFINITION_TYPES } from '../definitions/posted/types.ts';
import { writesConformance } from '../governance/role-views.ts';
import { idsByAuthors, lockDefinitions, moveDefinitions, noteAuthor } from '../store/definitions.ts';
import type { Pool, PoolClient } from '../store/pool.ts';
import { isPool } from '../store/together.ts';
import { inTransaction } from '../store/transaction.ts';
import { type WriteSet, writeRows } from '../store/write.ts';
import type { Context, Door } from './types.ts';

/** Questionnaires are found by canonical when answers name them (answers.ts); their authors are asked there. */
export function isDefinition(type: string): boolean {
  return DEFINITION_TYPES.has(type) || type === 'Questionnaire';
}

/**
 * Writes rows of which some are definitions.
 * @throws VersionConflict, DefinitionsMoved
 */
export function writeDefinitions(door: Door, db: Pool | PoolClient, context: Context, set: WriteSet): Promise<void> {
  const work = async (client: PoolClient): Promise<void> => {
    const moves = await changesEffect(door, client, context, set);
    if (moves) await lockDefinitions(client);
    await writeRows(client, set);
    await noteAuthor(client, writtenIn(set), author(context));
    if (moves) await moveDefinitions(client);
  };
  return isPool(db) ? inTransaction(db, work) : work(db);
}

/** Does a write of these types; after its commit this process knows at once what it was told, others through the feed. */
export async function settled<T>(door: Door, types: readonly string[], write: () => Promise<T>): Promise<T> {
  const result = await write();
  if (types.some((type) => DEFINITION_TYPES.has(type))) await door.live.refresh();
  return result;
}

/** In a transaction that will write definitions: before any lock that a writer may wait for who keeps this one waiting. */
export async function lockFor(client: PoolClient, context: Context, types: readonly string[]): Promise<void> {
  if (types.some((type) => DEFINITION_TYPES.has(type)) && writesConformance(context.principal))
    await lockDefinitions(client);
}

function author({ principal }: Context): { client: string; role: string } {
  return { client: principal.clientId, role: principal.role };
}

function writtenIn({ rows }: WriteSet): { type: string; id: string; version: number }[] {
  const own = rows.filter(({ facts }) => isDefinition(facts.type));
  return own.map(({ facts, version }) => ({ type: facts.type, id: facts.id, version }));
}

/** Named authors begin and end effects; somebody else who writes over a definition of theirs ends it. */
async function changesEffect(door: Door, db: PoolClient, { principal }: Context, set: WriteSet): Promise<boolean> {
  const written = writtenIn(set).filter(({ type }) => DEFINITION_TYPES.has(type));
  if (written.length === 0 || writesConformance(principal)) return written.length > 0;
  for (const type of new Set(written.map((one) => one.type))) {
    const ids = written.filter((one) => one.type === type).map(({ id }) => id);
    if ((await idsByAuthors(db, type, ids, door.live.authors)).size > 0) return true;
  }
  return false;
}
