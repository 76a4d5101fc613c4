/**
 * Subscription/$status and $events (backport IG 1.1.0): what a subscriber asks to catch up; decided again at read. And
 * what the sender of a referral asks: ServiceRequest/[id]/$deliveries (domain.md 4.8).
 */

import { readDeliveries } from '../../events/delivered.ts';
import type { EventPorts } from '../../events/ports.ts';
import { readEvents, readStatus } from '../../events/status.ts';
import { isObject } from '../../fhir/resource.ts';
import type { Resource } from '../../fhir/types.ts';
import { parseBody } from '../../record/document.ts';
import { entryOf } from '../../record/entry.ts';
import { read } from '../../record/read.ts';
import { audited } from '../../record/refusal.ts';
import type { Door } from '../../record/types.ts';
import type { Operation } from '../fhir/dispatch.ts';
import { type FhirRequest, idOf } from '../fhir/request.ts';

export function subscriptionOperations(ports: EventPorts): Operation[] {
  const methods = ['GET', 'POST'] as const;
  return [
    { name: '$status', type: 'Subscription', level: 'instance', methods, handler: status },
    {
      name: '$events',
      type: 'Subscription',
      level: 'instance',
      methods,
      handler: (door, request) => events(ports, door, request),
    },
    { name: '$deliveries', type: 'ServiceRequest', level: 'instance', methods: ['GET'], handler: deliveries },
  ];
}

/**
 * Whether and when the addressee's system acknowledged the notification. Delivered is not received: opened and accepted
 * are the Task's own states, in its history.
 */
async function deliveries(door: Door, request: FhirRequest) {
  const id = idOf(request);
  // Who may read the referral may know how far it has come.
  await read(door, request.context, 'ServiceRequest', id);
  return { status: 200, body: JSON.stringify(await readDeliveries(door.pool, 'ServiceRequest', id)) };
}

async function status(door: Door, request: FhirRequest) {
  const id = idOf(request);
  // Reading the Subscription decides and records; its status shows nothing more.
  await read(door, request.context, 'Subscription', id);
  return { status: 200, body: JSON.stringify(await readStatus(door.pool, [id], request.context.now)) };
}

async function events(ports: EventPorts, door: Door, request: FhirRequest) {
  const { context } = request;
  const id = idOf(request);
  await read(door, context, 'Subscription', id);
  const asked = await parametersOf(door, request);
  const entry = { ...entryOf(context, 'disclosure'), detail: '$events', entities: [`Subscription/${id}`] };
  return audited(door, entry, async () => {
    const answer = await readEvents(door.pool, ports, {
      id,
      since: asked.get('eventsSinceNumber'),
      until: asked.get('eventsUntilNumber'),
      content: asked.get('content'),
      now: context.now,
    });
    await door.audit.write({ ...entry, entities: [...entry.entities, ...answer.shown], patients: answer.patients });
    return { status: 200, body: JSON.stringify(answer.bundle) };
  });
}

/** From the query string, or a Parameters body. */
async function parametersOf(door: Door, request: FhirRequest): Promise<Map<string, string>> {
  const found = new Map(new URLSearchParams(request.url.query));
  const bytes = request.method === 'POST' ? await request.body() : Buffer.alloc(0);
  const body: Resource | null = bytes.length === 0 ? null : parseBody(door, bytes).resource;
  for (const part of Array.isArray(body?.parameter) ? body.parameter : []) {
    if (!isObject(part) || typeof part.name !== 'string') continue;
    const value = Object.entries(part).find(([name]) => name.startsWith('value'))?.[1];
    if (typeof value === 'string') found.set(part.name, value);
  }
  return found;
}
