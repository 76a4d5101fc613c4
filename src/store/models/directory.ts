/** Directory resources by their business identifiers and by id, in bulk, for imports and pages. */
import type { Db } from '../reads.ts';

export interface StoredResource {
  type: string;
  id: string;
  version: number;
  body: string;
}

/**
 * Rows of the directory itself and of the duty list, and no others: a family's care team or home may carry any identifier,
 * and who keeps the directory sees neither (5.3).
 */
const OF_DIRECTORY = `(data_class = 'directory' or (data_class = 'schedule' and tags @> array['DUTY']))`;

/** 40,000 words in one statement compared each row with all of them: over 15 s; so many at once go by the index (measured). */
const WORDS_AT_ONCE = 500;

/** Current resources of these types, of the directory, that any of these index words finds. */
export async function resourcesByWords(
  db: Db,
  types: readonly string[],
  words: readonly string[],
): Promise<StoredResource[]> {
  const text = `select type, id, version, body from resource
    where type = any ($1) and tokens && $2::text[] and ${OF_DIRECTORY} and not deleted and body is not null`;
  const found = new Map<string, StoredResource>();
  for (let at = 0; at < words.length; at += WORDS_AT_ONCE) {
    const values = [types, words.slice(at, at + WORDS_AT_ONCE)];
    const { rows } = await db.query<StoredResource>({ name: 'directory_by_words', text, values });
    for (const row of rows) found.set(`${row.type}/${row.id}`, row);
  }
  return [...found.values()];
}

/** Those of the directory among these references (`Type/id`); others are as if they were not there. */
export async function directoryByReference(db: Db, references: readonly string[]): Promise<StoredResource[]> {
  return byReference(db, references, { name: 'directory_of_reference', filter: `and ${OF_DIRECTORY}` });
}

/** Current resources by reference, whatever they are: for what the record decides afterwards. */
export async function resourcesByReference(db: Db, references: readonly string[]): Promise<StoredResource[]> {
  return byReference(db, references, { name: 'directory_by_reference', filter: '' });
}

async function byReference(
  db: Db,
  references: readonly string[],
  { name, filter }: { name: string; filter: string },
): Promise<StoredResource[]> {
  if (references.length === 0) return [];
  const pairs = references.map((one) => one.split('/'));
  const text = `select r.type, r.id, r.version, r.body from unnest($1::text[], $2::text[]) as w(type, id)
    join resource r on r.type = w.type and r.id = w.id where not r.deleted and r.body is not null ${filter}`;
  const values = [pairs.map(([type]) => type), pairs.map(([, id]) => id)];
  return (await db.query<StoredResource>({ name, text, values })).rows;
}

/** What each organisation is part of. */
export async function organizationParents(db: Db): Promise<Map<string, string>> {
  const { rows } = await db.query<{ member: string; parent: string }>(
    `select member, entry ->> 'partOf' as parent from directory where entry ->> 'kind' = 'organization' and entry ->> 'partOf' is not null`,
  );
  return new Map(rows.map(({ member, parent }) => [member, parent]));
}
