/** What keeps a member of staff away from people's records whatever her role: they are her own, a relative's, or she said so. */
import type { Db } from '../reads.ts';

export interface Interested {
  /** Keyed hash of her own NHS number, when the directory holds it. */
  key: string | null;
  /** Her references under all her roles. */
  parties: readonly string[];
}

/** Of these people, those in whom she has an interest at this moment. */
export async function interestsIn(
  db: Db,
  { key, parties }: Interested,
  patients: readonly string[],
  now: Date,
): Promise<Set<string>> {
  if (patients.length === 0) return new Set();
  const { rows } = await db.query<{ patient: string }>({
    name: 'interests_in',
    text: `select distinct c.patient from consent c where c.patient = any ($1) and c.from_at <= $4 and c.until_at > $4
      and (c.kind in ('own-record', 'relative') and c.party = $2 or c.kind = 'conflict' and c.party = any ($3))`,
    values: [patients, key, parties, now],
  });
  return new Set(rows.map(({ patient }) => patient));
}
