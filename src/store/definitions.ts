/** Definitions posted as resources: who wrote them, which are in effect, and since which generation. */
import type { Pool, PoolClient } from './pool.ts';
import type { Db } from './reads.ts';

/** Held exclusively by whoever changes what is in effect (060-definitions.sql). */
const LOCK = 7_203_060;

/** Whose definitions take effect: client ids, and roles. */
export interface Authors {
  clients: readonly string[];
  roles: readonly string[];
}

export interface WrittenDefinition {
  type: string;
  id: string;
  version: number;
}

/** The number that rises with every change of what is in effect. */
export async function definitionGeneration(db: Db): Promise<number> {
  const { rows } = await db.query<{ value: number }>({
    name: 'definition_generation',
    text: 'select value from definition_generation',
  });
  const [row] = rows;
  if (row === undefined)
    throw new Error('the row of the generation of definitions is missing: migrations have not run');
  return row.value;
}

export interface PostedList {
  generation: number;
  /** Current versions by named authors, whatever their status. */
  written: WrittenDefinition[];
}

/** Which definitions named authors have here, at one snapshot with the generation. */
export async function postedDefinitions(pool: Pool, types: readonly string[], authors: Authors): Promise<PostedList> {
  const { rows } = await pool.query<{ generation: number; written: WrittenDefinition[] }>({
    name: 'definition_posted',
    text: `select g.value as generation, coalesce((
        select json_agg(json_build_object('type', r.type, 'id', r.id, 'version', r.version) order by r.type, r.id)
        from definition_author a join resource r on r.type = a.type and r.id = a.id and r.version = a.version
        where a.type = any ($1) and not r.deleted and (a.client = any ($2) or a.role = any ($3))
      ), '[]') as written from definition_generation g`,
    values: [types, authors.clients, authors.roles],
  });
  const [row] = rows;
  if (row === undefined)
    throw new Error('the row of the generation of definitions is missing: migrations have not run');
  return row;
}

/** The text of one version as it is stored; null when it is no longer the current one. */
export async function definitionText(pool: Pool, { type, id, version }: WrittenDefinition): Promise<string | null> {
  const { rows } = await pool.query<{ body: string }>({
    name: 'definition_text',
    text: 'select body from resource where type = $1 and id = $2 and version = $3 and not deleted',
    values: [type, id, version],
  });
  return rows[0]?.body ?? null;
}

/** Of these ids, those whose current version a named author wrote. */
export async function idsByAuthors(
  db: Db,
  type: string,
  ids: readonly string[],
  authors: Authors,
): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>({
    name: 'definition_by_authors',
    text: `select a.id from definition_author a join resource r on r.type = a.type and r.id = a.id and r.version = a.version
      where a.type = $1 and a.id = any ($2) and (a.client = any ($3) or a.role = any ($4))`,
    values: [type, ids, authors.clients, authors.roles],
  });
  return new Set(rows.map(({ id }) => id));
}

/** Keeps out writers that index by what is in effect now; taken before any other lock of the transaction. */
export async function lockDefinitions(client: PoolClient): Promise<void> {
  await client.query({ name: 'definition_lock', text: 'select pg_advisory_xact_lock($1)', values: [LOCK] });
}

/** Notes who wrote these versions. */
export async function noteAuthor(
  client: PoolClient,
  written: readonly WrittenDefinition[],
  author: { client: string; role: string },
): Promise<void> {
  await client.query({
    name: 'definition_note',
    text: `insert into definition_author (type, id, version, client, role)
      select type, id, version, $4, $5 from unnest($1::text[], $2::text[], $3::integer[]) as w(type, id, version)
      on conflict (type, id) do update
        set version = excluded.version, client = excluded.client, role = excluded.role`,
    values: [
      written.map(({ type }) => type),
      written.map(({ id }) => id),
      written.map(({ version }) => version),
      author.client,
      author.role,
    ],
  });
}

/** What is in effect changes with this transaction. */
export async function moveDefinitions(client: PoolClient): Promise<void> {
  await client.query({ name: 'definition_move', text: 'update definition_generation set value = value + 1' });
}

/** @throws the error of `DefinitionsMoved` (write.ts) when this generation is over; else it stands to the end of the transaction */
export async function requireGeneration(client: PoolClient, generation: number): Promise<void> {
  await client.query({ name: 'definition_at', text: 'select definitions_at($1)', values: [generation] });
}
