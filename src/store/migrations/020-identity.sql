-- System clients (SMART Backend Services), their public keys, and the assertions already used.
-- Clients and keys are written by the owner's role only (setup, demo seed): the service reads them, so that whoever
-- takes over the service cannot make himself a client.

create table client (
  client_id text collate "C" primary key,
  name text not null,
  -- `Organization/..` of the service whose system it is
  org text collate "C" not null,
  -- SMART v2 scopes it may ask for, e.g. system/*.cruds
  scopes text[] collate "C" not null,
  -- may ask about tokens that are not its own (RFC 7662)
  introspects boolean not null default false,
  added timestamptz not null default now(),
  ended timestamptz
);

create table client_key (
  client_id text collate "C" not null references client,
  kid text collate "C" not null,
  -- public JWK, RSA or EC P-384
  jwk jsonb not null check (not jwk ? 'd' and not jwk ? 'k'),
  added timestamptz not null default now(),
  expires timestamptz,
  primary key (client_id, kid)
);

-- One row per assertion until it expires (at most five minutes): the primary key decides who came first.
create table replay (
  client_id text collate "C" not null,
  jti text collate "C" not null,
  expires timestamptz not null,
  primary key (client_id, jti)
) with (autovacuum_vacuum_scale_factor = 0.05);
create index replay_expires on replay (expires);

grant select on client, client_key to tandem_service;
grant select, insert, delete on replay to tandem_service;
