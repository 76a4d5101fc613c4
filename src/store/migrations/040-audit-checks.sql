-- Proofs of the audit trail: who asked when, what was found, and the signed report. Nobody changes a result.
create table audit_check (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  asked_by text collate "C" not null,
  ok boolean not null,
  records bigint not null,
  broken_seq bigint,
  why text,
  report text not null
);
create trigger append_only before update or delete or truncate on audit_check
  for each statement execute function audit_refuse_change();
grant select, insert on audit_check to tandem_service;
