/** Runs one parsed query under the row rules: matches, includes, totals and the ids of later pages at one snapshot. */
import { type Outcome, refuse } from '../fhir/outcome.ts';
import type { RowRule } from '../governance/rule-types.ts';
import type { ConsentRow } from '../governance/types.ts';
import type { Query } from '../search/types.ts';
import { bounded } from './bounded.ts';
import { waysOf } from './chain-ways.ts';
import { type Explained, explained } from './explain.ts';
import { type Deciding, runFew } from './few.ts';
import { withFewFamilies } from './few-families.ts';
import { includeSql } from './include-sql.ts';
import { iterated } from './iterate.ts';
import { type Onward, runOnward } from './onward.ts';
import type { BroadPool } from './pool.ts';
import { statementName } from './prepared.ts';
import { orderSql, rowsSql, whereSql } from './query-sql.ts';
import type { Db } from './reads.ts';
import { type RawConsent, type RawRow, type ResourceRow, ROW_COLUMNS, toConsent, toRow } from './rows.ts';
import { familiesSql, familyWords, hopsSql, isNarrow, maskedParams, masksSql, permittedSql } from './search-sight.ts';
import type { Ways } from './sight.ts';
import { SqlParams } from './sql-params.ts';
import { isPool } from './together.ts';
import { inTurn } from './turns.ts';
import { isBroad, type Walk, walkOf } from './walk.ts';
import { type Place, type WalkOrder, walkOrder } from './walk-order.ts';
import { walkSql } from './walk-sql.ts';

/** Ids kept for later pages (paging contract of house.md); also the ceiling of an accurate total. */
export const PAGE_IDS = 10_000;

export interface SearchAsk {
  query: Query;
  now: Date;
  /** The row rule of a type for this principal; null = nothing of the type may be shown. */
  ruleFor(type: string | null): RowRule | null;
  /** Every resource type: what a reference to anything may reach. */
  allTypes?: readonly string[];
  /** Parameters that would reveal masked elements, and the rows on which they are not masked. */
  guards?: readonly { params: ReadonlySet<string>; rule: RowRule }[];
  /** True for people: they have hundreds of families, a service has thousands. */
  fewPatients?: boolean;
  /** How rows are decided in memory, for searches that reach a few (few.ts); absent = all in SQL. */
  deciding?: Deciding;
  /** Later pages: the ids of this page in order, as `Type/id`, instead of the query's own criteria. */
  ids?: readonly string[];
  /** Later pages may go on behind a place, or this is one: nothing but the rows of a page is needed of all of them. */
  onward?: Onward;
  /** Whose turn a broad statement takes; absent = the service's own. */
  caller?: string;
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
  /** Behind which row the next page begins, when this search goes on that way; then `ids` is null. */
  after: { place: Place; snapshot: string } | null;
  /** Rows permitted and matching, when asked for; null when above PAGE_IDS. */
  total: number | null;
  generation: number;
  /** The statement and its plan, when `_explain` was asked. */
  explained?: Explained;
}

export interface RawFound extends RawRow {
  mode: 'match' | 'include' | null;
  n: number;
  consents: RawConsent[] | null;
}

interface RawHead extends RawFound {
  ids: string[] | null;
  matches: number;
  generation: number;
}

/**
 * Runs a search; one that takes longer than the store allows is too costly.
 * @throws Outcome 400 too-costly; Error only for faults of the database: bad queries were refused by the parser
 */
export function runSearch(db: Db, ask: SearchAsk, broad: BroadPool | null = null): Promise<SearchResult> {
  return bounded(() => answered(db, ask, broad));
}

/**
 * @param broad where searches go that need their values to be planned; a bulkhead too: they cannot take the connections
 *   of reads and narrow searches
 */
async function answered(db: Db, asked: SearchAsk, broad: BroadPool | null): Promise<SearchResult> {
  const few = asked.deciding === undefined || !isPool(db) ? null : await runFew(db, asked, asked.deciding);
  if (few !== null) return few;
  const ask = await withFewFamilies(broad ?? db, asked);
  const ways: Ways = ask.ids === undefined ? await waysOf(broad ?? db, ask) : new Map();
  const order = goesOn(ask);
  if (order !== null && ask.onward !== undefined && broad !== null) {
    const going = { order, ways, onward: ask.onward };
    return inTurn(ask.caller, () => runOnward(broad, ask, going));
  }
  // A mask came over a key since the first page: the place means nothing any more.
  if ((ask.onward?.after ?? null) !== null) throw gone();
  const params = new SqlParams();
  const walk = ask.ids === undefined ? await walkFor(broad ?? db, ask, ways) : null;
  const text = statement(ask, params, { ways, walk });
  const name = isNarrow(ask) ? statementName(text) : null;
  const { values } = params;
  const result =
    name === null
      ? await inTurn(ask.caller, () => (broad ?? db).query<RawHead>(text, values))
      : await db.query<RawHead>({ name, text, values });
  const head = result.rows[0];
  if (head === undefined) throw new Error('the generation row is missing: migrations have not run');
  return {
    found: await iterated(broad ?? db, ask, foundRows(result.rows)),
    ids: head.ids,
    after: null,
    total: ask.query.total === 'none' && ask.query.count > 0 ? null : head.matches > PAGE_IDS ? null : head.matches,
    generation: head.generation,
    ...(ask.query.explain === true ? { explained: await explained(broad ?? db, ask.query, { text, values }) } : {}),
  };
}

