/** Roles that changed within a time: as each was before it, and as it is. */
import type { Db } from '../reads.ts';

export interface RoleChange {
  id: string;
  /** JSON of the last version before the time, or null when there was none. */
  before: string | null;
  now: string;
  at: Date;
}

/** Those written since, and those whose first or last day came since; the newest first. One more than asked tells that there are others. */
export async function roleChanges(db: Db, since: Date, now: Date, limit: number): Promise<RoleChange[]> {
  const text = `with came as (
      select d.member, greatest(
          case when (d.entry ->> 'from')::timestamptz <= $2 then (d.entry ->> 'from')::timestamptz end,
          case when (d.entry ->> 'until')::timestamptz <= $2 then (d.entry ->> 'until')::timestamptz end) as at
      from directory d where d.entry ->> 'kind' = 'role'
        and ((d.entry ->> 'from')::timestamptz between $1 and $2 or (d.entry ->> 'until')::timestamptz between $1 and $2))
    select r.id, r.body as now, case when r.updated >= $1 then r.updated else c.at end as at,
      case when r.updated < $1 then r.body else (select h.body from history h
        where h.type = 'PractitionerRole' and h.id = r.id and h.updated < $1 order by h.version desc limit 1) end as before
    from resource r left join came c on c.member = 'PractitionerRole/' || r.id
    where r.type = 'PractitionerRole' and not r.deleted and (r.updated >= $1 or c.at is not null) order by 3 desc limit $3`;
  return (await db.query<RoleChange>({ name: 'role_changes', text, values: [since, now, limit] })).rows;
}

export interface TeamChange {
  kind: 'joined' | 'left';
  /** `PractitionerRole/..` (or, rarely, `Practitioner/..`). */
  member: string;
  name: string | null;
  team: string;
  teamName: string | null;
  at: Date;
}

/**
 * Who came into a team of the directory and who went out of it: by the days of each time there, and who was taken out of the
 * list altogether, by the versions of it.
 */
export async function teamChanges(db: Db, since: Date, now: Date, limit: number): Promise<TeamChange[]> {
  const text = `with moves as (
      select case n when 1 then 'joined' else 'left' end as kind, m.member, m.entry ->> 'team' as team,
        case n when 1 then (m.entry ->> 'from')::timestamptz else (m.entry ->> 'until')::timestamptz end as at
      from directory m cross join generate_series(1, 2) as n where m.entry ->> 'kind' = 'membership'
      union all
      select 'left', p.member, 'CareTeam/' || r.id, r.updated
      from resource r join lateral (select h.body from history h where h.type = 'CareTeam' and h.id = r.id and h.updated < $1
          order by h.version desc limit 1) b on true
        cross join lateral (select distinct e #>> '{member,reference}' as member
          from jsonb_array_elements(b.body::jsonb -> 'participant') as e
          where coalesce(case when length(e #>> '{period,end}') >= 10 then (e #>> '{period,end}')::timestamptz end, 'infinity') > $1) as p
      where r.type = 'CareTeam' and r.data_class = 'directory' and not r.deleted and r.updated >= $1
        and not exists (select from directory m where m.member = p.member and m.entry ->> 'team' = 'CareTeam/' || r.id)
    )
    select m.kind, m.member, m.team, m.at,
      coalesce((select p.entry ->> 'name' from directory d join directory p on p.member = d.entry ->> 'practitioner'
        where d.member = m.member and d.entry ->> 'kind' = 'role' and p.entry ->> 'kind' = 'person' limit 1),
        (select p.entry ->> 'name' from directory p where p.member = m.member limit 1)) as name,
      (select t.entry ->> 'name' from directory t where t.member = m.team and t.entry ->> 'kind' = 'team' limit 1) as "teamName"
    from moves m where m.at between $1 and $2 order by m.at desc, m.member limit $3`;
  return (await db.query<TeamChange>({ name: 'team_changes', text, values: [since, now, limit] })).rows;
}

/** Names of places, by reference. */
export async function placeNames(db: Db, references: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await db.query<{ member: string; name: string }>({
    name: 'place_names',
    text: `select member, entry ->> 'name' as name from directory
      where member = any ($1) and entry ->> 'kind' in ('organization', 'healthcare-service') and entry ->> 'name' is not null`,
    values: [references],
  });
  return new Map(rows.map(({ member, name }) => [member, name]));
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
