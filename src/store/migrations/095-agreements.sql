-- Which resource and version a proposal became: the register of agreements shows who agreed to what (R-27).
alter table pending_change
  add column target text collate "C",
  add column written integer;
create index pending_change_target on pending_change (target) where target is not null;
grant update (target, written) on pending_change to tandem_service;

-- Each warning before the end of an agreement, once (R-04): 60, 30, 14, 7 and 1 days.
create table agreement_warning (
  contract text collate "C" not null,
  until_at timestamptz not null,
  days integer not null,
  at timestamptz not null default now(),
  primary key (contract, until_at, days)
);
grant select, insert on agreement_warning to tandem_service;
