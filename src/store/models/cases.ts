/** Cases and their append-only log. Written by `oversight/cases.ts` alone. */
import type { CaseLine, CaseOutcome, CaseState } from '../../audit/case-rules.ts';
import type { PoolClient } from '../pool.ts';
import type { Db } from '../reads.ts';

export interface CaseFile {
  id: number;
  reference: string;
  opened: Date;
  openedBy: string;
  reason: string;
  patients: string[];
  parties: string[];
  state: CaseState;
  assignedTo: string | null;
  outcome: CaseOutcome | null;
  decidedBy: string | null;
  decided: Date | null;
  twoNeeded: boolean;
  /** `YYYY-MM-DD` */
  reviewDue: string;
  aware: Date | null;
  closed: Date | null;
  version: number;
}

const COLUMNS = `c.id, c.reference, c.opened, c.opened_by as "openedBy", c.reason, c.patients, c.parties, c.state,
  c.assigned_to as "assignedTo", c.outcome, c.decided_by as "decidedBy", c.decided, c.two_needed as "twoNeeded",
  c.review_due::text as "reviewDue", c.aware, c.closed, c.version`;

export async function caseByReference(db: Db, reference: string): Promise<CaseFile | null> {
  const result = await db.query<CaseFile>(`select ${COLUMNS} from case_file c where c.reference = $1`, [reference]);
  return result.rows[0] ?? null;
}

/** Open cases first, those due first; then the newest closed ones. */
export async function casesOf(db: Db, limit: number): Promise<CaseFile[]> {
  const result = await db.query<CaseFile>(
    `select ${COLUMNS} from case_file c order by c.state = 'closed', case when c.state = 'closed' then null else c.review_due end, c.id desc limit $1`,
    [limit],
  );
  return result.rows;
}

export async function linesOf(db: Db, caseId: number): Promise<(CaseLine & { hash: string })[]> {
  const result = await db.query<Omit<CaseLine, 'at'> & { at: Date; hash: string }>(
    `select n, at, by_party as "byParty", by_name as "byName", kind, words, hash from case_line where case_id = $1 order by n`,
    [caseId],
  );
  return result.rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

export interface NewCase {
  openedBy: string;
  reason: string;
  patients: readonly string[];
  parties: readonly string[];
  twoNeeded: boolean;
  reviewDue: string;
}

/** Must be inside a transaction. */
export async function insertCase(client: PoolClient, one: NewCase): Promise<{ id: number; reference: string }> {
  const result = await client.query<{ id: number; reference: string }>(
    `insert into case_file (reference, opened_by, reason, patients, parties, two_needed, review_due)
     values ('CASE-' || upper(left(replace(gen_random_uuid()::text, '-', ''), 10)), $1, $2, $3, $4, $5, $6)
     returning id, reference`,
    [one.openedBy, one.reason, one.patients, one.parties, one.twoNeeded, one.reviewDue],
  );
  const [row] = result.rows;
  if (row === undefined) throw new Error('a case was not stored');
  return row;
}

export type CaseChange = Partial<
  Pick<CaseFile, 'state' | 'assignedTo' | 'outcome' | 'decidedBy' | 'decided' | 'aware' | 'closed'>
>;

/** Moves a case on, if nobody was faster. @returns false when its version is another one by now */
export async function changeCase(client: PoolClient, one: CaseFile, change: CaseChange): Promise<boolean> {
  const { state, assignedTo, outcome, decidedBy, decided, aware, closed } = { ...one, ...change };
  const result = await client.query(
    `update case_file set state = $3, assigned_to = $4, outcome = $5, decided_by = $6, decided = $7, aware = $8,
       closed = $9, version = version + 1 where id = $1 and version = $2`,
    [one.id, one.version, state, assignedTo, outcome, decidedBy, decided, aware, closed],
  );
  return result.rowCount === 1;
}

/** The last line of a case, for the hash of the next. The changed row of the case is the lock: inside its transaction. */
export async function lastLine(client: PoolClient, caseId: number): Promise<{ n: number; hash: string }> {
  const last = await client.query<{ n: number; hash: string }>(
    'select n, hash from case_line where case_id = $1 order by n desc limit 1',
    [caseId],
  );
  return last.rows[0] ?? { n: 0, hash: '' };
}

export async function insertLine(client: PoolClient, caseId: number, line: CaseLine & { hash: string }): Promise<void> {
  const { n, at, byParty, byName, kind, words, hash } = line;
  await client.query(
    `insert into case_line (case_id, n, at, by_party, by_name, kind, words, hash) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [caseId, n, at, byParty, byName, kind, words, hash],
  );
}

/** Keeps what was gathered, as it was seen; the line `n` carries its hash. Must be inside a transaction. */
export async function insertEvidence(
  client: PoolClient,
  { caseId, n, body }: { caseId: number; n: number; body: string },
): Promise<void> {
  await client.query('insert into case_evidence (case_id, n, body) values ($1, $2, $3)', [caseId, n, body]);
}

export async function lastEvidence(db: Db, caseId: number): Promise<{ n: number; body: string } | null> {
  const text = 'select n, body from case_evidence where case_id = $1 order by n desc limit 1';
  return (await db.query<{ n: number; body: string }>(text, [caseId])).rows[0] ?? null;
}

/** NHS numbers of these people, for inside a case. */
export async function nhsNumbersOf(db: Db, patients: readonly string[], prefix: string): Promise<string[]> {
  const result = await db.query<{ number: string }>(
    `select distinct substr(t, length($2) + 1) as number from resource r, unnest(r.tokens) as t
     where r.type = 'Patient' and r.id = any (select substr(p, 9) from unnest($1::text[]) as p) and starts_with(t, $2)
       and length(t) > length($2)`,
    [patients, prefix],
  );
  return result.rows.map(({ number }) => number);
}

/** Whether one of these people leads a team this officer belongs to. */
export async function leadsTeamOf(db: Db, parties: readonly string[], teams: readonly string[]): Promise<boolean> {
  const result = await db.query<{ leads: boolean }>(
    `select exists (select from directory role join directory m on m.member = role.member and m.entry ->> 'kind' = 'membership'
       where role.member = any ($1) and role.entry ->> 'role' = 'team-lead' and m.entry ->> 'team' = any ($2)) as leads`,
    [parties, teams],
  );
  return result.rows[0]?.leads === true;
}
