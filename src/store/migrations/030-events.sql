-- The sequencer: changes below the horizon get the next dense numbers, in the order that keeps versions ascending.
-- One statement moves them, so a crash leaves them either waiting or numbered, never lost and never twice.

-- The table stays small and is emptied all the time: clean it often, or index scans walk over the dead rows.
alter table change set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- Moves up to p_limit changes into the feed. One sequencer at a time, in any process. -1: another one is at work.
create function feed_next(p_limit integer, p_wait boolean) returns integer language plpgsql as $$
declare
  base bigint;
  numbered integer;
begin
  if p_wait then
    perform pg_advisory_xact_lock(7203003);
  elsif not pg_try_advisory_xact_lock(7203003) then
    return -1;
  end if;
  select coalesce(max(f.feed_no), 0) into base from feed f;
  with ready as (
    select c.xid, c.id from change c
    where c.xid < pg_snapshot_xmin(pg_current_snapshot())
    order by c.xid, c.id
    limit p_limit
  ), moved as (
    delete from change c using ready r where c.xid = r.xid and c.id = r.id
    returning c.xid, c.id, c.type, c.resource_id, c.version, c.op, c.at
  )
  insert into feed (feed_no, type, resource_id, version, op, at)
  select base + row_number() over (order by m.xid, m.id), m.type, m.resource_id, m.version, m.op, m.at
  from moved m;
  get diagnostics numbered = row_count;
  return numbered;
end $$;

grant select, insert, delete on change to tandem_service;
grant select, insert on feed to tandem_service;

-- How far a reader of the feed has come. Moves only from the position its reader knows.
create table feed_position (
  reader text primary key,
  position bigint not null
);

-- A subscription as the pump and the deliveries see it: made from the Subscription resource in feed order.
create table subscription (
  id text collate "C" primary key,
  version integer not null,
  -- requested, active, error, off
  status text collate "C" not null,
  error text,
  topic text collate "C" not null,
  -- The OAuth client it acts for; every decision is made as this client.
  subscriber text collate "C" not null,
  filters jsonb not null,
  endpoint text not null,
  content text collate "C" not null,
  timeout_ms integer not null,
  heartbeat_ms integer,
  ends timestamptz,
  last_number bigint not null default 0,
  delivered bigint not null default 0,
  -- When the event now waiting failed first; after 24 h it becomes a dead letter.
  failing_since timestamptz,
  attempts integer not null default 0,
  next_attempt timestamptz not null default '-infinity',
  last_sent timestamptz,
  lease_owner text,
  lease_until timestamptz not null default '-infinity'
);

-- Only permitted events are numbered; the number is the subscriber's own and dense.
create table subscription_event (
  subscription text collate "C" not null,
  number bigint not null,
  feed_no bigint not null,
  focus_type text collate "C" not null,
  focus_id text collate "C" not null,
  at timestamptz not null,
  -- Null until it went out; then the content it went out with.
  sent_as text collate "C",
  sent_at timestamptz,
  dead boolean not null default false,
  primary key (subscription, number)
);
create index subscription_event_dead on subscription_event (subscription, number) where dead;

grant select, insert, update on feed_position, subscription, subscription_event to tandem_service;
