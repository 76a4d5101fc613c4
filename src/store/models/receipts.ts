/**
 * Who received a record: the system clients that the access record shows reading it. The sealed part is found by
 * its links, the last second of it row by row.
 */
import type { FeedRow } from '../feed.ts';
import type { Db } from '../reads.ts';

export interface ReceiptAsk {
  /** `Type/id`; of a `Patient/..`, anything about that person is a receipt too. */
  focus: string;
  /** `Organization/..` whose record it is: its own systems received nothing from another service. */
  service: string | null;
  /** Only those whom the receipt gave the id itself: what was announced about somebody did not name her. */
  named: boolean;
}

/** An announcement is a receipt once its id went out; a write of one's own, a refusal and an intent are none. */
const RECEIVED = `a.body::json -> 'agent' ->> 'clientId' = c.client_id and a.body::json -> 'agent' ->> 'role' = 'system'
  and coalesce((a.body::json ->> 'outcome')::int, 0) = 0
  and a.body::json ->> 'interaction' not in ('create', 'update', 'patch', 'delete', 'batch', 'transaction')
  and (a.body::json ->> 'interaction' <> 'disclosure' or not $3 or position('"' || $1 || '"' in a.body) > 0)
  and (a.body::json ->> 'interaction' <> 'disclosure' or a.body::json ->> 'detail' = '$events'
    or (a.body::json ->> 'detail' like '% id-only' and a.body::json ->> 'detail' not like 'intent %'))`;

/** Registered clients of other services that received the record. */
export async function receiversOf(db: Db, { focus, service, named }: ReceiptAsk): Promise<string[]> {
  const { rows } = await db.query<{ client: string }>({
    name: 'receivers_of',
    text: `select c.client_id as client from client c
      where c.ended is null and c.org is distinct from $2 and (
        exists (
          select from audit_link l
          join audit_link o on o.seq = l.seq and o.link = audit_link_of('a=' || c.client_id)
          join audit_seal s on s.seq = l.seq join audit a on a.xid = s.xid and a.id = s.id
          where l.link in (audit_link_of('e=' || $1), audit_link_of('p=' || $1)) and ${RECEIVED}
        ) or exists (
          select from audit a where (a.xid, a.id) > (
            select s.xid, s.id from audit_seal s union all select '0'::xid8, 0 order by 1 desc, 2 desc limit 1)
          and ($1 = any (a.patients) or position('"' || $1 || '"' in a.body) > 0 or position('"' || $1 || '/_history/' in a.body) > 0)
          and ${RECEIVED}
        ))
      order by 1`,
    values: [focus, service, named],
  });
  return rows.map(({ client }) => client);
}

/**
 * Of a stretch of the feed, the changes with which something may stop for those who hold it: what became an error or was
 * amended, whose subject is another, every change of a person or a Task. The rest is not looked at one by one.
 */
export async function mayStop(db: Db, rows: readonly FeedRow[]): Promise<Set<number>> {
  const changes = rows.filter(({ op, version }) => op === 'U' && version > 1);
  if (changes.length === 0) return new Set();
  const { rows: found } = await db.query<{ no: number }>({
    name: 'may_stop',
    text: `with changed as (
        select * from jsonb_to_recordset($1) as c (no bigint, type text, id text, version integer)
      ), versions as (
        select c.no, c.type, v.version = c.version as is_now, v.subjects, v.body from changed c cross join lateral (
          select r.version, r.subjects, r.body from resource r
            where r.type = c.type and r.id = c.id and r.version in (c.version, c.version - 1)
          union all
          select h.version, h.subjects, h.body from history h
            where h.type = c.type and h.id = c.id and h.version in (c.version, c.version - 1)
        ) v
      )
      select n.no from versions n left join versions b on b.no = n.no and not b.is_now
      where n.is_now and (n.type in ('Patient', 'Task') or n.subjects is distinct from b.subjects
        or position('"entered-in-error"' in n.body) > 0 or position('/StructureDefinition/amendment"' in n.body) > 0
        or position('/StructureDefinition/statement"' in n.body) > 0)`,
    values: [JSON.stringify(changes.map(({ feedNo: no, type, id, version }) => ({ no, type, id, version })))],
  });
  return new Set(found.map(({ no }) => Number(no)));
}
