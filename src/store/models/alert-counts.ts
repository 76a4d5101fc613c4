/** Counts that alert rules look back at: marks within a window, what was opened, earlier alerts. */
import type { Db } from '../reads.ts';
import type { Mark } from './oversight.ts';

/** Marks of these people, or about these patients, since an instant. */
export async function marksSince(
  db: Db,
  asked: { parties: readonly string[]; patients: readonly string[]; since: string },
): Promise<Mark[]> {
  const result = await db.query<Omit<Mark, 'at'> & { at: Date }>({
    name: 'alert_marks',
    text: `select kind, party, patient, at, seq from oversight_mark
        where kind = any (array['denied', 'name-search']) and party = any ($1) and at > $3
      union select kind, party, patient, at, seq from oversight_mark
        where kind = 'denied' and patient = any ($2) and at > $3
      union select distinct on (kind, party, patient) kind, party, patient, at, seq from oversight_mark
        where kind = any (array['export', 'endpoint', 'place']) and party = any ($1)`,
    values: [asked.parties, asked.patients, asked.since],
  });
  return result.rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

export interface OpenedBefore {
  party: string;
  role: string;
  /** Patients of each hour of the last day, by ISO start of the hour. */
  hours: Map<string, Set<string>>;
  usual: { mean: number; deviation: number } | null;
}

/** What these people opened: patients by hour since the day before, and their own usual hour of 30 days. */
export async function openedBefore(db: Db, parties: readonly string[], at: string): Promise<Map<string, OpenedBefore>> {
  const recent = await db.query<{ party: string; role: string; hour: Date; patients: string[] }>({
    name: 'alert_opened_recent',
    text: `select party, max(role) as role, hour, array_agg(patient) as patients from oversight_opened
      where party = any ($1) and hour > $2::timestamptz - interval '25 hours' group by party, hour`,
    values: [parties, at],
  });
  const usual = await db.query<{ party: string; mean: number; deviation: number }>({
    name: 'alert_opened_usual',
    text: `select party, avg(n)::float8 as mean, coalesce(stddev_samp(n), 0)::float8 as deviation from (
        select party, hour, count(*) as n from oversight_opened
        where party = any ($1) and hour > $2::timestamptz - interval '30 days'
          and hour < date_trunc('hour', $2::timestamptz) group by party, hour
      ) as h group by party`,
    values: [parties, at],
  });
  const found = new Map<string, OpenedBefore>();
  for (const party of parties) found.set(party, { party, role: '', hours: new Map(), usual: null });
  for (const { party, role, hour, patients } of recent.rows) {
    const one = found.get(party);
    one?.hours.set(hour.toISOString(), new Set(patients));
    if (one !== undefined) one.role = role;
  }
  for (const { party, mean, deviation } of usual.rows) {
    const one = found.get(party);
    if (one !== undefined) one.usual = { mean, deviation };
  }
  return found;
}

/** Median of distinct patients opened on the day of `at` by the people of each role; at least five people make a group. */
export async function peerMedians(db: Db, roles: readonly string[], at: string): Promise<Map<string, number>> {
  const result = await db.query<{ role: string; median: number }>({
    name: 'alert_peers',
    text: `select role, percentile_cont(0.5) within group (order by n) as median from (
        select role, party, count(distinct patient) as n from oversight_opened
        where role = any ($1) and hour > $2::timestamptz - interval '24 hours' and hour <= $2 group by role, party
      ) as d group by role having count(*) >= 5`,
    values: [roles, at],
  });
  return new Map(result.rows.map(({ role, median }) => [role, median]));
}

/** Notifications of a subscription by ISO start of the hour. */
export type VolumeBefore = ReadonlyMap<string, number>;

/** What these subscriptions sent in the hours of the week before. */
export async function volumesBefore(
  db: Db,
  parties: readonly string[],
  at: string,
): Promise<Map<string, VolumeBefore>> {
  const subscriptions = parties.filter((one) => one.startsWith('Subscription/'));
  if (subscriptions.length === 0) return new Map();
  const { rows } = await db.query<{ party: string; hour: Date; notices: number }>({
    name: 'alert_volumes',
    text: `select party, hour, notices from oversight_volume where party = any ($1) and hour > $2::timestamptz - interval '7 days'`,
    values: [subscriptions, at],
  });
  const by = Map.groupBy(rows, ({ party }) => party);
  return new Map(
    [...by].map(([party, hours]) => [party, new Map(hours.map((one) => [one.hour.toISOString(), one.notices]))]),
  );
}

export interface EarlierAlert {
  id: number;
  rule: string;
  party: string;
  patient: string;
  at: string;
  closed: boolean;
  /** Of A-22: the resource that did not arrive; '' for every other rule. */
  focus: string;
}

/** Alerts of these people in the 30 days before. */
export async function alertsBefore(db: Db, parties: readonly string[], at: string): Promise<EarlierAlert[]> {
  const result = await db.query<Omit<EarlierAlert, 'at'> & { at: Date }>({
    name: 'alert_before',
    text: `select id, rule, party, patient, at, state = 'closed' as closed,
        coalesce((select audit_json_or_null(b.body) -> 'entities' ->> 0 from audit_seal s join audit b on b.xid = s.xid and b.id = s.id
          where alert.rule = 'A-22' and s.seq = alert.seq), '') as focus
      from alert
      where rule = any (array(select 'A-' || lpad(n::text, 2, '0') from generate_series(1, 22) n))
        and party = any ($1) and at > $2::timestamptz - interval '30 days'`,
    values: [parties, at],
  });
  return result.rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}
