/** A Subscription to one of our topics by rest-hook, as a health visiting system sends it. */
import type { Resource } from '../../src/fhir/types.ts';

export const BACKPORT = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition';

export function restHook(topic: string, endpoint: string, content: 'id-only' | 'empty' = 'id-only'): Resource {
  return {
    resourceType: 'Subscription',
    status: 'requested',
    reason: 'a journey',
    criteria: `https://tandem.example/fhir/SubscriptionTopic/${topic}`,
    channel: {
      type: 'rest-hook',
      endpoint,
      payload: 'application/fhir+json',
      _payload: { extension: [{ url: `${BACKPORT}/backport-payload-content`, valueCode: content }] },
    },
  };
}
