/** How strict a record stands for a request: at its release, when somebody looked again, and now (110-subject-access-gates.sql). */
import type { Db } from '../reads.ts';

export interface Strictness {
  /** Her address is restricted. */
  address: boolean;
  /** Signs of danger at home, counted where another person asked. */
  warnings: number;
  /** Items that left and would not leave so today. */
  items: number;
}

export async function strictnessOf(db: Db, job: number): Promise<Strictness> {
  const { rows } = await db.query<Strictness>('select address, warnings, items from sar_strictness($1)', [job]);
  return rows[0] ?? { address: false, warnings: 0, items: 0 };
}

export async function lastStanding(db: Db, job: number): Promise<Strictness | null> {
  const text = 'select address, warnings, items from sar_standing where job = $1 order by at desc limit 1';
  return (await db.query<Strictness>(text, [job])).rows[0] ?? null;
}

export async function insertStanding(
  db: Db,
  job: number,
  { at, party, address, warnings, items }: Strictness & { at: Date; party: string },
): Promise<void> {
  const text = 'insert into sar_standing (job, at, by_party, address, warnings, items) values ($1, $2, $3, $4, $5, $6)';
  await db.query(text, [job, at, party, address, warnings, items]);
}

/** Who opened which file of an item, by the SHA-256 of its bytes. */
export async function keepSeen(
  db: Db,
  seen: { job: number; item: number; sha256: string; person: string; party: string; at: Date },
): Promise<void> {
  await db.query(
    `insert into sar_file_seen (job, item, sha256, person, by_party, at) values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
    [seen.job, seen.item, seen.sha256, seen.person, seen.party, seen.at],
  );
}

/** `item sha256 person` of every file somebody opened in a request. */
export async function filesSeen(db: Db, job: number): Promise<Set<string>> {
  const { rows } = await db.query<{ item: number; sha256: string; person: string }>(
    'select item, sha256, person from sar_file_seen where job = $1',
    [job],
  );
  return new Set(rows.map(({ item, sha256, person }) => seenKey(item, sha256, person)));
}

export function seenKey(item: number, sha256: string, person: string): string {
  return `${item} ${sha256} ${person}`;
}
