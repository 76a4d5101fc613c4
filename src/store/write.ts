/** Calls `record_write` (migrations/002-write.sql): one round trip writes rows, index, facts, change and audit. */
import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import type { IndexValues } from '../search/types.ts';
import { moreOf } from './composite-sql.ts';
import { type FactWrite, factsJson, type RowWrite, SEPARATOR } from './rows.ts';
import { isPool, togetherOn } from './together.ts';

/** Columns of one audit row, as `store/audit.ts` makes them. */
export interface AuditColumns {
  at: string;
  body: string;
  patients: string[];
}

export interface WriteSet {
  rows: RowWrite[];
  facts: FactWrite | null;
  audit: AuditColumns[];
}

/** The definitions changed since the rows were indexed: nothing was written; read them again and repeat. */
export class DefinitionsMoved extends Error {}

/** The version decided on is no longer the current one: somebody else wrote first. */
export class VersionConflict extends Error {
  readonly reference: string;
  constructor(reference: string) {
    super(`version conflict on ${reference}`);
    this.name = 'VersionConflict';
    this.reference = reference;
  }
}

const ALWAYS = '-infinity';
const NEVER = 'infinity';

/**
 * Bodies travel as one text, a line each (JSON has no raw line feed), for in an array every quote of theirs would be
 * escaped here and read back there (of a create in a run of eight: 7 us here, 25 of 255 us there). A tombstone's is empty.
 */
const BODIES: ReadonlySet<number> = new Set([7, 34]);
const RECORD_WRITE = {
  name: 'record_write',
  text: `select record_write(${Array.from({ length: 36 }, (_, i) => i + 1)
    .map((n) => (BODIES.has(n) ? `string_to_array($${n}::text, e'\\n', '')` : `$${n}`))
    .join(', ')}) from definitions_at($37)`,
};

/**
 * Writes everything in one transaction; when `db` is a client inside a transaction, in that one. On the pool, writes that
 * say nothing to the rules share a transaction with others: one call, one commit, all of them or each alone.
 * @param locks lock keys of what was decided beforehand (conditional criteria); row locks are added here
 * @throws VersionConflict when a row's current version is not the one decided on; DefinitionsMoved; nothing was written
 */
export async function writeRows(db: Pool | PoolClient, set: WriteSet, locks: readonly bigint[] = []): Promise<void> {
  try {
    if (isPool(db) && set.facts === null && locks.length === 0) await writeOnPool(db, set);
    else await call(db, set, locks, true);
  } catch (error) {
    if (isSqlState(error, 'TD409')) throw new VersionConflict(error.message);
    if (isSqlState(error, 'TD410')) throw new DefinitionsMoved();
    // Two creates of the same id at once: the primary key decides.
    if (isSqlState(error, '23505'))
      throw new VersionConflict(set.rows.map((row) => `${row.facts.type}/${row.facts.id}`)[0] ?? '');
    throw error;
  }
}

async function call(db: Pool | PoolClient, set: WriteSet, locks: readonly bigint[], wait: boolean): Promise<void> {
  await db.query({ ...RECORD_WRITE, values: [...parameters(set, locks), wait, oldestOf(set.rows)] });
}

/** The oldest generation by which one of the rows was indexed; null when none says. */
function oldestOf(rows: readonly RowWrite[]): number | null {
  const known = rows.flatMap(({ indexedAt }) => indexedAt ?? []);
  return known.length === 0 ? null : Math.min(...known);
}

/**
 * A shared call waits for nobody's lock (TD423), so that no write waits for what another one waits for. One that cannot
 * be written spoils it for all, and then each is written alone; a row is written once in it. After a lost connection
 * nobody can tell whether it was committed, so that is the answer.
 */
const writeOnPool = togetherOn<WriteSet, true>((pool) => ({
  together: async (sets) => {
    const rows = sets.flatMap((set) => set.rows);
    await call(pool, { rows, facts: null, audit: sets.flatMap((set) => set.audit) }, [], false);
    return sets.map(() => true);
  },
  alone: async (set) => {
    await call(pool, set, [], true);
    return true;
  },
  undone: (error) => error instanceof Error && 'code' in error && /^(TD|2|40|54)/.test(String(error.code)),
  keys: ({ rows }) => rows.map(({ facts }) => `${facts.type}/${facts.id}`),
}));

