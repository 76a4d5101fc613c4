/** Roles that changed within a time: as each was before it, and as it is. */
import type { Db } from '../reads.ts';

export interface RoleChange {
  id: string;
  /** JSON of the last version before the time, or null when there was none. */
  before: string | null;
  now: string;
  at: Date;
}

/** The newest first; one more than asked tells that there are others. */
export async function roleChanges(db: Db, since: Date, limit: number): Promise<RoleChange[]> {
  const text = `select r.id, r.body as now, r.updated as at,
      (select h.body from history h where h.type = 'PractitionerRole' and h.id = r.id and h.updated < $1
        order by h.version desc limit 1) as before
    from resource r where r.type = 'PractitionerRole' and not r.deleted and r.updated >= $1 order by r.updated desc limit $2`;
  return (await db.query<RoleChange>({ name: 'role_changes', text, values: [since, limit] })).rows;
}

/** In how many families each of these parties is still named by a relationship that goes on. */
export async function familiesNaming(db: Db, parties: readonly string[], now: Date): Promise<Map<string, number>> {
  const text = `select party, count(distinct patient)::int as families from relationship
    where party = any ($1) and until_at > $2 and ending is null and kind in ('care-team', 'task', 'appointment') group by party`;
  const { rows } = await db.query<{ party: string; families: number }>({
    name: 'families_naming',
    text,
    values: [parties, now],
  });
  return new Map(rows.map(({ party, families }) => [party, families]));
}

/** Roles that end by themselves within a time. */
export async function rolesEnding(
  db: Db,
  now: Date,
  until: Date,
): Promise<{ role: string; name: string | null; until: string }[]> {
  const text = `select r.member as role, r.entry ->> 'until' as until,
      coalesce((select p.entry ->> 'name' from directory p where p.member = r.entry ->> 'practitioner' and p.entry ->> 'kind' = 'person' limit 1),
        r.entry ->> 'name') as name
    from directory r where r.entry ->> 'kind' = 'role' and (r.entry ->> 'active')::boolean
      and (r.entry ->> 'until')::timestamptz > $1 and (r.entry ->> 'until')::timestamptz <= $2 order by 2 limit 200`;
  const values = [now, until];
  return (await db.query<{ role: string; name: string | null; until: string }>({ name: 'roles_ending', text, values }))
    .rows;
}
