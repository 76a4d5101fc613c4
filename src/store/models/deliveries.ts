/** To whom a resource was announced, and how far that came: acknowledged, waiting, withheld at the last moment, given up. */
import type { Db } from '../reads.ts';

export interface Delivery {
  /** OAuth client the subscription acts for. */
  to: string;
  state: 'delivered' | 'waiting' | 'withheld' | 'dead';
  /** When the endpoint acknowledged (or the empty number went out); null while it waits. */
  at: Date | null;
}

export interface Announced {
  type: string;
  id: string;
  /** Topics that announce no receipt: stop events. */
  without: readonly string[];
}

/** Oldest first, at most 100; events of all subscriptions, those ended since included. */
export async function deliveriesOf(db: Db, { type, id, without }: Announced): Promise<Delivery[]> {
  const { rows } = await db.query<Delivery>({
    name: 'deliveries_of',
    text: `select s.subscriber as to, e.sent_at as at,
        case when e.dead then 'dead' when e.sent_at is null then 'waiting'
          when e.sent_as = 'empty' and s.content <> 'empty' then 'withheld' else 'delivered' end as state
      from subscription_event e join subscription s on s.id = e.subscription
      where e.focus_type = $1 and e.focus_id = $2 and s.topic <> all($3::text[]) order by e.at, e.subscription, e.number limit 100`,
    values: [type, id, without],
  });
  return rows;
}

export interface Holder {
  /** OAuth client. */
  client: string;
  /** True once an announcement went out; false while all of them wait. */
  sent: boolean;
}

/**
 * Who had a resource announced to it, whatever became of the subscription since. An announcement that was
 * withheld at the last moment told nobody anything; one that still waits will tell.
 */
export async function holdersOf(db: Db, { type, id, without }: Announced): Promise<Holder[]> {
  const { rows } = await db.query<Holder>({
    name: 'holders_of',
    text: `select s.subscriber as client, bool_or(e.sent_at is not null) as sent
      from subscription_event e join subscription s on s.id = e.subscription
      where e.focus_type = $1 and e.focus_id = $2 and s.topic <> all($3::text[])
        and not (e.sent_at is not null and e.sent_as = 'empty' and s.content <> 'empty')
      group by s.subscriber`,
    values: [type, id, without],
  });
  return rows;
}
