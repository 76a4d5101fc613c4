/** What a condition is written for: the rows of every type that its clauses may pass through. */
import type { Clause, Typed } from '../search/types.ts';
import type { RowMask } from './mask-sql.ts';
import type { SqlParams } from './sql-params.ts';

/** `top`: the clauses find the rows; `part`: they stand beside or inside others; `row`: the row is known already. */
export type Place = 'top' | 'part' | 'row';

/** The way of each chain of a query (chain-sql.ts); `set` where nothing is said. */
export type Ways = ReadonlyMap<Clause, 'set' | 'each'>;

/** What the caller may see beyond the matches themselves. */
export interface Hops {
  /** False when the caller may see nothing of the type. */
  sees(type: string): boolean;
  /** The rule of a type on `r`; asked only for types that are seen. */
  rule(type: string): string;
  /** What the rule implies and an index serves, to be put behind it: ` and ...`, or nothing (reach-sql.ts). */
  reach?(type: string): string;
  ways: Ways;
}

/** Without anybody's sight no chain leads anywhere. */
export const BLIND: Hops = { sees: () => false, rule: () => 'false', ways: new Map() };

export interface Sight {
  params: SqlParams;
  masks: readonly RowMask[];
  ways: Ways;
  sees(type: string): boolean;
  /** The condition of a row at the far end of a hop: its clauses, the caller's rule, and that it is there. */
  far(far: Typed, place: Place): string;
}
