/** Removals of the trail's oldest segments (087-trail-removal.sql): asked for, made, and where the trail begins since. */
import type { PoolClient } from '../pool.ts';
import type { Db } from '../reads.ts';
import type { By, RemovalAsked } from './retention.ts';

const COLUMNS = `id, reference, to_seq as "toSeq", asked_by as "askedBy", person, words, approved_by as "approvedBy", done,
  refused_by as "refusedBy"`;

export async function removalsAsked(db: Db): Promise<RemovalAsked[]> {
  const text = `select ${COLUMNS} from audit_removal_asked order by done is not null or refused is not null, id desc limit 100`;
  return (await db.query<RemovalAsked>(text)).rows;
}

export async function approvedRemovals(db: Db): Promise<RemovalAsked[]> {
  const text = `select ${COLUMNS} from audit_removal_asked where approved is not null and done is null and refused is null order by id limit 20`;
  return (await db.query<RemovalAsked>(text)).rows;
}

export async function insertRemoval(db: Db, toSeq: number, by: By, said: { at: Date; words: string }): Promise<string> {
  const { rows } = await db.query<{ reference: string }>(
    `insert into audit_removal_asked (reference, to_seq, asked, asked_by, person, words)
     values ('TRR-' || upper(left(replace(gen_random_uuid()::text, '-', ''), 10)), $1, $2, $3, $4, $5) returning reference`,
    [toSeq, said.at, by.name, by.person, said.words],
  );
  return rows[0]?.reference ?? '';
}

/** Where a removed segment began and ended, and how the chain stood there. */
export interface Removed {
  from: number;
  to: number;
  xid: string;
  id: string;
  /** Hex. */
  hash: string;
}

/** What a removal takes; with a certificate it is taken. Must be inside a transaction. @throws SQL TDT01..TDT06 */
export async function removeSegment(
  client: PoolClient,
  { asked, end }: { asked: number; end: number },
  certificate: string | null,
): Promise<Removed> {
  const { rows } = await client.query<{ from: string; to: string; xid: string; id: string; hash: string }>(
    'select from_seq as from, to_seq as to, xid, id, chain_hash as hash from audit_remove_segment($1, $2, $3)',
    [asked, end, certificate],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('a removal gave no segment');
  return { ...row, from: Number(row.from), to: Number(row.to) };
}

/** Every removal with its certificate, the oldest first. */
export async function removals(db: Db): Promise<(Removed & { certificate: string })[]> {
  const { rows } = await db.query<Removed & { certificate: string }>(
    `select from_seq as from, to_seq as to, xid::text as xid, id::text as id, encode(chain_hash, 'hex') as hash, certificate
     from audit_removal order by from_seq`,
  );
  return rows.map((row) => ({ ...row, from: Number(row.from), to: Number(row.to) }));
}