/** A page that cannot be had any more: the same for every reason. */
export function gone(): Outcome {
  return refuse(410, 'expired', 'This page link is too old, or not yours; start the search again');
}

/** Rows of a statement as found rows; the row that only carries the head is none. */
export function foundRows(rows: readonly RawFound[]): FoundRow[] {
  return rows.flatMap((raw) =>
    raw.mode === null ? [] : [{ mode: raw.mode, row: toRow(raw), consents: (raw.consents ?? []).map(toConsent) }],
  );
}

/** How a search goes about it: the same rows are found whichever way. */
interface Plan {
  ways: Ways;
  walk: Walk | null;
}

/** The order of a search whose pages go on behind a place. Of a handful of rows the ids are kept at once. */
function goesOn(ask: SearchAsk): WalkOrder | null {
  const { query, onward } = ask;
  if (onward === undefined) return null;
  return onward.after === null && isNarrow(ask) ? null : walkOrder(query, maskedParams(ask));
}

function statement(ask: SearchAsk, params: SqlParams, plan: Plan): string {
  const { query } = ask;
  const size = params.add(ask.ids === undefined ? query.count : ask.ids.length);
  const included = query.count === 0 ? null : includeSql(ask, query, params);
  // Only the keys are ordered and counted; bodies are fetched for the page alone.
  return `with hit as materialized (${ask.ids === undefined ? hitSql(ask, params, plan) : listedSql(ask, ask.ids, params)}),
    page as materialized (
      select h.n, ${ROW_COLUMNS}, r.tokens from hit h join resource r on r.type = h.type and r.id = h.id where h.n <= ${size}
    )${included?.with ?? ''}
    select x.*, m.matches::int as matches, g.value as generation,
      case when m.matches > ${size} and (x.n is null or x.n = 1) then
        (select array_agg(h.type || '/' || h.id order by h.n) from hit h where h.n <= ${PAGE_IDS}) end as ids
    from generation g cross join (select count(*) as matches from hit) m
    left join lateral (
      select 'match' as mode, p.n, ${ROW_COLUMNS.replaceAll('r.', 'p.')}, ${consentsSql('p')} from page p
      ${included === null ? '' : `union all ${included.rows}`}
    ) x on true
    order by x.mode desc, x.n`;
}

function hitSql(ask: SearchAsk, params: SqlParams, { ways, walk }: Plan): string {
  const { query } = ask;
  const permitted = permittedSql(ask, params);
  if (permitted === 'false') return nothing;
  const masks = masksSql(ask, params);
  const hops = hopsSql(ask, params, ways);
  const limit = PAGE_IDS + 1;
  if (walk !== null) {
    const sql = walkSql(
      query,
      walk,
      { conditions: `${rowsSql(query, params, masks, hops)} and ${permitted}`, limit },
      params,
    );
    return `select k.type, k.id, row_number() over () as n from (${sql}) k`;
  }
  const words = familyWords(ask, params);
  const rows =
    words === null
      ? `resource r where ${whereSql(query, params, masks, hops)} and not r.deleted`
      : `(${familiesSql(words, params.add(query.type))}) k
        cross join lateral (select r.* from resource r where r.type = k.type and r.id = k.id offset 0) r
        where ${rowsSql(query, params, masks, hops)}`;
  return `select k.type, k.id, row_number() over () as n from (
      select r.type, r.id from ${rows} and ${permitted} order by ${orderSql(query, params, masks)} limit ${limit}
    ) k`;
}

/** The walk of a broad search; of a person with few families it is among their rows, and never long. */
async function walkFor(db: Db, ask: SearchAsk, ways: Ways): Promise<Walk | null> {
  const { query } = ask;
  // Of several types nothing is asked: the key has their order, and 150,000 rows decided and sorted took longer than is allowed.
  if (query.type === null && query.where.length === 0 && query.sort.length === 0 && ask.ids === undefined)
    return { by: 'row' };
  // What one index finds by itself keeps its one prepared plan: asking for estimates cost a search by name a third of it.
  const isHers = familyWords(ask, new SqlParams()) !== null;
  const walk = isNarrow(ask) || isHers ? null : walkOf(query, maskedParams(ask));
  if (walk === null || query.where.some((clause) => ways.get(clause) === 'set')) return null;
  return (await isBroad(db, ask, ways)) ? walk : null;
}

function listedSql(ask: SearchAsk, ids: readonly string[], params: SqlParams): string {
  const permitted = permittedSql(ask, params);
  if (permitted === 'false') return nothing;
  const listed = params.add(ids);
  return `select r.type, r.id, l.n from unnest(${listed}::text[]) with ordinality as l(ref, n)
      join resource r on r.type = split_part(l.ref, '/', 1) and r.id = split_part(l.ref, '/', 2)
      where not r.deleted and ${permitted}`;
}

const nothing = 'select null::text as type, null::text as id, 0::bigint as n where false';

/** The consent rows about the subjects of rows on an alias, for masks. */
export const consentsSql = (alias: string): string =>
  `(select json_agg(c) from consent c where c.patient = any (${alias}.subjects)) as consents`;
