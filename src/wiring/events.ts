/** Notifications: the feed's pump and the deliveries, with the record behind their ports. */
import { startDeliveries } from '../events/deliver.ts';
import type { EndpointPolicy } from '../events/endpoint.ts';
import type { EventPorts } from '../events/ports.ts';
import { startPump } from '../events/pump.ts';
import { createSender } from '../events/send.ts';
import { decideAs, readVersion, setSubscriptionStatus } from '../record/subscriber.ts';
import type { Door } from '../record/types.ts';
import { mayStop } from '../store/models/receipts.ts';
import type { Pool } from '../store/pool.ts';

export interface Events {
  ports: EventPorts;
  /** Something was numbered in the feed. */
  wake(): void;
  stop(): Promise<void>;
}

export function startEvents(
  door: Door,
  options: { pool: Pool; policy: EndpointPolicy; living: () => string | null; onError: (error: unknown) => void },
): Events {
  const { pool, policy, living, onError } = options;
  const ports: EventPorts = {
    readVersion: (type, id, version) => readVersion(door, type, id, version),
    decideAs: (subscriber, type, id, now) => decideAs(door, subscriber, { type, id }, now),
    setSubscriptionStatus: (change) => setSubscriptionStatus(door, change),
    mayStop: (rows) => mayStop(pool, rows),
    audit: (entry) => door.audit.write(entry),
  };
  const deliveries = startDeliveries({ pool, ports, sender: createSender(policy), living, onError, clock: door.clock });
  const pump = startPump({ pool, ports, policy, onNumbered: () => deliveries.wake(), onError, clock: door.clock });
  return {
    ports,
    wake: () => pump.wake(),
    stop: async () => {
      await pump.stop();
      await deliveries.stop();
    },
  };
}
