/**
 * The order of an answer whose later pages go on behind a place: the keys of its sort, then the id. A place is what those
 * keys were for the last row of a page; nulls stand last in both directions, as in order-sql.ts.
 */
import { type Query, type SortKey, storedAs } from '../search/types.ts';
import type { SqlParams } from './sql-params.ts';

export interface WalkOrder {
  /** Keys before the id; what follows the id decides nothing. */
  keys: readonly SortKey[];
  idDescending: boolean;
}

/** Where a page ended: the values of the keys as text, null = no value. */
export interface Place {
  keys: readonly (string | null)[];
  id: string;
}

/** The order of a query of one type; null where a key is masked on some rows, for a mask may come or go between pages. */
export function walkOrder(query: Query, masked: ReadonlySet<string>): WalkOrder | null {
  if (query.type === null) return null;
  // Nothing is shown of what is only counted.
  if (query.count === 0) return { keys: [], idDescending: false };
  const at = query.sort.findIndex(({ param }) => param === '_id');
  const keys = at < 0 ? query.sort : query.sort.slice(0, at);
  if (keys.some(({ param }) => typeof param !== 'string' && masked.has(`${query.type}.${param.code}`))) return null;
  return { keys, idDescending: query.sort[at]?.descending === true };
}

/** Type of a key in SQL. */
export function keyType({ param }: SortKey): string {
  if (param === '_lastUpdated' || (typeof param !== 'string' && param.type === 'date')) return 'timestamptz';
  const isNumber = typeof param !== 'string' && (param.type === 'number' || param.type === 'quantity');
  return isNumber ? 'float8' : 'text collate "C"';
}

/** Names of the key columns and the id of a list of rows in an order. */
export function columnsOf({ keys }: WalkOrder, alias: string): string[] {
  return [...keys.map((_, i) => `${alias}.k${i + 1}`), `${alias}.id`];
}

/**
 * The `order by` of rows by these expressions, keys before the id. An index gives an order only when nothing is said of
 * nulls that it does not hold: so it is told when all of the rows have the first key, or none.
 */
export function orderBy(
  order: WalkOrder,
  at: readonly string[],
  first: 'present' | 'absent' | 'unknown' = 'unknown',
): string {
  const keys = order.keys.map(({ descending }, i) => {
    const nulls = i === 0 && first === 'present' ? '' : ' nulls last';
    return `${at[i]} ${descending ? 'desc' : 'asc'}${nulls}`;
  });
  const shown = first === 'absent' ? keys.slice(1) : keys;
  return [...shown, `${at[order.keys.length]} ${order.idDescending ? 'desc' : 'asc'}`].join(', ');
}

const ORDERED: ReadonlySet<string> = new Set(['date', 'number', 'quantity', 'string']);

/** True when an index holds the rows of a type in this order, down to ties; that of strings parts ties by their spelling. */
export function hasIndex({ keys: [first] }: WalkOrder): boolean {
  if (first === undefined || typeof first.param === 'string') return true;
  if (first.folded) return false;
  return ORDERED.has(first.param.type) && storedAs(first.param).length === 1;
}

/** True of a row that stands behind a place; both are expressions, keys before the id. Never null. */
export function behindSql(order: WalkOrder, at: readonly string[], place: readonly string[]): string {
  const { length } = order.keys;
  let sql = `${at[length]} ${order.idDescending ? '<' : '>'} ${place[length]}`;
  for (let i = length - 1; i >= 0; i -= 1) {
    const further = order.keys[i]?.descending === true ? '<' : '>';
    sql = `(${place[i]} is not null and (${at[i]} is null or ${at[i]} ${further} ${place[i]}))
      or (${at[i]} is not distinct from ${place[i]} and (${sql}))`;
  }
  return `(${sql})`;
}

/** A place as expressions. */
export function placeSql(order: WalkOrder, place: Place, params: SqlParams): string[] {
  const keys = order.keys.map((key, i) => `${params.add(place.keys[i] ?? null)}::${keyType(key)}`);
  return [...keys, `${params.add(place.id)}::text collate "C"`];
}
