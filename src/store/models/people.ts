/** Roles of the person behind an identifier, for signing her in. */
import type { Db } from '../reads.ts';

/** A PractitionerRole of the person; `named` when it carries the role identifier that was asked for. */
export interface PersonRole {
  /** `PractitionerRole/..` */
  role: string;
  named: boolean;
}

/**
 * Roles of the one person whose words of the token index hold `personWord`; none when nobody or several people do.
 * `roleWord` is the word of a role's identifier, or null.
 */
export async function rolesOfPerson(db: Db, personWord: string, roleWord: string | null): Promise<PersonRole[]> {
  const result = await db.query<PersonRole>({
    name: 'roles_of_person',
    text: `with person as (
        select array_agg('Practitioner/' || r.id) as refs from resource r where r.tokens @> array[$1] and not r.deleted
      )
      select 'PractitionerRole/' || r.id as role, coalesce($2 = any (r.tokens), false) as named
      from person p join resource r on r.tokens @> array['PractitionerRole.practitioner=' || p.refs[1]]
      where cardinality(p.refs) = 1 and not r.deleted order by r.id limit 50`,
    values: [personWord, roleWord],
  });
  return result.rows;
}
