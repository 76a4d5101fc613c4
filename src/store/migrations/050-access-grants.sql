-- Access that a person opened for herself, or one person for another, with a reason (R-07, R-13, R-16, R-18). The rows the
-- rules read are in relationship and consent with source `grant:<id>`; here is why, for the review.
create table access_grant (
  id text primary key,
  kind text collate "C" not null,
  patient text collate "C" not null,
  -- Who may look (`PractitionerRole/..`), and who opened it: the same person except in a grant of two.
  holder text collate "C" not null,
  given_by text collate "C" not null,
  reason text collate "C" not null,
  words text not null,
  at timestamptz not null,
  until_at timestamptz not null,
  -- Break-glass is reviewed within five working days; null = no review is due.
  review_due timestamptz
);
create index access_grant_holder on access_grant (holder, until_at);
create index access_grant_review on access_grant (review_due) where review_due is not null;
grant select, insert on access_grant to tandem_service;

-- How often somebody traced within a quarter of an hour (R-50).
create table trace_count (
  caller text collate "C" not null,
  slot timestamptz not null,
  traces integer not null,
  primary key (caller, slot)
);
grant select, insert, update, delete on trace_count to tandem_service;
