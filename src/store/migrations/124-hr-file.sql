-- The nightly join against the HR file (domain.md 1.8). Of what it says of a person nothing is kept in words: names, postcode,
-- address and year of birth are keyed hashes, each behind a letter (f, p, a, y), to be compared with a patient's and with
-- nothing else (A-04, A-05). Her own NHS number stands in the directory under its own key (R-11).
create table hr_person (
  -- `Practitioner/..`
  person text collate "C" primary key,
  keys text[] collate "C" not null,
  -- Last day of employment, when there is one.
  last_day date
);
-- Each time the file was read, or could not be.
create table hr_read (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  -- When the file was written.
  file_at timestamptz,
  taken boolean not null,
  people integer not null,
  unknown integer not null,
  -- What was wrong, by line; no words of the file.
  faults text[] not null
);
grant select, insert, update, delete on hr_person to tandem_service;
grant select, insert on hr_read to tandem_service;
