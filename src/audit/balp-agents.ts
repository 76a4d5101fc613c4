/** The agents of an AuditEvent (domain.md 6.4): machines with their network address, and the person without one. */
import type { CodeableConcept, JsonObject } from '../fhir/types.ts';
import type { Role } from '../governance/types.ts';
import { DCM } from './kinds.ts';
import type { AuditEntry } from './types.ts';

const PARTICIPATION = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';
const PROVENANCE = 'http://terminology.hl7.org/CodeSystem/provenance-participant-type';
const SNOMED = 'http://snomed.info/sct';
const PURPOSE = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';

const APPLICATION = '110150';
const DESTINATION = '110152';
const SOURCE = '110153';

/** Occupations of domain.md 3.7; other roles are named in words. */
const OCCUPATIONS: Partial<Record<Role, { code: string; display: string }>> = {
  'health-visitor': { code: '1052581000000109', display: 'Health visitor' },
  midwife: { code: '158999002', display: 'Community midwife' },
  'hospital-midwife': { code: '309453006', display: 'Registered midwife' },
  'nursery-nurse': { code: '224578004', display: 'Nursery nurse' },
  gp: { code: '62247001', display: 'GP' },
  admin: { code: '224608005', display: 'Administrative healthcare staff' },
};

/** All agents of an entry; `server` is the public base URL of the service. */
export function agents(entry: AuditEntry, server: string): JsonObject[] {
  if (entry.interaction === 'disclosure') return disclosureAgents(entry, server);
  const { agent, interaction } = entry;
  const person = agent.kind === 'staff' || agent.kind === 'family';
  const reads = interaction === 'read' || interaction === 'vread' || interaction.startsWith('history');
  const list: JsonObject[] = [];
  if (interaction === 'delete') {
    list.push(serverAgent(PROVENANCE, 'custodian', server));
  } else {
    // Reads flow to the client; in writes and queries the client is the source (IHE keeps DICOM's view of a query).
    list.push(clientAgent(entry, reads ? DESTINATION : SOURCE, {}));
    list.push(serverAgent(DCM, reads ? SOURCE : DESTINATION, server));
  }
  list.push(
    clientAgent(entry, APPLICATION, person ? {} : { requestor: true, ...policy(entry), ...purposeOfUse(entry) }),
  );
  if (!person) return list;
  const writes = ['create', 'update', 'patch', 'delete'].includes(interaction);
  if (writes) list.push(personAgent(entry, 'AUT', false));
  list.push(personAgent(entry, 'IRCP', true));
  return list;
}

function clientAgent(entry: AuditEntry, type: string, more: JsonObject): JsonObject {
  const { clientId, kind, address } = entry.agent;
  return {
    type: concept(DCM, type),
    who: { identifier: { value: clientId ?? kind } },
    requestor: false,
    network: { address: address ?? 'unknown', type: address === null ? '1' : '2' },
    ...more,
  };
}

function serverAgent(system: string, type: string, server: string): JsonObject {
  return {
    type: concept(system, type),
    who: { identifier: { value: server } },
    requestor: false,
    network: { address: hostOf(server), type: '1' },
  };
}

function personAgent(entry: AuditEntry, type: string, token: boolean): JsonObject {
  const { agent } = entry;
  const roles: CodeableConcept[] = [];
  const occupation = agent.role ? OCCUPATIONS[agent.role] : undefined;
  if (occupation) roles.push({ coding: [{ system: SNOMED, ...occupation }] });
  else if (agent.role) roles.push({ text: agent.role });
  if (agent.team) roles.push({ text: agent.team });
  return {
    type: concept(PARTICIPATION, type),
    who: {
      ...(agent.practitionerRole ? { reference: agent.practitionerRole } : {}),
      identifier: { ...(agent.issuer ? { system: agent.issuer } : {}), value: agent.subject ?? 'unknown' },
    },
    ...(agent.name ? { name: agent.name } : {}),
    requestor: true,
    ...(roles.length > 0 ? { role: roles } : {}),
    ...(token ? policy(entry) : {}),
    ...purposeOfUse(entry),
  };
}

/** Disclosure at source: this service to a recipient, with the network address of both (PrivacyDisclosure.Source). */
function disclosureAgents(entry: AuditEntry, server: string): JsonObject[] {
  const [recipient = 'unknown', address = ''] = entry.recipient?.split(' ') ?? [];
  return [
    { ...serverAgent(DCM, SOURCE, server), requestor: true },
    {
      type: concept(DCM, DESTINATION),
      who: { identifier: { value: recipient } },
      requestor: false,
      network: { address: address === '' ? 'unknown' : address, type: address === '' ? '1' : '5' },
    },
    clientAgent(entry, APPLICATION, purposeOfUse(entry)),
  ];
}

function policy(entry: AuditEntry): JsonObject {
  return entry.agent.jti === null ? {} : { policy: [`urn:ietf:params:oauth:jti:${entry.agent.jti}`] };
}

function purposeOfUse(entry: AuditEntry): JsonObject {
  return entry.purpose ? { purposeOfUse: [concept(PURPOSE, entry.purpose)] } : {};
}

function concept(system: string, code: string): JsonObject {
  return { coding: [{ system, code }] };
}

function hostOf(url: string): string {
  return URL.parse(url)?.hostname ?? url;
}
