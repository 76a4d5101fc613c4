-- Retention and legal hold (R-34). The service's role deletes nothing: it calls a function of the owner's, which looks at
-- schedule, holds and approvals itself before it removes a row.

-- The schedule as data. `years`: null = never by itself. Changed by the owner's role alone, in SQL.
create table retention_schedule (
  kind text collate "C" primary key
    check (kind in ('maternity', 'child', 'child-of-17', 'adult', 'deceased-child')),
  years integer check (years between 1 and 200),
  source text not null
);
insert into retention_schedule values
  ('maternity', 25, 'domain.md R-34 [V]: years after the end of care'),
  ('child', 25, 'domain.md R-34 [V]: birthday'),
  ('child-of-17', 26, 'domain.md R-34 [V]: birthday, when 17 at the end of care'),
  ('adult', 8, 'domain.md R-34: years after the end of care'),
  ('deceased-child', null, 'domain.md R-34 names rules and no years: kept until they are set');
grant select on retention_schedule to tandem_service;

-- A hold suspends disposal, of one person or (patient null) of everything. Lifting it takes two persons.
create table retention_hold (
  id bigint generated always as identity primary key,
  reference text collate "C" not null unique,
  patient text collate "C",
  at timestamptz not null,
  by_party text collate "C" not null,
  by_name text not null,
  person text collate "C" not null,
  reason text not null,
  lift_asked timestamptz,
  lift_asked_by text,
  lift_person text collate "C",
  lift_reason text,
  lifted timestamptz,
  lifted_by text,
  lifted_person text collate "C",
  check (lifted is null or (lift_person is not null and lifted_person is not null and lift_person <> lifted_person))
);
create index retention_hold_live on retention_hold (patient) where lifted is null;
grant select, insert, update (lift_asked, lift_asked_by, lift_person, lift_reason, lifted, lifted_by, lifted_person)
  on retention_hold to tandem_service;

-- What the nightly look found to be due; it follows the record and says nothing by itself.
create table retention_review (
  reference text collate "C" primary key,
  patient text collate "C" not null unique,
  due date not null,
  rule text collate "C" not null,
  ended date not null,
  listed timestamptz not null
);
grant select, insert, update, delete on retention_review to tandem_service;

create table retention_destruction (
  id bigint generated always as identity primary key,
  reference text collate "C" not null unique,
  patient text collate "C" not null,
  due date not null,
  rule text collate "C" not null,
  asked timestamptz not null,
  asked_by text not null,
  person text collate "C" not null,
  words text not null,
  approved timestamptz,
  approved_by text,
  approved_person text collate "C",
  refused timestamptz,
  refused_by text,
  removed bigint not null default 0,
  done timestamptz,
  certificate text,
  check (approved is null or (approved_person is not null and approved_person <> person))
);
create unique index retention_destruction_live on retention_destruction (patient) where done is null and refused is null;
grant select, insert, update (approved, approved_by, approved_person, refused, refused_by, certificate)
  on retention_destruction to tandem_service;

-- Tombstones carry no words of the index; they are few.
create index resource_tombstone on resource using gin (subjects) where deleted;

-- Her children as the record knows them: unborn ones by kin, born ones by the NHS number under which a RelatedPerson names
-- her. The index also holds the system alone as a word, which everybody shares: only whole numbers count.
create function retention_children(p_patient text) returns setof text language sql stable as $$
  select child from kin where mother = p_patient
  union
  select p from resource m cross join unnest(m.tokens) as t
    join resource rp on rp.tokens @> array['RelatedPerson.identifier=' || substr(t, 20)]
    cross join unnest(rp.patients) as p
  where m.type = 'Patient' and m.id = substr(p_patient, 9) and p <> p_patient
    and t like 'Patient.identifier=https://fhir.nhs.uk/Id/nhs-number|_%'
$$;

-- Signs that somebody at home may be a danger (R-29, 085-subject-access.sql), the mother likewise by her whole number.
create or replace function sar_warnings(p_subject text) returns table (warnings integer, newest timestamptz)
language sql stable as $$
  select count(*)::integer, max(r.updated)
  from resource r
  where not r.deleted
    and r.tokens && array(
      select '@s=' || p_subject
      union select '@s=' || k.mother from kin k where k.child = p_subject
      union select '@s=Patient/' || m.id
        from resource rp cross join unnest(rp.tokens) as t
        join resource m on m.type = 'Patient' and m.tokens @> array['Patient.identifier=' || substr(t, 26)]
        where rp.tokens @> array['RelatedPerson.patient=' || p_subject]
          and t like 'RelatedPerson.identifier=https://fhir.nhs.uk/Id/nhs-number|_%'
      union select '@s=' || m from resource g cross join unnest(g.patients) as m
        where g.tokens @> array['Group.member=' || p_subject])
    and (r.tags && array['SDV', 'VIO'] or r.data_class in ('safeguarding-flag', 'confidential'))
$$;

create function retention_birth(p_patient text) returns date language sql stable as $$
  select min((d.low at time zone 'UTC')::date) from index_date d
  where d.type = 'Patient' and d.id = substr(p_patient, 9) and d.code = 'birthdate'
