-- Who may open a record of label V, and who handles that of a colleague or known person (EMP, CEL): named by two persons,
-- for a time, with the reason (R-13, R-43). What the rules read stands in relationship with source `named:<id>`.
create table named_person (
  id text collate "C" primary key,
  -- `V`, `EMP` or `CEL`.
  list text collate "C" not null,
  patient text collate "C" not null,
  -- `PractitionerRole/..`.
  holder text collate "C" not null,
  proposed_by text collate "C" not null,
  confirmed_by text collate "C" not null,
  words text not null,
  at timestamptz not null,
  from_at timestamptz not null,
  until_at timestamptz not null,
  -- Set once, when somebody ended it before its time.
  ended_at timestamptz,
  ended_by text collate "C",
  end_words text
);
create index named_person_patient on named_person (patient, list);
grant select, insert, update (ended_at, ended_by, end_words) on named_person to tandem_service;

-- What follows from a Patient's own labels is a fact about her, not a stamp on her rows: for Patients written before.
insert into consent (source, patient, kind)
  select 'Patient/' || r.id, 'Patient/' || r.id, k.kind
    from resource r cross join lateral (values
      ('handled', r.tags && array['EMP', 'CEL']),
      ('sealed', r.label = 'V')) as k(kind, holds)
    where r.type = 'Patient' and not r.deleted and k.holds and r.subjects = array['Patient/' || r.id]
      and not exists (select from consent c where c.source = 'Patient/' || r.id and c.kind = k.kind);
