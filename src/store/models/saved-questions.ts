/** Questions an officer keeps to ask again (domain.md 6.7, feature 19): hers alone. */
import type { Db } from '../reads.ts';

export interface SavedQuestion {
  name: string;
  /** Query string of the questions page. */
  address: string;
}

export async function savedQuestions(db: Db, owner: string): Promise<SavedQuestion[]> {
  const text = 'select name, address from saved_question where owner = $1 order by name limit 100';
  return (await db.query<SavedQuestion>(text, [owner])).rows;
}

/** Keeps a question under a name; the one that had it gives way. */
export async function saveQuestion(db: Db, owner: string, { name, address }: SavedQuestion): Promise<void> {
  await db.query('delete from saved_question where owner = $1 and name = $2', [owner, name]);
  await db.query('insert into saved_question (owner, name, address) values ($1, $2, $3) on conflict do nothing', [
    owner,
    name,
    address,
  ]);
}

export async function forgetQuestion(db: Db, owner: string, name: string): Promise<void> {
  await db.query('delete from saved_question where owner = $1 and name = $2', [owner, name]);
}
