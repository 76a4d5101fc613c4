/**
 * Searches whose pages go on behind a place (docs/adr 0033): one page is found and decided, and nothing is kept of the others
 * but the moment of the first. With a total, so many rows are decided as are counted; no rows are merged with others.
 */
import type { Indexed } from '../search/match.ts';
import type { Query } from '../search/types.ts';
import { estimateOf } from './estimate.ts';
import { explained } from './explain.ts';
import { includeSql } from './include-sql.ts';
import { iterated } from './iterate.ts';
import { type Candidates, type Moved, pageSql } from './keyset-sql.ts';
import { type Moment, movedSince } from './moved.ts';
import type { BroadPool } from './pool.ts';
import { walkName } from './prepared.ts';
import { isDriven, rowsSql, whereSql } from './query-sql.ts';
import type { Db } from './reads.ts';
import { ROW_COLUMNS } from './rows.ts';
import { consentsSql, foundRows, PAGE_IDS, type RawFound, type SearchAsk, type SearchResult } from './search.ts';
import { familyWords, hopsSql, masksSql, permittedSql } from './search-sight.ts';
import type { Ways } from './sight.ts';
import { SqlParams } from './sql-params.ts';
import { inSnapshot } from './transaction.ts';
import { isUnindexed, matchingOf, onRung, visitsOf } from './walk.ts';
import { hasIndex, type Place, type WalkOrder } from './walk-order.ts';

/** Where a later page begins. */
export interface PageStart {
  place: Place;
  moment: Moment;
}

/** What the caller of the record brings to a search of this kind. */
export interface Onward {
  /** A stored body with its index values: what a row was sorted by before it was written again. */
  indexed(body: string): Indexed;
  /** Null = the first page. */
  after: PageStart | null;
}

interface RawHead extends RawFound {
  matches: number;
  generation: number;
  snapshot: string;
  /** More candidates may follow, and fewer rows were found than asked. */
  short: boolean;
  place: (string | null)[] | null;
}

/** How the candidates of a search are found: the same rows come in the same order whichever way. */
type Way = { from: 'families' | 'where' } | { from: 'type'; visits: number };

/** When too few were found in a look at the type, the next one is at most so many times as long. */
const FURTHER = 20;
const ALL = 1_000_000_000;
const FEW = 200;

/** How to go on when a look at the type was too short: as far as it should need now, or by the criteria, or to the end. */
function further({ query }: SearchAsk, visits: number, matches: number): Way {
  const needed = matches === 0 ? ALL : Math.ceil((2 * visits * wantedOf(query)) / matches);
  if (needed <= visits * FURTHER) return { from: 'type', visits: onRung(Math.max(needed, 2 * visits)) };
  return query.where.every(isUnindexed) ? { from: 'type', visits: ALL } : { from: 'where' };
}

interface Search {
  order: WalkOrder;
  ways: Ways;
  onward: Onward;
}

/** One page, and the total when it is asked for. */
export async function runOnward(db: BroadPool, ask: SearchAsk, search: Search): Promise<SearchResult> {
  const { query } = ask;
  if (query.total !== 'none' && query.count > 0) return counted(db, ask, search);
  const { order, onward } = search;
  const way = await wayOf(db, ask, search);
  const { after } = onward;
  if (after === null || order.keys.length === 0) return pageOf(db, ask, { ...search, way, moved: [] });
  // What moved and where the others stand are two questions about one moment.
  return inSnapshot(db, async (client) => {
    const { keys } = order;
    const moved = await movedSince(client, { type: query.type ?? '', keys, moment: after.moment }, onward.indexed);
    return pageOf(client, ask, { ...search, way, moved });
  });
}

/** Counted first, in no order: what is too much for an accurate total is never sorted, and a page decides its own rows alone. */
async function counted(db: BroadPool, ask: SearchAsk, search: Search): Promise<SearchResult> {
  const { query } = ask;
  const all: SearchAsk = { ...ask, query: { ...query, count: 0, include: [], revinclude: [], explain: false } };
  const counting = { ...search, order: { keys: [], idDescending: false } };
  const page: SearchAsk = { ...ask, query: { ...query, total: 'none' } };
  const ways = { all: await wayOf(db, all, counting), page: await wayOf(db, page, search) };
  return inSnapshot(db, async (client) => {
    const result = await pageOf(client, all, { ...counting, way: ways.all, moved: [] });
    if (result.total === null && query.total === 'accurate') return result;
    return { ...(await pageOf(client, page, { ...search, way: ways.page, moved: [] })), total: result.total };
  });
}

/** Rows to find: one more than a page, or than a total counts. */
const wantedOf = ({ count }: Query): number => (count === 0 ? PAGE_IDS : count) + 1;

