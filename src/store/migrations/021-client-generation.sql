-- A client that ends or changes voids every cached principal, like any change of the directory.
create function client_changed() returns trigger language plpgsql as $$
begin
  update generation set value = value + 1;
  return null;
end $$;
create trigger client_generation after insert or update or delete on client
  for each statement execute function client_changed();
