-- Who was named on a list of very restricted or handled records (migration 105) is on it no more when her role ends, or
-- leaves its service: the list says so, and by whom.
create or replace function role_grants_end(p_role text) returns void language plpgsql security definer
  set search_path = pg_catalog, public as $$
begin
  delete from relationship where party = p_role and (source like 'grant:%' or source like 'named:%');
  delete from consent where party = p_role and source like 'grant:%';
  update access_grant set ended_at = clock_timestamp()
    where holder = p_role and until_at > clock_timestamp() and ended_at is null;
  update named_person set ended_at = clock_timestamp(), ended_by = 'tandem', end_words = 'Her role ended, or left its service'
    where holder = p_role and until_at > clock_timestamp() and ended_at is null;
end $$;

-- People of the directory whom the HR file does not name. Looked up when the file is read, so that the page of 20,000 people is
-- quick (350 ms otherwise, measured), and whoever came after it was written is not missed in it.
alter table hr_person add column absent boolean not null default false;

-- Also roles of a person who has ended: whoever comes back as a person does not come back into her old roles.
create or replace function roles_to_settle(p_at timestamptz) returns table (role text, moved_from text) language plpgsql
  security definer set search_path = pg_catalog, public as $$
begin
  for role, moved_from in select t.role, t.moved_from from role_tenure t
      join directory d on d.member = t.role and d.entry ->> 'kind' = 'role'
    where t.moved_from is not null
      or (t.settled is null and (not (d.entry ->> 'active')::boolean or (d.entry ->> 'until')::timestamptz <= p_at
        or exists (select from directory p where p.member = d.entry ->> 'practitioner' and p.entry ->> 'kind' = 'person'
          and not (p.entry ->> 'active')::boolean)))
    order by t.role limit 200
  loop
    if moved_from is null then
      perform role_end(role);
    end if;
    return next;
  end loop;
end $$;
