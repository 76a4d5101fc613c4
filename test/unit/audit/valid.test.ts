/** What is rendered is valid R4: every kind of AuditEvent, every notification, and the Subscriptions that are taken. */
import { expect, test } from '@jest/globals';
import { auditEvent, eventCount } from '../../../src/audit/balp.ts';
import { auditColumns } from '../../../src/audit/entry.ts';
import { KINDS } from '../../../src/audit/kinds.ts';
import type { AuditEntry } from '../../../src/audit/types.ts';
import { notificationBundle, statusBundle } from '../../../src/events/bundles.ts';
import { guardSubscription } from '../../../src/events/subscription.ts';
import type { Resource } from '../../../src/fhir/types.ts';
import { testDefinitions } from '../definitions/cache.ts';
import { aSubscription, CANON, channelExtension } from '../events/resources.ts';
import { anEntry } from './entries.ts';

async function errors(resource: Resource): Promise<string[]> {
  const { validate } = await testDefinitions();
  return validate(resource)
    .filter((issue) => issue.severity === 'error' || issue.severity === 'fatal')
    .map((issue) => `${issue.expression}: ${issue.diagnostics}`);
}

const AGENTS: Partial<AuditEntry>[] = [
  {},
  { agent: { ...anEntry().agent, kind: 'system', subject: 'epr', role: 'system', practitionerRole: null, jti: null } },
  {
    agent: {
      kind: 'anonymous',
      clientId: null,
      issuer: null,
      subject: null,
      name: null,
      role: null,
      practitionerRole: null,
      service: null,
      team: null,
      jti: null,
      address: null,
    },
    purpose: null,
    patients: [],
    entities: [],
  },
];

const OUTCOMES: Partial<AuditEntry>[] = [
  {},
  { outcome: 4, status: 403, reason: 'no-relationship' },
  { outcome: 8, status: 500, detail: 'version-conflict', entities: ['CarePlan'] },
  { query: { cleaned: 'patient=Patient/a&name=***', raw: 'q1.x', count: 2 }, patients: ['Patient/a', 'Patient/b'] },
  { query: { cleaned: '', raw: 'q1.x', count: 0 }, entities: [], patients: [] },
  { recipient: 'Subscription/s1/event/2 https://hv.example.org/hook' },
];

test.each(Object.keys(KINDS))('%s, by anyone, with any outcome', async (interaction) => {
  const isKind = (name: string): name is AuditEntry['interaction'] => Object.hasOwn(KINDS, name);
  if (!isKind(interaction)) throw new Error(interaction);
  for (const agent of AGENTS) {
    for (const outcome of OUTCOMES) {
      const row = { seq: 7, ...auditColumns(anEntry({ interaction, ...agent, ...outcome })) };
      for (let n = 1; n <= eventCount(row); n += 1) {
        expect(await errors(auditEvent(row, n, { server: 'https://jv.example.org' }))).toEqual([]);
      }
    }
  }
});

test('notifications and statuses', async () => {
  const now = new Date('2026-03-23T09:14:03Z');
  const parts = { subscription: 's1', topic: `${CANON}/SubscriptionTopic/x`, status: 'active', total: 2, now } as const;
  for (const content of ['empty', 'id-only'] as const) {
    const focus = content === 'empty' ? null : 'ServiceRequest/r1';
    const events = [{ number: 2, at: now, focus }];
    expect(await errors(notificationBundle({ ...parts, kind: 'event-notification', content, events }))).toEqual([]);
    expect(await errors(notificationBundle({ ...parts, kind: 'handshake', content, events: [] }))).toEqual([]);
    expect(await errors(statusBundle([{ ...parts, content, error: 'The handshake failed.' }]))).toEqual([]);
  }
});

test('a Subscription as the guard leaves it', async () => {
  const extension = [channelExtension('heartbeat-period', 300)];
  const resource = aSubscription({ filters: ['ServiceRequest?performer=HealthcareService/hv-north'], extension });
  guardSubscription(resource, 'hv-system', { allow: ['127.0.0.1'] });
  expect(await errors(resource)).toEqual([]);
});
