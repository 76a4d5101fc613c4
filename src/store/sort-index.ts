/** Side tables whose index holds the rows of a type in the order of a sort key. */
import type { SortKey } from '../search/types.ts';
import { wholeSql } from './order-sql.ts';

/** Where the values of a sort key lie in order. */
export interface Indexed {
  table: string;
  code: string;
  value: string;
  /** Tells two entries of one row and value apart, where there can be two. */
  tie: string;
  where(alias: string): string;
}

/** The side table that holds a key in order; null for what the rows themselves hold. */
export function indexedOf({ param }: SortKey): Indexed | null {
  if (typeof param === 'string') return null;
  const { code } = param;
  if (param.type === 'date') return { table: 'index_date', code, value: 'low', tie: 'high', where: () => '' };
  if (param.type === 'string') {
    return { table: 'index_string', code, value: 'value', tie: 'id', where: (alias) => ` and ${wholeSql(alias)}` };
  }
  return { table: 'index_number', code, value: 'low', tie: 'ctid', where: () => '' };
}
