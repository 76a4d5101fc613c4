-- With what the rows of each type were indexed: `made` holds for all rows, `target` is being made, up to `after_id`. The row
-- '*' holds the version of all definitions. A hash that differs at start begins a re-index (store/index-state.ts).
create table index_state (
  type text collate "C" primary key,
  made jsonb,
  target jsonb,
  after_id text collate "C" not null default '',
  done bigint not null default 0
);
grant select, insert, update on index_state to tandem_service;

-- Replaces what the index holds of rows whose version is still the one that was read; the caller holds their locks.
-- Words that start with `@` are the store's and stay.
create function record_reindex(
  w_type text, w_id text[], w_version integer[], w_tokens text[], w_more text[],
  s_row integer[], s_code text[], s_value text[],
  d_row integer[], d_code text[], d_low timestamptz[], d_high timestamptz[],
  n_row integer[], n_code text[], n_low double precision[], n_high double precision[], n_unit text[]
) returns void language plpgsql as $$
begin
  update resource r set more = w.more::jsonb,
      tokens = string_to_array(w.tokens, E'\x1f') || array(select t from unnest(r.tokens) as t where starts_with(t, '@'))
    from unnest(w_id, w_version, w_tokens, w_more) as w(id, version, tokens, more)
    where r.type = w_type and r.id = w.id and r.version = w.version and not r.deleted;
  delete from index_string where type = w_type and id = any (w_id);
  delete from index_date where type = w_type and id = any (w_id);
  delete from index_number where type = w_type and id = any (w_id);
  insert into index_string select w_type, w_id[s.row], s.code, s.value
    from unnest(s_row, s_code, s_value) as s(row, code, value);
  insert into index_date select w_type, w_id[d.row], d.code, d.low, d.high
    from unnest(d_row, d_code, d_low, d_high) as d(row, code, low, high);
  insert into index_number select w_type, w_id[n.row], n.code, n.low, n.high, n.unit
    from unnest(n_row, n_code, n_low, n_high, n_unit) as n(row, code, low, high, unit);
end $$;
