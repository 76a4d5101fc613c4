-- The schedule of retention (R-34) set by two people in the console. The service asks and agrees; a function of the owner's
-- looks at both persons, at what the rule itself says, and at holds, before it changes a row.

-- What R-34 says: no schedule here is ever shorter. Null: no source gives years, so nobody sets them here.
alter table retention_schedule add column set_by text;
alter table retention_schedule add column floor_years integer check (floor_years between 1 and 200);
update retention_schedule set floor_years = case kind when 'maternity' then 25 when 'child' then 25 when 'child-of-17' then 26
  when 'adult' then 8 end;

create table retention_schedule_change (
  id bigint generated always as identity primary key,
  reference text collate "C" not null unique,
  kind text collate "C" not null references retention_schedule,
  years integer not null check (years between 1 and 200),
  before integer,
  asked timestamptz not null,
  asked_by text not null,
  person text collate "C" not null,
  words text not null,
  -- the dry run: Patients counted so far up to this id ('' = none yet), and what the change would do to them
  place text collate "C" not null default '',
  counted timestamptz,
  looked integer not null default 0,
  due_now integer not null default 0,
  due_then integer not null default 0,
  newly_due integer not null default 0,
  no_longer integer not null default 0,
  held integer not null default 0,
  approved timestamptz,
  approved_by text,
  approved_person text collate "C",
  refused timestamptz,
  refused_by text,
  certificate text,
  check (approved is null or (approved_person is not null and approved_person <> person))
);
create unique index retention_schedule_change_live on retention_schedule_change ((true)) where approved is null and refused is null;
grant select, insert, update (refused, refused_by, certificate, place, counted, looked, due_now, due_then, newly_due, no_longer, held)
  on retention_schedule_change to tandem_service;

-- Until when a record is kept, under the schedule as it stands or (p_kind) with other years of one kind.
create function retention_due_under(p_patient text, p_kind text, p_years integer)
returns table (due date, rule text, ended date) language plpgsql stable as $$
declare
  last date := retention_ended(p_patient);
  s record;
  ends date[] := '{}';
  whys text[] := '{}';
  one text;
  born date;
  upto date;
begin
  if last is null then
    return;
  end if;
  select max(y) filter (where kind = 'maternity') as maternity, max(y) filter (where kind = 'child') as child,
    max(y) filter (where kind = 'child-of-17') as late, max(y) filter (where kind = 'adult') as adult,
    max(y) filter (where kind = 'deceased-child') as dead into s
    from (select r.kind, case when r.kind = p_kind then p_years else r.years end as y from retention_schedule r) q;
  for one in select p_patient union select * from retention_children(p_patient) loop
    born := retention_birth(one);
    if one = p_patient and (exists (select from pregnancy where mother = p_patient) or exists (select from kin where p_patient in (mother, child))) then
      ends := ends || (last + make_interval(years => s.maternity))::date;
      whys := whys || 'maternity'::text;
    end if;
    -- how old a child was when its own care ended
    upto := coalesce(retention_ended(one), last);
    if born is not null and born > upto - interval '18 years' then
      if exists (select from resource r where r.type = 'Patient' and r.id = substr(one, 9) and r.tokens @> array['Patient.deceased=true']) then
        if s.dead is null then
          return;
        end if;
        ends := ends || (last + make_interval(years => s.dead))::date;
        whys := whys || 'deceased-child'::text;
      end if;
      if born <= upto - interval '17 years' then
        ends := ends || (born + make_interval(years => s.late))::date;
        whys := whys || 'child-of-17'::text;
      else
        ends := ends || (born + make_interval(years => s.child))::date;
        whys := whys || 'child'::text;
      end if;
    elsif one = p_patient then
      ends := ends || (last + make_interval(years => s.adult))::date;
      whys := whys || 'adult'::text;
    end if;
  end loop;
  return query select e.due, e.rule, last from unnest(ends, whys) as e(due, rule) order by e.due desc limit 1;
end $$;

create or replace function retention_due(p_patient text) returns table (due date, rule text, ended date)
language sql stable as $$
  select * from retention_due_under(p_patient, null, null)
$$;

