/** The redaction queue of a request: items that point to versions, decisions and reviews. */
import type { PoolClient } from '../pool.ts';
import type { Db } from '../reads.ts';

export type Verdict = 'release' | 'redact' | 'withhold';
export type ItemState = 'open' | 'second' | 'returned' | 'done';

export interface SarItem {
  n: number;
  type: string;
  id: string;
  version: number;
  dataClass: string;
  label: 'N' | 'R' | 'V';
  /** About her alone. */
  alone: boolean;
  /** The newest version of its resource in this request. */
  newest: boolean;
  state: ItemState;
  /** The newest decision. */
  decision: number | null;
  verdict: Verdict | null;
  code: string | null;
  paths: string[] | null;
  words: string | null;
  person: string | null;
  byName: string | null;
  role: string | null;
  reviewer: string | null;
  /** The human behind the review. */
  reviewerPerson: string | null;
  reviewWords: string | null;
}

const COLUMNS = `q.n, q.type, q.id, q.version, q.data_class as "dataClass", q.label, q.alone, q.newest, q.state, q.decision,
  q.verdict, q.code, q.paths, q.words, q.person, q.by_name as "byName", q.role, q.reviewer, q.reviewer_person as "reviewerPerson", q.review_words as "reviewWords"`;

/** Items in one stretch of the queue, by number, after `after`. */
export async function itemsOf(
  db: Db,
  job: number,
  asked: { state: ItemState | null; after: number; limit: number },
): Promise<SarItem[]> {
  const { rows } = await db.query<SarItem>(
    `select ${COLUMNS} from sar_queue q where q.job = $1 and q.n > $2 and ($3::text is null or q.state = $3)
     order by q.n limit $4`,
    [job, asked.after, asked.state, asked.limit],
  );
  return rows;
}

export async function itemOf(db: Db, job: number, n: number): Promise<SarItem | null> {
  return (
    (await db.query<SarItem>(`select ${COLUMNS} from sar_queue q where q.job = $1 and q.n = $2`, [job, n])).rows[0] ??
    null
  );
}

/** How many items stand where. */
export async function itemCounts(db: Db, job: number): Promise<Record<ItemState, number>> {
  const { rows } = await db.query<{ state: ItemState; n: number }>(
    'select state, count(*)::integer as n from sar_queue where job = $1 group by state',
    [job],
  );
  return { open: 0, second: 0, returned: 0, done: 0, ...Object.fromEntries(rows.map(({ state, n }) => [state, n])) };
}

export interface Collecting {
  job: number;
  subject: string;
  child: boolean;
  classes: readonly string[];
  versions: boolean;
  /** `Type/id` to go on after. */
  after: string;
  limit: number;
}

/** Takes in the next rows about her; a version that is in already stays as it is. @returns place of the last, or null */
export async function collectItems(client: PoolClient, asked: Collecting): Promise<string | null> {
  const { rows } = await client.query<{ ref: string }>(
    `with next as materialized (
       select s.*, s.type || '/' || s.id as ref from sar_scope($2, $3, $4) s
       where s.type || '/' || s.id collate "C" > $6 order by s.type || '/' || s.id collate "C" limit $7
     ), wanted as (
       select type, id, version, data_class, label, alone from next
       union all
       select h.type, h.id, h.version, h.data_class, greatest(h.label, n.label), n.alone
       from next n join history h on h.type = n.type and h.id = n.id where $5 and not h.deleted
     ), made as (
       insert into sar_item (job, n, type, id, version, data_class, label, alone)
       select $1, (select coalesce(max(n), 0) from sar_item where job = $1)
         + row_number() over (order by type collate "C", id collate "C", version desc), type, id, version, data_class, label, alone
       from wanted w where not exists (
         select from sar_item i where i.job = $1 and i.type = w.type and i.id = w.id and i.version = w.version)
       returning 1
     )
     select ref from next order by ref collate "C" desc limit 1`,
    [asked.job, asked.subject, asked.child, asked.classes, asked.versions, asked.after, asked.limit],
  );
  return rows[0]?.ref ?? null;
}

export interface NewDecision {
  item: number;
  at: Date;
  party: string;
  name: string;
  person: string;
  role: string;
  verdict: Verdict;
  code: string | null;
  paths: readonly string[];
  words: string;
}

export async function insertDecision(client: PoolClient, job: number, one: NewDecision): Promise<void> {
  await client.query(
    `insert into sar_decision (job, item, at, by_party, by_name, person, role, verdict, code, paths, words)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [job, one.item, one.at, one.party, one.name, one.person, one.role, one.verdict, one.code, one.paths, one.words],
  );
}

export type NewReview = Pick<NewDecision, 'at' | 'party' | 'name' | 'person' | 'role' | 'words'> & { agreed: boolean };

export async function insertReview(client: PoolClient, decision: number, one: NewReview): Promise<void> {
  await client.query(
    `insert into sar_review (decision, at, by_party, by_name, person, role, agreed, words)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [decision, one.at, one.party, one.name, one.person, one.role, one.agreed, one.words],
  );
}
