/** Alerts as officers read them, and what stands on the desk today. */
import type { PoolClient } from '../pool.ts';
import type { Db } from '../reads.ts';
import { type Interested, interestSql } from './interests.ts';

export interface AlertRow {
  id: number;
  reference: string;
  rule: string;
  severity: string;
  mode: 'observe' | 'live';
  at: Date;
  hits: number;
  party: string;
  /** Of the directory now; the reference when it has none. */
  name: string;
  patient: string;
  why: string;
  state: 'open' | 'in-case' | 'closed';
  caseReference: string | null;
  seq: number | null;
}

const NAME = `coalesce((select coalesce(p.entry ->> 'name', r.entry ->> 'name') from directory r
    left join directory p on p.member = r.entry ->> 'practitioner' and p.entry ->> 'kind' = 'person'
    where r.member = a.party and r.entry ->> 'kind' = 'role' limit 1), a.party)`;
const ALERT = `select a.id, a.reference, a.rule, a.severity, a.mode, a.at, a.hits, a.party, ${NAME} as name, a.patient, a.why,
    a.state, c.reference as "caseReference", a.seq
  from alert a left join case_file c on c.id = a.case_id`;

/** Newest first; `rule` narrows to one. Live and open ones unless others are asked for. */
export async function alertsOf(
  db: Db,
  asked: { mode: 'live' | 'observe'; state: 'open' | 'all'; rule: string | null; before: number | null; limit: number },
): Promise<AlertRow[]> {
  const result = await db.query<AlertRow>(
    `${ALERT} where a.mode = $1 and ($2 = 'all' or a.state = 'open') and ($3::text is null or a.rule = $3)
       and ($4::bigint is null or a.id < $4) order by a.id desc limit $5`,
    [asked.mode, asked.state, asked.rule, asked.before, asked.limit],
  );
  return result.rows;
}

export async function alertByReference(db: Db, reference: string): Promise<AlertRow | null> {
  const result = await db.query<AlertRow>(`${ALERT} where a.reference = $1`, [reference]);
  return result.rows[0] ?? null;
}

export async function alertsInCase(db: Db, caseId: number): Promise<AlertRow[]> {
  const result = await db.query<AlertRow>(`${ALERT} where a.case_id = $1 order by a.id`, [caseId]);
  return result.rows;
}

/** Names of these people in the directory now, in the order asked; the reference where there is none. */
export async function namesOf(db: Db, parties: readonly string[]): Promise<string[]> {
  const result = await db.query<{ name: string }>(
    `select ${NAME} as name from unnest($1::text[]) with ordinality as a(party, n) order by a.n`,
    [parties],
  );
  return result.rows.map(({ name }) => name);
}

/** Puts an open alert into a case. @returns false when another case has it */
export async function takeAlert(client: PoolClient, id: number, caseId: number): Promise<boolean> {
  const taken = await client.query(
    `update alert set state = 'in-case', case_id = $2 where id = $1 and state = 'open'`,
    [id, caseId],
  );
  return taken.rowCount === 1;
}

/** Puts a person's open alerts of these rules, of the 30 days before `at`, into a case. */
export async function takeSmallAlerts(
  client: PoolClient,
  { party, at, rules }: { party: string; at: Date; rules: readonly string[] },
  caseId: number,
): Promise<void> {
  await client.query(
    `update alert set state = 'in-case', case_id = $4
     where party = $1 and rule = any ($3) and state = 'open' and at > $2::timestamptz - interval '30 days' and at <= $2`,
    [party, at, rules, caseId],
  );
}

export async function closeAlerts(client: PoolClient, caseId: number): Promise<void> {
  await client.query(`update alert set state = 'closed' where case_id = $1`, [caseId]);
}

export interface Desk {
  openAlerts: number;
  /** Break-glass and self-claims nobody has looked at (Q4). */
  unreviewed: number;
  oldestUnreviewed: Date | null;
  observed: number;
  newCases: number;
  myCases: number;
  overdueCases: number;
  waitingForSecond: number;
  unexplained: number;
  /** Accesses of random samples nobody has looked at. */
  sampled: number;
  /** Files above the cap that wait for a second officer, asked for by somebody else. */
  exportsWaiting: number;
  /** Notices of alerts that nobody took, tried at least once. */
  untold: number;
  lastCheck: { at: Date; ok: boolean; records: number; brokenSeq: number | null } | null;
  switchedOff: string[];
}

