/** What events need from the rest of the house; the composition root gives it (`app.ts`). */
import type { AuditEntry } from '../audit/types.ts';
import type { Resource } from '../fhir/types.ts';
import type { Decision } from '../governance/decision-types.ts';
import type { DataClass, Label } from '../governance/types.ts';
import type { FeedRow } from '../store/feed.ts';

/** One version of a resource as it was written, tombstones included (`resource` then only has type and id). */
export interface VersionRead {
  resource: Resource;
  version: number;
  deleted: boolean;
  dataClass: DataClass;
  /** `Organization/..` whose record it is; null = nobody's. */
  service: string | null;
}

/** A decision made as the subscriber, with what its audit record needs. */
export interface Standing {
  decision: Decision;
  /** The subscriber as the directory knows it at this moment. */
  agent: AuditEntry['agent'];
  /** `Patient/..` whose data the row is; empty when the row is gone or about nobody. */
  patients: string[];
  label: Label | null;
  /** It is refused because the agreement ended, and no other one lets anything through to the subscriber's service. */
  lapsed: boolean;
}

export type SubscriptionStatus = 'requested' | 'active' | 'error' | 'off';

export interface EventPorts {
  /** A version by number, or the current one for null; null when there is none. */
  readVersion(type: string, id: string, version: number | null): Promise<VersionRead | null>;
  /**
   * Decides a `read` of the current row as this OAuth client with purpose COC, by the rules, agreements and directory
   * of this moment. A row that is gone and a client that is unknown are refusals, not errors.
   */
  decideAs(subscriber: string, type: string, id: string, now: Date): Promise<Standing>;
  /**
   * Writes status (and error text) into the Subscription as the service itself, through the record's door; write guards
   * for clients do not apply. False when its current version is no longer `version`: somebody wrote it meanwhile.
   */
  setSubscriptionStatus(change: {
    id: string;
    version: number;
    status: SubscriptionStatus;
    error: string | null;
  }): Promise<boolean>;
  /** Feed numbers of changes with which something may stop for those who hold it; the others are not looked at. */
  mayStop(rows: readonly FeedRow[]): Promise<ReadonlySet<number>>;
  /** Resolves when the record is durable; rejects when it cannot be stored. */
  audit(entry: AuditEntry): Promise<void>;
}
