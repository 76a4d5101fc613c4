/**
 * One stored audit row as IHE BALP 1.1 AuditEvents, one for each patient (domain.md 6.4). The BALP profiles describe
 * successes; refusals, failures and events without a patient are plain AuditEvents of the same shape.
 */
import type { Coding, JsonObject, Resource } from '../fhir/types.ts';
import { agents } from './balp-agents.ts';
import { auditEntry } from './entry.ts';
import { type Interaction, KINDS } from './kinds.ts';
import type { AuditEntry, StoredAudit } from './types.ts';

const BALP = 'https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.';
const ENTITY_TYPE = 'http://terminology.hl7.org/CodeSystem/audit-entity-type';
const OBJECT_ROLE = 'http://terminology.hl7.org/CodeSystem/object-role';
const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
const BALP_ENTITY = 'https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType';
const PURPOSE = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';
/** Ours: rule ids, deny reason and personal explanation of the decision (promise 4 of house.md). */
const DECISION = 'https://tandem.example/fhir/StructureDefinition/audit-decision';

/** Profile of a successful event with a patient. */
const PROFILES: Partial<Record<Interaction, string>> = {
  read: 'PatientRead',
  vread: 'PatientRead',
  create: 'PatientCreate',
  update: 'PatientUpdate',
  patch: 'PatientUpdate',
  delete: 'PatientDelete',
  'search-type': 'PatientQuery',
  'search-system': 'PatientQuery',
  disclosure: 'PrivacyDisclosure.Source',
};

export interface BalpOptions {
  /** Public base URL of the service, e.g. `https://jv.example.org`: the observer and the server's agent. */
  server: string;
}

/** How many AuditEvents a row is shown as: one for each patient, at least one. */
export function eventCount(row: Pick<StoredAudit, 'patients'>): number {
  return Math.max(1, row.patients.length);
}

/** The AuditEvent with number `n` (from 1) of a stored row: id `<seq>-<n>`. Throws RangeError when there is none. */
export function auditEvent(row: StoredAudit, n: number, options: BalpOptions): Resource {
  if (n < 1 || n > eventCount(row)) throw new RangeError(`audit record ${row.seq} has no event ${n}`);
  const entry = auditEntry(row);
  const patient = entry.patients[n - 1] ?? null;
  const kind = KINDS[entry.interaction];
  const profiles = profilesOf(entry, patient);
  const purpose = entry.purpose ? [concept(PURPOSE, entry.purpose)] : null;
  return {
    resourceType: 'AuditEvent',
    id: `${row.seq}-${n}`,
    ...(profiles.length > 0 ? { meta: { profile: profiles } } : {}),
    ...decision(entry),
    type: kind.type,
    subtype: [kind.subtype],
    action: entry.action,
    recorded: entry.at,
    outcome: String(entry.outcome),
    ...(entry.outcome === 0 ? {} : { outcomeDesc: outcomeText(entry) }),
    ...(purpose ? { purposeOfEvent: purpose } : {}),
    agent: agents(entry, options.server),
    source: { observer: { identifier: { value: options.server } } },
    entity: entities(entry, patient),
  };
}

function profilesOf(entry: AuditEntry, patient: string | null): string[] {
  if (entry.outcome !== 0 || patient === null) return [];
  const profile = PROFILES[entry.interaction];
  // The profiles know one data entity (searches: one query); anything else is a plain AuditEvent.
  const searched = entry.query !== null;
  const isOne = entry.entities.length === 1;
  const fits =
    profile === 'PatientQuery'
      ? searched
      : entry.interaction === 'disclosure'
        ? isOne
        : isOne && isReference(entry.entities[0]) && !searched;
  if (profile === undefined || !fits) return [];
  const token = isPerson(entry) && entry.agent.jti !== null && entry.interaction !== 'disclosure';
  return token ? [BALP + profile, `${BALP}OAUTHaccessTokenUse.Comprehensive`] : [BALP + profile];
}

function entities(entry: AuditEntry, patient: string | null): JsonObject[] {
  const label = entry.label ? { securityLabel: [{ system: CONFIDENTIALITY, code: entry.label }] } : {};
  const list: JsonObject[] = [];
  // A file that left is told by its data entity alone; how many rows it had stands in the record.
  if (entry.query && entry.interaction !== 'disclosure') {
    // Officers see the cleaned text in both forms: a query string can itself be clinical content.
    list.push({
      type: code(ENTITY_TYPE, '2'),
      role: code(OBJECT_ROLE, '24'),
      ...label,
      ...(entry.query.cleaned === '' ? {} : { description: entry.query.cleaned }),
      // A search without parameters is still a query: `?` stands for it, an empty base64 is no value.
      query: Buffer.from(entry.query.cleaned || '?').toString('base64'),
    });
  }
  // Of a search over several patients the record does not say whose row is whose: then only the query is shown.
  const isSearch = entry.query !== null && entry.interaction !== 'disclosure';
  const shown = isSearch && entry.patients.length > 1 ? [] : entry.entities;
  // In the query profiles type 2 is the query alone, so the rows shown are of type 4 (other).
  const type = code(ENTITY_TYPE, isSearch ? '4' : '2');
  for (const shownAs of shown) {
    const named = isReference(shownAs) ? { what: { reference: shownAs } } : { name: shownAs };
    list.push({ type, role: code(OBJECT_ROLE, '4'), ...named, ...label });
  }
  if (patient !== null) {
    list.push({ type: code(ENTITY_TYPE, '1'), role: code(OBJECT_ROLE, '1'), what: { reference: patient } });
  }
  list.push({ type: code(BALP_ENTITY, 'XrequestId'), what: { identifier: { value: entry.requestId } } });
  return list;
}

function decision(entry: AuditEntry): JsonObject {
  const parts: JsonObject[] = entry.rules.map((rule) => ({ url: 'rule', valueString: rule }));
  if (entry.reason) parts.push({ url: 'reason', valueCode: entry.reason });
  if (entry.explanation) parts.push({ url: 'explanation', valueCode: entry.explanation });
  return parts.length > 0 ? { extension: [{ url: DECISION, extension: parts }] } : {};
}

function outcomeText(entry: AuditEntry): string {
  return [`HTTP ${entry.status}`, entry.reason, entry.detail].filter((part) => part !== null).join(', ');
}

/** A refused create knows only the type. */
function isReference(entity: string | undefined): boolean {
  return entity?.includes('/') ?? false;
}

function isPerson(entry: AuditEntry): boolean {
  return entry.agent.kind === 'staff' || entry.agent.kind === 'family';
}

function code(system: string, value: string): Coding {
  return { system, code: value };
}

function concept(system: string, value: string): JsonObject {
  return { coding: [{ system, code: value }] };
}
