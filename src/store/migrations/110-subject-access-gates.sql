-- Requests for a record (085-subject-access.sql), looked at by somebody who wants more out of them: authority of whoever
-- asks for another person, danger also to grown women, an opinion that nobody overrules, files that both have opened, and
-- a record that became stricter after its release.

-- Who opened which file of an item: what nobody looked into does not leave (oversight/sar/files.ts).
create table sar_file_seen (
  job bigint not null,
  item integer not null,
  -- hex SHA-256 of its bytes
  sha256 text collate "C" not null,
  person text collate "C" not null,
  by_party text collate "C" not null,
  at timestamptz not null,
  primary key (job, item, sha256, person),
  foreign key (job, item) references sar_item (job, n)
);
create trigger append_only before update or delete or truncate on sar_file_seen
  for each statement execute function audit_refuse_change();
grant select, insert on sar_file_seen to tandem_service;

-- How strict the record stood when somebody let it leave: at the release, and when a Guardian looked again.
create table sar_standing (
  job bigint not null references sar_job,
  at timestamptz not null,
  by_party text collate "C" not null,
  address boolean not null,
  warnings integer not null,
  items integer not null
);
create index sar_standing_job on sar_standing (job, at desc);
create trigger append_only before update or delete or truncate on sar_standing
  for each statement execute function audit_refuse_change();
grant select, insert on sar_standing to tandem_service;

-- The same view with the human behind the review.
create or replace view sar_queue as
  select i.*, d.id as decision, d.verdict, d.code, d.paths, d.words, d.person, d.by_name, d.role, d.at as decided,
    r.agreed, r.by_name as reviewer, r.words as review_words,
    not exists (select from sar_item l where l.job = i.job and l.type = i.type and l.id = i.id and l.version > i.version) as newest,
    case when d.id is null then 'open' when r.decision is null then 'second' when r.agreed then 'done' else 'returned' end as state,
    r.person as reviewer_person
  from sar_item i
  join sar_job j on j.id = i.job
  left join lateral (
    select * from sar_decision d where d.job = i.job and d.item = i.n order by d.id desc limit 1
  ) d on true
  left join sar_review r on r.decision = d.id
  where j.wants_versions or not exists (
    select from sar_item l where l.job = i.job and l.type = i.type and l.id = i.id and l.version > i.version
  );

-- What is still missing before anything may leave; no row = nothing.
create or replace function sar_open_points(p_job bigint) returns table (point text, n integer) language plpgsql stable as $$
declare
  j sar_job;
  w record;
begin
  select * into strict j from sar_job where id = p_job;
  select * into w from sar_warnings(j.subject);
  return query
    select 'verify', 1 where not exists (select from sar_line l where l.job = p_job and l.kind = 'verify')
    union all
    select 'authority', 1 where j.asker <> 'self'
      and not exists (select from sar_line l where l.job = p_job and l.kind = 'authority')
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
    -- hers whom the request names, about what is there now
    select 'opinion', 1 where not exists (
      select from sar_line l where l.job = p_job and l.kind = 'opinion' and l.at >= j.collected and l.by_party = j.professional
        and l.role in
          ('midwife', 'health-visitor', 'hospital-midwife', 'perinatal-mental-health', 'safeguarding', 'gp', 'team-lead'))
    union all
    -- whoever asks for another person: a child always, a grown woman where there are signs of danger at home
    select 'interest', greatest(w.warnings, 1) where j.asker <> 'self' and (j.child or w.warnings > 0) and not exists (
      select from sar_line l where l.job = p_job and l.kind = 'interest'
        and (w.warnings = 0 or (l.role in ('safeguarding', 'caldicott-guardian') and l.at >= w.newest)));
end $$;

-- What was held back for serious harm goes nowhere by somebody else's later decision (R-28).
create function sar_harm_stands() returns trigger language plpgsql as $$
declare
  newest sar_decision;
begin
  select * into newest from sar_decision d where d.job = new.job and d.item = new.item order by d.id desc limit 1;
  if newest.code = 'serious-harm'
    and new.by_party is distinct from (select j.professional from sar_job j where j.id = new.job) then
    raise exception 'serious harm is judged by the health professional' using errcode = 'TDS05';
  end if;
  return new;
end $$;
-- After `still_open`, which holds the request's row: triggers of one kind run by name.
create trigger strict_harm before insert on sar_decision for each row execute function sar_harm_stands();

-- How strict the record of a request stands now: restricted address (R-16), signs of danger where another person asked,
-- and items that left and have since been raised, moved, removed or marked as an error.
create function sar_strictness(p_job bigint) returns table (address boolean, warnings integer, items integer)
language plpgsql stable as $$
declare
  j sar_job;
begin
  select * into strict j from sar_job where id = p_job;
  return query select
    exists (select from consent c where c.patient = j.subject and c.kind = 's-flag' and c.from_at <= now() and c.until_at > now()),
    case when j.asker = 'self' then 0 else (select w.warnings from sar_warnings(j.subject) w) end,
    (select count(*)::integer from sar_queue q left join resource r on r.type = q.type and r.id = q.id
     where q.job = p_job and q.newest and q.verdict in ('release', 'redact')
       and (r.id is null or r.deleted or r.label > q.label or not r.subjects @> array[j.subject]
         or (r.data_class <> q.data_class and r.data_class in ('confidential', 'safeguarding-flag', 'third-party'))
         or exists (select from unnest(r.tokens) as t where t like '%=entered-in-error' or t like '%|entered-in-error')));
end $$;
