/** Notification Bundles against the example of domain.md 4.8. */
import { expect, test } from '@jest/globals';
import { type NotificationParts, notificationBundle, statusBundle } from '../../../src/events/bundles.ts';

const EXAMPLE = JSON.parse(
  `{"resourceType":"Bundle","type":"history","timestamp":"2026-03-23T09:14:03Z","entry":[{"fullUrl":"urn:uuid:292d3c72-edc1-4d8a-afaa-d85e19c7f563","resource":{"resourceType":"Parameters","meta":{"profile":["http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription-status-r4"]},"parameter":[{"name":"subscription","valueReference":{"reference":"Subscription/s1"}},{"name":"topic","valueCanonical":"{CANON}/SubscriptionTopic/antenatal-referral"},{"name":"status","valueCode":"active"},{"name":"type","valueCode":"event-notification"},{"name":"events-since-subscription-start","valueString":"2"},{"name":"notification-event","part":[{"name":"event-number","valueString":"2"},{"name":"timestamp","valueInstant":"2026-03-23T09:14:03Z"},{"name":"focus","valueReference":{"reference":"ServiceRequest/r1"}}]}]},"request":{"method":"GET","url":"Subscription/s1/$status"},"response":{"status":"200"}}]}`
    .replaceAll('{CANON}', 'https://tandem.example/fhir')
    .replaceAll('09:14:03Z', '09:14:03.000Z'),
);

const NOW = new Date('2026-03-23T09:14:03Z');
const parts: NotificationParts = {
  subscription: 's1',
  topic: 'https://tandem.example/fhir/SubscriptionTopic/antenatal-referral',
  status: 'active',
  kind: 'event-notification',
  content: 'id-only',
  total: 2,
  events: [{ number: 2, at: NOW, focus: 'ServiceRequest/r1' }],
  now: NOW,
};

test('the example of domain.md 4.8, word for word', () => {
  const text = JSON.stringify(notificationBundle(parts));
  const uuid = /urn:uuid:[0-9a-f-]{36}/;
  expect(JSON.parse(text.replace(uuid, 'urn:uuid:292d3c72-edc1-4d8a-afaa-d85e19c7f563'))).toEqual(EXAMPLE);
});

test('empty says neither topic nor focus, and keeps the number', () => {
  const text = JSON.stringify(
    notificationBundle({ ...parts, content: 'empty', events: [{ number: 2, at: NOW, focus: null }] }),
  );
  expect(text).not.toMatch(/antenatal|ServiceRequest|focus/);
  expect(text).toContain('{"name":"event-number","valueString":"2"}');
});

test('$status is a searchset, one status each, with the error in words', () => {
  const { kind: _, events: __, ...rest } = parts;
  const bundle = statusBundle([{ ...rest, status: 'error', error: 'The handshake failed: timeout.' }]);
  expect(bundle.type).toBe('searchset');
  expect(JSON.stringify(bundle)).toContain('"valueCode":"query-status"');
  expect(JSON.stringify(bundle)).toContain('The handshake failed');
});
