/**
 * Stop events: whoever earlier received the record hears that it ended, whatever the agreement, the
 * relationship or an objection say by now, and learns nothing by it that it did not hold.
 */
import { holdersOf } from '../store/models/deliveries.ts';
import { receiversOf } from '../store/models/receipts.ts';
import type { Pool } from '../store/pool.ts';
import type { EventPorts, Standing } from './ports.ts';
import { STOP_TOPICS, topicByUrl } from './topics.ts';

/** True when every event of this topic is a stop event. */
export function isStopTopic(topic: string): boolean {
  return topicByUrl(topic)?.stop === true;
}

/** What stops, and whose record it is. */
export interface Stopped {
  type: string;
  id: string;
  /** `Organization/..` or null. */
  service: string | null;
}

/**
 * Clients that hear when `Type/id` stops: those it was announced to, and those of other services that read it (of a
 * person: anything about her). A record still held has none (H-36).
 */
export async function whoHears(pool: Pool, { type, id, service }: Stopped): Promise<Set<string>> {
  const [announced, readers] = await Promise.all([
    holdersOf(pool, { type, id, without: STOP_TOPICS }),
    receiversOf(pool, { focus: `${type}/${id}`, service, named: false }),
  ]);
  return new Set([...announced.map(({ client }) => client), ...readers]);
}

/**
 * The standing of a client towards a stop event that was or will be numbered for it: permitted by R-49 alone. Who is
 * asking is no matter of the rules it overrides: a client that is not registered any more stays refused.
 */
export function permitStop(standing: Standing): Standing {
  if (standing.decision.rules.includes('R-01') && !standing.decision.permit) return standing;
  const decision = { ...standing.decision, permit: true, rules: ['R-49'], reason: null, wayIn: null, concealed: false };
  return { ...standing, decision };
}

/** What is asked about one numbered event, when it is sent and when it is read again. */
export interface EventAsked {
  topic: string;
  subscriber: string;
  type: string;
  id: string;
  now: Date;
}

/** Decides a numbered event now. `named`: whether its focus may be told; of a stop event, only once it is held. */
export async function decideEvent(
  pool: Pool,
  ports: EventPorts,
  asked: EventAsked,
): Promise<{ standing: Standing; named: boolean }> {
  const { type, id } = asked;
  const standing = await ports.decideAs(asked.subscriber, type, id, asked.now);
  if (!isStopTopic(asked.topic)) return { standing, named: standing.decision.permit };
  const stop = permitStop(standing);
  return { standing: stop, named: stop.decision.permit && (await holds(pool, asked)) };
}

/** True when the subscriber has the id already: it was sent to it, or its own reads gave it. */
async function holds(pool: Pool, { subscriber, type, id }: EventAsked): Promise<boolean> {
  const announced = await holdersOf(pool, { type, id, without: STOP_TOPICS });
  if (announced.some(({ client, sent }) => sent && client === subscriber)) return true;
  return (await receiversOf(pool, { focus: `${type}/${id}`, service: null, named: true })).includes(subscriber);
}
