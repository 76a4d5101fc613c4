/** A walk (walk.ts) as SQL: rows on alias `r` in the order of the answer; `offset 0` keeps what decides them outside. */
import type { Query, SortKey } from '../search/types.ts';
import { orderSql } from './order-sql.ts';
import type { SqlParams } from './sql-params.ts';
import type { Walk } from './walk.ts';

export interface WalkTerms {
  /** What must hold of a row on alias `r`; decided row by row. */
  conditions: string;
  limit: number;
}

/** The keys (type, id) of the first rows of a walk for which the conditions on `r` hold, in order. */
export function walkSql(query: Query, walk: Walk, { conditions, limit }: WalkTerms, params: SqlParams): string {
  if (walk.by === 'date') return datedSql(params.add(query.type), walk.key, { conditions, limit }, params);
  const types =
    query.type === null
      ? `r.type = any (${params.add(query.types ?? [])}::text[])`
      : `r.type = ${params.add(query.type)}`;
  return `select r.type, r.id from (select r.* from resource r where ${types} and not r.deleted
    order by ${orderSql(query, params)} offset 0) r where ${conditions} limit ${limit}`;
}

/** Dates in their order, each row at its least or greatest; behind them the rows without one, by id. */
function datedSql(
  type: string,
  { param, descending }: SortKey,
  { conditions, limit }: WalkTerms,
  params: SqlParams,
): string {
  const code = params.add(typeof param === 'string' ? param : param.code);
  const [direction, before] = descending ? ['desc', '>'] : ['asc', '<'];
  const own = `e.type = d.type and e.id = d.id and e.code = d.code`;
  return `select w.type, w.id from (
      (select r.type, r.id from (select d.type, d.id from index_date d where d.type = ${type} and d.code = ${code}
          and not exists (select 1 from index_date e where ${own} and (e.low ${before} d.low
            or (e.low = d.low and e.ctid < d.ctid)) offset 0)
          order by d.low ${direction}, d.id offset 0) d
        cross join lateral (select r.* from resource r where r.type = d.type and r.id = d.id and not r.deleted offset 0) r
        where ${conditions} limit ${limit})
      union all
      (select r.type, r.id from (select r.* from resource r where r.type = ${type} and not r.deleted
          and not exists (select 1 from index_date d where d.type = r.type and d.id = r.id and d.code = ${code} offset 0)
          order by r.id offset 0) r where ${conditions} limit ${limit})
    ) w limit ${limit}`;
}
