-- Files about more people than one officer may take out (R-38): asked for by one, let go by a second, taken once.
create table export_request (
  id bigint generated always as identity primary key,
  reference text collate "C" not null unique default 'EX-' || upper(left(replace(gen_random_uuid()::text, '-', ''), 10)),
  asked_by text collate "C" not null,
  asked_name text not null,
  practitioner text collate "C",
  asked timestamptz not null,
  -- What it holds, and how: the question as it is asked again when the file is taken. Never an NHS number.
  what jsonb not null,
  title text not null,
  reason text not null,
  people integer not null,
  state text collate "C" not null default 'waiting' check (state in ('waiting', 'approved', 'refused', 'taken')),
  decided_by text collate "C",
  decided_name text,
  decided timestamptz
);
create index export_request_newest on export_request (id desc);
grant select, insert, update on export_request to tandem_service;
