/** What became of proposals about one resource: who agreed to which version, and what one person narrowed alone. */
import type { PendingChange } from '../pending-changes.ts';
import type { Db } from '../reads.ts';

interface WrittenVersion {
  type: string;
  id: string;
  version: number;
}

/** Keeps which version a proposal became. */
export async function markWritten(db: Db, id: string, { type, id: resource, version }: WrittenVersion): Promise<void> {
  await db.query('update pending_change set target = $2, written = $3 where id = $1', [
    id,
    `${type}/${resource}`,
    version,
  ]);
}

/** Keeps a change that one person made at once, already decided. */
export async function keepDecided(
  db: Db,
  { id, proposer, practitioner, at, words }: Omit<PendingChange, 'kind' | 'title' | 'body' | 'version'>,
  written: WrittenVersion,
): Promise<void> {
  const target = `${written.type}/${written.id}`;
  await db.query(
    `insert into pending_change (id, kind, title, proposer, practitioner, at, words, body, version, target, written, confirmed_by, confirmed_at)
     values ($1, 'resource', $2, $3, $4, $5, $6, '{}', $7, $2, $8, $3, $5)`,
    [id, target, proposer, practitioner, at, words, written.version - 1, written.version],
  );
}

export interface DecidedChange {
  written: number;
  proposer: string;
  decider: string;
  words: string;
}

/** Who agreed to each version that came from a proposal, newest first. */
export async function decidedAbout(db: Db, target: string): Promise<DecidedChange[]> {
  const result = await db.query<DecidedChange>(
    `select written, proposer, confirmed_by as decider, words from pending_change
     where target = $1 and written is not null order by written desc limit 100`,
    [target],
  );
  return result.rows;
}
