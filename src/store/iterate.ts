/**
 * `:iterate`: included rows lead to further ones, until nothing new comes or the page holds too many. Each round is one
 * statement under the same rules at the same `now`.
 */
import { includeSql, MAX_INCLUDES } from './include-sql.ts';
import type { Db } from './reads.ts';
import { type FoundRow, foundRows, type RawFound, type SearchAsk } from './search.ts';
import { SqlParams } from './sql-params.ts';

/** Rounds of one page: family and directory references end after a few, a longer way is a circle or a mistake. */
const MAX_ROUNDS = 10;

/** The rows of a page with all that iterated includes add to them. */
export async function iterated(db: Db, ask: SearchAsk, found: FoundRow[]): Promise<FoundRow[]> {
  const include = ask.query.include.filter((one) => one.iterate);
  const revinclude = ask.query.revinclude.filter((one) => one.iterate);
  if (include.length + revinclude.length === 0) return found;
  const all = [...found];
  const known = new Set(found.map(keyOf));
  // What the first statement included is where the first round starts; matches were followed by that statement.
  let last = found.filter((one) => one.mode === 'include');
  for (let round = 0; round < MAX_ROUNDS && last.length > 0 && all.length <= MAX_INCLUDES + found.length; round++) {
    const params = new SqlParams();
    const keys = params.add(last.map(keyOf));
    const next = includeSql(ask, { include, revinclude, known: [...known] }, params);
    if (next === null) return all;
    const text = `with page as materialized (
        select r.type, r.id, r.tokens from unnest(${keys}::text[]) as l(ref)
          join resource r on r.type = split_part(l.ref, '/', 1) and r.id = split_part(l.ref, '/', 2)
      )${next.with} ${next.rows}`;
    const { rows } = await db.query<RawFound>(text, params.values);
    last = foundRows(rows);
    for (const one of last) known.add(keyOf(one));
    all.push(...last);
  }
  return all;
}

const keyOf = ({ row }: FoundRow): string => `${row.type}/${row.id}`;
