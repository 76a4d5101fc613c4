-- A key that is ended voids every cached principal, like a client that is: tokens name the key they were given for, and what
-- it signed for is refused at the next request.
create trigger client_key_generation after update or delete on client_key
  for each statement execute function client_changed();
