/** Roles, people and teams as the directory rows say, for pages about joiners and leavers. */
import type { Role } from '../../governance/types.ts';
import type { Db } from '../reads.ts';

export interface RoleLine {
  /** `PractitionerRole/..` */
  role: string;
  practitioner: string | null;
  name: string | null;
  kind: Role | null;
  service: string | null;
  serviceName: string | null;
  active: boolean;
  from: string | null;
  until: string | null;
}

const COLUMNS = `r.member as role, r.entry ->> 'practitioner' as practitioner,
  coalesce((select p.entry ->> 'name' from directory p where p.member = r.entry ->> 'practitioner' and p.entry ->> 'kind' = 'person' limit 1),
    r.entry ->> 'name') as name,
  r.entry ->> 'role' as kind, r.entry ->> 'service' as service,
  (select o.entry ->> 'name' from directory o where o.member = r.entry ->> 'service' and o.entry ->> 'kind' = 'organization' limit 1) as "serviceName",
  (r.entry ->> 'active')::boolean as active,
  r.entry ->> 'from' as "from", r.entry ->> 'until' as until`;

/** Every role of a person (`Practitioner/..`). */
export async function rolesOf(db: Db, practitioner: string): Promise<RoleLine[]> {
  const text = `select ${COLUMNS} from directory r
    where r.entry ->> 'kind' = 'role' and r.entry ->> 'practitioner' = $1 order by r.member`;
  return (await db.query<RoleLine>({ name: 'roles_of', text, values: [practitioner] })).rows;
}

/** References of every role of a person, those that ended too. */
export async function roleReferencesOf(db: Db, practitioner: string): Promise<string[]> {
  const text = `select r.member as role from directory r
    where r.entry ->> 'kind' = 'role' and r.entry ->> 'practitioner' = $1`;
  const { rows } = await db.query<{ role: string }>({ name: 'role_references_of', text, values: [practitioner] });
  return rows.map(({ role }) => role);
}

/** Some roles by reference. */
export async function rolesByReference(db: Db, references: readonly string[]): Promise<RoleLine[]> {
  const text = `select ${COLUMNS} from directory r where r.member = any ($1) and r.entry ->> 'kind' = 'role'`;
  return (await db.query<RoleLine>({ name: 'roles_by_reference', text, values: [references] })).rows;
}

/** Roles of a service, those that go on first, by name. */
export async function rolesOfService(db: Db, service: string): Promise<RoleLine[]> {
  const text = `select ${COLUMNS} from directory r
    where r.entry ->> 'kind' = 'role' and r.entry ->> 'service' = $1 order by 3, 1 limit 500`;
  return (await db.query<RoleLine>({ name: 'roles_of_service', text, values: [service] })).rows;
}

/** Teams (`CareTeam/..`) a role is in at this moment. */
export async function teamsAt(db: Db, role: string, now: Date): Promise<{ team: string; service: string | null }[]> {
  const text = `select m.entry ->> 'team' as team,
      (select t.entry ->> 'service' from directory t where t.member = m.entry ->> 'team' and t.entry ->> 'kind' = 'team' limit 1) as service
    from directory m where m.member = $1 and m.entry ->> 'kind' = 'membership' and (m.entry ->> 'active')::boolean
      and coalesce((m.entry ->> 'from')::timestamptz, '-infinity') <= $2 and coalesce((m.entry ->> 'until')::timestamptz, 'infinity') > $2`;
  return (await db.query<{ team: string; service: string | null }>({ name: 'teams_at', text, values: [role, now] }))
    .rows;
}
