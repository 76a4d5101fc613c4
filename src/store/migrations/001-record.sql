-- The record: one row per current resource, superseded versions beside it, facts for the rules, and the feed.
-- Every word in `tokens` starts with `Type.code=`, so one GIN index serves every parameter of every type and no
-- plan can prefer the primary key to it (house: before ANALYZE the planner took the primary key, 213/s against 5,000/s).

create table resource (
  type text collate "C" not null,
  id text collate "C" not null,
  version integer not null,
  updated timestamptz not null,
  deleted boolean not null,
  body text,
  tokens text[] collate "C" not null,
  patients text[] collate "C" not null,
  subjects text[] collate "C" not null,
  pregnancy text collate "C",
  data_class text collate "C" not null,
  label text collate "C" not null check (label in ('N', 'R', 'V')),
  tags text[] collate "C" not null,
  service text collate "C",
  authors text[] collate "C" not null,
  released boolean not null,
  addressee text collate "C",
  primary key (type, id)
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.1);
-- Nothing is asked of bodies. Statistics of 30,000 rows take 0.8 s of a core: taken at every fiftieth row (each ten
-- seconds while a small store is written to) they were a tenth of each write.
alter table resource alter column body set statistics 0;
create index resource_tokens on resource using gin (tokens) with (fastupdate = off);
create index resource_updated on resource (type, updated, id);

-- Superseded versions only; the newest version is the row in `resource`. Append-only for the service's role.
create table history (
  like resource,
  primary key (type, id, version)
);
alter table history alter column body set statistics 0;
create index history_updated on history (type, updated);

-- Narrow side rows for prefixes and ranges. Tokens, references and uris live in resource.tokens. The row indexes start
-- with the id: with the type first, PostgreSQL 18 skip-scans them and walks the whole type (measured 4.6 against 1.9 ms).
create table index_string (
  type text collate "C" not null,
  id text collate "C" not null,
  code text collate "C" not null,
  value text collate "C" not null
);
create index index_string_value on index_string (type, code, value, id);
create index index_string_row on index_string (id, type, code);

create table index_date (
  type text collate "C" not null,
  id text collate "C" not null,
  code text collate "C" not null,
  low timestamptz not null,
  high timestamptz not null
);
create index index_date_value on index_date (type, code, low, high, id);
create index index_date_row on index_date (id, type, code);

create table index_number (
  type text collate "C" not null,
  id text collate "C" not null,
  code text collate "C" not null,
  low double precision not null,
  high double precision not null,
  unit text collate "C"
);
create index index_number_value on index_number (type, code, low, high, id);
create index index_number_row on index_number (id, type, code);

-- Facts that rules read (house.md section 4). `source` is the resource or grant that produced the row.
create table relationship (
  source text collate "C" not null,
  party text collate "C" not null,
  patient text collate "C" not null,
  pregnancy text collate "C",
  kind text collate "C" not null,
  from_at timestamptz not null default '-infinity',
  until_at timestamptz not null default 'infinity',
  ending text collate "C",
  scope text[] collate "C" not null default '{}'
);
create index relationship_patient on relationship (patient, party);
create index relationship_party on relationship (party, patient);
create index relationship_source on relationship (source);

create table consent (
  source text collate "C" not null,
  patient text collate "C" not null,
  kind text collate "C" not null,
  party text collate "C",
  classes text[] collate "C" not null default '{}',
  from_at timestamptz not null default '-infinity',
  until_at timestamptz not null default 'infinity'
);
create index consent_patient on consent (patient);
create index consent_source on consent (source);

create table agreement (
  source text collate "C" not null,
  from_service text collate "C" not null,
  to_service text collate "C" not null,
  classes text[] collate "C" not null,
  purposes text[] collate "C" not null,
  max_label text collate "C" not null,
  from_at timestamptz not null default '-infinity',
  until_at timestamptz not null default 'infinity',
  revoked boolean not null default false
);
create index agreement_pair on agreement (from_service, to_service);

-- A fetus or baby and its mother: before birth everything about the fetus is the mother's (domain.md 3.5).
create table kin (
  source text collate "C" not null,
  child text collate "C" not null,
  mother text collate "C" not null
);
create index kin_child on kin (child);
create index kin_mother on kin (mother);
create index kin_source on kin (source);

-- Pregnancies known from maternity episodes, to place rows that carry only a date.
create table pregnancy (
  source text collate "C" not null,
  key text collate "C" not null,
  mother text collate "C" not null,
  from_at timestamptz not null,
  until_at timestamptz not null default 'infinity'
);
create index pregnancy_mother on pregnancy (mother);
create index pregnancy_source on pregnancy (source);

-- Who is who, as the directory resources say: roles, team memberships, services. `entry` is the parsed row.
create table directory (
  source text collate "C" not null,
  member text collate "C" not null,
  entry jsonb not null
);
create index directory_member on directory (member);
create index directory_source on directory (source);

-- Rises with every change of directory or agreements: principals cached in a process are valid for one generation,
-- and every statement that shows data returns the generation it saw, so that no cache decides (H7).
create table generation (one boolean primary key default true check (one), value bigint not null);
insert into generation (value) values (1);

-- Changes waiting for a number, and the numbered feed. Transaction-id order is not commit order: the sequencer takes
-- only rows below the snapshot's horizon; locks taken before the first write make each resource's versions ascend.
create table change (
  xid xid8 not null default pg_current_xact_id(),
  id bigint generated always as identity,
  type text collate "C" not null,
  resource_id text collate "C" not null,
  version integer not null,
  op text collate "C" not null,
  at timestamptz not null
);
create index change_xid on change (xid, id);

create table feed (
  feed_no bigint primary key,
  type text collate "C" not null,
  resource_id text collate "C" not null,
  version integer not null,
  op text collate "C" not null,
  at timestamptz not null
);
create index feed_type on feed (type, feed_no);

-- Ordered ids of a search for its later pages (paging contract): 15 minutes, bound to the caller.
create table page (
  token text primary key,
  caller text not null,
  query text not null,
  ids text[] collate "C" not null,
  total integer,
  created timestamptz not null default now()
);
create index page_created on page (created);

-- The audit trail. `xid` and `id` order it below the horizon; the seal chains it.
create table audit (
  xid xid8 not null default pg_current_xact_id(),
  id bigint generated always as identity,
  at timestamptz not null,
  body text not null,
  patients text[] collate "C" not null,
  primary key (xid, id)
) with (autovacuum_analyze_scale_factor = 0.5);
alter table audit alter column body set statistics 0;
