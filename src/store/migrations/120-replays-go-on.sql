-- A replay is work of any process: what it is asked under, how far it came and what it counted are here, and a process
-- holds it under a short lease. One that runs ended with its process before this: it is started again by hand.
alter table request_replay
  add column worlds text,
  add column first_seq bigint not null default 0,
  add column place bigint not null default 0,
  add column tally text,
  add column owner text collate "C",
  add column lease_until timestamptz not null default '-infinity',
  -- Times it was taken up since it last moved: what ends every process that takes it up is given up.
  add column taken integer not null default 0,
  add column stopped_by text;
alter table request_replay alter column done type bigint, alter column total type bigint;
update request_replay set state = 'failed' where state = 'running';
-- One at a time, whoever starts them at once.
create unique index request_replay_one on request_replay ((true)) where state = 'running';
grant update (place, tally, owner, lease_until, taken, stopped_by) on request_replay to tandem_service;
