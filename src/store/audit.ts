/**
 * The audit trail's hot path: entries of one process share commits. No artificial delay: a flush starts as soon as a
 * lane is free, and takes everything that arrived meanwhile. A batch that fails is retried row by row, so that one
 * bad row costs only its own caller.
 */
import type { Pool } from 'pg';
import type { AuditColumns, AuditEntry } from '../audit/types.ts';
import { DENY_REASON, Outcome } from '../fhir/outcome.ts';

export type { AuditColumns } from '../audit/types.ts';

export interface AuditWriter {
  /**
   * Resolves when the record is durable.
   * @throws Outcome 503 `audit-unavailable` when it could not be stored, or too many wait: nothing may be shown then
   */
  write(entry: AuditEntry): Promise<void>;
  /** Entries waiting for a lane: a gauge. */
  waiting(): number;
  /** Waits until everything accepted so far is stored or refused; later writes are refused. */
  close(): Promise<void>;
}

export interface AuditWriterOptions {
  /** A pool of its own with at least `lanes` connections, so that neither side can starve the other (H24). */
  pool: Pool;
  /** `auditColumns` of audit/entry.ts: store may not import it. */
  encode: (entry: AuditEntry) => AuditColumns;
  /** Flushes under way at once. */
  lanes?: number;
  /** Rows in one insert, at most. */
  batch?: number;
  /** Entries waiting, at most; one more is refused at once. */
  capacity?: number;
  /** Milliseconds for one insert before it counts as failed. */
  timeoutMs?: number;
  onError?: (error: unknown) => void;
}

interface Waiting {
  columns: AuditColumns;
  resolve: () => void;
  reject: (error: Outcome) => void;
}

// Joined text instead of arrays: bodies are JSON without raw line feeds, and array literals would escape every quote.
const INSERT = {
  name: 'audit_insert',
  text: `insert into audit (at, body, patients)
    select at::timestamptz, body, coalesce(string_to_array(patients, ' '), '{}')
    from unnest(string_to_array($1, E'\\n'), string_to_array($2, E'\\n'), string_to_array($3, E'\\n'))
      as entry (at, body, patients)`,
};

/** Makes the writer of this process. */
export function createAuditWriter(options: AuditWriterOptions): AuditWriter {
  const { lanes = 2, batch = 256, capacity = 10_000 } = options;
  const queue: Waiting[] = [];
  let busy = 0;
  let closed = false;
  let idle: (() => void) | null = null;

  const lane = async (): Promise<void> => {
    busy += 1;
    while (queue.length > 0) await flush(options, queue.splice(0, batch));
    busy -= 1;
    if (busy === 0 && idle) idle();
  };

  return {
    write: (entry) => {
      if (closed || queue.length >= capacity) return Promise.reject(unavailable());
      const columns = options.encode(entry);
      return new Promise((resolve, reject) => {
        queue.push({ columns, resolve, reject });
        // A lane that is free starts after this turn of the event loop, so that entries of one turn share a commit.
        if (busy < lanes && queue.length === 1) setImmediate(() => busy < lanes && queue.length > 0 && void lane());
      });
    },
    waiting: () => queue.length,
    close: async () => {
      closed = true;
      if (queue.length > 0 || busy > 0) {
        await new Promise<void>((resolve) => {
          idle = resolve;
          if (busy === 0) void lane();
        });
      }
    },
  };
}

/** Stores one batch; settles every entry in it and never throws. */
async function flush(options: AuditWriterOptions, entries: Waiting[]): Promise<void> {
  try {
    await insert(options, entries);
    for (const entry of entries) entry.resolve();
  } catch (error) {
    options.onError?.(error);
    if (!(await alive(options))) {
      for (const entry of entries) entry.reject(unavailable());
      return;
    }
    // The connection may have died after the commit: then a record is stored twice, which loses nothing.
    for (const entry of entries) await alone(options, entry);
  }
}

async function alone(options: AuditWriterOptions, entry: Waiting): Promise<void> {
  try {
    await insert(options, [entry]);
    entry.resolve();
  } catch (error) {
    options.onError?.(error);
    entry.reject(unavailable());
  }
}

async function insert(options: AuditWriterOptions, entries: Waiting[]): Promise<void> {
  const query = {
    ...INSERT,
    values: [
      entries.map(({ columns }) => columns.at).join('\n'),
      entries.map(({ columns }) => columns.body).join('\n'),
      entries.map(({ columns }) => columns.patients.join(' ')).join('\n'),
    ],
    query_timeout: options.timeoutMs ?? 5_000,
  };
  const { rowCount } = await options.pool.query(query);
  if (rowCount !== entries.length) throw new Error(`audit: ${rowCount} rows stored of ${entries.length}`);
}

/** One quick question before a row by row retry, so that a dead database is told from a bad row in one step. */
async function alive(options: AuditWriterOptions): Promise<boolean> {
  try {
    const query = { text: 'select 1', query_timeout: options.timeoutMs ?? 5_000 };
    await options.pool.query(query);
    return true;
  } catch {
    return false;
  }
}

/** The answer when the audit trail cannot be written: 503 and no content (domain.md 2.8 `audit-unavailable`). */
export function unavailable(): Outcome {
  return new Outcome(
    503,
    [
      {
        severity: 'error',
        code: 'transient',
        diagnostics: 'The audit record could not be written, so nothing is shown. Try again shortly.',
        detail: { system: DENY_REASON, code: 'audit-unavailable' },
      },
    ],
    { 'Retry-After': '2' },
  );
}
