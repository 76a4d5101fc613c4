-- Definitions posted as resources take effect by who wrote their current version. Every change of what is in effect raises
-- the generation; rows are indexed by the definitions of one generation and written only while it stands, so that an index
-- made anew misses none of them.
create table definition_author (
  type text collate "C",
  id text collate "C",
  version integer not null,
  client text not null,
  role text not null,
  primary key (type, id)
);
create table definition_generation (one boolean primary key default true check (one), value bigint not null);
insert into definition_generation (value) values (1);
grant select, insert, update on definition_author to tandem_service;
grant select, update on definition_generation to tandem_service;

-- Called in front of a write: waits while somebody changes what is in effect (whoever does holds this lock exclusively,
-- to the end of a short transaction), then the generation must still be the one that the rows were indexed by.
create function definitions_at(p_generation bigint) returns void language plpgsql as $$
begin
  if p_generation is null then
    return;
  end if;
  perform pg_advisory_xact_lock_shared(7203060);
  if (select value from definition_generation) <> p_generation then
    raise exception using errcode = 'TD410', message = 'the definitions have changed';
  end if;
end $$;
