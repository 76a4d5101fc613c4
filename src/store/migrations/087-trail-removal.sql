-- Removing the oldest whole segments of the sealed trail (R-35): when no record that they are about is kept any more, after
-- a year, by two persons, with a certificate that says where the rest begins. The service's role deletes nothing itself.

create table audit_removal_asked (
  id bigint generated always as identity primary key,
  reference text collate "C" not null unique,
  -- at most up to this record: it ends at the last signed checkpoint before it
  to_seq bigint not null,
  asked timestamptz not null,
  asked_by text not null,
  person text collate "C" not null,
  words text not null,
  approved timestamptz,
  approved_by text,
  approved_person text collate "C",
  refused timestamptz,
  refused_by text,
  done timestamptz,
  check (approved is null or (approved_person is not null and approved_person <> person))
);
grant select, insert, update (approved, approved_by, approved_person, refused, refused_by) on audit_removal_asked to tandem_service;

-- What was removed: from the first record to the last, the chain hash there, and the signed certificate of it.
create table audit_removal (
  asked bigint primary key references audit_removal_asked,
  from_seq bigint not null unique,
  to_seq bigint not null check (to_seq >= from_seq),
  xid xid8 not null,
  id bigint not null,
  chain_hash bytea not null,
  at timestamptz not null,
  certificate text not null
);
create trigger append_only before update or delete or truncate on audit_removal
  for each statement execute function audit_refuse_change();
grant select on audit_removal to tandem_service;

-- What a removal would take, as its certificate says it; the same call removes it when it is given that certificate.
create function audit_remove_segment(p_asked bigint, p_end bigint, p_certificate text)
returns table (from_seq bigint, to_seq bigint, xid text, id text, chain_hash text)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  a audit_removal_asked;
  f bigint;
  s audit_seal;
begin
  select * into strict a from audit_removal_asked q where q.id = p_asked for update;
  if a.done is not null or a.refused is not null then
    raise exception 'this removal has ended' using errcode = 'TDT01';
  end if;
  if a.approved is null or a.approved_person is null or a.approved_person = a.person then
    raise exception 'a second person approves a removal' using errcode = 'TDT02';
  end if;
  -- Nobody seals while the beginning of the chain moves.
  perform pg_advisory_xact_lock(7203002);
  select min(q.seq) into f from audit_seal q;
  select * into s from audit_seal q where q.seq = p_end;
  if f is null or s.seq is null or p_end > a.to_seq or not exists (select from audit_seal q where q.seq > p_end) then
    raise exception 'no such segment at the beginning of the trail' using errcode = 'TDT03';
  end if;
  if exists (select from audit_seal q where q.seq <= p_end and q.at > now() - interval '12 months') then
    raise exception 'records are kept twelve months at least' using errcode = 'TDT04';
  end if;
  if exists (select from retention_hold h where h.lifted is null and (h.patient is null or exists (
      select from audit_link l where l.link = audit_link_of('p=' || h.patient) and l.seq <= p_end))) then
    raise exception 'a hold suspends disposal' using errcode = 'TDT05';
  end if;
  if exists (
    select from audit_seal q join audit t on t.xid = q.xid and t.id = q.id cross join unnest(t.patients) as p
      join resource r on r.type = split_part(p, '/', 1) and r.id = split_part(p, '/', 2)
    where q.seq <= p_end and not r.deleted
  ) then
    raise exception 'a record they are about is still kept' using errcode = 'TDT06';
  end if;
  if p_certificate is not null then
    perform set_config('tandem.audit_maintenance', 'on', true);
    delete from audit t using audit_seal q where q.seq <= p_end and t.xid = q.xid and t.id = q.id;
    delete from audit_link l where l.seq <= p_end;
    delete from access_explained e where e.seq <= p_end;
    delete from oversight_access o where o.seq <= p_end;
    delete from audit_seal q where q.seq <= p_end;
    perform set_config('tandem.audit_maintenance', 'off', true);
    insert into audit_removal values (a.id, f, s.seq, s.xid, s.id, s.chain_hash, now(), p_certificate);
    update audit_removal_asked set done = now() where audit_removal_asked.id = a.id;
  end if;
  return query select f, s.seq, s.xid::text, s.id::text, encode(s.chain_hash, 'hex');
end $$;
revoke execute on function audit_remove_segment(bigint, bigint, text) from public;
grant execute on function audit_remove_segment(bigint, bigint, text) to tandem_service;
