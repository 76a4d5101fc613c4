/**
 * Lengthens the access record of a store to millions of records, in minutes: bodies are made by the service's own writer
 * (`auditColumns`), varied by the database, and chained by the service's own seal, over two years. What oversight derives is
 * put beside it in the shares that a month of work shows; following ten million records one by one would take hours.
 */
import pg from 'pg';
import { auditColumns } from '../src/audit/entry.ts';
import type { AuditEntry } from '../src/audit/types.ts';
import { DATABASE } from '../src/store/embedded/roles.ts';
import { crewOf, HEALTH_VISITING, MATERNITY } from './directory.ts';
import { clusterOf, settle } from './durable.ts';
import { storedFamilies } from './fill.ts';
import type { Site } from './site.ts';

/** Families the records are about: those of the store, and as many more as make 300 records for each. */
const RECORDS_PER_FAMILY = 300;
/** Records in one commit. */
const STRETCH = 100_000;
const YEARS_MS = 2 * 365 * 86_400_000;
const DAY_MS = 86_400_000;
/** People and teams of each service who look. */
const CREWS = 20;

type Kind = Partial<AuditEntry> & Pick<AuditEntry, 'interaction' | 'action'>;

/** What is done, by how many of a hundred records. `@p` is the patient, `@n` the number of the record. */
const KINDS: readonly (Kind & { share: number; about: boolean })[] = [
  { share: 52, about: true, interaction: 'read', action: 'R', entities: ['Observation/bench-@n/_history/1'] },
  { share: 8, about: true, interaction: 'read', action: 'R', entities: ['@p/_history/2'], label: 'R' },
  {
    share: 24,
    about: true,
    interaction: 'search-type',
    action: 'E',
    entities: ['@p', 'Encounter/bench-@n/_history/1'],
  },
  { share: 4, about: true, interaction: 'update', action: 'U', entities: ['CarePlan/bench-@n/_history/2'] },
  { share: 6, about: true, interaction: 'create', action: 'C', entities: ['Observation/bench-@n/_history/1'] },
  {
    ...{ share: 4, about: true, interaction: 'disclosure', action: 'R', rules: ['R-36'] },
    ...{ entities: ['ServiceRequest/bench-@n/_history/1'], recipient: 'https://receiver.invalid/hook 17' },
  },
  {
    ...{ share: 1, about: true, interaction: 'read', action: 'R', outcome: 4, status: 403, rules: ['R-06'] },
    ...{ reason: 'no-relationship', entities: ['@p'] },
  },
  { share: 1, about: false, interaction: 'search-type', action: 'E', entities: [] },
];

function entryOf(kind: Kind & { about: boolean }, side: 'hv' | 'mw', number: number): AuditEntry {
  const { role, team } = crewOf(side, number);
  const service = side === 'hv' ? HEALTH_VISITING : MATERNITY;
  const searched = { cleaned: 'date=ge2026&patient=@p', raw: 'A'.repeat(120), count: kind.about ? 5 : 0 };
  return {
    ...{ at: new Date().toISOString(), requestId: 'bench-@n', outcome: 0, status: 200, purpose: 'TREAT' },
    ...{ rules: ['R-04', 'R-06', 'R-13'], reason: null, explanation: null, entities: [], label: 'N' },
    ...{ query: kind.interaction === 'search-type' ? searched : null, recipient: null, detail: null },
    agent: {
      ...{ kind: 'staff', clientId: 'demo', issuer: 'https://tandem.invalid', subject: `${side}-${number}` },
      ...{ name: `${side} ${number}`, role: side === 'hv' ? 'health-visitor' : 'midwife', practitionerRole: role },
      ...{ service, team, jti: 'bench-@n', address: '192.0.2.7' },
    },
    ...kind,
    patients: [],
  };
}

/** One line for each of a hundred shares and each member of staff. */
function templates(): { body: string; about: boolean }[] {
  return KINDS.flatMap((kind) => {
    const { share, ...rest } = kind;
    const lines = (['hv', 'mw'] as const).flatMap((side) =>
      Array.from({ length: CREWS }, (_, i) => {
        const { about, ...entry } = rest;
        return { body: auditColumns(entryOf({ about, ...entry }, side, i)).body, about };
      }),
    );
    return Array.from({ length: share }, () => lines).flat();
  });
}

const INSERT = `insert into audit (at, body, patients)
  select $1::timestamptz + (i - $3) * $2::interval, replace(replace(t.body, '@p', who.ref), '@n', i::text),
    case when t.about then array[who.ref] else '{}' end
  from generate_series($3::bigint, $4::bigint) as i
  join bench_template t on t.n = (i * 7919) % (select count(*) from bench_template)
  join lateral (select ((i * 2654435761) % $5::bigint)::integer as n) as f on true
  join lateral (select coalesce((select 'Patient/' || id from bench_mother m where m.n = f.n), 'Patient/bench-' || f.n) as ref) as who on true
  order by i`;

