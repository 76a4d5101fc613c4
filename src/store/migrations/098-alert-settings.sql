-- How alert rules are set in the console, complete each time; the newest holds over the settings file. Insert-only.
create table alert_setting (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  by_party text collate "C" not null,
  by_name text not null,
  words text not null,
  body text not null
);
grant select, insert on alert_setting to tandem_service;
