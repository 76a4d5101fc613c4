/** The register of system clients for those who keep it. Writing goes through functions of the owner (migration 076). */
import type { PoolClient } from '../pool.ts';
import type { Db } from '../reads.ts';
import { isSqlState } from '../write.ts';

export interface ClientKey {
  kid: string;
  added: Date;
  expires: Date | null;
}

export interface ClientLine {
  clientId: string;
  name: string;
  org: string;
  orgName: string | null;
  kind: 'system' | 'e-roster';
  agreement: string | null;
  scopes: string[];
  added: Date;
  ended: Date | null;
  keys: ClientKey[];
}

interface RawLine extends Omit<ClientLine, 'keys'> {
  keys: { kid: string; added: string; expires: string | null }[] | null;
}

const LIST = `select c.client_id as "clientId", c.name, c.org, c.kind, c.agreement, c.scopes, c.added, c.ended,
    (select d.entry ->> 'name' from directory d where d.member = c.org and d.entry ->> 'kind' = 'organization' limit 1) as "orgName",
    (select json_agg(json_build_object('kid', k.kid, 'added', k.added, 'expires', k.expires) order by k.added, k.kid)
      from client_key k where k.client_id = c.client_id) as keys
  from client c where c.person is null`;

/** Systems, not people with keys of their own; those that go on first. */
export async function listClients(db: Db): Promise<ClientLine[]> {
  const { rows } = await db.query<RawLine>(`${LIST} order by c.ended desc nulls first, c.name limit 500`);
  return rows.map(lineOf);
}

export async function readClient(db: Db, clientId: string): Promise<ClientLine | null> {
  const { rows } = await db.query<RawLine>({
    name: 'client_read',
    text: `${LIST} and c.client_id = $1`,
    values: [clientId],
  });
  return rows[0] === undefined ? null : lineOf(rows[0]);
}

function lineOf(row: RawLine): ClientLine {
  const keys = (row.keys ?? []).map(({ kid, added, expires }) => ({
    kid,
    added: new Date(added),
    expires: expires === null ? null : new Date(expires),
  }));
  return { ...row, keys };
}

/**
 * Carries out a proposal that two people stand behind; the function looks for itself.
 * @returns the client's id, or null when a key of that name was registered since it was proposed: nothing is done then
 */
export async function putConfirmedClient(db: PoolClient, pending: string): Promise<string | null> {
  try {
    const { rows } = await db.query<{ id: string }>('select client_confirmed($1) as id', [pending]);
    return rows[0]?.id ?? '';
  } catch (error) {
    if (isSqlState(error, '23505')) return null;
    throw error;
  }
}

/** False when it had ended or is unknown. */
export async function endClient(db: Db, clientId: string, now: Date): Promise<boolean> {
  const { rows } = await db.query<{ done: boolean }>('select client_end($1, $2) as done', [clientId, now]);
  return rows[0]?.done === true;
}

export async function endClientKey(db: Db, clientId: string, kid: string, now: Date): Promise<boolean> {
  const { rows } = await db.query<{ done: boolean }>('select client_key_end($1, $2, $3) as done', [clientId, kid, now]);
  return rows[0]?.done === true;
}

/** Keys that end before a moment, of clients that go on. */
export async function keysEndingBefore(
  db: Db,
  now: Date,
  until: Date,
): Promise<{ clientId: string; kid: string; expires: Date }[]> {
  const { rows } = await db.query<{ clientId: string; kid: string; expires: Date }>(
    `select k.client_id as "clientId", k.kid, k.expires from client_key k join client c using (client_id)
      where c.ended is null and k.expires > $1 and k.expires <= $2 order by k.expires`,
    [now, until],
  );
  return rows;
}

/** Services an agreement in force is between; none when it is not. */
export async function partiesOfAgreement(db: Db, contract: string, now: Date): Promise<string[]> {
  const { rows } = await db.query<{ service: string }>(
    `select distinct s.service from agreement a cross join lateral (values (a.from_service), (a.to_service)) as s(service)
      where a.source = $1 and not a.revoked and coalesce(a.from_at, '-infinity') <= $2 and coalesce(a.until_at, 'infinity') > $2`,
    [contract, now],
  );
  return rows.map(({ service }) => service);
}

/** Agreements in force, for choosing one. */
export async function agreementsInForce(db: Db, now: Date): Promise<string[]> {
  const { rows } = await db.query<{ source: string }>(
    `select distinct a.source from agreement a
      where not a.revoked and coalesce(a.from_at, '-infinity') <= $1 and coalesce(a.until_at, 'infinity') > $1 order by 1 limit 200`,
    [now],
  );
  return rows.map(({ source }) => source);
}
