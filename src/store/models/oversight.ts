/** The durable place of oversight in the trail, and what one step leaves behind: all in one commit, so once per record. */
import type { StoredAudit } from '../../audit/types.ts';
import type { AccessExplanation } from '../../governance/decision-types.ts';
import type { Pool } from '../pool.ts';
import type { Db } from '../reads.ts';
import { inTransaction } from '../transaction.ts';
import type { AuditColumns } from '../write.ts';

export interface SealedStretch {
  /** The place it begins after, and the place of its last record. */
  from: number;
  to: number;
  /** Of those, the records of people, refusals and disclosures, oldest first; successful synchronisation tells nothing. */
  records: StoredAudit[];
}

/** The next sealed records after the place, at most `limit` of the sequence; null when there are none. */
export async function nextStretch(db: Db, limit: number): Promise<SealedStretch | null> {
  const result = await db.query<{
    from: number;
    to: number | null;
    seq: number | null;
    at: Date;
    body: string;
    patients: string[];
  }>({
    name: 'oversight_next',
    text: `with place as (select seq from oversight_place where name = 'alerts'),
      stretch as (
        select s.seq, s.xid, s.id, s.outcome, s.interaction from audit_seal s
        where s.seq > (select seq from place) order by s.seq limit $1
      )
      select (select seq from place) as "from", (select max(seq) from stretch) as "to", t.seq, t.at, t.body, t.patients
      from (select 1) one left join (
        select s.seq, a.at, a.body, a.patients from stretch s join audit a on a.xid = s.xid and a.id = s.id
        where s.outcome <> 0 or s.interaction = 'disclosure' or position('"kind":"system"' in a.body) = 0
      ) t on true
      order by t.seq`,
    values: [limit],
  });
  const [first] = result.rows;
  if (first === undefined || first.to === null) return null;
  const records = result.rows.flatMap(({ seq, at, body, patients }) =>
    seq === null ? [] : [{ seq, at: at.toISOString(), body, patients }],
  );
  return { from: first.from, to: first.to, records };
}

export interface Mark {
  kind: 'denied' | 'name-search' | 'export' | 'endpoint' | 'place';
  party: string;
  patient: string;
  /** ISO UTC. */
  at: string;
  seq: number;
}

/** Notifications of one subscription in one hour, to be added to what was counted. */
export interface Volume {
  party: string;
  hour: string;
  notices: number;
}

export interface Opened {
  party: string;
  patient: string;
  role: string;
  /** Start of the hour, ISO UTC. */
  hour: string;
}

/** An access that officers ask for by this kind, about one person. */
export interface Access {
  kind: string;
  seq: number;
  patient: string;
  party: string;
  at: string;
}

export interface NewAlert {
  rule: string;
  severity: string;
  mode: 'observe' | 'live';
  at: string;
  seq: number | null;
  party: string;
  patient: string;
  why: string;
}

export interface StepResult {
  from: number;
  to: number;
  explained: { seq: number; explanation: AccessExplanation }[];
  opened: Opened[];
  marks: Mark[];
  volumes: Volume[];
  accesses: Access[];
  alerts: NewAlert[];
  /** Further records of alerts that stand already. */
  again: { id: number; seq: number }[];
}

/** The days of what was newly opened, counted anew from their hours (Q7). */
const DAYS = `insert into oversight_day (day, party, role, patients, busiest)
  select d.day, d.party, max(o.role), count(distinct o.patient),
    (select max(n) from (select count(*) as n from oversight_opened h where h.party = d.party
      and h.hour >= (d.day::timestamp at time zone 'Europe/London')
      and h.hour < ((d.day + 1)::timestamp at time zone 'Europe/London') group by h.hour) as hours)
  from (
    select distinct party, (hour at time zone 'Europe/London')::date as day
    from jsonb_to_recordset($1) as o(party text, hour timestamptz)
  ) d join oversight_opened o on o.party = d.party and o.hour >= (d.day::timestamp at time zone 'Europe/London')
    and o.hour < ((d.day + 1)::timestamp at time zone 'Europe/London')
  group by d.day, d.party
  on conflict (party, day) do update set role = excluded.role, patients = excluded.patients, busiest = excluded.busiest`;

