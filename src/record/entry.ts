/** Audit entries of the record's interactions. Intent and outcome are known before the answer leaves. */
import type { AuditEntry } from '../audit/types.ts';
import type { Decision } from '../governance/decision-types.ts';
import type { Principal } from '../governance/types.ts';
import type { ResourceRow } from '../store/rows.ts';
import type { Context } from './types.ts';

/** What each interaction does, in the words of AuditEvent.action. */
export const ACTIONS: Record<AuditEntry['interaction'], AuditEntry['action']> = {
  create: 'C',
  read: 'R',
  vread: 'R',
  update: 'U',
  patch: 'U',
  delete: 'D',
  'history-instance': 'R',
  'history-type': 'R',
  'history-system': 'R',
  'search-type': 'E',
  'search-system': 'E',
  operation: 'E',
  batch: 'E',
  transaction: 'E',
  disclosure: 'R',
  login: 'E',
  token: 'E',
  anonymous: 'E',
  alert: 'E',
};

/** A successful entry of this request; callers change what differs. */
export function entryOf(context: Context, interaction: AuditEntry['interaction']): AuditEntry {
  const { principal } = context;
  return {
    at: context.now.toISOString(),
    requestId: context.requestId,
    interaction,
    action: ACTIONS[interaction],
    outcome: 0,
    status: 200,
    agent: agentOf(principal, context.address),
    purpose: context.purpose,
    rules: [],
    reason: null,
    explanation: null,
    entities: [],
    label: null,
    patients: [],
    query: null,
    recipient: null,
    detail: null,
  };
}

/** The agent of an entry: the details of the person or system as they are at this moment. */
export function agentOf(principal: Principal, address: string | null): AuditEntry['agent'] {
  return {
    kind: principal.kind,
    clientId: principal.clientId,
    issuer: principal.issuer,
    subject: principal.subject,
    name: principal.name,
    role: principal.role,
    practitionerRole: principal.practitionerRole ?? null,
    service: principal.service ?? null,
    team: principal.teams[0] ?? null,
    jti: principal.jti,
    address,
  };
}

/** An entry for a caller whose standing is not (or no longer) known: what the token proved, and no more. */
export function callerEntry(asked: Pick<Context, 'caller' | 'requestId' | 'address' | 'now'>): AuditEntry {
  const { caller, requestId, address, now } = asked;
  const kind =
    caller.fhirUser === null ? 'system' : caller.fhirUser.startsWith('PractitionerRole/') ? 'staff' : 'family';
  return {
    at: now.toISOString(),
    requestId,
    interaction: 'operation',
    action: 'E',
    outcome: 4,
    status: 400,
    agent: {
      kind,
      clientId: caller.clientId,
      issuer: caller.issuer,
      subject: caller.subject,
      name: null,
      role: null,
      practitionerRole: kind === 'staff' ? caller.fhirUser : null,
      service: null,
      team: null,
      jti: caller.jti,
      address,
    },
    purpose: null,
    rules: [],
    reason: null,
    explanation: null,
    entities: [],
    label: null,
    patients: [],
    query: null,
    recipient: null,
    detail: null,
  };
}

/** Adds what a decision said. */
export function withDecision(entry: AuditEntry, decision: Decision): AuditEntry {
  return { ...entry, rules: decision.rules, reason: decision.reason, explanation: decision.explanation };
}

/** Adds the rows shown or touched: versions, people and the highest label. */
export function withRows(entry: AuditEntry, rows: readonly ResourceRow[]): AuditEntry {
  const patients = new Set<string>(entry.patients);
  let label: string | null = null;
  for (const row of rows) {
    for (const person of row.subjects.length > 0 ? row.subjects : row.patients) patients.add(person);
    if (label === null || row.label > label) label = row.label;
  }
  return {
    ...entry,
    entities: rows.map((row) => `${row.type}/${row.id}/_history/${row.version}`),
    patients: [...patients],
    label,
  };
}
