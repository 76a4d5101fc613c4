/** Whose rows belong to one root (a person, a visit, a family, a pregnancy): their ids in a fixed order, the root first. */
import type { RowRule } from '../governance/rule-types.ts';
import type { BroadPool } from './pool.ts';
import { walkName } from './prepared.ts';
import { ruleSql } from './rule-sql.ts';
import { PAGE_IDS, type SearchAsk } from './search.ts';
import { typesSql } from './search-sight.ts';
import { SqlParams } from './sql-params.ts';

/** Words of the index, any of which makes a row a member, where the rule holds (null = everywhere). */
export interface Membership {
  words: readonly string[];
  rule: RowRule | null;
}

export interface CompartmentAsk extends Pick<SearchAsk, 'ruleFor' | 'now'> {
  /** `Type/id` of the root itself. */
  root: string;
  members: readonly Membership[];
  /** Only rows of this pregnancy, the root, and `always`; null = no such limit. */
  pregnancy: string | null;
  /** `Type/id`s that a limit to a pregnancy does not leave out. */
  always: readonly string[];
  types: readonly string[];
  /** ISO instant: changed at or after. */
  since: string | null;
  /** Care dates, low inclusive, high exclusive; `codes` are the `Type.param`s that count as dates of care. */
  care: { low: string; high: string; codes: readonly string[] } | null;
}

/**
 * `Type/id` of every permitted row, at most PAGE_IDS + 1. `@p=` and `@s=` words reach a person's compartment and, before
 * birth, what the fetus' rows say about the mother.
 */
export async function compartmentIds(
  { walks }: BroadPool,
  ask: CompartmentAsk,
): Promise<{ ids: string[]; generation: number }> {
  const params = new SqlParams();
  const root = params.add(ask.root);
  const conditions = [
    'not r.deleted',
    typesSql(ask.types, { ruleFor: ask.ruleFor, now: ask.now }, params),
    ...(ask.since === null ? [] : [`r.updated >= ${params.add(ask.since)}::timestamptz`]),
    ...pregnancySql(ask, params),
    ...careSql(ask, params),
  ];
  // Membership alone drives the plan: only the GIN index knows the words, and only the key the root.
  const text = `with member as materialized (
      ${ask.members.map((one) => memberSql(one, ask.now, params)).join(' union ')}
      union select r.type, r.id from resource r
        where r.type = split_part(${root}, '/', 1) and r.id = split_part(${root}, '/', 2)
    ), mine as (
      select r.type || '/' || r.id as ref from member m
        cross join lateral (select * from resource x where x.type = m.type and x.id = m.id offset 0) r
      where ${conditions.join(' and ')} order by r.type || '/' || r.id <> ${root}, r.type || '/' || r.id
      limit ${PAGE_IDS + 1}
    )
    select g.value as generation, coalesce(array_agg(mine.ref order by mine.ref <> ${root}, mine.ref)
      filter (where mine.ref is not null), '{}') as ids
    from generation g left join mine on true group by g.value`;
  // Rules of all types at once: planning it took three times what it takes.
  const name = walkName(text);
  const query = { text, values: params.values, ...(name === null ? {} : { name }) };
  const [row] = (await walks.query<{ ids: string[]; generation: number }>(query)).rows;
  if (row === undefined) throw new Error('the generation row is missing: migrations have not run');
  return row;
}

function memberSql({ words, rule }: Membership, now: Date, params: SqlParams): string {
  const where = rule === null ? '' : ` and ${ruleSql(rule, params, now)}`;
  return `select r.type, r.id from resource r where r.tokens && ${params.add([...words])}::text[]${where}`;
}

function pregnancySql({ pregnancy, root, always }: CompartmentAsk, params: SqlParams): string[] {
  if (pregnancy === null) return [];
  return [
    `(r.pregnancy = ${params.add(pregnancy)} or r.type || '/' || r.id = any (${params.add([root, ...always])}::text[]))`,
  ];
}

/** A row without any date of care is always in scope (R4 operation-patient-everything: what is not dated is not cut). */
function careSql({ care }: CompartmentAsk, params: SqlParams): string[] {
  if (care === null) return [];
  const dated = `select 1 from index_date d where d.id = r.id and d.type = r.type
    and d.type || '.' || d.code = any (${params.add([...care.codes])}::text[])`;
  const low = `${params.add(care.low)}::timestamptz`;
  const high = `${params.add(care.high)}::timestamptz`;
  return [`(not exists (${dated}) or exists (${dated} and d.low < ${high} and d.high > ${low}))`];
}
