-- 070's as one expression, which PostgreSQL writes into the statement: called, it took most of 40 us a row.
create or replace function was_there(writer xid, seen pg_snapshot) returns boolean language sql stable parallel safe as $$
  select pg_visible_in_snapshot((pg_snapshot_xmax(pg_current_snapshot())::text::bigint
    - ((pg_snapshot_xmax(pg_current_snapshot())::text::bigint - writer::text::bigint) & 4294967295))::text::xid8, seen)
$$;
