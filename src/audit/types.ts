/** What one audit record says. Stored as one compact row; rendered as IHE BALP AuditEvents on read. */
import type { AccessExplanation, DenyReason } from '../governance/decision-types.ts';
import type { Purpose, Role } from '../governance/types.ts';

export type AuditAction = 'C' | 'R' | 'U' | 'D' | 'E';

export interface AuditEntry {
  /** Instant of the request, ISO UTC with milliseconds. */
  at: string;
  /** X-Request-Id of the request. */
  requestId: string;
  /** What kind of event: a FHIR interaction, a decision, a disclosure, a sign-in. */
  interaction:
    | 'create'
    | 'read'
    | 'vread'
    | 'update'
    | 'patch'
    | 'delete'
    | 'history-instance'
    | 'history-type'
    | 'history-system'
    | 'search-type'
    | 'search-system'
    | 'operation'
    | 'batch'
    | 'transaction'
    | 'disclosure'
    | 'login'
    | 'token'
    | 'anonymous'
    /** A live alert was raised: a security alert of the service's own. */
    | 'alert';
  action: AuditAction;
  /** FHIR audit-event-outcome: 0 success, 4 minor (refused or bad request), 8 serious, 12 major failure. */
  outcome: 0 | 4 | 8 | 12;
  /** HTTP status answered, or planned. */
  status: number;
  /** Who; null parts for an anonymous request. */
  agent: {
    kind: 'system' | 'staff' | 'family' | 'anonymous' | 'internal';
    clientId: string | null;
    issuer: string | null;
    subject: string | null;
    name: string | null;
    role: Role | null;
    practitionerRole: string | null;
    service: string | null;
    team: string | null;
    jti: string | null;
    /** Network address of the client. */
    address: string | null;
  };
  purpose: Purpose | null;
  /** Rule ids, the deny reason and the personal explanation of the decision. */
  rules: string[];
  reason: DenyReason | null;
  explanation: AccessExplanation | null;
  /** Resource versions touched, `Type/id/_history/n` or `Type/id`; for searches the rows shown. */
  entities: string[];
  /** Highest confidentiality label among them. */
  label: string | null;
  /** `Patient/..` whose data was touched: one BALP AuditEvent each. */
  patients: string[];
  /** Searches: cleaned query (parameter names, values of clinical parameters masked) and its encrypted raw text. */
  query: { cleaned: string; raw: string; count: number } | null;
  /** Disclosures: recipient endpoint or subscription, and the event number. */
  recipient: string | null;
  /** A short machine word for what failed, e.g. `version-conflict`; never content. */
  detail: string | null;
}

/** The columns of one stored audit row, as `auditColumns` makes them and `store` inserts them. */
export interface AuditColumns {
  /** Instant of the request, ISO UTC with milliseconds. */
  at: string;
  /** Canonical JSON of the entry without `at` and `patients`; no raw line feed. */
  body: string;
  /** `Patient/..` references, without spaces. */
  patients: string[];
}

/** One audit row as it is stored and sealed. */
export interface StoredAudit {
  /** Its place in the gapless sequence. */
  seq: number;
  at: string;
  body: string;
  patients: string[];
}

/**
 * What a search says of the rows as they are stored: each part must hold, alternatives within one suffice. It is less
 * than the search says; memory decides over the rendered events.
 */
export interface AuditNarrowed {
  /** Words of links such as `p=Patient/1`: of each group a row has one at least. */
  links: string[][];
  /** Columns of few values. */
  columns: { interaction?: string[]; action?: string[]; outcome?: number[]; purpose?: string[] };
  /** Places in the sequence; null = any. */
  seqs: number[] | null;
  /** Instants `[from, until)` of the request; null = open. */
  from: string | null;
  until: string | null;
}

/** `newest` by the sequence, or by the instant of the request, earliest or latest first. */
export type AuditOrder = 'newest' | 'date' | '-date';

/** The next rows of a search, in its order. */
export interface AuditWalk {
  narrowed: AuditNarrowed;
  order: AuditOrder;
  /** The row the walk goes on from, itself included; null = from the beginning. */
  from: Pick<StoredAudit, 'seq' | 'at'> | null;
  /** The end of the trail when the first page was asked: nothing behind it is of this search. */
  head: number;
  /** Rows, at most. */
  limit: number;
}
