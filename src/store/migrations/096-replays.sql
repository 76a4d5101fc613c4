-- Recorded requests decided again under a proposed agreement or other rules: what was asked, how far it came, what it found.
-- Holds counts and numbers of records of the trail, no content and no family.
create table request_replay (
  id text collate "C" primary key,
  asked_by text collate "C" not null,
  asked_name text not null,
  at timestamptz not null,
  asked text not null,
  state text collate "C" not null default 'running',
  moved_at timestamptz not null default now(),
  done integer not null default 0,
  total integer not null default 0,
  result text
);
create index request_replay_at on request_replay (at desc);
grant select, insert, update (state, moved_at, done, total, result) on request_replay to tandem_service;
