/** What an alert rule looks at, and what it says (domain.md 6.3). */
import type { AccessExplanation } from '../governance/decision-types.ts';
import type { AuditEntry } from './types.ts';

export type Severity = 'high' | 'medium' | 'low';
/** `observe` counts and tells nobody; `live` makes work for an officer. */
export type AlertMode = 'off' | 'observe' | 'live';

/** What is known around one record, at its instant. Counts include the record itself. */
export interface AlertFacts {
  /** Current relationships of the person herself (not her team) with the people the record is about. */
  relationships: ReadonlySet<string>;
  /** The last relationship, hers or her team's, ended and its grace is over. */
  relationshipOver: boolean;
  /** Consent kinds in force about them: `s-flag`, `restriction` ... */
  consents: ReadonlySet<string>;
  /** Handling tags of them: `EMP`, `CEL` ... */
  tags: ReadonlySet<string>;
  /** Same family name, given name and day of birth: she herself, where no number says so. */
  sameSelf: boolean;
  sameSurname: boolean;
  samePostcode: boolean;
  sameAgeBand: boolean;
  sameAddress: boolean;
  /** Same postcode, whatever the name (Q5). */
  neighbour: boolean;
  /** The patient works in this person's team or service (Q5). */
  colleague: boolean;
  /** The patient had died, or her pregnancy had ended without a living child, before this (Q8). */
  afterDeath: boolean;
  afterLoss: boolean;
  /** Her requests came from other networks before, never from this one. */
  newPlace: boolean;
  /** Distinct patients whose records she opened in this hour and this day. */
  openedHour: number;
  openedDay: number;
  /** Of her own hours of the last 30 days; null without any before this one. */
  usualHour: { mean: number; deviation: number } | null;
  /** Median of her role's people on this day. */
  peerMedian: number | null;
  /** Her refusals within the window. */
  denials: number;
  /** People refused about one of these patients within the window. */
  deniedPeople: number;
  /** Her searches by name and traces within the window, and records opened in it. */
  nameSearches: number;
  openedSince: number;
  firstExport: boolean;
  /** A permit or override in favour of this person or her service began within the window. */
  newlyPermitted: boolean;
  /** The version written has a lower label than an earlier one and is released. */
  releasedAfterDowngrade: boolean;
  /** The agreement that carried this read has expired. */
  agreementExpired: boolean;
  /** Whether she was on some duty list at that moment; null while no duty list is loaded. */
  rostered: boolean | null;
  /** The subscription delivered to another address before. */
  endpointChanged: boolean;
  /** Notifications of this subscription in this hour, and its mean hour of the week before; null without any. */
  volumeHour: number;
  volumeUsual: number | null;
  /** Earlier alerts of the same low rule about the same person within 30 days. */
  sameRuleBefore: number;
  /** Such a rule fired on this very record. */
  smallRuleNow: boolean;
  explanation: AccessExplanation | null;
}

export interface Thresholds {
  /** */
  openedFloor: number;
  deviations: number;
  peerFactor: number;
  /** Records of a day that are never above the peers, whatever their median. */
  peerFloor: number;
  /** */
  denials: number;
  denialMinutes: number;
  deniedPeople: number;
  /** */
  exportCap: number;
  /** */
  nameSearches: number;
  nameSearchMinutes: number;
  /** */
  permitHours: number;
  /** fewer are looked up by anybody who stayed late. */
  nightPatients: number;
  /** */
  repeats: number;
  /** fewer notifications in an hour are no spike, and how many times the usual one is. */
  volumeFloor: number;
  volumeFactor: number;
}

export interface AlertRule {
  /** `A-01` ... */
  id: string;
  severity: Severity;
  /** Who looks at it. */
  owner: string;
  mode: AlertMode;
  /** Whom this rule says nothing about: people, teams or services as references. */
  suppressed: readonly string[];
  /** Minutes in which the same person, patient and rule are one alert. */
  quietMinutes: number;
  /** What happened, in words without any person's data. */
  words: string;
  fires: (entry: AuditEntry, facts: AlertFacts, thresholds: Thresholds) => boolean;
}
