-- What the built-in provider of demo and training keeps of a sign-in under way: minutes, no record content. Any process
-- on this database, and one that was started again, goes on with it. In production nothing writes here.
create table sign_in_state (
  kind text not null,
  id text collate "C" not null,
  grant_id text collate "C",
  payload text not null,
  consumed boolean not null default false,
  until_at timestamptz not null,
  primary key (kind, id)
);
create index sign_in_state_grant on sign_in_state (grant_id) where grant_id is not null;
create index sign_in_state_until on sign_in_state (until_at);
grant select, insert, update, delete on sign_in_state to tandem_service;

-- How often somebody (issuer and subject) signed out everywhere. A session remembers the number it began with; every
-- process reads the number at every request.
create table session_end (
  who text collate "C" primary key,
  times integer not null default 1
);
grant select, insert, update on session_end to tandem_service;
