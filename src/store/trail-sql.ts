/** The shapes in which sealed records are asked for: the trail behind its seal, and a stretch of it by time. */
import type { StoredAudit } from '../audit/types.ts';
import type { Db } from './reads.ts';

/** Instants `[from, until)`, ISO UTC; null = open. */
export interface Period {
  from: string | null;
  until: string | null;
}

/** A request's record is written at most this long after the instant it carries. */
const SLACK_MINUTES = 10;

/** A record of the trail by its seal: `s` and `a`. */
export const BODY = 'audit_seal s join audit a on a.xid = s.xid and a.id = s.id';

/**
 * `seq` after an instant, or before it. The sequence follows the clock but for the length of a request: narrow by number,
 * decide by the instant itself. `parameter` may hold null: then nothing is narrowed.
 */
export function seqAfter(seq: string, parameter: string): string {
  return `${seq} > ${bound('<', 'desc', '-', parameter, 0)}`;
}

export function seqBefore(seq: string, parameter: string): string {
  return `${seq} < ${bound('>=', 'asc', '+', parameter, Number.MAX_SAFE_INTEGER)}`;
}

function bound(operator: string, order: string, sign: string, parameter: string, otherwise: number): string {
  return `coalesce((select b.seq from audit_seal b where b.at ${operator} ${parameter}::timestamptz ${sign} interval '${SLACK_MINUTES} minutes'
    order by b.at ${order} limit 1), ${otherwise})`;
}

/** Both edges of a period in the parameters `$2` and `$3`, by number and by instant. */
export function within(seq: string): string {
  return `${seqAfter(seq, '$2')} and ${seqBefore(seq, '$3')}
    and ($2::timestamptz is null or s.at >= $2) and ($3::timestamptz is null or s.at < $3)`;
}

/** `seq` of records with any of the words in `$1` (an array), each once. */
export const LINKED = `select distinct l.seq from audit_link l
  where l.link = any (array(select audit_link_of(word) from unnest($1::text[]) as word))`;

/** Further links a record must have; an SQL condition on `l.seq`. */
export function alsoLinked(word: string): string {
  return `exists (select from audit_link o where o.link = audit_link_of(${word}) and o.seq = l.seq)`;
}

interface TrailQuery {
  name: string;
  /** SQL that gives `l (seq)`; it knows `$1`. */
  source: string;
  /** `$1` */
  key: unknown;
  period: Period;
  limit: number;
}

/** Sealed records of a source, newest first, within a period. */
export async function trailRows(db: Db, { name, source, key, period, limit }: TrailQuery): Promise<StoredAudit[]> {
  const result = await db.query<{ seq: number; at: Date; body: string; patients: string[] }>({
    name,
    text: `select l.seq, a.at, a.body, a.patients from ${source} l join audit_seal s on s.seq = l.seq
      join audit a on a.xid = s.xid and a.id = s.id where ${within('l.seq')} order by l.seq desc limit $4`,
    values: [key, period.from, period.until, limit],
  });
  return result.rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}
