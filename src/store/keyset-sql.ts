/**
 * A page of an answer that goes on behind a place (docs/adr 0033): candidates in the order of the answer, keys only, and of
 * them the first rows for which the caller's rule and what else is asked of each row hold. Nothing is decided that is not
 * on the page or passed over on the way to it.
 */
import { TEXT_PARAMS } from '../search/params.ts';
import { type Clause, isCriterion, type Query, type SortKey } from '../search/types.ts';
import { keyValueSql } from './order-sql.ts';
import { familiesSql } from './search-sight.ts';
import { type Indexed, indexedOf } from './sort-index.ts';
import type { SqlParams } from './sql-params.ts';
import { behindSql, columnsOf, keyType, orderBy, type Place, placeSql, type WalkOrder } from './walk-order.ts';

/** Where candidates come from: the whole type in order, the rows of a few families, or what the criteria find by themselves. */
export type Candidates =
  | { from: 'type'; visits: number }
  | { from: 'families'; words: string }
  | { from: 'where'; sql: string };

/** A row that was written since the first page: its keys as they were then; null = it was not there. */
export interface Moved {
  id: string;
  /** Values of each key, of which the order takes the least or the greatest. */
  keys: readonly (readonly string[])[] | null;
}

export interface PageTerms {
  query: Query;
  order: WalkOrder;
  candidates: Candidates;
  /** What else is asked of a row on alias `r`, and the rule that permits it; both row by row. */
  criteria: string;
  rule: string;
  limit: number;
  /** Of a later page: where it begins, what has moved since the first, and the instant after which rows are new. */
  after: { place: Place; before: string; moved: readonly Moved[] } | null;
}

/**
 * Parts of a `with`: the last, `kept`, holds (type, id, keys..., n). Those of the whole type look at so many candidates
 * only: `cut` has a row when there may be more.
 */
export function pageSql(terms: PageTerms, params: SqlParams): string {
  const { query, order, criteria, rule, limit } = terms;
  const write = new Writing(terms, params);
  const columns = ['r.type', 'r.id', ...columnsOf(order, 'r').slice(0, -1)];
  // A rule costs more than other criteria, which the planner does not see; but less than reading the text of a row.
  const first = query.where.some(isText) ? '' : ' offset 0';
  return `${write.parts()} kept as materialized (
    select w.*, row_number() over () as n from (select ${columns.join(', ')} from (select r.* from (${write.rows()}) r
      where ${criteria}${first}) r where ${rule} limit ${limit}) w)`;
}

const isText = (clause: Clause): boolean => isCriterion(clause) && TEXT_PARAMS.has(clause.param.code);

/** The parts that every kind of candidates shares, once each. */
class Writing {
  readonly #terms: PageTerms;
  readonly #params: SqlParams;
  #sent: string | null = null;

  constructor(terms: PageTerms, params: SqlParams) {
    this.#terms = terms;
    this.#params = params;
  }

