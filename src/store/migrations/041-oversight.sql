-- What oversight derives from sealed records, in the order of the seal: personal explanations found later, counts that
-- alert rules look back at, and alerts. `oversight_place` moves in the same commit: each record is counted once.
create table oversight_place (name text primary key, seq bigint not null);
insert into oversight_place select 'alerts', coalesce(max(seq), 0) from audit_seal;

-- Explanations of domain.md 6.2 Q3 that the decision itself could not know without slowing the read.
create table access_explained (seq bigint primary key, explanation text collate "C" not null);

-- Patients whose records one person opened in one hour (A-08), kept 30 days.
create table oversight_opened (
  party text collate "C" not null,
  hour timestamptz not null,
  patient text collate "C" not null,
  role text collate "C" not null,
  primary key (party, hour, patient)
);
create index oversight_opened_hour on oversight_opened (hour);

-- Refusals, searches by name, exports, endpoints: what rules count within a window, kept 30 days.
create table oversight_mark (
  kind text collate "C" not null,
  party text collate "C" not null,
  patient text collate "C" not null,
  at timestamptz not null,
  seq bigint not null,
  primary key (kind, party, seq, patient)
);
create index oversight_mark_party on oversight_mark (kind, party, at);
create index oversight_mark_patient on oversight_mark (kind, patient, at);

create table alert (
  id bigint generated always as identity primary key,
  reference text collate "C" not null unique,
  rule text collate "C" not null,
  severity text collate "C" not null,
  -- `observe` counts only; `live` is somebody's work
  mode text collate "C" not null check (mode in ('observe', 'live')),
  at timestamptz not null,
  raised timestamptz not null default now(),
  -- first and last sealed record, null for what comes from no record (A-16)
  seq bigint,
  last_seq bigint,
  hits integer not null default 1,
  party text collate "C" not null,
  patient text collate "C" not null,
  why text not null,
  state text collate "C" not null default 'open' check (state in ('open', 'in-case', 'closed')),
  case_id bigint,
  unique (rule, seq)
);
create index alert_party on alert (rule, party, at);
create index alert_open on alert (state, mode, id);

-- Rules that failed and were switched off until somebody looks.
create table alert_rule_fault (rule text collate "C" primary key, at timestamptz not null default now(), error text not null);

grant select, insert, update on oversight_place, alert to tandem_service;
grant select, insert on access_explained to tandem_service;
grant select, insert, delete on oversight_opened, oversight_mark, alert_rule_fault to tandem_service;
