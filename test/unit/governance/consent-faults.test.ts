/** A consent or objection that contradicts itself is named with the reason. */
import { expect, test } from '@jest/globals';
import type { JsonObject, Resource } from '../../../src/fhir/types.ts';
import { consentFaults } from '../../../src/governance/consent-faults.ts';

const actor = (reference: string): JsonObject => ({
  role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
  reference: { reference },
});
const HV = [actor('Organization/hv-service')];
const plans = [{ system: 'http://hl7.org/fhir/resource-types', code: 'CarePlan' }];
const consent = (provision: JsonObject, more: Partial<Resource> = {}): Resource => ({
  resourceType: 'Consent',
  id: 'c1',
  status: 'active',
  scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
  patient: { reference: 'Patient/p1' },
  policy: [{ uri: 'https://tandem.example/fhir/policy/joint-visit-sharing' }],
  provision,
  ...more,
});

test.each<[string, Resource, RegExp | null]>([
  ['a plain objection', consent({ type: 'deny', actor: HV }), null],
  [
    'permit with a narrower objection inside',
    consent({ type: 'permit', actor: HV, provision: [{ type: 'deny', actor: HV, class: plans }] }),
    null,
  ],
  [
    'permit and objection to the same',
    consent({ type: 'permit', actor: HV, provision: [{ type: 'deny', actor: HV }] }),
    /permits and objects .*hv-service/,
  ],
  [
    'the same, one after the other',
    consent({
      type: 'permit',
      actor: HV,
      period: { end: '2026-01-31' },
      provision: [{ type: 'deny', actor: HV, period: { start: '2026-02-01' } }],
    }),
    null,
  ],
  [
    'the same for two services',
    consent({ type: 'permit', actor: HV, provision: [{ type: 'deny', actor: [actor('Organization/mw')] }] }),
    null,
  ],
  [
    'dates the wrong way round',
    consent({ type: 'deny', actor: HV, period: { start: '2026-03-02', end: '2026-03-01' } }),
    /ends before it begins/,
  ],
  [
    'so inside',
    consent({
      type: 'deny',
      actor: HV,
      provision: [{ type: 'permit', period: { start: '2026-03-02', end: '2026-03-01' } }],
    }),
    /ends before it begins/,
  ],
  [
    'a withdrawn one is history',
    consent({ type: 'deny', period: { start: '2026-03-02', end: '2026-03-01' } }, { status: 'inactive' }),
    null,
  ],
])('%s', (_, resource, words) => {
  const faults = consentFaults(resource);
  if (words === null) expect(faults).toEqual([]);
  else expect(faults.map(({ text }) => text).join()).toMatch(words);
});
