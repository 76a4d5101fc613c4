-- Requests that are answered later: what every process must know of one that runs elsewhere, and of one whose process ended.
create table async_job (
  token text primary key,
  caller text not null,
  started timestamptz not null default now(),
  -- The process that works on it says every few seconds that it does.
  alive timestamptz not null default now(),
  -- How it failed, as JSON of the answer; null while it runs. One that succeeds leaves: its answer is a page.
  failure text
);
create index async_job_caller on async_job (caller, started);
grant select, insert, update, delete on async_job to tandem_service;
