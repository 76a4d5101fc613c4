/** What keeps a member of staff away from people's records whatever her role: they are her own, a relative's, or she said so. */
import type { Db } from '../reads.ts';

export interface Interested {
  /** Keyed hash of her own NHS number, when the directory holds it. */
  key: string | null;
  /** Her references under all her roles. */
  parties: readonly string[];
}

/** People in whom she has an interest, as a statement; its parameters by name. */
export function interestSql(
  whose: string,
  { key, parties, now }: { key: string; parties: string; now: string },
): string {
  return `select distinct c.patient from consent c where ${whose} and c.from_at <= ${now} and c.until_at > ${now}
      and (c.kind in ('own-record', 'relative') and c.party = ${key} or c.kind = 'conflict' and c.party = any (${parties}))`;
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
    text: interestSql('c.patient = any ($1)', { key: '$2', parties: '$3', now: '$4' }),
    values: [patients, key, parties, now],
  });
  return new Set(rows.map(({ patient }) => patient));
}
