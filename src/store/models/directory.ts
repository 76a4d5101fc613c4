/** Directory resources by their business identifiers and by id, in bulk, for imports and pages. */
import type { Db } from '../reads.ts';

export interface StoredResource {
  type: string;
  id: string;
  version: number;
  body: string;
}

/** Current resources of these types that any of these index words finds. */
export async function resourcesByWords(
  db: Db,
  types: readonly string[],
  words: readonly string[],
): Promise<StoredResource[]> {
  if (words.length === 0) return [];
  const text = `select type, id, version, body from resource
    where type = any ($1) and tokens && $2::text[] and not deleted and body is not null`;
  return (await db.query<StoredResource>({ name: 'directory_by_words', text, values: [types, words] })).rows;
}

/** Current resources by reference (`Type/id`). */
export async function resourcesByReference(db: Db, references: readonly string[]): Promise<StoredResource[]> {
  if (references.length === 0) return [];
  const pairs = references.map((one) => one.split('/'));
  const text = `select r.type, r.id, r.version, r.body from unnest($1::text[], $2::text[]) as w(type, id)
    join resource r on r.type = w.type and r.id = w.id where not r.deleted and r.body is not null`;
  const values = [pairs.map(([type]) => type), pairs.map(([, id]) => id)];
  return (await db.query<StoredResource>({ name: 'directory_by_reference', text, values })).rows;
}
