/**
 * What the mission needs of the record: a narrow port, bound by the caller's request. Everything done through it is done
 * as the calling principal with her purpose, decided by the rules and audited; nothing here knows how.
 */
import type { Resource, StoredResource } from '../fhir/types.ts';
import type { NotifyRule, WindowEdge, WorkingCalendar } from './clock.ts';

export interface CareCaller {
  /** `PractitionerRole/..` of the signed-in person; absent for system clients and jobs. */
  practitionerRole?: string;
  /** The service's own child Organization, e.g. `Organization/hv-service`. */
  service?: string;
  /** `CareTeam/..` memberships valid now. */
  teams: readonly string[];
}

/** One write of a transaction. */
export type CareEntry =
  /** What `ifNoneExist` finds is the answer, or with `refuseExisting` a 409 in these words. */
  | { method: 'POST'; fullUrl: string; resource: Resource; ifNoneExist?: string; refuseExisting?: string }
  /** `ifMatch` is the versionId the change was made on; a newer version is a 412. */
  | { method: 'PUT'; resource: Resource & { id: string }; ifMatch: string };

/** Per-service settings (domain.md 1.2, rule 6). */
export interface CareSettings {
  notify: NotifyRule;
  upperEdge: WindowEdge;
  calendar: WorkingCalendar;
}

export interface CarePort {
  /** The one time of the request. */
  now: Date;
  caller: CareCaller;
  settings: CareSettings;
  /** The current version, as the caller may see it. Throws Outcome 403, 404 or 410. */
  read(type: string, id: string): Promise<StoredResource>;
  /** Every permitted match, all pages; parameters as in a search URL, unencoded. */
  search(type: string, params: Readonly<Record<string, string>>): Promise<StoredResource[]>;
  /** All or nothing. Gives the resources as stored, in the order of the entries (a conditional create that matched: the match). */
  transaction(entries: readonly CareEntry[]): Promise<StoredResource[]>;
}
