/** Requests for files above the cap, and what became of them. */
import type { JsonObject } from '../../fhir/types.ts';
import type { PoolClient } from '../pool.ts';
import type { Db } from '../reads.ts';

export interface ExportRequest {
  reference: string;
  askedBy: string;
  askedName: string;
  /** `Practitioner/..` behind the role: the same person under another role is no second one. */
  practitioner: string | null;
  asked: Date;
  what: JsonObject;
  title: string;
  reason: string;
  people: number;
  state: 'waiting' | 'approved' | 'refused' | 'taken';
  decidedName: string | null;
  decided: Date | null;
}

const COLUMNS = `reference, asked_by as "askedBy", asked_name as "askedName", practitioner, asked, what, title, reason, people,
  state, decided_name as "decidedName", decided`;

export type NewExport = Omit<ExportRequest, 'reference' | 'state' | 'decidedName' | 'decided'>;

/** Must be inside a transaction. @returns the reference */
export async function insertExport(client: PoolClient, one: NewExport): Promise<string> {
  const { askedBy, askedName, practitioner, asked, what, title, reason, people } = one;
  const result = await client.query<{ reference: string }>(
    `insert into export_request (asked_by, asked_name, practitioner, asked, what, title, reason, people)
     values ($1, $2, $3, $4, $5, $6, $7, $8) returning reference`,
    [askedBy, askedName, practitioner, asked, JSON.stringify(what), title, reason, people],
  );
  const [row] = result.rows;
  if (row === undefined) throw new Error('an export request was not stored');
  return row.reference;
}

export async function exportsOf(db: Db, limit: number): Promise<ExportRequest[]> {
  return (await db.query<ExportRequest>(`select ${COLUMNS} from export_request order by id desc limit $1`, [limit]))
    .rows;
}

export async function exportByReference(db: Db, reference: string): Promise<ExportRequest | null> {
  const { rows } = await db.query<ExportRequest>(`select ${COLUMNS} from export_request where reference = $1`, [
    reference,
  ]);
  return rows[0] ?? null;
}

/** Must be inside a transaction. @returns false when somebody has decided it already */
export async function decideExport(
  client: PoolClient,
  reference: string,
  by: { party: string; name: string; at: Date; approve: boolean },
): Promise<boolean> {
  const result = await client.query(
    `update export_request set state = $5, decided_by = $2, decided_name = $3, decided = $4
     where reference = $1 and state = 'waiting'`,
    [reference, by.party, by.name, by.at, by.approve ? 'approved' : 'refused'],
  );
  return result.rowCount === 1;
}

/** An approved file is taken once. @returns false when it is not there to be taken (any more) */
export async function takeExport(db: Db, reference: string, askedBy: string, since: Date): Promise<boolean> {
  const result = await db.query(
    `update export_request set state = 'taken' where reference = $1 and asked_by = $2 and state = 'approved' and decided >= $3`,
    [reference, askedBy, since],
  );
  return result.rowCount === 1;
}
