/** Audit entries for tests: a complete read by a health visitor, to be changed as a test needs. */
import type { AuditEntry } from '../../../src/audit/types.ts';

/** A permitted read of a referral; any part may be replaced. */
export function anEntry(changes: Partial<AuditEntry> = {}): AuditEntry {
  return {
    at: '2026-03-23T09:14:04.123Z',
    requestId: 'c1ab3fba-6bae-4ba4-b257-5a87c44d4a91',
    interaction: 'read',
    action: 'R',
    outcome: 0,
    status: 200,
    agent: {
      kind: 'staff',
      clientId: 'hv-app',
      issuer: 'https://issuer.example.org',
      subject: '910000000001',
      name: 'JONES Helen',
      role: 'health-visitor',
      practitionerRole: 'PractitionerRole/hv-1',
      service: 'Organization/hv-service',
      team: 'CareTeam/hv-north',
      jti: '6f1c',
      address: '203.0.113.7',
    },
    purpose: 'TREAT',
    rules: ['R-06', 'R-13'],
    reason: null,
    explanation: 'own-appointment',
    entities: ['ServiceRequest/r1/_history/1'],
    label: 'N',
    patients: ['Patient/p1'],
    query: null,
    recipient: null,
    detail: null,
    ...changes,
  };
}
