/** To whom a resource was announced, and how far that came: acknowledged, waiting, withheld at the last moment, given up. */
import type { Db } from '../reads.ts';

export interface Delivery {
  /** OAuth client the subscription acts for. */
  to: string;
  state: 'delivered' | 'waiting' | 'withheld' | 'dead';
  /** When the endpoint acknowledged (or the empty number went out); null while it waits. */
  at: Date | null;
}

/** Oldest first, at most 100; events of all subscriptions, those ended since included. */
export async function deliveriesOf(db: Db, type: string, id: string): Promise<Delivery[]> {
  const { rows } = await db.query<Delivery>({
    name: 'deliveries_of',
    text: `select s.subscriber as to, e.sent_at as at,
        case when e.dead then 'dead' when e.sent_at is null then 'waiting'
          when e.sent_as = 'empty' and s.content <> 'empty' then 'withheld' else 'delivered' end as state
      from subscription_event e join subscription s on s.id = e.subscription
      where e.focus_type = $1 and e.focus_id = $2 order by e.at, e.subscription, e.number limit 100`,
    values: [type, id],
  });
  return rows;
}
