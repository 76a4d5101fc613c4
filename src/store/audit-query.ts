/**
 * Searches of the audit trail: newest first, by the sequence. The rarest criterion that has links drives; the others are
 * checked on the way. What is not sealed yet is sealed first, so that an answer never lacks a record that was durable
 * and below the horizon when the question came.
 */
import type { Pool } from 'pg';
import type { AuditQuery, StoredAudit } from '../audit/types.ts';
import { sealDurable } from './seal.ts';

export interface AuditPage {
  /** One for each AuditEvent: `n` counts the patients of the row from 1. */
  events: { row: StoredAudit; n: number }[];
  /** The place of the last event when more may follow. */
  next: { seq: number; n: number } | null;
}

/** A request's record is written at most this long after the instant it carries. */
const SLACK_MINUTES = 10;
/** Rows looked at in one statement: more events than fit a page may come from fewer rows. */
const MAX_ROWS = 1_000;

/**
 * Answers a query.
 * @param seal false leaves out the seal (for pages after the first, and when the caller has just sealed)
 */
export async function searchAudit(pool: Pool, query: AuditQuery, seal = true): Promise<AuditPage> {
  if (seal) await sealDurable(pool);
  const { text, values } = statement(query);
  const result = await pool.query<{ seq: string | number; at: Date; body: string; patients: string[] }>(text, values);
  const events: AuditPage['events'] = [];
  const limit = query.count;
  for (const raw of result.rows) {
    const row: StoredAudit = { ...raw, seq: Number(raw.seq), at: raw.at.toISOString() };
    for (const n of numbers(row, query)) {
      if (events.length === limit) return page(events);
      events.push({ row, n });
    }
  }
  return result.rows.length === rowLimit(query) && events.length > 0 ? page(events) : { events, next: null };
}

/** One stored record by its number, or null. */
export async function readAudit(pool: Pool, seq: number): Promise<StoredAudit | null> {
  const result = await pool.query<{ at: Date; body: string; patients: string[] }>({
    name: 'audit_read',
    text: `select a.at, a.body, a.patients from audit_seal s join audit a on a.xid = s.xid and a.id = s.id where s.seq = $1`,
    values: [seq],
  });
  const raw = result.rows[0];
  return raw ? { ...raw, seq, at: raw.at.toISOString() } : null;
}

function page(events: AuditPage['events']): AuditPage {
  const last = events.at(-1);
  return { events, next: last ? { seq: last.row.seq, n: last.n } : null };
}

/** The events of a row that belong to the answer: those of the patients asked for, after the place of the page. */
function numbers(row: StoredAudit, query: AuditQuery): number[] {
  const { before, id } = query;
  const all = row.patients.length === 0 ? [1] : row.patients.map((_, i) => i + 1);
  return all.filter(
    (n) =>
      (query.patient.length === 0 || query.patient.includes(row.patients[n - 1] ?? '')) &&
      (id === null || id.n === n) &&
      (before === null || row.seq < before.seq || n > before.n),
  );
}

function rowLimit(query: AuditQuery): number {
  return Math.min(query.count + 1, MAX_ROWS);
}

/** Linked criteria, most selective first: the first one drives. */
function linked(query: AuditQuery): string[][] {
  const words = [
    query.policy.map((value) => `j=${value}`),
    query.entity.map((value) => `e=${unversioned(value)}`),
    query.patient.map((value) => `p=${value}`),
    query.agent.map((value) => `a=${value}`),
    rare(query.outcome.map(String), ['0']).map((value) => `o=${value}`),
    rare(query.action, ['C', 'R', 'U', 'E']).map((value) => `x=${value}`),
    rare(query.purpose, ['TREAT', 'COC']).map((value) => `u=${value}`),
    rare(query.interactions ?? [], ['read', 'search-type']).map((value) => `i=${value}`),
  ];
  return words.filter((group) => group.length > 0);
}

/** Values that all have links; one without makes the whole criterion a matter of the columns. */
function rare(values: string[], common: string[]): string[] {
  return values.some((value) => common.includes(value)) ? [] : values;
}

interface Statement {
  text: string;
  values: unknown[];
}

function statement(query: AuditQuery): Statement {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const [driver, ...others] = linked(query);
  const seq = driver ? 'l.seq' : 's.seq';
  const where: string[] = [];
  if (query.id) where.push(`${seq} = ${bind(query.id.seq)}`);
  if (query.before) where.push(`${seq} <= ${bind(query.before.seq)}`);
  // The sequence follows the clock but for the length of a request: narrow by number, decide by the instant itself.
  if (query.from)
    where.push(`${seq} > ${bound('<', 'desc', `- interval '${SLACK_MINUTES} minutes'`, bind(query.from), 0)}`);
  if (query.until) {
    where.push(
      `${seq} < ${bound('>=', 'asc', `+ interval '${SLACK_MINUTES} minutes'`, bind(query.until), Number.MAX_SAFE_INTEGER)}`,
    );
  }
  for (const words of others) {
    where.push(`exists (select from audit_link o where o.link = any (${links(bind(words))}) and o.seq = ${seq})`);
  }
  if (query.from) where.push(`s.at >= ${bind(query.from)}::timestamptz`);
  if (query.until) where.push(`s.at < ${bind(query.until)}::timestamptz`);
  for (const [column, wanted] of Object.entries({
    action: query.action,
    outcome: query.outcome,
    purpose: query.purpose,
    interaction: query.interactions ?? [],
  })) {
    if (wanted.length > 0) where.push(`s.${column} = any (${bind(wanted)})`);
  }
  if (query.interactions?.length === 0) where.push('false');
  const versions = query.entity.filter((value) => value !== unversioned(value));
  if (versions.length > 0 && versions.length === query.entity.length) {
    where.push(`(${versions.map((value) => `position(${bind(JSON.stringify(value))} in a.body) > 0`).join(' or ')})`);
  }
  // One value walks its own stretch of the index backwards and stops at the page's end; several must be merged first.
  const one = driver?.length === 1 ? bind(driver[0]) : null;
  const source = one ? `audit_link_of(${one})` : driver ? links(bind(driver)) : null;
  return { text: select(source, one !== null, where, bind(rowLimit(query))), values };
}

function select(driver: string | null, single: boolean, where: string[], limit: string): string {
  const seq = driver ? 'l.seq' : 's.seq';
  const found = single
    ? `audit_link l join audit_seal s on s.seq = l.seq`
    : `(select distinct seq from audit_link where link = any (${driver})) as l join audit_seal s on s.seq = l.seq`;
  const filters = driver && single ? [`l.link = ${driver}`, ...where] : where;
  return `select ${seq} as seq, a.at, a.body, a.patients
    from ${driver ? found : 'audit_seal s'} join audit a on a.xid = s.xid and a.id = s.id
    ${filters.length > 0 ? `where ${filters.join(' and ')}` : ''}
    order by ${seq} desc limit ${limit}`;
}

function bound(operator: string, order: string, slack: string, parameter: string, otherwise: number): string {
  return `coalesce((select b.seq from audit_seal b where b.at ${operator} ${parameter}::timestamptz ${slack}
    order by b.at ${order} limit 1), ${otherwise})`;
}

function links(parameter: string): string {
  return `array(select audit_link_of(word) from unnest(${parameter}::text[]) as word)`;
}

function unversioned(reference: string): string {
  return reference.split('/_history/')[0] ?? reference;
}
