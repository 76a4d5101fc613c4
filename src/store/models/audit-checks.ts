/** Results of proving the trail (Q13): kept for ever, newest first. */
import type { Db } from '../reads.ts';

export interface AuditCheck {
  at: Date;
  /** `nightly`, or the person who asked. */
  askedBy: string;
  ok: boolean;
  records: number;
  brokenSeq: number | null;
  why: string | null;
  /** Compact JWS. */
  report: string;
}

export async function keepCheck(db: Db, check: Omit<AuditCheck, 'at'>): Promise<void> {
  const { askedBy, ok, records, brokenSeq, why, report } = check;
  await db.query(
    'insert into audit_check (asked_by, ok, records, broken_seq, why, report) values ($1, $2, $3, $4, $5, $6)',
    [askedBy, ok, records, brokenSeq, why, report],
  );
}

export async function checksOf(db: Db, limit: number): Promise<AuditCheck[]> {
  const result = await db.query<AuditCheck>(
    `select at, asked_by as "askedBy", ok, records, broken_seq as "brokenSeq", why, report
     from audit_check order by id desc limit $1`,
    [limit],
  );
  return result.rows;
}
