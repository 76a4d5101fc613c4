-- An access without a personal explanation that an officer has explained in her own words: off the list, never unsaid.
create table access_review (
  seq bigint primary key,
  by_party text collate "C" not null,
  by_name text not null,
  at timestamptz not null,
  words text not null
);
grant select, insert on access_review to tandem_service;
