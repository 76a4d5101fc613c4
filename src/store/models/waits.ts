/** Who waits for whom: news that did not reach its own addressee, for those who sent it and the leads of both sides. */
import type { PoolClient } from '../pool.ts';
import type { Db } from '../reads.ts';
import { personName } from './officer-questions.ts';

export interface NotArrived {
  /** Of the alert. */
  reference: string;
  at: Date;
  /** Canonical body of the record: what was withheld, from whom, why. */
  body: string;
  /** `ServiceRequest/17` */
  focus: string;
  from: string | null;
  to: string | null;
  /** Who asked for it, by the directory; null when nobody is named. */
  sender: string | null;
  /** She wrote it or asked for it. */
  mine: boolean;
}

export interface Asker {
  /** What she is called in references: role and person. */
  selves: readonly string[];
  /** The service whose lead she is; null = she leads none. */
  leads: string | null;
}

const OPEN = `select distinct on (b.focus) a.id, a.reference, a.at, b.body, b.focus, r.service as "from",
    coalesce(r.addressee, b.service) as "to",
    (select ${personName("split_part(t, '=', 2)")} from unnest(r.tokens) t where starts_with(t, r.type || '.requester=') limit 1) as sender,
    coalesce(r.authors && $1::text[] or r.tokens && array(
      select type || '.requester=' || self from unnest($1::text[]) self, unnest(array['ServiceRequest', 'Task']) type), false) as mine
  from alert a join audit_seal s on s.seq = a.seq
  join lateral (
    select x.body, audit_json_or_null(x.body) -> 'entities' ->> 0 as focus, audit_json_or_null(x.body) -> 'agent' ->> 'service' as service
    from audit x where x.xid = s.xid and x.id = s.id
  ) b on true
  left join resource r on r.type = split_part(b.focus, '/', 1) and r.id = split_part(b.focus, '/', 2)
  where a.rule = 'A-22' and a.state <> 'closed' and not exists (select from alert_settled t where t.alert = a.id)
  order by b.focus, a.at`;

/** What she sent, and what her service sent or should have had, oldest first. */
export async function notArrivedFor(db: Db, { selves, leads }: Asker, limit: number): Promise<NotArrived[]> {
  const { rows } = await db.query<NotArrived>(
    `select reference, at, body, focus, "from", "to", sender, mine from (${OPEN}) o
     where mine or ($2::text is not null and ("from" = $2 or "to" = $2)) order by at limit $3`,
    [selves, leads, limit],
  );
  return rows;
}

/** How many of a service's own news, sent or meant for it, did not arrive. */
export async function notArrivedCount(db: Db, service: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::integer as count from (${OPEN}) o where "from" = $2 or "to" = $2`,
    [[], service],
  );
  return rows[0]?.count ?? 0;
}

/** Settles all alerts about one resource. @returns false when somebody was faster */
export async function settleNotArrived(
  client: PoolClient,
  focus: string,
  by: { at: Date; party: string; name: string; words: string },
): Promise<boolean> {
  const { rows } = await client.query<{ id: number }>(
    `insert into alert_settled (alert, at, by_party, by_name, words)
     select a.id, $2, $3, $4, $5 from alert a join audit_seal s on s.seq = a.seq join audit x on x.xid = s.xid and x.id = s.id
     where a.rule = 'A-22' and a.state <> 'closed' and audit_json_or_null(x.body) -> 'entities' ->> 0 = $1
     on conflict do nothing returning alert as id`,
    [focus, by.at, by.party, by.name, by.words],
  );
  // One that is in a case stays there: the officer closes it with her case.
  await client.query(`update alert set state = 'closed' where id = any ($1) and state = 'open'`, [
    rows.map(({ id }) => id),
  ]);
  return rows.length > 0;
}
