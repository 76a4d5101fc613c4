/** `$status` and `$events` of a subscription (R5 backport IG 1.1.0), decided again at the moment of reading. */
import { refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Pool } from '../store/pool.ts';
import { eventsBetween, type SubscriptionState, subscriptionState } from '../store/subscriptions.ts';
import { type EventShown, notificationBundle, statusBundle } from './bundles.ts';
import type { EventPorts } from './ports.ts';
import { decideEvent } from './stops.ts';
import type { Content } from './subscription.ts';

/** Events in one answer of `$events`; ask again from the next number for more. */
const MAX_EVENTS = 500;

/** The Bundle of `$status` for subscriptions the caller may read; ids without a subscription are left out. */
export async function readStatus(pool: Pool, ids: readonly string[], now: Date): Promise<Resource> {
  const states = await Promise.all(ids.map((id) => subscriptionState(pool, id)));
  return statusBundle(
    states.flatMap((state) => (state ? [{ ...partsOf(state), total: state.lastNumber, error: state.error, now }] : [])),
  );
}

export interface EventsAsked {
  id: string;
  /** `eventsSinceNumber` and `eventsUntilNumber`, both inclusive; undefined = open. */
  since: string | undefined;
  until: string | undefined;
  /** `content`; a hint that may ask for less than the subscription has, never for more. */
  content: string | undefined;
  now: Date;
}

export interface EventsAnswer {
  bundle: Resource;
  /** What was disclosed and what was withheld, for the caller's audit record. */
  shown: string[];
  patients: string[];
  withheld: number;
}

/**
 * The Bundle of `$events`: numbered events in a range, each decided now as the subscriber; what is no longer permitted
 * keeps its number and loses its focus. The caller audits `shown` before anything leaves.
 * @throws Outcome 404 unknown subscription, 400 a number or content that cannot be read
 */
export async function readEvents(pool: Pool, ports: EventPorts, asked: EventsAsked): Promise<EventsAnswer> {
  const state = await subscriptionState(pool, asked.id);
  if (!state) throw refuse(404, 'not-found', `There is no Subscription/${asked.id} with events.`);
  const from = numberOf('eventsSinceNumber', asked.since) ?? 1;
  const to = numberOf('eventsUntilNumber', asked.until) ?? state.lastNumber;
  const content = contentOf(asked.content, state.content);
  const range = { subscription: state.id, from, to: Math.min(to, state.lastNumber), limit: MAX_EVENTS };
  const events: EventShown[] = [];
  const patients = new Set<string>();
  let withheld = 0;
  for (const event of await eventsBetween(pool, range)) {
    let focus: string | null = null;
    if (content === 'id-only') {
      const { topic, subscriber } = state;
      const about = { topic, subscriber, type: event.focusType, id: event.focusId, now: asked.now };
      const { standing, named } = await decideEvent(pool, ports, about);
      if (named) {
        focus = `${event.focusType}/${event.focusId}`;
        for (const patient of standing.patients) patients.add(patient);
      } else withheld += 1;
    }
    events.push({ number: event.number, at: event.at, focus });
  }
  const parts = { ...partsOf(state), content, total: state.lastNumber, events, error: state.error, now: asked.now };
  const shown = events.flatMap((event) => (event.focus === null ? [] : [event.focus]));
  return { bundle: notificationBundle({ ...parts, kind: 'query-event' }), shown, patients: [...patients], withheld };
}

function partsOf(state: SubscriptionState) {
  return { subscription: state.id, topic: state.topic, status: state.status, content: state.content };
}

function numberOf(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,15}$/.test(text)) throw refuse(400, 'invalid', `${name} is a number.`);
  return Number(text);
}

function contentOf(asked: string | undefined, has: Content): Content {
  if (asked === undefined || asked === 'id-only') return has;
  if (asked === 'empty') return 'empty';
  throw refuse(400, 'not-supported', 'content is id-only or empty.');
}
