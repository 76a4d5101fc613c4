/** What is rendered is valid R4: every kind of AuditEvent, every notification, and the Subscriptions that are taken. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { auditEvent, eventCount } from '../../../src/audit/balp.ts';
import { auditColumns } from '../../../src/audit/entry.ts';
import { KINDS } from '../../../src/audit/kinds.ts';
import type { AuditEntry } from '../../../src/audit/types.ts';
import { notificationBundle, statusBundle } from '../../../src/events/bundles.ts';
import { guardSubscription } from '../../../src/events/subscription.ts';
import { isObject } from '../../../src/fhir/resource.ts';
import type { JsonObject, Resource } from '../../../src/fhir/types.ts';
import { ACTIONS } from '../../../src/record/entry.ts';
import { testDefinitions } from '../definitions/cache.ts';
import { aSubscription, CANON, channelExtension } from '../events/resources.ts';
import { anEntry } from './entries.ts';

/** The profiles a resource claims, enforced: what others publish is only warned of otherwise. */
function claimsOf({ meta }: Resource): string[] {
  const profile = isObject(meta) ? meta.profile : [];
  return Array.isArray(profile) ? profile.filter((url) => typeof url === 'string') : [];
}

async function errors(resource: Resource): Promise<string[]> {
  const { validate } = await testDefinitions();
  return validate(resource, { profiles: claimsOf(resource) })
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
  if (!isKind(interaction)) throw new Error(interaction);
  for (const agent of AGENTS) {
    for (const outcome of OUTCOMES) {
      const row = {
        seq: 7,
        ...auditColumns(anEntry({ interaction, action: ACTIONS[interaction], ...agent, ...outcome })),
      };
      for (let n = 1; n <= eventCount(row); n += 1) {
        expect(await errors(auditEvent(row, n, { server: 'https://jv.example.org' }))).toEqual([]);
      }
    }
  }
});

const SERVER = { server: 'https://jv.example.org' };
const isKind = (name: string): name is AuditEntry['interaction'] => Object.hasOwn(KINDS, name);
const eventsOf = (entry: Partial<AuditEntry>) => auditEvent({ seq: 7, ...auditColumns(anEntry(entry)) }, 1, SERVER);

/** One successful entry for each profile of domain.md 6.4. */
const PROFILED: readonly (readonly [string, Partial<AuditEntry>])[] = [
  ['PatientRead', {}],
  ['PatientRead', { interaction: 'vread' }],
  ['PatientCreate', { interaction: 'create', action: 'C', status: 201 }],
  ['PatientUpdate', { interaction: 'update', action: 'U' }],
  ['PatientUpdate', { interaction: 'patch', action: 'U' }],
  ['PatientDelete', { interaction: 'delete', action: 'D', status: 204 }],
  ['PatientQuery', { interaction: 'search-type', action: 'E', query: { cleaned: 'name=***', raw: 'q1.x', count: 1 } }],
  [
    'PrivacyDisclosure.Source',
    { interaction: 'disclosure', recipient: 'Subscription/s1/event/2 https://hv.example.org/hook', detail: 'id-only' },
  ],
  [
    'PrivacyDisclosure.Source',
    {
      interaction: 'disclosure',
      recipient: 'PractitionerRole/ig 10.0.0.1',
      entities: ['AuditEvent'],
      detail: 'export refusals csv',
    },
  ],
];

/** The first use of an expression compiles it, which counts against the time it may take: not what is tested here. */
beforeAll(async () => {
  for (const [, entry] of PROFILED) await errors(eventsOf(entry));
}, 30_000);

describe.each(PROFILED)('%s', (name, entry) => {
  test('is claimed and met, by a person with OAuth detail and by a system', async () => {
    const url = `https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.${name}`;
    for (const agent of AGENTS.slice(0, 2)) {
      const event = eventsOf({ ...entry, ...agent });
      expect(claimsOf(event)).toContain(url);
      expect(await errors(event)).toEqual([]);
    }
    const detail = claimsOf(eventsOf(entry)).some((one) => one.endsWith('OAUTHaccessTokenUse.Comprehensive'));
    expect(detail).toBe(name !== 'PrivacyDisclosure.Source');
  });

  test.each<[string, (event: JsonObject) => void]>([
    ['its patient', (event) => take(event, 'entity', (one) => JSON.stringify(one).includes('Patient/'))],
    ['what it is about', (event) => take(event, 'entity', (one) => JSON.stringify(one.type).includes('"2"'))],
    ['a machine', (event) => take(event, 'agent', (one) => JSON.stringify(one.type).includes('1101'))],
    ['its action', (event) => Object.assign(event, { action: 'E' === event.action ? 'R' : 'E' })],
    ['its outcome', (event) => Object.assign(event, { outcome: '4' })],
    ['its subtype', (event) => Object.assign(event, { subtype: [{ system: 'http://example.org', code: 'x' }] })],
  ])('is not met without %s', async (_, spoil) => {
    const event: JsonObject & Resource = JSON.parse(JSON.stringify(eventsOf(entry)));
    spoil(event);
    expect(await errors(event)).not.toEqual([]);
  });
});

/** Takes the first matching one of a list away. */
function take(event: JsonObject, list: string, matches: (one: JsonObject) => boolean): void {
  const all = Array.isArray(event[list]) ? event[list].filter(isObject) : [];
  const found = all.find(matches);
  event[list] = all.filter((one) => one !== found);
}

test('OAuth detail is not met by a token that stands there itself, or a person without purpose', async () => {
  const spoiled = (change: JsonObject): JsonObject & Resource => {
    const event = JSON.parse(JSON.stringify(eventsOf({})));
    Object.assign(event.agent.at(-1), change);
    return event;
  };
  expect(await errors(spoiled({}))).toEqual([]);
  expect(await errors(spoiled({ policy: ['eyJhbGciOi.token'] }))).not.toEqual([]);
  expect(await errors(spoiled({ network: { address: '10.0.0.1', type: '2' } }))).not.toEqual([]);
  expect(await errors(spoiled({ purposeOfUse: undefined }))).not.toEqual([]);
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
