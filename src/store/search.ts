/** Runs one parsed query under the row rules: matches, includes, totals and the ids of later pages at one snapshot. */
import type { ConsentRow, RowRule } from '../governance/types.ts';
import type { Include, Query } from '../search/types.ts';
import type { Pool } from './pool.ts';
import { statementName } from './prepared.ts';
import { isNarrowQuery, orderSql, type RowMask, whereSql } from './query-sql.ts';
import { reachSql } from './reach-sql.ts';
import type { Db } from './reads.ts';
import { type RawConsent, type RawRow, type ResourceRow, ROW_COLUMNS, toConsent, toRow } from './rows.ts';
import { ruleSql } from './rule-sql.ts';
import { SqlParams } from './sql-params.ts';

/** Ids kept for later pages (paging contract of house.md); also the ceiling of an accurate total. */
export const PAGE_IDS = 10_000;
/** Included rows on one page: beyond it the request is too costly. */
export const MAX_INCLUDES = 1_000;

export interface SearchAsk {
  query: Query;
  now: Date;
  /** The row rule of a type for this principal; null = nothing of the type may be shown. */
  ruleFor(type: string | null): RowRule | null;
  /** Parameters that would reveal masked elements, and the rows on which they are not masked. */
  guards?: readonly { params: ReadonlySet<string>; rule: RowRule }[];
  /** True for people: they have hundreds of families, a service has thousands. */
  fewPatients?: boolean;
  /** Later pages: the ids of this page in order, as `Type/id`, instead of the query's own criteria. */
  ids?: readonly string[];
}

export interface FoundRow {
  mode: 'match' | 'include';
  row: ResourceRow;
  /** Consent and restriction rows about the row's subjects, for masks. */
  consents: ConsentRow[];
}

export interface SearchResult {
  found: FoundRow[];
  /** All ids in order when there is more than one page (at most PAGE_IDS), else null. */
  ids: string[] | null;
  /** Rows permitted and matching, when asked for; null when above PAGE_IDS. */
  total: number | null;
  generation: number;
}

interface RawFound extends RawRow {
  mode: 'match' | 'include' | null;
  n: number;
  consents: RawConsent[] | null;
  ids: string[] | null;
  matches: number;
  generation: number;
}

/**
 * @param broad where searches go that need their values to be planned; a bulkhead too: they cannot take the connections
 *   of reads and narrow searches
 * @throws Error only for faults of the database; bad queries were refused by the parser
 */
export async function runSearch(db: Db, ask: SearchAsk, broad: Pool | null = null): Promise<SearchResult> {
  const params = new SqlParams();
  const text = statement(ask, params);
  const name = isNarrow(ask) ? statementName(text) : null;
  const { values } = params;
  const result =
    name === null
      ? await (broad ?? db).query<RawFound>(text, values)
      : await db.query<RawFound>({ name, text, values });
  const { rows } = result;
  const head = rows[0];
  if (head === undefined) throw new Error('the generation row is missing: migrations have not run');
  const found = rows
    .filter((raw): raw is RawFound & { mode: 'match' | 'include' } => raw.mode !== null)
    .map((raw) => ({ mode: raw.mode, row: toRow(raw), consents: (raw.consents ?? []).map(toConsent) }));
  return {
    found,
    ids: head.ids,
    total: ask.query.total === 'none' && ask.query.count > 0 ? null : head.matches > PAGE_IDS ? null : head.matches,
    generation: head.generation,
  };
}

function isNarrow(ask: SearchAsk): boolean {
  return ask.ids !== undefined || isNarrowQuery(ask.query);
}

function statement(ask: SearchAsk, params: SqlParams): string {
  const { query } = ask;
  const size = params.add(ask.ids === undefined ? query.count : ask.ids.length);
  const included = includeSql(ask, params);
  // Only the keys are ordered and counted; bodies are fetched for the page alone.
  return `with hit as materialized (${ask.ids === undefined ? hitSql(ask, params) : listedSql(ask, ask.ids, params)}),
    page as materialized (
      select h.n, ${ROW_COLUMNS}, r.tokens from hit h join resource r on r.type = h.type and r.id = h.id where h.n <= ${size}
    )${included.with}
    select x.*, m.matches::int as matches, g.value as generation,
      case when m.matches > ${size} and (x.n is null or x.n = 1) then
        (select array_agg(h.type || '/' || h.id order by h.n) from hit h where h.n <= ${PAGE_IDS}) end as ids
    from generation g cross join (select count(*) as matches from hit) m
    left join lateral (
      select 'match' as mode, p.n, ${ROW_COLUMNS.replaceAll('r.', 'p.')}, ${consentsSql('p')} from page p
      ${included.rows}
    ) x on true
    order by x.mode desc, x.n`;
}

