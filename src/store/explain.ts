/** `_explain`: what a search became, for whoever loads and tunes the demo. Never for anybody whose rows are decided. */
import type { Query } from '../search/types.ts';
import type { Db } from './reads.ts';

export interface Explained {
  /** The Query tree as JSON. */
  tree: string;
  sql: string;
  plan: string;
}

/** The tree, the statement with its placeholders, and PostgreSQL's plan of it for these values. */
export async function explained(
  db: Db,
  query: Query,
  { text, values }: { text: string; values: unknown[] },
): Promise<Explained> {
  const { rows } = await db.query<{ 'QUERY PLAN': string }>(`explain ${text}`, values);
  return { tree: JSON.stringify(query), sql: text, plan: rows.map((row) => row['QUERY PLAN']).join('\n') };
}
