-- A leaver's grants end with her role; why they were given stays.
alter table access_grant add column ended_at timestamptz;
grant update (ended_at) on access_grant to tandem_service;

-- System clients in production. `kind`: an e-roster may write the duty list of its service and nothing else. `agreement`:
-- the Contract its organisation and scopes come from.
alter table client
  add column kind text collate "C" not null default 'system' check (kind in ('system', 'e-roster')),
  add column agreement text collate "C" check (agreement like 'Contract/%');

-- The service's role still may not write the register: it may only have a proposal carried out that two different people
-- stand behind, and end clients and keys. Functions of the owner do it.
create function client_confirmed(p_pending text) returns text language plpgsql security definer
  set search_path = pg_catalog, public as $$
declare
  p record;
  b jsonb;
begin
  select * into p from pending_change where id = p_pending and kind = 'client'
    and confirmed_by is not null and confirmed_by <> proposer and withdrawn_at is null;
  if not found then
    raise exception using errcode = 'TD403', message = 'no confirmed proposal of two people';
  end if;
  b := p.body::jsonb;
  insert into client (client_id, name, org, scopes, introspects, kind, agreement)
    values (b ->> 'clientId', b ->> 'name', b ->> 'org',
      array(select jsonb_array_elements_text(b -> 'scopes')), false, b ->> 'kind', b ->> 'agreement')
    on conflict (client_id) do update set name = excluded.name, org = excluded.org, scopes = excluded.scopes,
      kind = excluded.kind, agreement = excluded.agreement where client.person is null and client.ended is null;
  insert into client_key (client_id, kid, jwk, expires)
    select b ->> 'clientId', k.kid, k.jwk, k.expires
    from jsonb_to_recordset(b -> 'keys') as k(kid text, jwk jsonb, expires timestamptz);
  -- Rotation with overlap: older keys go on until this moment and no longer.
  if b ? 'olderUntil' then
    update client_key set expires = least(coalesce(expires, 'infinity'), (b ->> 'olderUntil')::timestamptz)
      where client_id = b ->> 'clientId'
        and kid not in (select k.kid from jsonb_to_recordset(b -> 'keys') as k(kid text));
  end if;
  return b ->> 'clientId';
end $$;

create function client_end(p_client text, p_at timestamptz) returns boolean language plpgsql security definer
  set search_path = pg_catalog, public as $$
begin
  update client set ended = p_at where client_id = p_client and ended is null;
  return found;
end $$;

create function client_end_of_person(p_person text, p_at timestamptz) returns integer language plpgsql security definer
  set search_path = pg_catalog, public as $$
declare
  n integer;
begin
  update client set ended = p_at where person = p_person and ended is null;
  get diagnostics n = row_count;
  return n;
end $$;

create function client_key_end(p_client text, p_kid text, p_at timestamptz) returns boolean language plpgsql
  security definer set search_path = pg_catalog, public as $$
begin
  update client_key set expires = p_at
    where client_id = p_client and kid = p_kid and (expires is null or expires > p_at);
  return found;
end $$;

revoke all on function client_confirmed(text), client_end(text, timestamptz),
  client_end_of_person(text, timestamptz), client_key_end(text, text, timestamptz) from public;
grant execute on function client_confirmed(text), client_end(text, timestamptz),
  client_end_of_person(text, timestamptz), client_key_end(text, text, timestamptz) to tandem_service;
