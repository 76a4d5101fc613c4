/**
 * PostgreSQL's estimates. They choose a plan and nothing else, so an old one does no harm: each is asked once in a few
 * seconds (a broad search with two criteria asked three, 0.5 ms each, for a page of 5 ms).
 */
import type { Db } from './reads.ts';

const SECONDS = 10;
const MOST = 500;

interface Kept {
  rows: number;
  until: number;
}

const kept = new WeakMap<Db, Map<string, Kept>>();

/** Rows that are expected of a `from`, with its values. */
export async function estimate(db: Db, from: string, values: readonly unknown[]): Promise<number> {
  const known = kept.get(db) ?? new Map<string, Kept>();
  kept.set(db, known);
  const key = JSON.stringify([from, values]);
  const now = performance.now();
  const last = known.get(key);
  if (last !== undefined && last.until > now) return last.rows;
  const { rows } = await db.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
    `explain (format json) select 1 from ${from}`,
    [...values],
  );
  const expected = rows[0]?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0;
  if (known.size >= MOST) known.clear();
  known.set(key, { rows: expected, until: now + SECONDS * 1_000 });
  return expected;
}

/** All rows of a type. */
export const estimateOf = (db: Db, type: string | null): Promise<number> =>
  estimate(db, 'resource r where r.type = $1', [type]);
