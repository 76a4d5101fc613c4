/**
 * Which parameters may be answered: rows that were written before a parameter existed, or when it was indexed otherwise,
 * are indexed again in the background (reindex.ts), and until then what asks for it is refused instead of answered wrongly.
 */
import type { IndexForms } from '../search/index-forms.ts';
import { requireGeneration } from './definitions.ts';
import type { Pool, PoolClient } from './pool.ts';
import { inTransaction } from './transaction.ts';

/** What this process indexes; made from the definitions by search/index-forms.ts. */
export interface WantedForms {
  /** Over all types. */
  version: string;
  /** Generation of the posted definitions among them; null = none can be posted. */
  generation: number | null;
  types: readonly string[];
  /** Made the first time it is asked for. */
  forms(type: string): IndexForms;
  /** Aspects that rows indexed with `made` do not have; null = indexed before these states were kept. */
  pending(type: string, made: IndexForms | null): readonly string[];
}

interface StateRow {
  type: string;
  made: IndexForms | null;
  target: IndexForms | null;
}

/** The row that holds the version of all definitions. */
const ALL = '*';

/**
 * Compares what is stored with what this process wants, and marks the types whose rows must be indexed again. One query
 * when nothing has changed.
 * @returns type -> aspects (`code`, `code:text`, ...) that must not be answered yet
 * @throws when the posted definitions are of another generation by now (TD410)
 */
export async function openIndexState(pool: Pool, wanted: WantedForms): Promise<Map<string, Set<string>>> {
  // Forms of all types are a second's work on a first start, more on a busy machine: never while a transaction is open.
  if (!(await isSettled(pool, wanted.version))) for (const type of wanted.types) wanted.forms(type);
  return inTransaction(pool, async (client) => {
    if (wanted.generation !== null) await requireGeneration(client, wanted.generation);
    return compareStates(client, wanted);
  });
}

async function isSettled(pool: Pool, version: string): Promise<boolean> {
  const { rows } = await pool.query<{ settled: boolean }>(
    `select coalesce(bool_and(target is null) and bool_or(type = $1 and made ->> 'version' = $2), false) as settled
      from index_state`,
    [ALL, version],
  );
  return rows[0]?.settled === true;
}

async function compareStates(pool: PoolClient, wanted: WantedForms): Promise<Map<string, Set<string>>> {
  const { rows } = await pool.query<StateRow>('select type, made, target from index_state');
  const known = new Map(rows.map((row) => [row.type, row]));
  const isSame = known.get(ALL)?.made?.version === wanted.version;
  if (isSame && rows.every(({ target }) => target === null)) return new Map();
  const held = await typesHeld(pool);
  const changes: StateRow[] = [];
  const pending = new Map<string, Set<string>>();
  for (const type of wanted.types) {
    const { made = null, target = null } = known.get(type) ?? {};
    const forms = wanted.forms(type);
    const missing = held.has(type) ? wanted.pending(type, made) : [];
    if (missing.length > 0) pending.set(type, new Set(missing));
    const next = missing.length > 0 ? forms : null;
    if (next === null ? made === null || !isEqual(made, forms) : !isEqual(target, next)) {
      changes.push({ type, made: next === null ? forms : made, target: next });
    }
  }
  await keep(pool, [...changes, { type: ALL, made: { version: wanted.version }, target: null }]);
  return pending;
}

/**
 * A parameter that is no longer defined leaves words behind that nobody asks for: no reason to index again, but no longer
 * said to be made either, for the rows written from now on have none.
 */
function isEqual(a: IndexForms | null, b: IndexForms): boolean {
  if (a === null || Object.keys(a).length !== Object.keys(b).length) return false;
  return Object.entries(b).every(([aspect, hash]) => a[aspect] === hash);
}

/** Types that have rows: one look into the primary key for each. */
async function typesHeld(pool: PoolClient): Promise<Set<string>> {
  const { rows } = await pool.query<{ type: string }>(
    `with recursive held as (
      (select type from resource order by type limit 1)
      union all
      select (select r.type from resource r where r.type > held.type order by r.type limit 1) from held where held.type is not null
    ) select type from held where type is not null`,
  );
  return new Set(rows.map(({ type }) => type));
}

/** Another target begins again from the first row. */
async function keep(pool: PoolClient, rows: readonly StateRow[]): Promise<void> {
  await pool.query(
    `insert into index_state (type, made, target)
      select type, made, target from jsonb_to_recordset($1::jsonb) as x(type text, made jsonb, target jsonb)
      on conflict (type) do update set made = excluded.made, target = excluded.target, after_id = '', done = 0`,
    [JSON.stringify(rows)],
  );
}

/** Types that are still being indexed again, with the number of rows done. */
export async function unfinished(pool: Pool): Promise<{ type: string; done: number }[]> {
  const { rows } = await pool.query<{ type: string; done: number }>({
    name: 'index_unfinished',
    text: 'select type, done from index_state where target is not null order by type',
  });
  return rows;
}