async function wayOf(db: Db, ask: SearchAsk, { order, ways }: Pick<Search, 'order' | 'ways'>): Promise<Way> {
  const { query } = ask;
  if (query.where.some((clause) => ways.get(clause) === 'set')) return { from: 'where' };
  if (familyWords(ask, new SqlParams()) !== null) {
    // A name that a few have is found sooner than all rows of her families.
    if (!isDriven(query)) return { from: 'families' };
    const expected = await matchingOf(db, ask, { ways, all: await estimateOf(db, query.type) });
    return { from: expected <= FEW ? 'where' : 'families' };
  }
  if (!hasIndex(order) || isDriven(query)) return { from: 'where' };
  const visits = await visitsOf(db, ask, { ways, wanted: wantedOf(query) });
  // Only counted, rows come as they lie: no look is cut short.
  return visits === null ? { from: 'where' } : { from: 'type', visits: query.count === 0 ? ALL : visits };
}

interface Going extends Search {
  way: Way;
  moved: Moved[];
}

async function pageOf(db: Db | BroadPool, ask: SearchAsk, going: Going): Promise<SearchResult> {
  const params = new SqlParams();
  const text = statement(ask, params, going);
  const { values } = params;
  const { rows } = await asked(db, going.way, { text, values });
  const [head] = rows;
  if (head === undefined) throw new Error('the generation row is missing: migrations have not run');
  const { way } = going;
  if (head.short && way.from === 'type') {
    return pageOf(db, ask, { ...going, way: further(ask, way.visits, head.matches) });
  }
  const found = foundRows(rows);
  const last = rows.filter(({ mode }) => mode === 'match').at(-1);
  const { query } = ask;
  const isMore = head.matches > query.count && last !== undefined;
  return {
    found: await iterated(db, ask, found),
    ids: null,
    after: isMore ? { place: { keys: last.place ?? [], id: last.id }, snapshot: head.snapshot } : null,
    total: query.count === 0 && head.matches <= PAGE_IDS ? head.matches : null,
    generation: head.generation,
    ...(ask.query.explain === true ? { explained: await explained(db, ask.query, { text, values }) } : {}),
  };
}

/** A look at the type or at families has one good plan, whatever is asked: planning it took four times what it takes. */
function asked(db: Db | BroadPool, way: Way, query: { text: string; values: unknown[] }) {
  const walks = 'walks' in db && way.from !== 'where' ? db.walks : null;
  const name = walks === null ? null : walkName(query.text);
  return name === null || walks === null ? db.query<RawHead>(query) : walks.query<RawHead>({ ...query, name });
}

function statement(ask: SearchAsk, params: SqlParams, going: Going): string {
  const { query } = ask;
  const size = params.add(query.count);
  const pages = keptSql(ask, params, going);
  const included = query.count === 0 ? null : includeSql(ask, query, params);
  const keys = going.order.keys.map((_, i) => `k${i + 1}`);
  const listed = keys.map((key) => `, h.${key}`).join('');
  const place = keys.length === 0 ? '' : `${keys.map((key) => `p.${key}::text`).join(', ')}`;
  return `with ${pages},
    page as materialized (
      select h.n${listed}, ${ROW_COLUMNS}, r.tokens from kept h join resource r on r.type = h.type and r.id = h.id where h.n <= ${size}
    )${included?.with ?? ''}
    select x.*, m.matches::int as matches, g.value as generation, pg_current_snapshot()::text as snapshot,
      case when m.matches < ${wantedOf(query)} then exists (select 1 from cut) else false end as short
    from generation g cross join (select count(*) as matches from kept) m
    left join lateral (
      select 'match' as mode, p.n, ${ROW_COLUMNS.replaceAll('r.', 'p.')}, ${consentsSql('p')}, array[${place}]::text[] as place from page p
      ${included === null ? '' : `union all select i.*, null::text[] from (${included.rows}) i`}
    ) x on true
    order by x.mode desc, x.n`;
}

function keptSql(ask: SearchAsk, params: SqlParams, { order, ways, way, moved, onward }: Going): string {
  const { query } = ask;
  const masks = masksSql(ask, params);
  const hops = hopsSql(ask, params, ways);
  const permitted = permittedSql(ask, params);
  const candidates = ((): Candidates => {
    if (way.from === 'type') return way;
    if (way.from === 'families') return { from: 'families', words: familyWords(ask, params) ?? NOBODY };
    return { from: 'where', sql: foundSql(whereSql(query, params, masks, hops)) };
  })();
  // What the criteria found needs no second look, but a row that moved was found by its id.
  const criteria = way.from === 'where' && moved.length === 0 ? 'true' : rowsSql(query, params, masks, hops);
  const after = onward.after === null ? null : { place: onward.after.place, before: onward.after.moment.before, moved };
  return pageSql({ query, order, candidates, criteria, rule: permitted, limit: wantedOf(query), after }, params);
}

const foundSql = (where: string): string =>
  `select r.type, r.id, r.updated, r.tokens from resource r where ${where} and not r.deleted`;

const NOBODY = `'{}'::text[]`;
