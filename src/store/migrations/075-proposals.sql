-- Proposals of every kind wait for their second person in one place (R-27): single resources, imports of the directory,
-- system clients. `kind` says who carries them out, `title` names them in the list, without anybody's record.
alter table pending_change
  add column kind text collate "C" not null default 'resource',
  add column title text not null default '',
  -- Taken back by its proposer, or declined by another: it can never take effect.
  add column withdrawn_by text collate "C",
  add column withdrawn_at timestamptz;
create index pending_waiting on pending_change (at desc) where confirmed_at is null and withdrawn_at is null;
grant update (withdrawn_by, withdrawn_at) on pending_change to tandem_service;
-- Which identifiers of a kind there are: the directory is matched by business identifiers in bulk.
create index directory_kind on directory ((entry ->> 'kind'));