  /** Values of which a statement makes no use are an error to PostgreSQL. */
  get #type(): string {
    this.#sent ??= this.#params.add(this.#terms.query.type);
    return this.#sent;
  }

  parts(): string {
    const { candidates, after } = this.#terms;
    const moved =
      after === null || after.moved.length === 0 ? '' : `moved as materialized (${this.#moved(after.moved)}),`;
    if (candidates.from !== 'type') {
      const rows = candidates.from === 'where' ? candidates.sql : familiesSql(candidates.words, this.#type);
      return `seen as materialized (${this.#sorted(rows)}), cut as (select 1 where false), ${moved}`;
    }
    const { visits } = candidates;
    const last = (list: string): string => `(select * from ${list} offset ${visits - 1})`;
    if (this.#isPlain()) return `cut as (${last(`(${this.#typed(visits)}) x`)}),`;
    const rest = this.#indexed() === null ? '' : `rest as materialized (${this.#rest(visits)}),`;
    return `seen as materialized (${this.#typed(visits)}), ${rest}
      cut as materialized (${last('seen')}${rest === '' ? '' : ` union all ${last('rest')}`}), ${moved}`;
  }

  /** Whole rows in order, with their keys. */
  rows(): string {
    const { order, candidates, after } = this.#terms;
    const isOld =
      after === null ? '' : ` and (r.version > 1 or r.updated <= ${this.#params.add(after.before)}::timestamptz)`;
    if (candidates.from === 'type' && this.#isPlain()) return this.#typed(candidates.visits, { columns: 'r.*', isOld });
    const keys = columnsOf(order, 'k').slice(0, -1);
    return `select ${['r.*', ...keys].join(', ')} from (${this.#inOrder()}) k
      cross join lateral (select r.* from resource r where r.type = k.type and r.id = k.id and not r.deleted${isOld} offset 0) r`;
  }

  /** The table itself has the order: no row is looked up by its key again. */
  #isPlain(): boolean {
    return this.#indexed() === null && (this.#terms.after?.moved.length ?? 0) === 0;
  }

  /** Candidates in order; those that have moved at their place, but not beyond where this look ended. */
  #inOrder(): string {
    const { order, candidates, after } = this.#terms;
    const own =
      candidates.from === 'type' && this.#indexed() !== null
        ? 'select * from seen union all select * from rest'
        : 'select * from seen';
    if (after === null || after.moved.length === 0) return own;
    const beyond = behindSql(order, columnsOf(order, 'm'), columnsOf(order, 'c'));
    const within = candidates.from === 'type' ? ` where not exists (select 1 from cut c where ${beyond})` : '';
    const moved = `select m.* from moved m${within}`;
    return `select * from (${own} union all ${moved}) u order by ${orderBy(order, columnsOf(order, 'u'))}`;
  }

  /** The first key's table and columns when it has an index of its own. */
  #indexed(): Indexed | null {
    const [key] = this.#terms.order.keys;
    return key === undefined ? null : indexedOf(key);
  }

  #typed(visits: number, whole?: { columns: string; isOld: string }): string {
    const { order } = this.#terms;
    const [first, ...others] = order.keys;
    const indexed = this.#indexed();
    if (first === undefined || indexed === null) {
      const keys = first === undefined ? [] : ['r.updated', ...this.#values(others)];
      const bound = first === undefined ? '' : this.#bound(first, 'r.updated');
      const from = `resource r where r.type = ${this.#type} and not r.deleted${bound}${whole?.isOld ?? ''}`;
      return this.#listed({ from, at: [...keys, 'r.id'], first: 'present', visits, columns: whole?.columns });
    }
    const { table, value, tie } = indexed;
    const code = this.#params.add(indexed.code);
    const own = `e.type = v.type and e.id = v.id and e.code = v.code${indexed.where('e')}`;
    const before = first.descending ? '>' : '<';
    const row =
      others.length === 0
        ? ''
        : ' cross join lateral (select r.* from resource r where r.type = v.type and r.id = v.id offset 0) r';
    return this.#listed({
      from: `${table} v${row} where v.type = ${this.#type} and v.code = ${code}${indexed.where('v')}${this.#bound(first, `v.${value}`)}
        and not exists (select 1 from ${table} e where ${own} and (e.${value} ${before} v.${value}
          or (e.${value} = v.${value} and e.${tie} < v.${tie})) offset 0)`,
      at: [`v.${value}`, ...this.#values(others), 'v.id'],
      first: 'present',
      visits,
    });
  }

  /** Rows without a value of the first key, once the others have been looked at. */
  #rest(visits: number): string {
    const [first, ...others] = this.#terms.order.keys;
    const indexed = this.#indexed();
    if (first === undefined || indexed === null) throw new Error('every row has this key');
    const code = this.#params.add(indexed.code);
    return this.#listed({
      from: `resource r where r.type = ${this.#type} and not r.deleted and (select count(*) from seen) < ${visits}
        and not exists (select 1 from ${indexed.table} v where v.type = r.type and v.id = r.id and v.code = ${code}${indexed.where('v')} offset 0)`,
      at: [`null::${keyType(first)}`, ...this.#values(others), 'r.id'],
      first: 'absent',
      visits,
    });
  }

  #listed({ from, at, first, visits, columns }: Listing): string {
    const shown = columns === undefined ? `${this.#type}::text collate "C" as type, ${named(at)}` : whole(columns, at);
    const { query, order } = this.#terms;
    const sorted = query.count === 0 ? '' : ` order by ${orderBy(order, at, first)}`;
    return `select ${shown} from ${from}${this.#further(at)}${sorted} limit ${visits}`;
  }

  /** Rows `r` (type, id, updated, tokens) of any order with their keys, sorted unless they are only counted. */
  #sorted(rows: string): string {
    const { query, order } = this.#terms;
    const at = columnsOf(order, 's');
    const sorted = query.count === 0 ? '' : ` order by ${orderBy(order, at)}`;
    return `select s.* from (select r.type, ${named([...this.#values(order.keys), 'r.id'])} from (${rows}) r offset 0) s
      where true${this.#further(at)}${sorted}`;
  }

  #values(keys: readonly SortKey[]): string[] {
    return keys.map((key) => keyValueSql(this.#terms.query.type ?? '', key, this.#params));
  }

  /** What is behind the place of a later page, and stands where it always stood. */
  #further(at: readonly string[]): string {
    const { order, after } = this.#terms;
    if (after === null) return '';
    const id = at[order.keys.length];
    const stays =
      after.moved.length === 0
        ? ''
        : ` and ${id} <> all (${this.#params.add(after.moved.map((one) => one.id))}::text[])`;
    return ` and ${behindSql(order, at, placeSql(order, after.place, this.#params))}${stays}`;
  }

  /** The same for the first key alone, as the index takes it. */
  #bound(first: SortKey, at: string): string {
    const value = this.#terms.after?.place.keys[0];
    if (value === undefined || value === null) return value === null ? ' and false' : '';
    return ` and ${at} ${first.descending ? '<=' : '>='} ${this.#params.add(value)}::${keyType(first)}`;
  }

  #moved(moved: readonly Moved[]): string {
    const { order, after } = this.#terms;
    const there = moved.filter(({ keys }) => keys !== null);
    const list = this.#params.add(JSON.stringify(there));
    const keys = order.keys.map((key, i) => {
      const pick = key.descending ? 'max' : 'min';
      return `(select ${pick}(v::${keyType(key)}) from jsonb_array_elements_text(x.keys -> ${i}) as v) as k${i + 1}`;
    });
    const place = after === null ? [] : placeSql(order, after.place, this.#params);
    return `select m.* from (select ${[`${this.#type}::text collate "C" as type`, ...keys, 'x.id collate "C" as id'].join(', ')}
      from jsonb_to_recordset(${list}::jsonb) as x(id text, keys jsonb) offset 0) m
      where ${behindSql(order, columnsOf(order, 'm'), place)}`;
  }
}

interface Listing {
  from: string;
  at: readonly string[];
  first: 'present' | 'absent';
  visits: number;
  columns?: string | undefined;
}

function whole(columns: string, at: readonly string[]): string {
  return [columns, ...at.slice(0, -1).map((value, i) => `${value} as k${i + 1}`)].join(', ');
}

function named(at: readonly string[]): string {
  return at.map((value, i) => `${value} as ${i === at.length - 1 ? 'id' : `k${i + 1}`}`).join(', ');
}
