/** The newest records of one type about one person, by her number: what a simulation decides one by one. */
import type { Db } from '../reads.ts';

/** Ids, newest first. `patientWord` is the word of her identifier in the token index. */
export async function newestOf(db: Db, asked: { patientWord: string; type: string; limit: number }): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `with person as (select 'Patient/' || p.id as ref from resource p
        where p.type = 'Patient' and p.tokens @> array[$1] and not p.deleted limit 5)
     select r.id from person join resource r on r.type = $2
       and ('Patient/' || r.id = person.ref and $2 = 'Patient' or person.ref = any (r.subjects) and $2 <> 'Patient')
     where not r.deleted order by r.updated desc, r.id limit $3`,
    [asked.patientWord, asked.type, asked.limit],
  );
  return rows.map(({ id }) => id);
}
