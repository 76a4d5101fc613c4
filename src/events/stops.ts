/**
 * Stop events: whoever earlier received the record hears that it ended, whatever the agreement, the
 * relationship or an objection say by now, and learns nothing by it that it did not hold.
 */
import { holdersOf } from '../store/models/deliveries.ts';
import type { Pool } from '../store/pool.ts';
import type { EventPorts, Standing } from './ports.ts';
import { STOP_TOPICS, topicByUrl } from './topics.ts';

/** True when every event of this topic is a stop event. */
export function isStopTopic(topic: string): boolean {
  return topicByUrl(topic)?.stop === true;
}

/** Clients that had `Type/id` announced to them: those that hear when it stops. A record still held has none (H-36). */
export async function whoHears(pool: Pool, type: string, id: string): Promise<Set<string>> {
  return new Set((await holdersOf(pool, { type, id, without: STOP_TOPICS })).map(({ client }) => client));
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
  const holders = await holdersOf(pool, { type, id, without: STOP_TOPICS });
  const stop = permitStop(standing);
  const held = holders.some(({ client, sent }) => sent && client === asked.subscriber);
  return { standing: stop, named: stop.decision.permit && held };
}