/** Takes the locks of a transaction before its first read: sorted, so that two transactions cannot wait in a ring. */
export async function lock(client: PoolClient, keys: readonly bigint[]): Promise<void> {
  const sorted = [...new Set(keys)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  if (sorted.length === 0) return;
  await client.query({
    name: 'record_lock',
    text: 'select pg_advisory_xact_lock(k) from unnest($1::bigint[]) as k',
    values: [sorted.map(String)],
  });
}

/** The advisory lock key of a reference or of conditional criteria: 64 bits of a SHA-256. */
export function lockKey(subject: string): bigint {
  return createHash('sha256').update(subject).digest().readBigInt64BE(0);
}

export function isSqlState(error: unknown, state: string): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && error.code === state;
}

function parameters(set: WriteSet, locks: readonly bigint[]): unknown[] {
  const { rows, facts, audit } = set;
  return [
    rowLocks(rows, locks),
    rows.map((row) => row.facts.type),
    rows.map((row) => row.facts.id),
    rows.map((row) => row.version),
    rows.map((row) => row.op),
    rows.map((row) => row.updated.toISOString()),
    rows.map((row) => row.body ?? '').join('\n'),
    rows.map((row) => indexWords(row).join(SEPARATOR)),
    rows.map((row) => row.facts.patients.join(SEPARATOR)),
    rows.map((row) => row.facts.subjects.join(SEPARATOR)),
    rows.map((row) => row.facts.pregnancy),
    rows.map((row) => row.facts.dataClass),
    rows.map((row) => row.facts.label),
    rows.map((row) => row.facts.tags.join(SEPARATOR)),
    rows.map((row) => row.facts.service),
    rows.map((row) => row.facts.authors.join(SEPARATOR)),
    rows.map((row) => row.facts.released),
    rows.map((row) => row.facts.addressee),
    rows.map((row) => moreOf(row.index)),
    ...sideColumns(rows.map((row) => row.index)),
    facts === null ? null : factsJson(facts),
    audit.map((entry) => entry.at),
    audit.map((entry) => entry.body).join('\n'),
    audit.map((entry) => entry.patients.join(SEPARATOR)),
  ];
}

/** The side rows of several resources as the twelve arrays that record_write and record_reindex take. */
export function sideColumns(list: readonly Pick<IndexValues, 'strings' | 'dates' | 'numbers'>[]): unknown[] {
  const strings = list.flatMap((index, i) => index.strings.map((value) => ({ row: i + 1, ...value })));
  const dates = list.flatMap((index, i) => index.dates.map((value) => ({ row: i + 1, ...value })));
  const numbers = list.flatMap((index, i) => index.numbers.map((value) => ({ row: i + 1, ...value })));
  return [
    strings.map((value) => value.row),
    strings.map((value) => value.code),
    strings.map((value) => value.value),
    dates.map((value) => value.row),
    dates.map((value) => value.code),
    dates.map((value) => value.low ?? ALWAYS),
    dates.map((value) => value.high ?? NEVER),
    numbers.map((value) => value.row),
    numbers.map((value) => value.code),
    numbers.map((value) => value.low),
    numbers.map((value) => value.high),
    numbers.map((value) => value.unit),
  ];
}

/** A fresh id of the server's own has no rival, so a first version takes no lock unless it was asked for by id. */
function rowLocks(rows: readonly RowWrite[], locks: readonly bigint[]): string[] {
  const keys = new Set(locks);
  for (const row of rows) {
    if (row.version > 1) keys.add(lockKey(`${row.facts.type}/${row.facts.id}`));
  }
  return [...keys].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).map(String);
}

/** A tombstone is found by nothing; `@s=` (data subject) and `@p=` (compartment) words serve rules and $everything. */
function indexWords(row: RowWrite): string[] {
  if (row.op === 'D') return [];
  return [
    ...row.index.tokens,
    ...row.facts.subjects.map((subject) => `@s=${subject}`),
    // A patient who is also the subject is found by that word (4 us for each word).
    ...row.facts.patients.filter((patient) => !row.facts.subjects.includes(patient)).map((patient) => `@p=${patient}`),
  ];
}
