/** BALP rendering against the example of domain.md 6.4 and the tables beside it. */
import { describe, expect, test } from '@jest/globals';
import { auditEvent, eventCount } from '../../../src/audit/balp.ts';
import { auditColumns } from '../../../src/audit/entry.ts';
import type { AuditEntry } from '../../../src/audit/types.ts';
import { anEntry } from './entries.ts';

const SERVER = 'https://jv.example.org';
const DCM = 'http://dicom.nema.org/resources/ontology/DCM';
const BALP = 'https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.';

function render(changes: Partial<AuditEntry>, n = 1) {
  return auditEvent({ seq: 42, ...auditColumns(anEntry(changes)) }, n, { server: SERVER });
}

const EXAMPLE = JSON.parse(
  `{"resourceType":"AuditEvent","meta":{"profile":["https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientRead","https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.OAUTHaccessTokenUse.Comprehensive"]},"type":{"system":"http://terminology.hl7.org/CodeSystem/audit-event-type","code":"rest"},"subtype":[{"system":"http://hl7.org/fhir/restful-interaction","code":"read"}],"action":"R","recorded":"2026-03-23T09:14:04.123Z","outcome":"0","purposeOfEvent":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"TREAT"}]}],"agent":[{"type":{"coding":[{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"110152"}]},"who":{"identifier":{"value":"hv-app"}},"requestor":false,"network":{"address":"203.0.113.7","type":"2"}},{"type":{"coding":[{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"110153"}]},"who":{"identifier":{"value":"https://jv.example.org"}},"requestor":false,"network":{"address":"jv.example.org","type":"1"}},{"type":{"coding":[{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"110150"}]},"who":{"identifier":{"value":"hv-app"}},"requestor":false,"network":{"address":"203.0.113.7","type":"2"}},{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"IRCP"}]},"who":{"identifier":{"system":"https://issuer.example.org","value":"910000000001"}},"name":"JONES Helen","requestor":true,"role":[{"coding":[{"system":"http://snomed.info/sct","code":"1052581000000109","display":"Health visitor"}]}],"policy":["urn:ietf:params:oauth:jti:6f1c"],"purposeOfUse":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"TREAT"}]}]}],"source":{"observer":{"identifier":{"value":"https://jv.example.org"}}},"entity":[{"type":{"system":"http://terminology.hl7.org/CodeSystem/audit-entity-type","code":"2"},"role":{"system":"http://terminology.hl7.org/CodeSystem/object-role","code":"4"},"what":{"reference":"ServiceRequest/r1/_history/1"},"securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"N"}]},{"type":{"system":"http://terminology.hl7.org/CodeSystem/audit-entity-type","code":"1"},"role":{"system":"http://terminology.hl7.org/CodeSystem/object-role","code":"1"},"what":{"reference":"Patient/p1"}},{"type":{"system":"https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType","code":"XrequestId"},"what":{"identifier":{"value":"c1ab3fba-6bae-4ba4-b257-5a87c44d4a91"}}}]}`,
);

test('the example of domain.md 6.4, word for word', () => {
  const agent = { ...anEntry().agent, practitionerRole: null, team: null };
  const event = render({ agent, rules: [], explanation: null });
  expect(event).toEqual({ ...EXAMPLE, id: '42-1' });
});

function types(event: ReturnType<typeof render>): unknown[] {
  return (Array.isArray(event.agent) ? event.agent : []).map(
    (agent) => JSON.stringify(agent).match(/"code":"(\w+)"/)?.[1],
  );
}

describe('profiles', () => {
  test.each<[AuditEntry['interaction'], AuditEntry['action'], string, string[]]>([
    ['read', 'R', 'PatientRead', ['110152', '110153', '110150', 'IRCP']],
    ['vread', 'R', 'PatientRead', ['110152', '110153', '110150', 'IRCP']],
    ['create', 'C', 'PatientCreate', ['110153', '110152', '110150', 'AUT', 'IRCP']],
    ['update', 'U', 'PatientUpdate', ['110153', '110152', '110150', 'AUT', 'IRCP']],
    ['patch', 'U', 'PatientUpdate', ['110153', '110152', '110150', 'AUT', 'IRCP']],
    ['delete', 'D', 'PatientDelete', ['custodian', '110150', 'AUT', 'IRCP']],
  ])('%s', (interaction, action, profile, agents) => {
    const event = render({ interaction, action });
    expect(event.meta?.profile).toEqual([BALP + profile, `${BALP}OAUTHaccessTokenUse.Comprehensive`]);
    expect(types(event)).toEqual(agents);
    expect(event.subtype).toEqual([{ system: 'http://hl7.org/fhir/restful-interaction', code: interaction }]);
  });

  test('a search is one event for each patient, with its query cleaned in both forms', () => {
    const changes: Partial<AuditEntry> = {
      interaction: 'search-type',
      action: 'E',
      patients: ['Patient/a', 'Patient/b', 'Patient/a'],
      entities: ['Patient/a/_history/1', 'Patient/b/_history/4'],
      query: { cleaned: 'name=***', raw: 'q1.secret', count: 2 },
    };
    expect(eventCount(auditColumns(anEntry(changes)))).toBe(2);
    const event = render(changes, 2);
    const text = JSON.stringify(event);
    expect(event.id).toBe('42-2');
    expect(event.meta?.profile?.[0]).toBe(`${BALP}PatientQuery`);
    expect(text).toContain(`"query":"${Buffer.from('name=***').toString('base64')}"`);
    expect(text).toContain('"reference":"Patient/b"');
    expect(text).not.toContain('Patient/a');
    expect(text).not.toContain('secret');
    expect(() => render(changes, 3)).toThrow(RangeError);
  });

  test('refusals, failures and events without a patient claim no profile and say what happened', () => {
    const refused = render({ outcome: 4, status: 403, reason: 'no-relationship', rules: ['R-06'] });
    expect(refused.meta).toBeUndefined();
    expect(refused.outcome).toBe('4');
    expect(refused.outcomeDesc).toBe('HTTP 403, no-relationship');
    expect(JSON.stringify(refused.extension)).toContain('R-06');
    expect(render({ patients: [], entities: [] }).meta).toBeUndefined();
    expect(render({ interaction: 'transaction', action: 'E' }).meta).toBeUndefined();
  });

  test('a disclosure names source and recipient with their addresses', () => {
    const event = render({
      interaction: 'disclosure',
      recipient: 'Subscription/s1/event/2 https://hv.example.org/hook',
    });
    expect(event.meta?.profile).toEqual([`${BALP}PrivacyDisclosure.Source`]);
    expect(event.type).toEqual({ system: DCM, code: '110106' });
    expect(types(event)).toEqual(['110153', '110152', '110150']);
    expect(JSON.stringify(event.agent)).toContain('{"address":"https://hv.example.org/hook","type":"5"}');
  });

  test('a system client has no person, and its token is on the application', () => {
    const agent = { ...anEntry().agent, kind: 'system' as const, subject: 'epr', clientId: 'epr', name: null };
    const event = render({ agent });
    expect(types(event)).toEqual(['110152', '110153', '110150']);
    expect(JSON.stringify(event.agent)).toContain('"policy":["urn:ietf:params:oauth:jti:6f1c"]');
    expect(event.meta?.profile).toEqual([`${BALP}PatientRead`]);
  });
});
