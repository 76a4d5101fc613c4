/** AuditEvents of partner systems, each client in a chain of its own (domain.md 6.5). */
import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from '../pool.ts';
import type { Db } from '../reads.ts';
import type { Period } from '../trail-sql.ts';
import { chain } from '../verify.ts';

export interface PartnerEvent {
  client: string;
  seq: number;
  recorded: Date;
  received: Date;
  body: string;
}

const START: Buffer = Buffer.alloc(32);
/** Any fixed number: events of one client are chained one after the other. */
const LOCK = 7_203_084;

const hashOf = (body: string): Buffer => createHash('sha256').update(body).digest();

/** Adds an event to its client's chain. Must be inside a transaction. @returns its number */
export async function insertPartnerEvent(
  client: PoolClient,
  event: { client: string; recorded: string; body: string; patients: readonly string[] },
): Promise<number> {
  await client.query('select pg_advisory_xact_lock($1, hashtext($2))', [LOCK, event.client]);
  const last = await client.query<{ seq: number; chain_hash: Buffer }>(
    'select seq, chain_hash from partner_audit where client = $1 order by seq desc limit 1',
    [event.client],
  );
  const seq = (last.rows[0]?.seq ?? 0) + 1;
  const hash = chain(last.rows[0]?.chain_hash ?? START, hashOf(event.body), seq);
  await client.query(
    'insert into partner_audit (client, seq, recorded, body, patients, chain_hash) values ($1, $2, $3, $4, $5, $6)',
    [event.client, seq, event.recorded, event.body, event.patients, hash],
  );
  return seq;
}

/** Events about these people, newest first. */
export async function partnerEvents(
  db: Db,
  patients: readonly string[],
  { from, until }: Period,
  limit: number,
): Promise<PartnerEvent[]> {
  const result = await db.query<PartnerEvent>({
    name: 'question_partner',
    text: `select client, seq, recorded, received, body from partner_audit where patients && $1
      and ($2::timestamptz is null or recorded >= $2) and ($3::timestamptz is null or recorded < $3)
      order by recorded desc limit $4`,
    values: [patients, from, until, limit],
  });
  return result.rows;
}

const CHUNK = 2_000;

/** The first event of each client's chain that does not follow from the one before; empty when all are whole. */
export async function brokenPartnerChains(pool: Pool): Promise<{ client: string; seq: number }[]> {
  const clients = await pool.query<{ client: string }>('select distinct client from partner_audit');
  const broken: { client: string; seq: number }[] = [];
  for (const { client } of clients.rows) {
    const seq = await firstBroken(pool, client);
    if (seq !== null) broken.push({ client, seq });
  }
  return broken;
}

async function firstBroken(pool: Pool, client: string): Promise<number | null> {
  let place: { seq: number; hash: Buffer } = { seq: 0, hash: START };
  for (;;) {
    const { rows } = await pool.query<{ seq: number; body: string; chain_hash: Buffer }>(
      'select seq, body, chain_hash from partner_audit where client = $1 and seq > $2 order by seq limit $3',
      [client, place.seq, CHUNK],
    );
    for (const row of rows) {
      const expected = chain(place.hash, hashOf(row.body), place.seq + 1);
      if (row.seq !== place.seq + 1 || !expected.equals(row.chain_hash)) return place.seq + 1;
      place = { seq: row.seq, hash: row.chain_hash };
    }
    if (rows.length < CHUNK) return null;
  }
}
