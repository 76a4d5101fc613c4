-- Who settled a referral, handover or stop event that did not reach its addressee (A-22), and how: it stands on the list of
-- sender and leads until then (domain.md 4.8). And which Guardians a warning before an agreement's end was addressed to (R-04).
create table alert_settled (
  alert bigint primary key references alert,
  at timestamptz not null,
  by_party text collate "C" not null,
  by_name text not null,
  words text not null
);
create trigger append_only before update or delete or truncate on alert_settled
  for each statement execute function audit_refuse_change();

create table agreement_told (
  contract text collate "C" not null,
  until_at timestamptz not null,
  days integer not null,
  -- service of the agreement whose Guardian this is
  side text collate "C" not null,
  party text collate "C" not null,
  name text not null,
  at timestamptz not null default now(),
  primary key (contract, until_at, days, side, party)
);
create trigger append_only before update or delete or truncate on agreement_told
  for each statement execute function audit_refuse_change();
grant select, insert on alert_settled, agreement_told to tandem_service;
