-- What a role opened ends with the role, in the same commit, whichever way the role ended: by its page, by an import, by two
-- persons, or by its own last day. Refusing at the next request would be enough while it is ended; this is so that nothing
-- comes back with whoever comes back.
create table role_tenure (
  role text collate "C" primary key,
  service text collate "C",
  kind text collate "C",
  -- The service it has left, until its names on that service's teams are ended.
  moved_from text collate "C",
  -- When what hung on an ended role was ended; null = it goes on, or somebody has yet to look.
  settled timestamptz
);
insert into role_tenure
  select distinct on (member) member, entry ->> 'service', entry ->> 'role', null, null
  from directory where entry ->> 'kind' = 'role' order by member;
grant select on role_tenure to tandem_service;

-- Accesses opened with a reason, and names on lists of very restricted records.
create function role_grants_end(p_role text) returns void language plpgsql security definer
  set search_path = pg_catalog, public as $$
begin
  delete from relationship where party = p_role and (source like 'grant:%' or kind = 'named');
  delete from consent where party = p_role and source like 'grant:%';
  update access_grant set ended_at = clock_timestamp()
    where holder = p_role and until_at > clock_timestamp() and ended_at is null;
end $$;

-- For who leaves also: keys of her own, and what she proposed and nobody has confirmed.
create function role_end(p_role text) returns void language plpgsql security definer
  set search_path = pg_catalog, public as $$
begin
  perform role_grants_end(p_role);
  update client set ended = clock_timestamp() where person = p_role and ended is null;
  update pending_change set withdrawn_by = 'tandem', withdrawn_at = clock_timestamp()
    where proposer = p_role and confirmed_at is null and withdrawn_at is null;
end $$;

create function role_said() returns trigger language plpgsql security definer
  set search_path = pg_catalog, public as $$
declare
  t role_tenure;
  r text;
begin
  if new.entry ->> 'kind' = 'person' then
    if not coalesce((new.entry ->> 'active')::boolean, true) then
      for r in select d.member from directory d
        where d.entry ->> 'kind' = 'role' and d.entry ->> 'practitioner' = new.member
      loop
        perform role_end(r);
      end loop;
    end if;
    return null;
  end if;
  select * into t from role_tenure where role = new.member;
  if not (new.entry ->> 'active')::boolean or (new.entry ->> 'until')::timestamptz <= clock_timestamp() then
    perform role_end(new.member);
  elsif t.role is not null and (t.service is distinct from new.entry ->> 'service' or t.kind is distinct from new.entry ->> 'role') then
    perform role_grants_end(new.member);
    if t.service is distinct from new.entry ->> 'service' then
      -- Out of the old service's teams with this commit; their resources follow.
      delete from directory m using directory team
        where m.member = new.member and m.entry ->> 'kind' = 'membership' and team.member = m.entry ->> 'team'
          and team.entry ->> 'kind' = 'team' and team.entry ->> 'service' = t.service;
    end if;
  end if;
  insert into role_tenure values (new.member, new.entry ->> 'service', new.entry ->> 'role', null, null)
    on conflict (role) do update set service = excluded.service, kind = excluded.kind, settled = null,
      moved_from = case when role_tenure.service is distinct from excluded.service
        then coalesce(role_tenure.moved_from, role_tenure.service) else role_tenure.moved_from end;
  return null;
end $$;
create trigger role_said after insert on directory for each row
  when (new.entry ->> 'kind' in ('role', 'person')) execute function role_said();

-- Roles that ended, or left a service, and whose names in resources somebody has yet to take out. The last day of a role
-- comes without a write: what hangs on it ends here.
create function roles_to_settle(p_at timestamptz) returns table (role text, moved_from text) language plpgsql
  security definer set search_path = pg_catalog, public as $$
begin
  for role, moved_from in select t.role, t.moved_from from role_tenure t
      join directory d on d.member = t.role and d.entry ->> 'kind' = 'role'
    where t.moved_from is not null
      or (t.settled is null and (not (d.entry ->> 'active')::boolean or (d.entry ->> 'until')::timestamptz <= p_at))
    order by t.role limit 200
  loop
    if moved_from is null then
      perform role_end(role);
    end if;
    return next;
  end loop;
end $$;

create function role_settled(p_role text, p_at timestamptz) returns void language sql security definer
  set search_path = pg_catalog, public as $$
  update role_tenure t set moved_from = null, settled = case when exists (select from directory d
      where d.member = t.role and d.entry ->> 'kind' = 'role'
        and (not (d.entry ->> 'active')::boolean or (d.entry ->> 'until')::timestamptz <= p_at)) then p_at end
    where t.role = p_role $$;

revoke all on function role_grants_end(text), role_end(text), role_said(), roles_to_settle(timestamptz),
  role_settled(text, timestamptz) from public;
grant execute on function roles_to_settle(timestamptz), role_settled(text, timestamptz) to tandem_service;
