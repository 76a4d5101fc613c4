/** What ends with a role beside the directory itself: opened accesses, keys of her own, names in subscriptions. */
import type { Db } from '../reads.ts';

/** What ends with a role by itself, in the commit that ends it (migration 123); and what is left for others. */
export interface Opened {
  grants: number;
  keys: number;
  proposals: number;
  /** Places on named lists. */
  named: number;
  /** Cases in her hands that are not closed: they stay, and wait for another officer. */
  cases: number;
}

/** How much of it there is now. */
export async function openedBy(db: Db, roles: readonly string[], now: Date): Promise<Opened> {
  const text = `select
    (select count(*)::int from access_grant where holder = any ($1) and until_at > $2 and ended_at is null) as grants,
    (select count(*)::int from client where person = any ($1) and ended is null) as keys,
    (select count(*)::int from pending_change where proposer = any ($1) and confirmed_at is null and withdrawn_at is null) as proposals,
    (select count(*)::int from named_person where holder = any ($1) and until_at > $2 and ended_at is null) as named,
    (select count(*)::int from case_file where assigned_to = any ($1) and state <> 'closed') as cases`;
  const { rows } = await db.query<Opened>({ name: 'leaver_opened', text, values: [roles, now] });
  return rows[0] ?? { grants: 0, keys: 0, proposals: 0, named: 0, cases: 0 };
}

/** Roles that ended or left a service, and are still named in teams or subscriptions. */
export async function rolesToSettle(db: Db, now: Date): Promise<{ role: string; movedFrom: string | null }[]> {
  const text = 'select role, moved_from as "movedFrom" from roles_to_settle($1)';
  return (await db.query<{ role: string; movedFrom: string | null }>({ name: 'roles_to_settle', text, values: [now] }))
    .rows;
}

export async function markSettled(db: Db, role: string, now: Date): Promise<void> {
  await db.query({ name: 'role_settled', text: 'select role_settled($1, $2)', values: [role, now] });
}

/** Whether a person (`Practitioner/..`) is ended herself. */
export async function personEnded(db: Db, person: string): Promise<boolean> {
  const { rows } = await db.query({
    name: 'leaver_person',
    text: `select 1 from directory where member = $1 and entry ->> 'kind' = 'person' and not (entry ->> 'active')::boolean`,
    values: [person],
  });
  return rows.length > 0;
}

/** Ids of live subscriptions whose text holds one of these contact values; the caller looks closer. */
export async function subscriptionsNaming(db: Db, values: readonly string[]): Promise<string[]> {
  if (values.length === 0) return [];
  const { rows } = await db.query<{ id: string }>({
    name: 'leaver_subscriptions',
    text: `select id from resource where type = 'Subscription' and not deleted
      and exists (select from unnest($1::text[]) as v where position(v in body) > 0)`,
    values: [values],
  });
  return rows.map(({ id }) => id);
}

/** Directory teams that name one of these members at this moment or later; of one service (`Organization/..`) or of all. */
export async function teamsNaming(db: Db, members: readonly string[], service: string | null): Promise<string[]> {
  const { rows } = await db.query<{ team: string }>({
    name: 'leaver_teams',
    text: `select 'CareTeam/' || r.id as team from resource r
      where r.type = 'CareTeam' and r.data_class = 'directory' and not r.deleted
        and r.tokens && array(select 'CareTeam.participant=' || m from unnest($1::text[]) as m)
        and ($2::text is null or exists (select from directory t where t.member = 'CareTeam/' || r.id
          and t.entry ->> 'kind' = 'team' and t.entry ->> 'service' = $2)) order by 1`,
    values: [members, service],
  });
  return rows.map(({ team }) => team);
}

/** Duty lists that name one of these members: each `Schedule/..`, whether others stand on it, and its times to come. */
export async function dutyNaming(
  db: Db,
  { members, service, now }: { members: readonly string[]; service: string | null; now: Date },
): Promise<{ schedule: string; shared: boolean; slots: string[] }[]> {
  const text = `select d.entry ->> 'schedule' as schedule,
      exists (select from directory o where o.source = d.source and o.member <> all ($1)) as shared,
      array(select s.source from directory s where s.member = d.entry ->> 'schedule' and s.entry ->> 'kind' = 'duty-slot'
        and (s.entry ->> 'until')::timestamptz > $2 order by 1) as slots
    from directory d where d.member = any ($1) and d.entry ->> 'kind' = 'duty' and (d.entry ->> 'active')::boolean
      and ($3::text is null or exists (select from directory t where t.member = d.entry ->> 'team'
        and t.entry ->> 'kind' = 'team' and t.entry ->> 'service' = $3))`;
  return (
    await db.query<{ schedule: string; shared: boolean; slots: string[] }>({
      name: 'leaver_duty',
      text,
      values: [members, now, service],
    })
  ).rows;
}
