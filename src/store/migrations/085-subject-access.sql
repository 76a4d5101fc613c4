-- Requests of people for their own record (R-28, R-29). Nothing of the record is copied here: an item points to one
-- version. What must be true before anything leaves is asked in the database, by the trigger on `sar_release`.

create table sar_job (
  id bigint generated always as identity primary key,
  reference text collate "C" not null unique,
  opened timestamptz not null default now(),
  opened_by text collate "C" not null,
  reason text not null,
  -- `Patient/..`
  subject text collate "C" not null,
  asker text collate "C" not null check (asker in ('self', 'parent', 'representative')),
  -- the record of a child: only what is about the child alone (R-29)
  child boolean not null,
  -- London date the request came in
  received date not null,
  wants_accesses boolean not null,
  wants_versions boolean not null,
  handover text not null,
  -- classes of the matrix that these jobs may hold
  classes text[] collate "C" not null,
  -- `PractitionerRole/..` of the health professional whose opinion is asked
  professional text collate "C",
  -- collecting goes on after this `Type/id`; '' = from the start
  place text collate "C" not null default '',
  collected timestamptz,
  ended timestamptz,
  ending text collate "C" check (ending in ('released', 'refused', 'withdrawn')),
  version integer not null default 1
);
create index sar_job_open on sar_job (ended, received);
create index sar_job_subject on sar_job (subject);

-- What was done and said, hash by hash (audit/case-rules.ts). `person` is the human behind a role.
create table sar_line (
  job bigint not null references sar_job,
  n integer not null,
  at timestamptz not null,
  by_party text collate "C" not null,
  by_name text not null,
  person text collate "C" not null,
  role text collate "C" not null,
  kind text collate "C" not null,
  words text not null,
  -- London date from which it counts: pause and resume
  on_date date not null,
  hash text collate "C" not null,
  primary key (job, n)
);

create table sar_item (
  job bigint not null references sar_job,
  n integer not null,
  type text collate "C" not null,
  id text collate "C" not null,
  version integer not null,
  data_class text collate "C" not null,
  label text collate "C" not null,
  -- about her alone, or about others of the family too
  alone boolean not null,
  primary key (job, n),
  unique (job, type, id, version)
);

create table sar_decision (
  id bigint generated always as identity primary key,
  job bigint not null,
  item integer not null,
  at timestamptz not null,
  by_party text collate "C" not null,
  by_name text not null,
  person text collate "C" not null,
  role text collate "C" not null,
  verdict text collate "C" not null check (verdict in ('release', 'redact', 'withhold')),
  code text collate "C" check (code in ('third-party', 'serious-harm', 'child-abuse-data', 'other-exemption')),
  paths text[] not null,
  words text not null,
  foreign key (job, item) references sar_item (job, n),
  check ((verdict = 'release') = (code is null)),
  check ((verdict = 'redact') = (cardinality(paths) > 0))
);
create index sar_decision_item on sar_decision (job, item, id desc);

create table sar_review (
  decision bigint primary key references sar_decision,
  at timestamptz not null,
  by_party text collate "C" not null,
  by_name text not null,
  person text collate "C" not null,
  role text collate "C" not null,
  agreed boolean not null,
  words text not null
);

create table sar_release (
  job bigint primary key references sar_job,
  at timestamptz not null,
  by_party text collate "C" not null,
  by_name text not null,
  person text collate "C" not null
);

-- Rows about a person, as these jobs collect them; a child's request holds what is about the child alone.
create function sar_scope(p_subject text, p_child boolean, p_classes text[])
returns table (type text, id text, version integer, data_class text, label text, alone boolean)
language sql stable as $$
  select r.type, r.id, r.version, r.data_class, r.label, r.subjects = array[p_subject]
  from resource r
  where r.tokens @> array['@s=' || p_subject] and not r.deleted and r.data_class = any (p_classes)
    -- what stands under a child about its mother or other kin is theirs
    and (not p_child or (r.subjects = array[p_subject] and r.type <> 'RelatedPerson'))
$$;

-- The items that count, each with its newest decision: earlier versions only when they were asked for.
create view sar_queue as
  select i.*, d.id as decision, d.verdict, d.code, d.paths, d.words, d.person, d.by_name, d.role, d.at as decided,
    r.agreed, r.by_name as reviewer, r.words as review_words,
    not exists (select from sar_item l where l.job = i.job and l.type = i.type and l.id = i.id and l.version > i.version) as newest,
    case when d.id is null then 'open' when r.decision is null then 'second' when r.agreed then 'done' else 'returned' end as state
  from sar_item i
  join sar_job j on j.id = i.job
  left join lateral (
    select * from sar_decision d where d.job = i.job and d.item = i.n order by d.id desc limit 1
  ) d on true
  left join sar_review r on r.decision = d.id
  where j.wants_versions or not exists (
    select from sar_item l where l.job = i.job and l.type = i.type and l.id = i.id and l.version > i.version
  );