function hitSql(ask: SearchAsk, params: SqlParams): string {
  const { query } = ask;
  const rule = ask.ruleFor(query.type);
  if (rule === null) return nothing;
  const counting = query.total !== 'none' || query.count === 0;
  const limit = counting || query.count > 0 ? PAGE_IDS + 1 : 1;
  const masks = (ask.guards ?? []).map(
    (guard): RowMask => ({
      params: guard.params,
      row: () => `not ${ruleSql(guard.rule, params, ask.now)}`,
    }),
  );
  return `select k.type, k.id, row_number() over () as n from (
      select r.type, r.id from resource r
      where ${whereSql(query, params, masks)}${reach(ask, rule, params)} and ${ruleSql(rule, params, ask.now)} and not r.deleted
      order by ${orderSql(query, params, masks)} limit ${limit}
    ) k`;
}

/** A broad search of a person with few families starts from her families. */
function reach(ask: SearchAsk, rule: RowRule, params: SqlParams): string {
  if (!ask.fewPatients || isNarrow(ask)) return '';
  const condition = reachSql(rule, params, ask.now);
  return condition === null ? '' : ` and ${condition}`;
}

function listedSql(ask: SearchAsk, ids: readonly string[], params: SqlParams): string {
  const rule = ask.ruleFor(ask.query.type);
  if (rule === null) return nothing;
  const listed = params.add(ids);
  return `select r.type, r.id, l.n from unnest(${listed}::text[]) with ordinality as l(ref, n)
      join resource r on r.type = split_part(l.ref, '/', 1) and r.id = split_part(l.ref, '/', 2)
      where not r.deleted and ${ruleSql(rule, params, ask.now)}`;
}

const nothing = 'select null::text as type, null::text as id, 0::bigint as n where false';

const consentsSql = (alias: string): string =>
  `(select json_agg(c) from consent c where c.patient = any (${alias}.subjects)) as consents`;

/** Included rows obey the rules of their own type (H1): a type the principal may not read adds nothing. */
function includeSql(ask: SearchAsk, params: SqlParams): { with: string; rows: string } {
  const { query } = ask;
  if (query.include.length === 0 && query.revinclude.length === 0) return { with: '', rows: '' };
  const sources = [
    ...query.include.map((include) => forwardSql(ask, include, params)),
    ...query.revinclude.map((include) => reverseSql(include, params)),
  ];
  const types = new Set<string>();
  for (const include of query.include) for (const type of targetsOf(include)) types.add(type);
  for (const include of query.revinclude) types.add(include.source);
  const rules = [...types]
    .map((type) => ({ type, rule: ask.ruleFor(type) }))
    .filter((entry): entry is { type: string; rule: RowRule } => entry.rule !== null)
    .map(({ type, rule }) => `(r.type = ${params.add(type)} and ${ruleSql(rule, params, ask.now)})`);
  if (rules.length === 0) return { with: '', rows: '' };
  return {
    with: `, target as (${sources.join(' union ')})`,
    rows: `union all select 'include', row_number() over (order by r.type, r.id), ${ROW_COLUMNS}, ${consentsSql('r')}
      from (select distinct type, id from target) t join resource r on r.type = t.type and r.id = t.id
      where not r.deleted and (${rules.join(' or ')})
        and not exists (select 1 from page p where p.type = r.type and p.id = r.id)
      limit ${MAX_INCLUDES + 1}`,
  };
}

function targetsOf(include: Include): string[] {
  if (include.target !== null) return [include.target];
  return include.param === null ? [] : include.param.targets;
}

/** The references a row points to are words of its own index: no body is parsed. */
function forwardSql(ask: SearchAsk, include: Include, params: SqlParams): string {
  const prefix = `${include.source}.${include.param?.code ?? ''}=`;
  const start = params.add(prefix);
  const target =
    include.target === null
      ? ''
      : ` and split_part(substr(w, length(${start}::text) + 1), '/', 1) = ${params.add(include.target)}`;
  return `select split_part(substr(w, length(${start}::text) + 1), '/', 1) as type, split_part(substr(w, length(${start}::text) + 1), '/', 2) as id
      from page p, unnest(p.tokens) as w where p.type = ${params.add(include.source)} and starts_with(w, ${start})${target}${unmasked(ask, include, params)}`;
}

/** A masked reference of a row is not followed: what it points to would give it away. */
function unmasked(ask: SearchAsk, include: Include, params: SqlParams): string {
  const guarded = `${include.source}.${include.param?.code ?? '*'}`;
  return (ask.guards ?? [])
    .filter((guard) => guard.params.has(guarded))
    .map(
      (guard) =>
        ` and exists (select 1 from resource r where r.type = p.type and r.id = p.id and ${ruleSql(guard.rule, params, ask.now)})`,
    )
    .join('');
}

function reverseSql(include: Include, params: SqlParams): string {
  const prefix = params.add(`${include.source}.${include.param?.code ?? ''}=`);
  return `select r.type, r.id from resource r
      where r.tokens && (select coalesce(array_agg(${prefix} || p.type || '/' || p.id), '{}') from page p)`;
}
