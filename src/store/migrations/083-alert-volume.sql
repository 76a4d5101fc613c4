-- Notifications of each subscription by hour (A-17), kept 8 days.
create table oversight_volume (
  party text collate "C" not null,
  hour timestamptz not null,
  notices integer not null,
  primary key (party, hour)
);
grant select, insert, update, delete on oversight_volume to tandem_service;
