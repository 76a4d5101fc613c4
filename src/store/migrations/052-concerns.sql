-- Concerns about a child's safety from anybody who is signed in (R-46). Texts are added, never changed.
create table concern (
  receipt text collate "C" not null,
  n integer not null,
  author text collate "C" not null,
  author_name text not null,
  at timestamptz not null,
  -- Whom it is about in the author's words, and who that is where it is known; the author never learns which.
  about text not null,
  patient text collate "C",
  words text not null,
  primary key (receipt, n)
);
create index concern_at on concern (at desc);
grant select, insert on concern to tandem_service;