const ROWS = `from audit_seal s join audit a on a.xid = s.xid and a.id = s.id
    where s.seq > $1 and s.interaction = 'read' and cardinality(a.patients) = 1`;
const WHO = `a.body::json -> 'agent' ->> 'practitionerRole'`;

/** What oversight keeps: one in thirty reads unexplained, restricted and refused ones all, opened records by hour and day. */
const DERIVED = [
  `insert into oversight_access (kind, seq, patient, party, at)
    select case when a.body like '%"label":"R"%' then 'R' else 'unexplained' end, s.seq, a.patients[1], ${WHO}, s.at
    ${ROWS} and s.outcome = 0 and (s.seq % 30 = 0 or a.body like '%"label":"R"%') on conflict do nothing`,
  `insert into oversight_access (kind, seq, patient, party, at)
    select kind, s.seq, a.patients[1], ${WHO}, s.at
    ${ROWS.replace('where', `cross join unnest(array['refused', 'refused R-06']) as kind where`)} and s.outcome = 4
    on conflict do nothing`,
  `insert into oversight_opened (party, hour, patient, role)
    select ${WHO}, date_trunc('hour', s.at), a.patients[1], a.body::json -> 'agent' ->> 'role'
    ${ROWS} and s.outcome = 0 and s.at > now() - interval '30 days' on conflict do nothing`,
  `insert into oversight_day (day, party, role, patients, busiest)
    select (s.at at time zone 'Europe/London')::date, ${WHO}, max(a.body::json -> 'agent' ->> 'role'),
      count(distinct a.patients[1]), count(distinct a.patients[1]) / 8 + 1
    ${ROWS} and s.outcome = 0 group by 1, 2 on conflict do nothing`,
];

/** Adds `records` to the trail of a store whose service does not run. */
export async function lengthen(site: Site, records: number, say: (text: string) => void): Promise<void> {
  if (records === 0) return;
  const client = new pg.Client({ connectionString: (await clusterOf(site)).url('postgres', DATABASE) });
  await client.connect();
  try {
    await seal(client);
    const before = await lastSeq(client);
    await prepare(client, site);
    const families = Math.max(1, Math.round(records / RECORDS_PER_FAMILY));
    const step = (YEARS_MS - DAY_MS) / records;
    const began = Date.now();
    for (let from = 1; from <= records; from += STRETCH) {
      const to = Math.min(records, from + STRETCH - 1);
      const at = new Date(began - YEARS_MS + from * step);
      await client.query(INSERT, [at, `${step} milliseconds`, from, to, families]);
      await seal(client);
      const perSecond = Math.round((to * 1_000) / (Date.now() - began));
      say(`  ${to} of ${records} records, ${perSecond}/s, about ${Math.round((records - to) / perSecond)} s to go\n`);
    }
    for (const statement of DERIVED) await client.query(statement, [before]);
    await client.query(`update oversight_place set seq = $1 where name = 'alerts'`, [await lastSeq(client)]);
  } finally {
    await client.end();
  }
  await settle(site);
}

async function prepare(client: pg.Client, site: Site): Promise<void> {
  const lines = templates().map((one, n) => ({ n, ...one }));
  await client.query('create temp table bench_template (n integer primary key, body text, about boolean)');
  await client.query(
    `insert into bench_template select n, body, about
      from jsonb_to_recordset($1) as t(n integer, body text, about boolean)`,
    [JSON.stringify(lines)],
  );
  const mothers = storedFamilies(site.manifest).map(({ mother }, n) => ({ n, id: mother }));
  await client.query('create temp table bench_mother (n integer primary key, id text)');
  await client.query('insert into bench_mother select n, id from jsonb_to_recordset($1) as m(n integer, id text)', [
    JSON.stringify(mothers),
  ]);
  await client.query('analyze bench_template, bench_mother');
}

async function lastSeq(client: pg.Client): Promise<number> {
  const result = await client.query<{ seq: string }>('select coalesce(max(seq), 0) as seq from audit_seal');
  return Number(result.rows[0]?.seq ?? 0);
}

async function seal(client: pg.Client): Promise<void> {
  for (;;) {
    const result = await client.query<{ sealed: number }>('select audit_seal_next(5000, true) as sealed');
    if ((result.rows[0]?.sealed ?? 0) < 5_000) return;
  }
}
