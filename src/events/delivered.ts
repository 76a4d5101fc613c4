/** What the sender of a referral asks (domain.md 4.8): delivered is the notification's acknowledgement, not the state. */
import type { Resource } from '../fhir/types.ts';
import { deliveriesOf } from '../store/models/deliveries.ts';
import type { Pool } from '../store/pool.ts';
import { STOP_TOPICS } from './topics.ts';

/** Parameters with one `delivery` for each subscription it was announced to: `to` (client), `state`, `at`. */
export async function readDeliveries(pool: Pool, type: string, id: string): Promise<Resource> {
  const parameter = (await deliveriesOf(pool, { type, id, without: STOP_TOPICS })).map(({ to, state, at }) => ({
    name: 'delivery',
    part: [
      { name: 'to', valueString: to },
      { name: 'state', valueCode: state },
      ...(at === null ? [] : [{ name: 'at', valueInstant: at.toISOString() }]),
    ],
  }));
  return { resourceType: 'Parameters', parameter };
}
