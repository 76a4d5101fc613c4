-- A lease names the session lock of its process: while somebody holds that lock the process lives, when nobody does the
-- lease is over, before its time. Null: only time ends it.
alter table subscription add column lease_key bigint;
