/** Notification Bundles of the R5 backport IG 1.1.0 for R4 (domain.md 4.8). Numbers are strings in them. */
import { randomUUID } from 'node:crypto';
import type { JsonObject, Resource } from '../fhir/types.ts';
import type { SubscriptionStatus } from './ports.ts';
import type { Content } from './subscription.ts';

const PROFILE = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription-status-r4';

export type NotificationKind = 'handshake' | 'heartbeat' | 'event-notification' | 'query-status' | 'query-event';

export interface EventShown {
  number: number;
  at: Date;
  /** `Type/id`, or null when the event goes out as `empty`. */
  focus: string | null;
}

export interface NotificationParts {
  /** Id of the Subscription. */
  subscription: string;
  topic: string;
  status: SubscriptionStatus;
  kind: NotificationKind;
  content: Content;
  /** Events numbered for this subscription so far. */
  total: number;
  events: readonly EventShown[];
  /** Error text for `error`, never content. */
  error?: string | null;
  now: Date;
}

/** The Bundle that is sent, and the answer of `$events` (type history, the status first). */
export function notificationBundle(parts: NotificationParts): Resource {
  return {
    resourceType: 'Bundle',
    type: 'history',
    timestamp: parts.now.toISOString(),
    entry: [
      {
        fullUrl: `urn:uuid:${randomUUID()}`,
        resource: statusParameters(parts),
        request: { method: 'GET', url: `Subscription/${parts.subscription}/$status` },
        response: { status: '200' },
      },
    ],
  };
}

/** The answer of `$status`: a searchset with one status for each subscription asked about. */
export function statusBundle(subscriptions: readonly Omit<NotificationParts, 'kind' | 'events'>[]): Resource {
  const now = subscriptions[0]?.now ?? new Date();
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    timestamp: now.toISOString(),
    total: subscriptions.length,
    entry: subscriptions.map((parts) => ({
      fullUrl: `urn:uuid:${randomUUID()}`,
      resource: statusParameters({ ...parts, kind: 'query-status', events: [] }),
      search: { mode: 'match' },
    })),
  };
}

function statusParameters(parts: NotificationParts): Resource {
  const parameter: JsonObject[] = [
    { name: 'subscription', valueReference: { reference: `Subscription/${parts.subscription}` } },
  ];
  // The topic alone says what kind of thing happened: it stays out of `empty` notifications.
  if (parts.content !== 'empty') parameter.push({ name: 'topic', valueCanonical: parts.topic });
  parameter.push(
    { name: 'status', valueCode: parts.status },
    { name: 'type', valueCode: parts.kind },
    { name: 'events-since-subscription-start', valueString: String(parts.total) },
  );
  for (const event of parts.events) {
    const part: JsonObject[] = [
      { name: 'event-number', valueString: String(event.number) },
      { name: 'timestamp', valueInstant: event.at.toISOString() },
    ];
    if (event.focus !== null) part.push({ name: 'focus', valueReference: { reference: event.focus } });
    parameter.push({ name: 'notification-event', part });
  }
  if (parts.error) parameter.push({ name: 'error', valueCodeableConcept: { text: parts.error } });
  return { resourceType: 'Parameters', meta: { profile: [PROFILE] }, parameter };
}