/** What a step leaves behind, each list with the statement that keeps it. */
function listsOf({ explained, opened, marks, volumes, accesses, again }: StepResult): [readonly unknown[], string][] {
  return [
    [
      explained,
      `insert into access_explained (seq, explanation)
       select seq, explanation from jsonb_to_recordset($1) as e(seq bigint, explanation text) on conflict do nothing`,
    ],
    [
      opened,
      `insert into oversight_opened (party, hour, patient, role)
       select party, hour, patient, role from jsonb_to_recordset($1) as o(party text, hour timestamptz, patient text, role text)
       on conflict do nothing`,
    ],
    [opened, DAYS],
    [
      marks,
      `insert into oversight_mark (kind, party, patient, at, seq)
       select kind, party, patient, at, seq from jsonb_to_recordset($1)
         as m(kind text, party text, patient text, at timestamptz, seq bigint) on conflict do nothing`,
    ],
    [
      volumes,
      `insert into oversight_volume (party, hour, notices)
       select party, hour, notices from jsonb_to_recordset($1) as v(party text, hour timestamptz, notices integer)
       on conflict (party, hour) do update set notices = oversight_volume.notices + excluded.notices`,
    ],
    [
      accesses,
      `insert into oversight_access (kind, seq, patient, party, at)
       select kind, seq, patient, party, at from jsonb_to_recordset($1)
         as x(kind text, seq bigint, patient text, party text, at timestamptz) on conflict do nothing`,
    ],
    [
      again,
      `update alert a set hits = a.hits + g.hits, last_seq = greatest(a.last_seq, g.seq) from (
         select id, count(*)::integer as hits, max(seq) as seq from jsonb_to_recordset($1) as x(id bigint, seq bigint) group by id
       ) g where a.id = g.id`,
    ],
  ];
}

/**
 * Keeps what a step found and moves the place, in one commit; each live alert is a record of the trail as well.
 * @returns the new alerts with their references, or null when another process was here first: nothing was kept
 */
export async function commitStep(
  pool: Pool,
  step: StepResult,
  recorded: (notice: AlertNotice) => AuditColumns,
): Promise<AlertNotice[] | null> {
  return inTransaction(pool, async (client) => {
    const moved = await client.query(`update oversight_place set seq = $2 where name = 'alerts' and seq = $1`, [
      step.from,
      step.to,
    ]);
    if (moved.rowCount !== 1) return null;
    for (const [list, text] of listsOf(step)) {
      if (list.length > 0) await client.query(text, [JSON.stringify(list)]);
    }
    const made = await insertAlerts(client, step.alerts);
    for (const { at, body, patients } of made.filter(({ mode }) => mode === 'live').map(recorded)) {
      await client.query('insert into audit (at, body, patients) values ($1, $2, $3)', [at, body, patients]);
    }
    return made;
  });
}

/** What a notification of an alert may say: no person, no patient (6.3). */
export interface AlertNotice {
  reference: string;
  rule: string;
  severity: string;
  mode: 'observe' | 'live';
  at: Date;
}

/** Adds alerts; one that a record has raised already is left out. */
export async function insertAlerts(db: Db, alerts: readonly NewAlert[]): Promise<AlertNotice[]> {
  if (alerts.length === 0) return [];
  const result = await db.query<AlertNotice>(
    `with made as (insert into alert (reference, rule, severity, mode, at, seq, last_seq, party, patient, why)
     select 'AL-' || upper(left(replace(gen_random_uuid()::text, '-', ''), 10)),
       rule, severity, mode, at, seq, seq, party, patient, why
     from jsonb_to_recordset($1) as n(rule text, severity text, mode text, at timestamptz, seq bigint, party text, patient text, why text)
     on conflict (rule, seq) do nothing
     returning id, reference, rule, severity, mode, at
     ), notices as (insert into alert_notice (alert) select id from made where mode = 'live')
     select reference, rule, severity, mode, at from made order by id`,
    [JSON.stringify(alerts)],
  );
  return result.rows;
}

/** Whether such an alert waits already. */
export async function isOpen(db: Db, rule: string, why: string): Promise<boolean> {
  const text = `select from alert where rule = $1 and why = $2 and state <> 'closed' limit 1`;
  return (await db.query(text, [rule, why])).rowCount === 1;
}

export async function faultyRules(db: Db): Promise<Set<string>> {
  const result = await db.query<{ rule: string }>('select rule from alert_rule_fault');
  return new Set(result.rows.map(({ rule }) => rule));
}

export interface RuleCount {
  rule: string;
  mode: 'observe' | 'live';
  alerts: number;
  hits: number;
}

/** What each rule found since an instant. */
export async function ruleCounts(db: Db, since: Date): Promise<RuleCount[]> {
  const { rows } = await db.query<RuleCount>(
    `select rule, mode, count(*)::integer as alerts, sum(hits)::integer as hits from alert where at >= $1 group by rule, mode`,
    [since],
  );
  return rows;
}

/** A rule that was switched off runs again. @returns false when it was not off */
export async function switchOn(db: Db, rule: string): Promise<boolean> {
  return (await db.query('delete from alert_rule_fault where rule = $1', [rule])).rowCount === 1;
}

/** Switches a rule off that failed. @returns true for the one that did */
export async function switchOff(db: Db, rule: string, error: string): Promise<boolean> {
  const text = 'insert into alert_rule_fault (rule, error) values ($1, $2) on conflict do nothing';
  return (await db.query(text, [rule, error])).rowCount === 1;
}

/** Forgets counts older than any window looks back. */
export async function forgetCounts(db: Db): Promise<void> {
  // A month, and the days of the next in which its sample is drawn.
  await db.query(`delete from oversight_opened where hour < now() - interval '40 days'`);
  await db.query(`delete from oversight_volume where hour < now() - interval '8 days'`);
  await db.query(
    `delete from oversight_mark where kind in ('denied', 'name-search') and at < now() - interval '31 days'`,
  );
}