-- Counts the next Patients for the dry run of a change. `held`: they would be past their time, and a hold keeps them.
create function retention_dry_run(p_id bigint, p_limit integer, p_today date) returns boolean
language plpgsql as $$
declare
  c retention_schedule_change;
  n record;
begin
  select * into strict c from retention_schedule_change where id = p_id for update;
  if c.counted is not null then
    return true;
  end if;
  with next as materialized (
    select r.id from resource r where r.type = 'Patient' and r.id > c.place and not r.deleted order by r.id limit p_limit
  ), looked as (
    select x.id, b.due <= p_today as was, a.due <= p_today as becomes, retention_held('Patient/' || x.id) as held
    from next x left join lateral retention_due('Patient/' || x.id) b on true
      left join lateral retention_due_under('Patient/' || x.id, c.kind, c.years) a on true
  )
  select max(id) as last, count(*)::integer as looked,
    count(*) filter (where was)::integer as was, count(*) filter (where becomes)::integer as becomes,
    count(*) filter (where becomes and was is not true)::integer as newly,
    count(*) filter (where was and becomes is not true)::integer as no_longer,
    count(*) filter (where becomes and was is not true and held)::integer as held
  into n from looked;
  update retention_schedule_change set place = coalesce(n.last, place), looked = looked + n.looked,
    due_now = due_now + n.was, due_then = due_then + n.becomes, newly_due = newly_due + n.newly,
    no_longer = retention_schedule_change.no_longer + n.no_longer, held = retention_schedule_change.held + n.held,
    counted = case when n.last is null then now() end
  where id = p_id;
  return n.last is null;
end $$;

-- Why years cannot be set so, or null.
create function retention_refusal(p_kind text, p_years integer) returns text language plpgsql stable as $$
declare
  s retention_schedule;
begin
  select * into s from retention_schedule where kind = p_kind;
  if not found then
    return 'unknown';
  end if;
  if s.floor_years is null then
    return 'no-source';
  end if;
  if p_years is not distinct from s.years then
    return 'same';
  end if;
  if p_years < s.floor_years then
    return 'too-short';
  end if;
  if p_kind = 'child' and p_years > (select years from retention_schedule where kind = 'child-of-17')
    or p_kind = 'child-of-17' and p_years < (select years from retention_schedule where kind = 'child') then
    return 'contradicts';
  end if;
  return null;
end $$;

-- Sets the years of a change that a second person agrees to, after the dry run and while no hold keeps what it would let go.
create function retention_set(p_id bigint, p_at timestamptz, p_by text, p_person text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  c retention_schedule_change;
  why text;
begin
  select * into strict c from retention_schedule_change where id = p_id for update;
  if c.approved is not null or c.refused is not null then
    raise exception 'this change has ended' using errcode = 'TDR01';
  end if;
  if p_person is null or p_person = c.person then
    raise exception 'a second person agrees to a change of the schedule' using errcode = 'TDR02';
  end if;
  if c.counted is null then
    raise exception 'what it does is counted first' using errcode = 'TDR05';
  end if;
  -- As the holds stand now, not as they were counted; a later one stops the destruction itself.
  if c.held > 0 or exists (
    select from retention_hold h
    where h.lifted is null and case when h.patient is null then c.newly_due > 0 else exists (
      select from (
        select h.patient as who
        union select k.mother from kin k where k.child = h.patient
        union select k.child from kin k where k.mother = h.patient
      ) p cross join lateral retention_due_under(p.who, c.kind, c.years) d
      where d.due <= (now() at time zone 'Europe/London')::date
        and not exists (select from retention_due(p.who) b where b.due <= (now() at time zone 'Europe/London')::date)) end
  ) then
    raise exception 'a hold keeps what it would let go' using errcode = 'TDR03';
  end if;
  why := retention_refusal(c.kind, c.years);
  if why is not null then
    raise exception '%', why using errcode = 'TDR06';
  end if;
  update retention_schedule set years = c.years, set_by = c.reference where kind = c.kind;
  update retention_schedule_change set approved = p_at, approved_by = p_by, approved_person = p_person where id = p_id;
end $$;
revoke execute on function retention_set(bigint, timestamptz, text, text) from public;
grant execute on function retention_set(bigint, timestamptz, text, text) to tandem_service;