const OPEN = (of: string): string =>
  `not exists (${interestSql(`c.patient = ${of === 'case_file' ? 'any (case_file.patients)' : `${of}.patient`}`, { key: '$3', parties: '$4', now: 'now()' })})`;

/** Whose desk it is: what is about a record she has an interest in is in no count of hers (R-11, R-12). */
export interface DeskOf extends Interested {
  officer: string;
  today: string;
}

/** What needs an officer today. */
export async function deskOf(db: Db, { officer, today, key, parties }: DeskOf): Promise<Desk> {
  const result = await db.query<
    Omit<Desk, 'lastCheck'> & { lastCheck: (Omit<NonNullable<Desk['lastCheck']>, 'at'> & { at: string }) | null }
  >(
    `select
      (select count(*) from alert where state = 'open' and mode = 'live' and ${OPEN('alert')})::integer as "openAlerts",
      (select count(*) from alert where state = 'open' and rule in ('A-01', 'A-02') and ${OPEN('alert')})::integer as unreviewed,
      (select min(at) from alert where state = 'open' and rule in ('A-01', 'A-02') and ${OPEN('alert')}) as "oldestUnreviewed",
      (select count(*) from alert where mode = 'observe' and raised > now() - interval '7 days' and ${OPEN('alert')})::integer as observed,
      (select count(*) from case_file where state = 'new' and ${OPEN('case_file')})::integer as "newCases",
      (select count(*) from case_file where state not in ('new', 'closed') and assigned_to = $1 and ${OPEN('case_file')})::integer as "myCases",
      (select count(*) from case_file where state <> 'closed' and review_due < $2::date and ${OPEN('case_file')})::integer as "overdueCases",
      (select count(*) from case_file where state in ('decided', 'acting') and decided_by <> $1
        and (two_needed or outcome in ('inappropriate', 'malicious')) and ${OPEN('case_file')})::integer as "waitingForSecond",
      (select count(*) from (select distinct seq from oversight_access where kind = 'unexplained'
        and at > now() - interval '7 days' and not exists (select from access_review v where v.seq = oversight_access.seq) and ${OPEN('oversight_access')}
        limit 1000) u)::integer as unexplained,
      (select count(*) from sample_item where state = 'open' and ${OPEN('sample_item')})::integer as sampled,
      (select count(*) from export_request where state = 'waiting' and asked_by <> $1)::integer as "exportsWaiting",
      (select count(*) from alert_notice where sent is null and (given_up or attempts > 0))::integer as untold,
      (select json_build_object('at', at, 'ok', ok, 'records', records, 'brokenSeq', broken_seq) from audit_check order by id desc limit 1) as "lastCheck",
      array(select rule from alert_rule_fault order by rule) as "switchedOff"`,
    [officer, today, key, parties],
  );
  const [row] = result.rows;
  if (row === undefined) throw new Error('the desk gave no row');
  const { lastCheck } = row;
  return { ...row, lastCheck: lastCheck === null ? null : { ...lastCheck, at: new Date(lastCheck.at) } };
}

export interface MarkedAccess {
  seq: number;
  at: Date;
  party: string;
  name: string;
  interaction: string;
  /** Whose records it was about. */
  patients: string[];
  /** Canonical body of the record, for types and label. */
  body: string;
}

/** Accesses of one kind, newest first (Q3, Q8, Q9), of everybody or about these people. */
export async function markedAccesses(
  db: Db,
  asked: { kind: string; patients: readonly string[] | null; before: number | null; limit: number },
): Promise<MarkedAccess[]> {
  const result = await db.query<MarkedAccess>(
    `select a.seq, s.at, a.party, ${NAME} as name, s.interaction, t.patients, t.body from (
        select distinct on (o.seq) o.seq, o.party from oversight_access o
        where o.kind = $1 and ($2::text[] is null or o.patient = any ($2)) and ($3::bigint is null or o.seq < $3)
          and ($2::text[] is not null or o.kind <> 'unexplained' or not exists (select from access_review v where v.seq = o.seq))
        order by o.seq desc limit $4
      ) a join audit_seal s on s.seq = a.seq join audit t on t.xid = s.xid and t.id = s.id
      order by a.seq desc`,
    [asked.kind, asked.patients, asked.before, asked.limit],
  );
  return result.rows;
}

/** One of them by its number, unless an officer has explained it; null when it is not there. */
export async function markedAccess(db: Db, kind: string, seq: number): Promise<MarkedAccess | null> {
  const found = await markedAccesses(db, { kind, patients: null, before: seq + 1, limit: 1 });
  return found.find((one) => one.seq === seq) ?? null;
}
