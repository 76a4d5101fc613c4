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

export interface PartnerChain {
  client: string;
  /** Events that follow one from the other. */
  whole: number;
  /** What is wrong with the event after them, or null. */
  why: string | null;
}

/** Each client's chain read from its first event; where it ends, the trail must know of no later event (4.12, 6.5). */
export async function partnerChains(pool: Pool): Promise<PartnerChain[]> {
  const clients = await pool.query<{ client: string }>('select distinct client from partner_audit order by 1');
  const chains: PartnerChain[] = [];
  for (const { client } of clients.rows) chains.push(await readChain(pool, client));
  const known = new Set(chains.map(({ client }) => client));
  const gone = (await takenBy(pool, 1)).filter((client) => !known.has(client));
  return [
    ...chains,
    ...gone.map((client) => ({ client, whole: 0, why: 'the trail knows this event, but it is gone' })),
  ];
}

async function readChain(pool: Pool, client: string): Promise<PartnerChain> {
  let place: { seq: number; hash: Buffer } = { seq: 0, hash: START };
  for (;;) {
    const { rows } = await pool.query<{ seq: number; body: string; chain_hash: Buffer }>(
      'select seq, body, chain_hash from partner_audit where client = $1 and seq > $2 order by seq limit $3',
      [client, place.seq, CHUNK],
    );
    for (const row of rows) {
      if (row.seq !== place.seq + 1) return { client, whole: place.seq, why: `the sequence jumps to ${row.seq}` };
      const expected = chain(place.hash, hashOf(row.body), row.seq);
      if (!expected.equals(row.chain_hash))
        return { client, whole: place.seq, why: 'it was changed, or does not follow from the one before' };
      place = { seq: row.seq, hash: row.chain_hash };
    }
    if (rows.length === CHUNK) continue;
    const cut = (await takenBy(pool, place.seq + 1)).includes(client);
    return { client, whole: place.seq, why: cut ? 'the trail knows this event, but it is gone' : null };
  }
}

/** Clients whose event of this number was taken, as our own trail says. */
async function takenBy(pool: Pool, seq: number): Promise<string[]> {
  const { rows } = await pool.query<{ client: string }>(
    `select distinct audit_json_or_null(a.body) -> 'agent' ->> 'clientId' as client
     from audit_link l join audit_seal s on s.seq = l.seq join audit a on a.xid = s.xid and a.id = s.id
     where l.link = audit_link_of($1) and s.interaction = 'create' and s.outcome = 0`,
    [`e=AuditEvent/${partnerEventId(seq)}`],
  );
  return rows.map(({ client }) => client);
}

/** Id of a partner's event; each client counts its own. */
export const partnerEventId = (seq: number): string => `partner.${seq}`;