-- Signs that somebody at home may be a danger: they are looked at before a parent gets the record of a child (R-29).
create function sar_warnings(p_subject text) returns table (warnings integer, newest timestamptz)
language sql stable as $$
  select count(*)::integer, max(r.updated)
  from resource r
  where not r.deleted
    and r.tokens && array(
      select '@s=' || p_subject
      union select '@s=' || k.mother from kin k where k.child = p_subject
      -- from birth on a mother is known by the number of a RelatedPerson, and by the family they are both in
      union select '@s=Patient/' || m.id
        from resource rp cross join unnest(rp.tokens) as t
        join resource m on m.type = 'Patient' and m.tokens @> array['Patient.identifier=' || substr(t, 26)]
        where rp.tokens @> array['RelatedPerson.patient=' || p_subject] and starts_with(t, 'RelatedPerson.identifier=')
      union select '@s=' || m from resource g cross join unnest(g.patients) as m
        where g.tokens @> array['Group.member=' || p_subject])
    and (r.tags && array['SDV', 'VIO'] or r.data_class in ('safeguarding-flag', 'confidential'))
$$;

-- What is still missing before anything may leave; no row = nothing. The console shows it, the release is refused by it.
create function sar_open_points(p_job bigint) returns table (point text, n integer) language plpgsql stable as $$
declare
  j sar_job;
  w record;
begin
  select * into strict j from sar_job where id = p_job;
  select * into w from sar_warnings(j.subject);
  return query
    select 'verify', 1 where not exists (select from sar_line l where l.job = p_job and l.kind = 'verify')
    union all
    select 'collect', 1 where j.collected is null
    union all
    select 'changed', count(*)::integer from sar_scope(j.subject, j.child, j.classes) s
      where j.collected is not null and not exists (
        select from sar_item i where i.job = p_job and i.type = s.type and i.id = s.id and i.version = s.version)
      having count(*) > 0
    union all
    select 'decide', count(*)::integer from sar_queue q where q.job = p_job and q.state in ('open', 'returned')
      having count(*) > 0
    union all
    select 'review', count(*)::integer from sar_queue q where q.job = p_job and q.state = 'second' having count(*) > 0
    union all
    select 'opinion', 1 where not exists (
      select from sar_line l where l.job = p_job and l.kind = 'opinion' and l.at >= j.collected and l.role in
        ('midwife', 'health-visitor', 'hospital-midwife', 'perinatal-mental-health', 'safeguarding', 'gp', 'team-lead'))
    union all
    select 'interest', greatest(w.warnings, 1) where j.asker <> 'self' and j.child and not exists (
      select from sar_line l where l.job = p_job and l.kind = 'interest'
        and (w.warnings = 0 or (l.role in ('safeguarding', 'caldicott-guardian') and l.at >= w.newest)));
end $$;

-- A job that ended takes nothing more; its row is the lock under which decisions and release follow each other.
create function sar_still_open() returns trigger language plpgsql as $$
begin
  perform from sar_job where id = new.job and ended is null for update;
  if not found then
    raise exception 'this request has ended' using errcode = 'TDS01';
  end if;
  return new;
end $$;
create trigger still_open before insert on sar_decision for each row execute function sar_still_open();
create trigger still_open before insert on sar_item for each row execute function sar_still_open();

-- Two persons: who decided does not review, under whatever role. A newer decision needs a review of its own.
create function sar_two_persons() returns trigger language plpgsql as $$
declare
  d sar_decision;
begin
  select * into strict d from sar_decision where id = new.decision;
  perform from sar_job where id = d.job and ended is null for update;
  if not found then
    raise exception 'this request has ended' using errcode = 'TDS01';
  end if;
  if d.person = new.person then
    raise exception 'a second person reviews a decision' using errcode = 'TDS02';
  end if;
  if exists (select from sar_decision n where n.job = d.job and n.item = d.item and n.id > d.id) then
    raise exception 'there is a newer decision' using errcode = 'TDS03';
  end if;
  return new;
end $$;
create trigger two_persons before insert on sar_review for each row execute function sar_two_persons();

create function sar_may_leave() returns trigger language plpgsql as $$
declare
  missing text;
begin
  perform from sar_job where id = new.job and ended is null for update;
  if not found then
    raise exception 'this request has ended' using errcode = 'TDS01';
  end if;
  select string_agg(p.point, ' ') into missing from sar_open_points(new.job) p;
  if missing is not null then
    raise exception '%', missing using errcode = 'TDS04';
  end if;
  return new;
end $$;
create trigger may_leave before insert on sar_release for each row execute function sar_may_leave();

create trigger append_only before update or delete or truncate on sar_line
  for each statement execute function audit_refuse_change();
create trigger append_only before update or delete or truncate on sar_decision
  for each statement execute function audit_refuse_change();
create trigger append_only before update or delete or truncate on sar_review
  for each statement execute function audit_refuse_change();
create trigger append_only before update or delete or truncate on sar_release
  for each statement execute function audit_refuse_change();

grant select, insert on sar_job, sar_line, sar_item, sar_decision, sar_review, sar_release to tandem_service;
grant update (professional, place, collected, ended, ending, version) on sar_job to tandem_service;
grant select on sar_queue to tandem_service;
