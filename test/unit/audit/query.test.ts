/** The AuditEvent search parameters: the supported ones are understood, everything else is refused. */
import { describe, expect, test } from '@jest/globals';
import { parseAuditQuery } from '../../../src/audit/query.ts';
import { Outcome } from '../../../src/fhir/outcome.ts';

describe('understood', () => {
  test.each([
    ['patient=p1', { patient: ['Patient/p1'] }],
    ['patient=Patient/a,Patient/b', { patient: ['Patient/a', 'Patient/b'] }],
    ['agent=https://issuer.example.org|910000000001', { agent: ['910000000001'] }],
    ['entity=CarePlan/17/_history/2', { entity: ['CarePlan/17/_history/2'] }],
    ['action=C,U', { action: ['C', 'U'] }],
    ['outcome=4,8', { outcome: [4, 8] }],
    ['purpose=BTG', { purpose: ['BTG'] }],
    ['policy=urn:ietf:params:oauth:jti:6f1c', { policy: ['6f1c'] }],
    ['subtype=http://hl7.org/fhir/restful-interaction|read', { interactions: ['read'] }],
    ['subtype=read&type=110106', { interactions: [] }],
    ['type=110106', { interactions: ['disclosure'] }],
    ['_id=42-2', { id: { seq: 42, n: 2 } }],
    ['_id=nothing', { id: { seq: 0, n: 0 } }],
    ['_count=5000', { count: 1000 }],
    ['_cursor=7-1&_count=5', { before: { seq: 7, n: 1 }, count: 5, self: '_count=5' }],
    ['date=2026-03-23', { from: '2026-03-23T00:00:00.000Z', until: '2026-03-24T00:00:00.000Z' }],
    ['date=ge2026-03&date=lt2026-05', { from: '2026-03-01T00:00:00.000Z', until: '2026-05-01T00:00:00.000Z' }],
    ['date=gt2026-03-23T09:14:04%2B01:00', { from: '2026-03-23T08:14:05.000Z', until: null }],
    ['date=le2026-03-23T09:14:04.123Z', { from: null, until: '2026-03-23T09:14:04.124Z' }],
  ])('%s', (raw, expected) => {
    expect(parseAuditQuery(raw)).toMatchObject(expected);
  });
});

describe('refused', () => {
  test.each([
    'site=x',
    'patient:identifier=9990001006',
    'patient.name=khan',
    'patient=',
    'patient=a b',
    'action=X',
    'outcome=5',
    'date=yesterday',
    'date=2026-02-30',
    'date=sa2026-01-01',
    '_sort=date',
    '_count=-1',
    '_cursor=x',
    'patient=a&patient=b',
    '_total=accurate',
    '_include=AuditEvent:patient',
  ])('%s', (raw) => {
    expect(() => parseAuditQuery(raw)).toThrow(Outcome);
  });
});
