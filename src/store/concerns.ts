/** Concerns and what their authors added to them. */
import type { Db } from './reads.ts';

export interface ConcernText {
  receipt: string;
  /** 1 = the concern itself. */
  n: number;
  author: string;
  authorName: string;
  at: Date;
  about: string;
  patient: string | null;
  words: string;
}

export async function insertConcern(db: Db, one: ConcernText): Promise<void> {
  const { receipt, n, author, authorName, at, about, patient, words } = one;
  await db.query({
    name: 'concern_insert',
    text: `insert into concern (receipt, n, author, author_name, at, about, patient, words)
      values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    values: [receipt, n, author, authorName, at, about, patient, words],
  });
}

const COLUMNS = `receipt, n, author, author_name as "authorName", at, about, patient, words`;

/** Everything under a receipt, oldest first; empty when there is none. */
export async function readConcern(db: Db, receipt: string): Promise<ConcernText[]> {
  const text = `select ${COLUMNS} from concern where receipt = $1 order by n`;
  return (await db.query<ConcernText>({ name: 'concern_read', text, values: [receipt] })).rows;
}

/** The newest texts of all concerns, for the safeguarding duty queue. */
export async function readConcerns(db: Db, count: number): Promise<ConcernText[]> {
  const text = `select ${COLUMNS} from concern order by at desc, receipt, n desc limit $1`;
  return (await db.query<ConcernText>({ name: 'concern_queue', text, values: [count] })).rows;
}

/** How many concerns came since an instant. */
export async function recentConcerns(db: Db, since: Date): Promise<number> {
  const { rows } = await db.query<{ count: number }>({
    name: 'concern_recent',
    text: 'select count(*)::integer as count from concern where n = 1 and at >= $1',
    values: [since],
  });
  return rows[0]?.count ?? 0;
}
