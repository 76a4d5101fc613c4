-- The whole way of a case (domain.md 6.6): gathering, asking, actions. What was gathered is kept as it was seen.
alter table case_file drop constraint case_file_state_check;
alter table case_file add constraint case_file_state_check
  check (state in ('new', 'assigned', 'gathering', 'asked', 'decided', 'acting', 'closed'));
create table case_evidence (
  case_id bigint not null references case_file,
  -- line of the log that carries its hash
  n integer not null,
  body text not null,
  primary key (case_id, n)
);
create trigger append_only before update or delete or truncate on case_evidence
  for each statement execute function audit_refuse_change();
grant select, insert on case_evidence to tandem_service;

-- What partner systems say their people opened (domain.md 4.12, 6.5): one chain for each client, apart from ours.
create table partner_audit (
  client text collate "C" not null,
  seq bigint not null,
  -- when it happened, as the partner says; when it came is ours
  recorded timestamptz not null,
  received timestamptz not null default now(),
  body text not null,
  patients text[] collate "C" not null,
  chain_hash bytea not null,
  primary key (client, seq)
);
create index partner_audit_patients on partner_audit using gin (patients);
create trigger append_only before update or delete or truncate on partner_audit
  for each statement execute function audit_refuse_change();
grant select, insert on partner_audit to tandem_service;
