/** What the trail says of a step that the service takes by itself, by the clock. */
import { randomUUID } from 'node:crypto';
import type { AuditEntry } from '../audit/types.ts';

export function jobEntry(job: string, now: Date, more: Partial<AuditEntry>): AuditEntry {
  return {
    at: now.toISOString(),
    requestId: randomUUID(),
    interaction: 'operation',
    action: 'D',
    outcome: 0,
    status: 200,
    agent: {
      ...{ kind: 'internal', clientId: 'tandem', issuer: null, subject: job, name: `Tandem: ${job}`, role: null },
      ...{ practitionerRole: null, service: null, team: null, jti: null, address: null },
    },
    purpose: 'HSYSADMIN',
    rules: [],
    reason: null,
    explanation: null,
    entities: [],
    label: null,
    patients: [],
    query: null,
    recipient: null,
    detail: null,
    ...more,
  };
}
