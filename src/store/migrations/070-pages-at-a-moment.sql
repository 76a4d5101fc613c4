-- The moment of a search's first page: later pages find what was written since, and leave it where it stood then.
alter table page add column snapshot pg_snapshot;

-- Whether what the transaction `writer` (xmin of a row) wrote was there for a snapshot. A row tells the low 32 bits of it;
-- it is below the next transaction id, and asked only of rows that younger ones have replaced.
create function was_there(writer xid, seen pg_snapshot) returns boolean language sql stable parallel safe as $$
  select pg_visible_in_snapshot((case when x.near < x.next then x.near else x.near - 4294967296 end)::text::xid8, seen)
  from (select n.next, ((n.next >> 32) << 32) | writer::text::bigint as near
    from (select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next) n) x
$$;
