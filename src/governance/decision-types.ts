/** What a decision says: permit or refusal with its reason in the words of domain.md 2.8, and the masks of what is shown. */

/** domain.md 2.8 `deny-reason`. */
export type DenyReason =
  | 'no-authn'
  | 'no-purpose'
  | 'purpose'
  | 'dsa-missing'
  | 'dsa-expired'
  | 'role'
  | 'no-relationship'
  | 'earlier-pregnancy'
  | 'held'
  | 'not-released'
  | 'own-record'
  | 'conflict'
  | 'label'
  | 'objection'
  | 's-flag'
  | 'restricted-processing'
  | 'cap'
  | 'rate-limit'
  | 'test-data'
  | 'policy-unavailable'
  | 'audit-unavailable';

/** domain.md 2.8 `access-explanation`: why *this person*, not her team. */
export type AccessExplanation =
  | 'own-appointment'
  | 'own-task'
  | 'named-role'
  | 'duty-list'
  | 'record-event'
  | 'handover';

/** Paths to remove from one resource, and the search parameters that would reveal them. */
export interface Mask {
  rule: string;
  /** Element paths without the type, e.g. `address`, `contact.address`. */
  remove: string[];
  /** Search parameters of the type that reveal the removed paths: not searchable, sortable, countable. */
  params: string[];
}

export interface Decision {
  permit: boolean;
  /** R-numbers that decided, e.g. `['R-06', 'R-13']`. */
  rules: string[];
  reason: DenyReason | null;
  /** Plain words for people. Never contains record content. */
  text: string;
  explanation: AccessExplanation | null;
  masks: Mask[];
  /** Refusals: hidden (404, like an unknown id) or told (403 with the way in). */
  concealed: boolean;
  wayIn: 'self-claim' | 'break-glass' | null;
  /** Refusals by a gate whose HTTP status is not 403 or 404: 401, 405 (R-33, audit). */
  status?: 401 | 405;
}
