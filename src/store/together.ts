/**
 * Small statements of many callers, sent as one. No artificial delay: a run starts as soon as a lane is free and takes
 * everything that arrived meanwhile, so one caller alone never waits, and under load a round trip, a plan start and (for
 * writes) a commit are shared. Each answer is what the caller's own statement would have given.
 *
 * Measured, 16 clients on two cores: writing an Observation costs PostgreSQL 434 us alone, 168 us in a run of eight.
 */
import { availableParallelism } from 'node:os';
import pg from 'pg';
import { Outcome } from '../fhir/outcome.ts';
import type { Pool } from './pool.ts';

export interface TogetherOptions<T, R> {
  /** One statement for several items; answers in their order. When it fails each is done alone. */
  together(items: readonly T[]): Promise<R[]>;
  alone(item: T): Promise<R>;
  /** Whether a failed run surely did nothing; otherwise its error is everybody's answer. Default: always. */
  undone?(error: unknown): boolean;
  /** What two items of one run must not share: the rows they write. */
  keys?(item: T): readonly string[];
  /** Items of one run, at most. */
  most?: number;
  /** Runs under way at once; default the cores, at least two: while one commits, another works. */
  lanes?: number;
}

interface Waiting<T, R> {
  item: T;
  since: number;
  resolve(result: R): void;
  reject(error: unknown): void;
}

/** Longest wait for a lane, as for a connection (pool.ts): what takes longer fails instead of arriving late. */
const LONGEST_WAIT_MS = 5_000;

/** Takes items one by one and does them together. */
export function createTogether<T, R>(options: TogetherOptions<T, R>): (item: T) => Promise<R> {
  const { lanes = Math.max(2, availableParallelism()) } = options;
  const queue: Waiting<T, R>[] = [];
  let busy = 0;
  let scheduled = false;

  const lane = async (): Promise<void> => {
    scheduled = false;
    if (busy >= lanes) return;
    busy += 1;
    while (queue.length > 0) await runOf(options, take(queue, options));
    busy -= 1;
  };

  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, since: performance.now(), resolve, reject });
      if (busy >= lanes || scheduled) return;
      scheduled = true;
      // After this turn of the event loop, so that what arrives in one turn is done together.
      setImmediate(() => void lane());
    });
}

/** One `createTogether` for each pool. */
export function togetherOn<T, R>(options: (pool: Pool) => TogetherOptions<T, R>): (pool: Pool, item: T) => Promise<R> {
  const made = new WeakMap<Pool, (item: T) => Promise<R>>();
  return (pool, item) => {
    const known = made.get(pool) ?? createTogether(options(pool));
    made.set(pool, known);
    return known(item);
  };
}

/** Only statements on the pool are anybody's; those on a client belong to its transaction. */
export function isPool(db: object): db is Pool {
  return db instanceof pg.Pool;
}

/** The oldest items, in order, leaving in the queue what would meet itself in one run. */
function take<T, R>(queue: Waiting<T, R>[], { keys, most = 64 }: TogetherOptions<T, R>): Waiting<T, R>[] {
  if (keys === undefined) return queue.splice(0, most);
  const taken: Waiting<T, R>[] = [];
  const left: Waiting<T, R>[] = [];
  const seen = new Set<string>();
  for (const waiting of queue.splice(0)) {
    const own = keys(waiting.item);
    if (taken.length >= most || own.some((key) => seen.has(key))) left.push(waiting);
    else taken.push(waiting);
    // Also of what stays behind: a later write of a row must not overtake an earlier one.
    for (const key of own) seen.add(key);
  }
  queue.unshift(...left);
  return taken;
}

async function runOf<T, R>(options: TogetherOptions<T, R>, run: readonly Waiting<T, R>[]): Promise<void> {
  const fresh = run.filter((one) => !late(one));
  const [first, second] = fresh;
  if (first === undefined) return;
  if (second === undefined) return settle(options, first);
  try {
    const results = await options.together(fresh.map(({ item }) => item));
    if (results.length !== fresh.length) throw new Error(`${results.length} answers to ${fresh.length} items`);
    for (const [i, result] of results.entries()) fresh[i]?.resolve(result);
  } catch (error) {
    const again = options.undone?.(error) ?? true;
    for (const one of fresh) {
      if (!again) one.reject(error);
      // Not awaited: one that waits for a lock must not keep the lane from the others.
      else if (!late(one)) void settle(options, one);
    }
  }
}

async function settle<T, R>(options: TogetherOptions<T, R>, { item, resolve, reject }: Waiting<T, R>): Promise<void> {
  try {
    resolve(await options.alone(item));
  } catch (error) {
    reject(error);
  }
}

function late<T, R>({ since, reject }: Waiting<T, R>): boolean {
  if (performance.now() - since < LONGEST_WAIT_MS) return false;
  reject(tooBusy());
  return true;
}

function tooBusy(): Outcome {
  const diagnostics = 'Too much is waiting for the database; nothing was done, try again shortly';
  return new Outcome(503, [{ severity: 'error', code: 'transient', diagnostics }], { 'Retry-After': '2' });
}
