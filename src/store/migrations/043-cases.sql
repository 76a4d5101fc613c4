-- Accesses that officers ask for by kind: unexplained, after the relationship, of restricted records ... one row for each
-- person concerned, made by oversight in the order of the seal. What is here points into the trail and copies nothing.
create table oversight_access (
  kind text collate "C" not null,
  seq bigint not null,
  patient text collate "C" not null,
  party text collate "C" not null,
  at timestamptz not null,
  primary key (kind, seq, patient)
);
create index oversight_access_patient on oversight_access (patient, kind, seq);
create index oversight_access_party on oversight_access (party, kind, seq);
grant select, insert on oversight_access to tandem_service;

-- Cases of information governance (domain.md 6.6). The log is append-only and each line carries the hash of the one
-- before; the row itself only says where the case stands.
create table case_file (
  id bigint generated always as identity primary key,
  reference text collate "C" not null unique,
  opened timestamptz not null default now(),
  opened_by text collate "C" not null,
  reason text not null,
  -- `Patient/..` of the family, visible inside the case only
  patients text[] collate "C" not null,
  -- people whose access is looked into
  parties text[] collate "C" not null,
  state text collate "C" not null default 'new' check (state in ('new', 'assigned', 'decided', 'closed')),
  assigned_to text collate "C",
  outcome text collate "C" check (outcome in ('appropriate', 'training-need', 'policy-gap', 'inappropriate', 'malicious')),
  decided_by text collate "C",
  decided timestamptz,
  two_needed boolean not null default false,
  review_due date not null,
  -- a breach was recognised: 72 hours to decide on telling the ICO
  aware timestamptz,
  closed timestamptz,
  version integer not null default 1
);
create index case_file_state on case_file (state, id);
create table case_line (
  case_id bigint not null references case_file,
  n integer not null,
  at timestamptz not null,
  by_party text collate "C" not null,
  by_name text not null,
  kind text collate "C" not null,
  words text not null,
  hash text collate "C" not null,
  primary key (case_id, n)
);
create trigger append_only before update or delete or truncate on case_line
  for each statement execute function audit_refuse_change();
grant select, insert, update on case_file to tandem_service;
grant select, insert on case_line to tandem_service;
