-- Random samples (domain.md 6.7, feature 5): accesses of one month by the people of one organisation, drawn by a seed that
-- is kept, so that anybody can draw them again while the hours are here.
create table sample (
  id bigint generated always as identity primary key,
  month date not null,
  organization text collate "C" not null,
  seed text collate "C" not null,
  size integer not null,
  population integer not null,
  drawn timestamptz not null default now(),
  drawn_by text collate "C" not null,
  unique (month, organization)
);
create table sample_item (
  sample bigint not null references sample,
  n integer not null,
  party text collate "C" not null,
  patient text collate "C" not null,
  role text collate "C" not null,
  hour timestamptz not null,
  state text collate "C" not null default 'open' check (state in ('open', 'fine', 'in-case')),
  by_party text collate "C",
  at timestamptz,
  words text,
  primary key (sample, n)
);
create index sample_item_state on sample_item (state, sample);
grant select, insert on sample, sample_item to tandem_service;
grant update (state, by_party, at, words) on sample_item to tandem_service;

-- Telling somebody elsewhere that there is an alert (feature 18): reference, severity and time, until it is taken.
create table alert_notice (
  alert bigint primary key references alert,
  due timestamptz not null default now(),
  attempts integer not null default 0,
  sent timestamptz,
  given_up boolean not null default false,
  error text
);
create index alert_notice_due on alert_notice (due) where sent is null and not given_up;
grant select, insert, update on alert_notice to tandem_service;
create index alert_at on alert (at);

-- Questions an officer keeps to ask again (feature 19). No number of anybody is ever in one.
create table saved_question (
  owner text collate "C" not null,
  name text not null,
  address text not null,
  at timestamptz not null default now(),
  primary key (owner, name)
);
grant select, insert, delete on saved_question to tandem_service;
