/** Clients, their keys, and used assertions in PostgreSQL (identity/ports.ts says what is promised). */
import type { Pool } from 'pg';

export interface StoredKey {
  kid: string;
  /** Public JWK (RFC 7517) as registered. */
  jwk: Readonly<Record<string, unknown>>;
  expires: Date | null;
}

export interface StoredClient {
  clientId: string;
  name: string;
  /** `Organization/..` of the service whose system it is. */
  org: string;
  /** `PractitionerRole/..` of a person who signs in with this key herself; null or absent = a system. */
  person?: string | null;
  /** SMART v2 scopes it may ask for. */
  scopes: readonly string[];
  /** May ask about tokens that are not its own. */
  introspects: boolean;
  ended: Date | null;
  keys: readonly StoredKey[];
}

interface ClientRow {
  client_id: string;
  name: string;
  org: string;
  person: string | null;
  scopes: string[];
  introspects: boolean;
  ended: Date | null;
  kid: string | null;
  jwk: Record<string, unknown> | null;
  expires: Date | null;
}

const FIND = `select c.client_id, c.name, c.org, c.person, c.scopes, c.introspects, c.ended, k.kid, k.jwk, k.expires
  from client c left join client_key k on k.client_id = c.client_id where c.client_id = $1`;

const CLAIM = `insert into replay (client_id, jti, expires) values ($1, $2, $3) on conflict do nothing`;

// another process's clock may be behind: what it still takes must not be forgotten here
const PRUNE = `delete from replay where expires < $1::timestamptz - interval '5 minutes'`;

const PUT_CLIENT = `insert into client (client_id, name, org, scopes, introspects, ended, person) values ($1, $2, $3, $4, $5, $6, $7)
  on conflict (client_id) do update set name = excluded.name, org = excluded.org, scopes = excluded.scopes, person = excluded.person,
    introspects = excluded.introspects, ended = excluded.ended`;

const PUT_KEYS = `insert into client_key (client_id, kid, jwk, expires)
  select $1, k.kid, k.jwk, k.expires from jsonb_to_recordset($2) as k(kid text, jwk jsonb, expires timestamptz)`;

function toClient(rows: readonly ClientRow[]): StoredClient | null {
  const first = rows[0];
  if (!first) return null;
  const keys = rows.flatMap((row) =>
    row.kid !== null && row.jwk !== null ? [{ kid: row.kid, jwk: row.jwk, expires: row.expires }] : [],
  );
  const { client_id: clientId, name, org, person, scopes, introspects, ended } = first;
  return { clientId, name, org, person, scopes, introspects, ended, keys };
}

/**
 * The client register and replay cache over a pool of the service's role.
 * `claim` is one insert in its own transaction: the primary key lets one of many racing calls through, and it is durable
 * when answered. `prune` removes rows whose assertions expired five minutes ago or more (and returns how
 * many), and sign-ins that were never finished.
 */
export function identityStore(pool: Pool) {
  return {
    find: async (clientId: string): Promise<StoredClient | null> =>
      toClient((await pool.query<ClientRow>({ name: 'client-find', text: FIND, values: [clientId] })).rows),
    claim: async (jti: string, client: string, expires: Date): Promise<boolean> =>
      (await pool.query({ name: 'replay-claim', text: CLAIM, values: [client, jti, expires] })).rowCount === 1,
    prune: async (now: Date): Promise<number> => {
      await pool.query('delete from sign_in_state where until_at < now()');
      return (await pool.query(PRUNE, [now])).rowCount ?? 0;
    },
  };
}

/**
 * Writes a client and replaces its keys, in one transaction. Needs a pool of the **owner's** role: the service's own may
 * only read the register.
 */
export async function registerClient(owner: Pool, client: StoredClient): Promise<void> {
  const { clientId, name, org, person = null, scopes, introspects, ended, keys } = client;
  const connection = await owner.connect();
  try {
    await connection.query('begin');
    await connection.query(PUT_CLIENT, [clientId, name, org, scopes, introspects, ended, person]);
    await connection.query('delete from client_key where client_id = $1', [clientId]);
    await connection.query(PUT_KEYS, [clientId, JSON.stringify(keys)]);
    await connection.query('commit');
  } catch (error) {
    await connection.query('rollback');
    throw error;
  } finally {
    connection.release();
  }
}
