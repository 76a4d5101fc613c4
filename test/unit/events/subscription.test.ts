/** What a Subscription may ask for; everything else is refused with 422 and its FHIRPath. */
import { describe, expect, test } from '@jest/globals';
import { guardSubscription, parseSubscription, subscriberOf } from '../../../src/events/subscription.ts';
import { Outcome } from '../../../src/fhir/outcome.ts';
import type { JsonObject, Resource } from '../../../src/fhir/types.ts';
import { aSubscription, channelExtension } from './resources.ts';

const policy = { allow: ['127.0.0.1', 'hv.example.org'] };

function faults(resource: Resource): string[] {
  try {
    parseSubscription(resource, policy);
    return [];
  } catch (error) {
    if (!(error instanceof Outcome)) throw error;
    expect(error.status).toBe(422);
    return error.issues.map((issue) => issue.expression ?? '');
  }
}

function channel(changes: JsonObject): Resource {
  const resource = aSubscription();
  const before = resource.channel;
  return {
    ...resource,
    channel: { ...(typeof before === 'object' && !Array.isArray(before) ? before : {}), ...changes },
  };
}

test('the Subscription of domain.md 4.8', () => {
  const resource = aSubscription({
    filters: ['ServiceRequest?performer=HealthcareService/hv-north,HealthcareService/hv-south'],
    endpoint: 'https://hv.example.org/hook',
    extension: [
      channelExtension('heartbeat-period', 300),
      channelExtension('timeout', 5),
      channelExtension('max-count', 10),
    ],
  });
  expect(parseSubscription(resource, policy)).toEqual({
    topic: 'https://tandem.example/fhir/SubscriptionTopic/antenatal-referral',
    filters: [{ param: 'performer', values: ['HealthcareService/hv-north', 'HealthcareService/hv-south'] }],
    endpoint: 'https://hv.example.org/hook',
    content: 'id-only',
    timeoutMs: 5_000,
    heartbeatMs: 300_000,
    ends: null,
  });
});

describe('refused', () => {
  test.each<[string, Resource, string]>([
    ['unknown topic', aSubscription({ topic: 'birth' }), 'Subscription.criteria'],
    ['a search string', { ...aSubscription(), criteria: 'Observation?code=x' }, 'Subscription.criteria'],
    [
      'unknown filter parameter',
      aSubscription({ filters: ['ServiceRequest?code=x'] }),
      'Subscription.criteria.extension[0]',
    ],
    [
      'a modifier',
      aSubscription({ filters: ['ServiceRequest?performer:not=A/b'] }),
      'Subscription.criteria.extension[0]',
    ],
    [
      'inherited names',
      aSubscription({ filters: ['ServiceRequest?constructor=A/b'] }),
      'Subscription.criteria.extension[0]',
    ],
    [
      'filter of another type',
      aSubscription({ filters: ['Task?performer=A/b'] }),
      'Subscription.criteria.extension[0]',
    ],
    [
      'a value that is no reference',
      aSubscription({ filters: ['ServiceRequest?performer=x'] }),
      'Subscription.criteria.extension[0]',
    ],
    ['full-resource', aSubscription({ content: 'full-resource' }), 'Subscription.channel.payload.extension'],
    ['no payload content', channel({ _payload: {} }), 'Subscription.channel.payload.extension'],
    ['another payload', channel({ payload: 'application/fhir+xml' }), 'Subscription.channel.payload'],
    ['websocket', channel({ type: 'websocket' }), 'Subscription.channel.type'],
    ['email', channel({ type: 'email' }), 'Subscription.channel.type'],
    ['a header with a token', channel({ header: ['Authorization: Bearer x'] }), 'Subscription.channel.header'],
    ['no endpoint', channel({ endpoint: null }), 'Subscription.channel.endpoint'],
    ['a host off the list', aSubscription({ endpoint: 'https://evil.example.org/' }), 'Subscription.channel.endpoint'],
    [
      'a timeout too long',
      aSubscription({ extension: [channelExtension('timeout', 600)] }),
      'Subscription.channel.extension[0]',
    ],
    [
      'an unknown extension',
      aSubscription({ extension: [{ url: 'x', valueCode: 'y' }] }),
      'Subscription.channel.extension[0]',
    ],
  ])('%s', (_, resource, expression) => {
    expect(faults(resource)).toEqual([expression]);
  });

  test.each(['active', 'error', undefined])('status %s from a client', (status) => {
    const resource = { ...aSubscription(), status };
    expect(() => guardSubscription(resource, 'hv-system', policy)).toThrow(Outcome);
  });

  test('an end in the past', () => {
    expect(() => guardSubscription({ ...aSubscription(), end: '2020-01-01T00:00:00Z' }, 'hv-system', policy)).toThrow(
      Outcome,
    );
  });
});

test('the guard stamps who it acts for, whatever the client says', () => {
  const resource = aSubscription();
  guardSubscription(resource, 'someone-else', policy);
  guardSubscription(resource, 'hv-system', policy);
  expect(subscriberOf(resource)).toBe('hv-system');
  expect(resource.extension).toHaveLength(1);
  expect(subscriberOf(aSubscription())).toBeNull();
});
