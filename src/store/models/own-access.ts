/** What a family's own list says about who viewed a record (Q14 of domain.md 6.2), and whether the list is on. */
import type { Role } from '../../governance/types.ts';
import type { Db } from '../reads.ts';

export interface ViewedMonth {
  /** London `YYYY-MM`. */
  month: string;
  role: Role;
  /** Roles of the directory that work in the viewer's service now; empty when she names none. */
  serviceRoles: Role[];
}

/** Records of one patient that are looked at, the newest first; far more than any pregnancy has. */
const MOST = 20_000;
const VIEWING = ['read', 'vread', 'history-instance', 'search-type', 'search-system', 'operation'];

/**
 * Months in which people of staff viewed something that is neither restricted nor very restricted. A record over several
 * rows counts by those of its rows that are not: so the answer is the same as if the others did not exist.
 */
export async function monthsViewed(db: Db, patient: string): Promise<ViewedMonth[]> {
  const result = await db.query<ViewedMonth>({
    name: 'own_access',
    text: `with seen as materialized (
        select a.at, audit_json_or_null(a.body) as b from audit_link l
        join audit_seal s on s.seq = l.seq join audit a on a.xid = s.xid and a.id = s.id
        where l.link = audit_link_of('p=' || $1) and s.outcome = 0 and s.interaction = any ($2)
        order by l.seq desc limit ${MOST}
      ), shown as (
        select distinct to_char(at at time zone 'Europe/London', 'YYYY-MM') as month,
          b -> 'agent' ->> 'role' as role, b -> 'agent' ->> 'service' as service
        from seen where b -> 'agent' ->> 'kind' = 'staff' and (
          b -> 'agent' ->> 'role' in ('ig-officer', 'caldicott-guardian', 'sar-officer') or b ->> 'label' = 'N'
          or exists (
            select from jsonb_array_elements_text(b -> 'entities') as e cross join lateral (
              select split_part(e, '/', 1) as type, split_part(e, '/', 2) as id, split_part(e, '/_history/', 2) as version) as v
            where v.version ~ '^[0-9]+$' and (
              exists (select from resource r where r.type = v.type and r.id = v.id and r.version = v.version::integer
                and r.label = 'N' and r.patients && array[$1])
              or exists (select from history r where r.type = v.type and r.id = v.id and r.version = v.version::integer
                and r.label = 'N' and r.patients && array[$1]))))
      )
      select month, role, array(select distinct d.entry ->> 'role' from directory d where d.entry ->> 'kind' = 'role'
        and d.entry ->> 'service' = service and d.entry ->> 'role' is not null) as "serviceRoles" from shown`,
    values: [patient, VIEWING],
  });
  return result.rows;
}

export async function isOnlineViewOff(db: Db, patient: string): Promise<boolean> {
  const result = await db.query({ text: 'select from online_view_off where patient = $1', values: [patient] });
  return result.rowCount === 1;
}

export async function switchOnlineView(db: Db, patient: string, off: { by: string; at: Date } | null): Promise<void> {
  if (off === null) await db.query('delete from online_view_off where patient = $1', [patient]);
  else
    await db.query('insert into online_view_off (patient, by_party, at) values ($1, $2, $3) on conflict do nothing', [
      patient,
      off.by,
      off.at,
    ]);
}