$$;

-- The last London day on which anything was recorded, planned or changed about her.
create function retention_ended(p_patient text) returns date language sql stable as $$
  select max((greatest(r.updated, coalesce((
      select max(d.high) from index_date d
      where d.type = r.type and d.id = r.id and d.code <> 'birthdate' and d.high < 'infinity'), r.updated))
    at time zone 'Europe/London')::date)
  from resource r where r.tokens @> array['@s=' || p_patient]
$$;

-- Until when a record is kept: the longest of what applies to her and to her children. No row: never by itself.
create function retention_due(p_patient text) returns table (due date, rule text, ended date) language plpgsql stable as $$
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
  select max(years) filter (where kind = 'maternity') as maternity, max(years) filter (where kind = 'child') as child,
    max(years) filter (where kind = 'child-of-17') as late, max(years) filter (where kind = 'adult') as adult,
    max(years) filter (where kind = 'deceased-child') as dead into s from retention_schedule;
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

create function retention_held(p_patient text) returns boolean language sql stable as $$
  select exists (select from retention_hold h where h.lifted is null and (h.patient is null or h.patient = p_patient
    or h.patient in (select mother from kin where child = p_patient)
    or h.patient in (select * from retention_children(p_patient))))
$$;

-- Looks at the next Patients, by id, and lists those that are due. @returns the last id, or null at the end.
create function retention_look(p_after text, p_limit integer, p_today date) returns text language plpgsql as $$
declare
  last text;
begin
  with next as materialized (
    select r.id from resource r where r.type = 'Patient' and r.id > p_after and not r.deleted order by r.id limit p_limit
  ), looked as (
    select 'Patient/' || n.id as patient, d.due, d.rule, d.ended, retention_held('Patient/' || n.id) as held
    from next n left join lateral retention_due('Patient/' || n.id) d on true
  ), gone as (
    delete from retention_review v using looked l
    where v.patient = l.patient and (l.due is null or l.due > p_today or l.held)
  ), listed as (
    insert into retention_review (reference, patient, due, rule, ended, listed)
    select 'DUE-' || upper(left(replace(gen_random_uuid()::text, '-', ''), 10)), l.patient, l.due, l.rule, l.ended, now()
    from looked l where l.due <= p_today and not l.held
    on conflict (patient) do update set due = excluded.due, rule = excluded.rule, ended = excluded.ended
  )
  select max(id) into last from next;
  return last;
end $$;

-- Removes the next rows of an approved destruction, the Patient last. @returns rows removed; 0 = all of it is gone.
create function retention_destroy(p_id bigint, p_limit integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  d retention_destruction;
  found_due date;
  gone integer;
begin
  select * into strict d from retention_destruction where id = p_id for update;
  if d.done is not null or d.refused is not null then
    raise exception 'this destruction has ended' using errcode = 'TDR01';
  end if;
  if d.approved is null or d.approved_person is null or d.approved_person = d.person then
    raise exception 'a second person approves a destruction' using errcode = 'TDR02';
  end if;
  if retention_held(d.patient) then
    raise exception 'a hold suspends disposal' using errcode = 'TDR03';
  end if;
  select r.due into found_due from retention_due(d.patient) r;
  if found_due is null or found_due > (now() at time zone 'Europe/London')::date then
    raise exception 'this record is to be kept longer' using errcode = 'TDR04';
  end if;
  with doomed as materialized (
    select r.type, r.id from resource r
    where (r.tokens @> array['@s=' || d.patient] or (r.deleted and r.subjects @> array[d.patient]))
      and r.subjects = array[d.patient]
    order by r.type = 'Patient', r.type, r.id limit p_limit
  ), h as (delete from history t using doomed x where t.type = x.type and t.id = x.id),
  i1 as (delete from index_string t using doomed x where t.type = x.type and t.id = x.id),
  i2 as (delete from index_date t using doomed x where t.type = x.type and t.id = x.id and x.type <> 'Patient'),
  i3 as (delete from index_number t using doomed x where t.type = x.type and t.id = x.id),
  f1 as (delete from relationship t using doomed x where t.source = x.type || '/' || x.id and x.type <> 'Patient'),
  f2 as (delete from consent t using doomed x where t.source = x.type || '/' || x.id and x.type <> 'Patient'),
  r as (delete from resource t using doomed x where t.type = x.type and t.id = x.id returning 1)
  select count(*) into gone from r;
  update retention_destruction set removed = removed + gone where id = p_id;
  if gone = 0 or not exists (
    select from resource r where r.type = 'Patient' and r.id = substr(d.patient, 9)
  ) then
    delete from index_date where type = 'Patient' and id = substr(d.patient, 9);
    delete from relationship where patient = d.patient;
    delete from consent where patient = d.patient;
    delete from kin where d.patient in (child, mother);
    delete from pregnancy where mother = d.patient;
    delete from access_grant where patient = d.patient;
    delete from retention_review where patient = d.patient;
    update retention_destruction set done = now() where id = p_id;
  end if;
  return gone;
end $$;
revoke execute on function retention_destroy(bigint, integer) from public;
grant execute on function retention_destroy(bigint, integer) to tandem_service;
