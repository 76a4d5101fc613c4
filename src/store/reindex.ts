/** Indexes rows again, a hundred at a time, under the locks of their writers; goes on where it was after a kill. */
import type { Resource } from '../fhir/types.ts';
import type { IndexValues } from '../search/types.ts';
import { moreOf } from './composite-sql.ts';
import { requireGeneration } from './definitions.ts';
import { openIndexState, unfinished, type WantedForms } from './index-state.ts';
import { startLoop } from './loop.ts';
import type { Pool, PoolClient } from './pool.ts';
import { SEPARATOR } from './rows.ts';
import { inTransaction } from './transaction.ts';
import { isSqlState, lock, lockKey, sideColumns } from './write.ts';

/** Rows of one transaction: writers of these wait about 50 ms. */
const CHUNK = 100;
/** How often a process looks whether another one has finished. */
const EVERY_MS = 2_000;
/** Rows between two words on how far it is. */
const TELL_EVERY = 10_000;

export interface Reindex {
  /** `Type.code`, `Type.code:text`, ... that must not be answered yet. */
  pending: { has(aspect: string): boolean };
  /** Types still being indexed again. */
  waiting(): number;
  /**
   * Compares the store with other definitions. What must not be answered under them is said by `pending` once the result
   * is called, which whoever starts to use them does at the same moment.
   */
  prepare(wanted: WantedForms): Promise<() => void>;
  stop(): Promise<void>;
}

export interface ReindexDeps {
  /** Pool of the pumps. */
  pool: Pool;
  wanted: WantedForms;
  indexOf(resource: Resource): IndexValues;
  /** A type began (no rows), has so many rows done, or all of them. */
  onProgress(type: string, rows: number, finished: boolean): void;
  onError(error: unknown): void;
}

/** Compares the store with the definitions and starts what is to be done. Nothing runs when nothing has changed. */
export async function startReindex(deps: ReindexDeps): Promise<Reindex> {
  const { pool } = deps;
  let { wanted } = deps;
  let pending = await openIndexState(pool, wanted);
  const run = async (): Promise<boolean> => {
    const mine = pending;
    if (mine.size === 0) return false;
    const left = await unfinished(pool);
    // other definitions may have come meanwhile: what is left for those was not asked
    if (mine !== pending) return true;
    for (const type of [...mine.keys()]) if (!left.some((one) => one.type === type)) mine.delete(type);
    const next = left.find(({ type }) => mine.has(type));
    if (next === undefined) return false;
    if (next.done === 0) deps.onProgress(next.type, 0, false);
    const { generation } = wanted;
    const step = await inTransaction(pool, async (client) => {
      if (generation !== null) await requireGeneration(client, generation);
      return reindexChunk(client, next.type, deps.indexOf);
    }).catch((error: unknown) => {
      if (isSqlState(error, 'TD410')) return null;
      throw error;
    });
    // this process is about to hear of other definitions
    if (step === null) return false;
    if (step.moved && step.done % TELL_EVERY < CHUNK && !step.finished) deps.onProgress(next.type, step.done, false);
    if (step.finished) {
      mine.delete(next.type);
      deps.onProgress(next.type, step.done, true);
    }
    return step.moved;
  };
  const loop = startLoop({ run, everyMs: EVERY_MS, onError: deps.onError });
  return {
    pending: {
      has: (aspect) => {
        const dot = aspect.indexOf('.');
        return pending.get(aspect.slice(0, dot))?.has(aspect.slice(dot + 1)) === true;
      },
    },
    waiting: () => pending.size,
    prepare: async (next) => {
      const after = await openIndexState(pool, next);
      return () => {
        wanted = next;
        pending = after;
        loop.wake();
      };
    },
    stop: () => loop.stop(),
  };
}

interface Step {
  /** False when another process has the type in hand. */
  moved: boolean;
  finished: boolean;
  done: number;
}

/** The next rows of one type, in the order of their ids. */
async function reindexChunk(client: PoolClient, type: string, indexOf: ReindexDeps['indexOf']): Promise<Step> {
  const { rows: states } = await client.query<{ after: string; done: number }>(
    'select after_id as after, done from index_state where type = $1 and target is not null for update skip locked',
    [type],
  );
  const state = states[0];
  if (state === undefined) return { moved: false, finished: false, done: 0 };
  const { rows: ids } = await client.query<{ id: string }>(
    'select id from resource where type = $1 and id > $2 order by id limit $3',
    [type, state.after, CHUNK],
  );
  const last = ids.at(-1)?.id;
  if (last === undefined) {
    await client.query('update index_state set made = target, target = null where type = $1', [type]);
    return { moved: true, finished: true, done: state.done };
  }
  await lock(
    client,
    ids.map(({ id }) => lockKey(`${type}/${id}`)),
  );
  await rewrite(
    client,
    type,
    ids.map(({ id }) => id),
    indexOf,
  );
  const done = state.done + ids.length;
  await client.query('update index_state set after_id = $2, done = $3 where type = $1', [type, last, done]);
  return { moved: true, finished: false, done };
}

/** Read after the locks: nobody writes these rows now. */
async function rewrite(
  client: PoolClient,
  type: string,
  ids: readonly string[],
  indexOf: ReindexDeps['indexOf'],
): Promise<void> {
  const { rows } = await client.query<{ id: string; version: number; body: string }>(
    'select id, version, body from resource where type = $1 and id = any ($2) and not deleted',
    [type, ids],
  );
  const indexes = rows.map(({ body }): IndexValues => indexOf(JSON.parse(body)));
  await client.query(`select record_reindex(${Array.from({ length: 17 }, (_, i) => `$${i + 1}`).join(', ')})`, [
    type,
    rows.map(({ id }) => id),
    rows.map(({ version }) => version),
    indexes.map(({ tokens }) => tokens.join(SEPARATOR)),
    indexes.map(moreOf),
    ...sideColumns(indexes),
  ]);
}
