/** Rows of one person's compartment, in a fixed order: the person first, then by type and id. */
import type { RowRule } from '../governance/types.ts';
import type { Db } from './reads.ts';
import { type RawConsent, type RawRow, ROW_COLUMNS, toConsent, toRow } from './rows.ts';
import { ruleSql } from './rule-sql.ts';
import type { FoundRow } from './search.ts';
import { SqlParams } from './sql-params.ts';

export interface CompartmentAsk {
  /** `Patient/..` */
  patient: string;
  /** Null = nothing may be shown. */
  rule: RowRule | null;
  now: Date;
  types: string[] | null;
  /** ISO instant: changed at or after. */
  since: string | null;
  count: number;
  /** `Type/id` of the last row of the page before. */
  after: string | null;
}

export interface CompartmentPage {
  rows: FoundRow[];
  total: number;
  /** Where the next page starts; null on the last. */
  after: string | null;
}

interface Raw extends RawRow {
  consents: RawConsent[] | null;
  total: number;
}

/** `@p=` and `@s=` words reach the compartment and, before birth, what the fetus' rows say about the mother. */
export async function compartmentRows(db: Db, ask: CompartmentAsk): Promise<CompartmentPage> {
  if (ask.rule === null) return { rows: [], total: 0, after: null };
  const params = new SqlParams();
  const words = params.add([`@p=${ask.patient}`, `@s=${ask.patient}`]);
  const own = params.add(ask.patient);
  const conditions = [
    `r.tokens && ${words}::text[]`,
    'not r.deleted',
    ruleSql(ask.rule, params, ask.now),
    ...(ask.types === null ? [] : [`r.type = any (${params.add(ask.types)}::text[])`]),
    ...(ask.since === null ? [] : [`r.updated >= ${params.add(ask.since)}::timestamptz`]),
  ];
  const key = `(r.type || '/' || r.id <> ${own}, r.type || '/' || r.id)`;
  const page = ask.after === null ? 'true' : `${key} > (${params.add(ask.after)} <> ${own}, ${params.add(ask.after)})`;
  // The first condition alone drives the plan: only the GIN index knows `@` words, and the Patient row carries one too.
  const text = `with mine as materialized (select r.* from resource r where ${conditions.join(' and ')})
    select ${ROW_COLUMNS}, (select json_agg(c) from consent c where c.patient = any (r.subjects)) as consents,
      (select count(*)::int from mine) as total
    from mine r where ${page} order by ${key} limit ${params.add(ask.count + 1)}`;
  const raw = (await db.query<Raw>(text, params.values)).rows;
  const rows = raw.slice(0, ask.count).map(
    (one): FoundRow => ({
      mode: 'match',
      row: toRow(one),
      consents: (one.consents ?? []).map(toConsent),
    }),
  );
  const last = rows.at(-1)?.row;
  return {
    rows,
    total: raw[0]?.total ?? 0,
    after: raw.length > ask.count && last !== undefined ? `${last.type}/${last.id}` : null,
  };
}
