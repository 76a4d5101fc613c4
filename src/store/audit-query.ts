/**
 * Rows of the audit trail that a search may match, in its order. The rarest criterion that has links drives; the others
 * are checked on the way. Whether a row's events match is decided in memory (record/audit-search.ts).
 */
import type { Pool } from 'pg';
import type { AuditNarrowed, AuditWalk, StoredAudit } from '../audit/types.ts';

/** A request's record is written at most this long after the instant it carries. */
const SLACK = "interval '10 minutes'";

interface RawAudit {
  seq: string | number;
  at: Date;
  body: string;
  patients: string[];
}

/** The next rows, in the order of the walk; the row it goes on from comes again. */
export async function walkAudit(pool: Pool, walk: AuditWalk): Promise<StoredAudit[]> {
  const { text, values } = statement(walk);
  const { rows } = await pool.query<RawAudit>(text, values);
  return rows.map((raw) => ({ ...raw, seq: Number(raw.seq), at: raw.at.toISOString() }));
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

/** Kinds of links, the most selective first: the first group drives. */
const KINDS = 'jepaoxui';

/** Values so common that they have no link (010-audit.sql). */
const COMMON = { o: ['0'], x: ['C', 'R', 'U', 'E'], u: ['', 'TREAT', 'COC'], i: ['read', 'search-type'] };

function linked({ links, columns }: AuditNarrowed): string[][] {
  const rare = (kind: keyof typeof COMMON, values: readonly (string | number)[] = []): string[][] =>
    values.length === 0 || values.some((value) => COMMON[kind].includes(String(value)))
      ? []
      : [values.map((value) => `${kind}=${value}`)];
  const { outcome, action, purpose, interaction } = columns;
  const all = [...links, ...rare('o', outcome), ...rare('x', action), ...rare('u', purpose), ...rare('i', interaction)];
  const place = ([word = '']: string[]): number => KINDS.indexOf(word.slice(0, 1));
  return all.sort((a, b) => place(a) - place(b));
}

interface Parts {
  /** What stands after `from`: rows of the trail as `s`. */
  source: string;
  /** The sequence by which they come. */
  seq: string;
  conditions: string[];
  isLinked: boolean;
}

type Bind = (value: unknown) => string;

function statement(walk: AuditWalk): { text: string; values: unknown[] } {
  const values: unknown[] = [];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const { order } = walk;
  const parts = partsOf(walk, bind);
  const limit = bind(walk.limit);
  const text =
    order !== 'newest' && parts.isLinked
      ? datedSql(parts, order, limit)
      : rowsSql(
          parts,
          order === 'newest' ? `${parts.seq} desc` : `s.at ${way(order)}, ${parts.seq} ${way(order)}`,
          limit,
        );
  return { text, values };
}

const way = (order: AuditWalk['order']): 'asc' | 'desc' => (order === 'date' ? 'asc' : 'desc');

function rowsSql({ source, conditions }: Pick<Parts, 'source' | 'conditions'>, order: string, limit: string): string {
  return `select s.seq, a.at, a.body, a.patients from ${source} join audit a on a.xid = s.xid and a.id = s.id
    where ${conditions.join(' and ')} order by ${order} limit ${limit}`;
}

/**
 * Rows of a link by their instants: links are in the order of the sequence, which follows the clock but for the length of
 * a request. So the next rows of the sequence give an instant, and the rows up to it are the next by the clock.
 */
function datedSql(parts: Parts, order: 'date' | '-date', limit: string): string {
  const up = order === 'date';
  const { source, conditions, seq } = parts;
  const edge = '(select at from edge)';
  const reached = `(${edge} is null or (s.at ${up ? '<=' : '>='} ${edge} and ${seq} ${bound(edge, up)}))`;
  return `with near as materialized (select s.at from ${source} where ${conditions.join(' and ')}
      order by ${seq} ${way(order)} limit ${limit}),
    edge as materialized (select case when count(*) = ${limit} then ${up ? 'max' : 'min'}(at) end as at from near)
    ${rowsSql({ source, conditions: [...conditions, reached] }, `s.at ${way(order)}, ${seq} ${way(order)}`, limit)}`;
}

/** Places that an instant and the slack leave, for rows at most (`up`) or at least as late. */
function bound(instant: string, up: boolean): string {
  return up
    ? `< coalesce((select b.seq from audit_seal b where b.at > ${instant} + ${SLACK} order by b.at limit 1), ${Number.MAX_SAFE_INTEGER})`
    : `> coalesce((select b.seq from audit_seal b where b.at < ${instant} - ${SLACK} order by b.at desc limit 1), 0)`;
}

function partsOf(walk: AuditWalk, bind: Bind): Parts {
  const { narrowed, head } = walk;
  const [driver, ...others] = linked(narrowed);
  const isLinked = driver !== undefined;
  const seq = isLinked ? 'l.seq' : 's.seq';
  const conditions = [
    `${seq} <= ${bind(head)}`,
    ...beginning(walk, seq, bind),
    ...within(walk, isLinked || walk.order === 'newest' ? seq : null, bind),
  ];
  if (narrowed.seqs !== null) conditions.push(`${seq} = any (${bind(narrowed.seqs)}::bigint[])`);
  for (const words of others) {
    conditions.push(
      `exists (select from audit_link o where o.link = any (${linksSql(bind(words))}) and o.seq = ${seq})`,
    );
  }
  for (const [column, wanted] of Object.entries(narrowed.columns)) {
    conditions.push(`s.${column} = any (${bind(wanted)})`);
  }
  return { source: sourceSql(driver, bind), seq, conditions, isLinked };
}

/**
 * One value walks its own stretch of the index backwards and stops at the page's end; several must be merged first. Rows
 * are looked up link by link (`offset 0`): a merge with the sequence walked all of it for a patient with few records
 * (200 ms instead of 20 at 300,000 records, on a busy machine).
 */
function sourceSql(driver: string[] | undefined, bind: Bind): string {
  if (driver === undefined) return 'audit_seal s';
  const [only] = driver;
  const found =
    driver.length === 1
      ? `select seq from audit_link where link = audit_link_of(${bind(only)})`
      : `select distinct seq from audit_link where link = any (${linksSql(bind(driver))})`;
  return `(${found}) l cross join lateral (select s.* from audit_seal s where s.seq = l.seq offset 0) s`;
}

const linksSql = (parameter: string): string =>
  `array(select audit_link_of(word) from unnest(${parameter}::text[]) as word)`;

/** Where the walk goes on. */
function beginning({ order, from }: AuditWalk, seq: string, bind: Bind): string[] {
  if (from === null) return [];
  const start = bind(from.seq);
  if (order === 'newest') return [`${seq} <= ${start}`];
  const at = `${bind(from.at)}::timestamptz`;
  const up = order === 'date';
  return [`(s.at, ${seq}) ${up ? '>=' : '<='} (${at}, ${start})`, `${seq} ${bound(at, !up)}`];
}

/** The sequence follows the clock but for the length of a request: narrow by number (`seq`), decide by the instant. */
function within({ narrowed: { from, until } }: AuditWalk, seq: string | null, bind: Bind): string[] {
  const side = (instant: string | null, operator: string, up: boolean): string[] => {
    if (instant === null) return [];
    const at = `${bind(instant)}::timestamptz`;
    return [`s.at ${operator} ${at}`, ...(seq === null ? [] : [`${seq} ${bound(at, up)}`])];
  };
  return [...side(from, '>=', false), ...side(until, '<', true)];
}
