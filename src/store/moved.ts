/**
 * What was written since a search's first page. A row that a later page finds by its sort keys must stand where it stood
 * then: one that moved would come twice, or never. The snapshot of the first page says of every superseded version whether
 * it was the current one then, also of writes that were stamped before it and committed after.
 */
import { refuse } from '../fhir/outcome.ts';
import { type Indexed, sortTexts } from '../search/match.ts';
import type { SortKey } from '../search/types.ts';
import type { Moved } from './keyset-sql.ts';
import type { Db } from './reads.ts';

/** The first page: its snapshot, and an instant soon after it. */
export interface Moment {
  snapshot: string;
  before: string;
}

/** Rows of one type written since, at most: each body is read and indexed again (about 30 us). */
const MOST = 10_000;
/** A write may commit so much later than its stamp (record/decide.ts), and clocks differ a little. */
const SLACK_SECONDS = 60;
/** Bodies indexed between two turns of the event loop. */
const CHUNK = 100;

interface RawMoved {
  id: string;
  /** The version of then was there, and not deleted. */
  there: boolean;
  updated: string;
  body: string | null;
}

const MOVED = `select r.id, not h.deleted and (h.version > 1 or h.updated <= $2::timestamptz) as there,
    h.updated::text as updated, case when $4 then h.body end as body
  from (select r.id from resource r where r.type = $1 and r.version > 1
      and r.updated > $2::timestamptz - interval '${SLACK_SECONDS} seconds' offset 0) r
    cross join lateral (select h.version, h.updated, h.deleted, h.body from history h
      where h.type = $1 and h.id = r.id and not was_there(h.xmin, $3::pg_snapshot) order by h.version limit 1) h
  limit ${MOST + 1}`;

/**
 * @param indexed a stored body with its index values
 * @throws Outcome 410 when so much was written that the order of then is lost
 */
export async function movedSince(
  db: Db,
  { type, keys, moment }: { type: string; keys: readonly SortKey[]; moment: Moment },
  indexed: (body: string) => Indexed,
): Promise<Moved[]> {
  const needsBody = keys.some(({ param }) => param !== '_lastUpdated');
  const { rows } = await db.query<RawMoved>(MOVED, [type, moment.before, moment.snapshot, needsBody]);
  if (rows.length > MOST) {
    throw refuse(410, 'expired', 'Too much was written since the first page; start the search again');
  }
  const moved: Moved[] = [];
  for (const [at, row] of rows.entries()) {
    moved.push({ id: row.id, keys: row.there ? keysOf(row, keys, indexed) : null });
    if (at % CHUNK === CHUNK - 1) await new Promise(setImmediate);
  }
  return moved;
}

function keysOf({ updated, body }: RawMoved, keys: readonly SortKey[], indexed: (body: string) => Indexed): string[][] {
  const then = body === null ? null : indexed(body);
  return keys.map((key) => (key.param === '_lastUpdated' ? [updated] : then === null ? [] : sortTexts(then, key)));
}
