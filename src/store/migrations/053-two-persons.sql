-- Changes of agreements and directory that wait for a second person (R-27).
create table pending_change (
  id text collate "C" primary key,
  proposer text collate "C" not null,
  practitioner text collate "C",
  at timestamptz not null,
  words text not null,
  body text not null,
  -- The version it was proposed on; null = a new resource.
  version integer,
  -- Set once, when it took effect.
  confirmed_by text collate "C",
  confirmed_at timestamptz
);
grant select, insert, update (confirmed_by, confirmed_at) on pending_change to tandem_service;
