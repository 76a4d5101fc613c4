/**
 * The words of governance, shared by every room as types only.
 *
 * A request is decided in three steps: a **gate** looks at the principal and the request alone; **row rules** look at
 * one row's facts and at the relationship, consent and agreement rows about its data subjects; **masks** remove paths
 * from what is shown. Sources: house.md section 4 and 5 (facts, kinds of rule), domain.md section 5 (R-01..R-51).
 */

/** domain.md 5.3: one column of the role views each. `steward` exists in demo mode only. */
export type Role =
  | 'midwife'
  | 'health-visitor'
  | 'hospital-midwife'
  | 'nursery-nurse'
  | 'perinatal-mental-health'
  | 'safeguarding'
  | 'gp'
  | 'social-worker'
  | 'student'
  | 'team-lead'
  | 'admin'
  | 'service-lead'
  | 'ig-officer'
  | 'caldicott-guardian'
  | 'sar-officer'
  | 'mother'
  | 'partner'
  | 'system'
  | 'sysadmin'
  | 'steward';

/** v3-ActReason codes, R-02. */
export type Purpose =
  | 'TREAT'
  | 'ETREAT'
  | 'BTG'
  | 'COC'
  | 'CAREMGT'
  | 'PATADMIN'
  | 'PUBHLTH'
  | 'HQUALIMP'
  | 'PATRQT'
  | 'HLEGAL'
  | 'HSYSADMIN'
  | 'HTEST';

/** The rows of the role matrix of domain.md 5.3, plus classes for what is nobody's record. Total over R4 types. */
export type DataClass =
  | 'demographics'
  | 'referral'
  | 'pregnancy'
  | 'schedule'
  | 'visit'
  | 'working-copy'
  | 'assessment-copy'
  | 'findings'
  | 'confidential'
  | 'plan'
  | 'safeguarding-flag'
  | 'scene-safety'
  | 'third-party'
  | 'consent'
  | 'documents'
  | 'feedback'
  | 'audit'
  | 'directory'
  | 'agreements'
  | 'subscription'
  | 'conformance'
  | 'other-clinical'
  | 'not-served';

/** Confidentiality, least to most restricted. `S` = demographics restricted (PDS R, S-flag) is a separate fact. */
export type Label = 'N' | 'R' | 'V';

/** FHIR interactions the rules speak of. `vread` and `history` are reads of every version. */
export type Action = 'create' | 'read' | 'vread' | 'history' | 'search' | 'update' | 'patch' | 'delete';

/**
 * Who is asking, as the directory says at this moment; never taken from the token alone.
 * `parties` are the references through which a relationship can reach this principal: her PractitionerRole and
 * Practitioner, her teams (`CareTeam/..`), and for system clients and area rules the service (`Organization/..`).
 */
export interface Principal {
  kind: 'system' | 'staff' | 'family';
  role: Role;
  /** OAuth client that carries the request. */
  clientId: string;
  /** Token issuer, subject and id, as recorded in the audit trail. */
  issuer: string;
  subject: string;
  jti: string;
  /** Name for the access list, as it was at the time (GP Connect: details as at the event). */
  name: string;
  practitionerRole?: string;
  practitioner?: string;
  /** The service's own child Organization, e.g. `Organization/hv-service`. */
  service?: string;
  /** `CareTeam/..` memberships valid now. */
  teams: string[];
  parties: string[];
  /** Family audiences: the mother's own Patient, or the Patient a partner is related to. */
  patient?: string;
  relatedPerson?: string;
  /** SMART v2 scopes granted, e.g. `system/*.cruds`; scopes cap, rules decide. */
  scopes: string[];
  /** Keyed hash of the person's own NHS number, when the directory holds one (R-11, A-03). */
  ownRecordKey?: string;
  /** `PractitionerRole/..` whose families she may read as their supervisor (R-06 g). */
  supervises?: string[];
  /** `supervised` (R-40); `duty:CareTeam/..` for a team that is hers by today's duty list alone. */
  flags: string[];
}

/** What is asked, apart from the row it touches. */
export interface Ask {
  action: Action;
  /** Resource type, or null at system level. */
  type: string | null;
  purpose: Purpose;
  /** Request time: the one `now` of the whole request. */
  now: Date;
  mode: 'demo' | 'production' | 'training';
}

/** The facts stored beside every row (house.md section 4). */
export interface RowFacts {
  type: string;
  id: string;
  /** `Patient/..` references found in the compartment sense. */
  patients: string[];
  /** Whose personal data the row is: the mother for everything before birth. Empty for directory and conformance. */
  subjects: string[];
  /** Pregnancy key, or null when the row belongs to the whole record. */
  pregnancy: string | null;
  dataClass: DataClass;
  label: Label;
  /**
   * Sensitivity and handling codes found in labels (SDV, PSY, ETH, SEX, EMP, CEL, HTEST, ...), and `EDD` of ours for
   * what carries the expected date: several role views stop there (domain.md 5.3).
   */
  tags: string[];
  /** The service (`Organization/..`) whose record it is: the author's. */
  service: string | null;
  /** Author parties (`PractitionerRole/..`, `CareTeam/..`) for rules on authors' teams and own drafts. */
  authors: string[];
  /** False while a referral is `held` or an assessment is not released; the addressee sees nothing (R-06 c, 404). */
  released: boolean;
  /** The service a row is addressed to (referral, Task), so that `held` can be hidden from its addressee. */
  addressee: string | null;
}

export type RelationshipKind =
  | 'care-team'
  | 'episode'
  | 'referral'
  | 'referral-accepted'
  | 'appointment'
  | 'task'
  | 'attendance'
  | 'supervision'
  | 'self-claim'
  | 'break-glass'
  /** Broken glass of two persons: it reaches label V as well, for the person the safeguarding lead named (R-18). */
  | 'sealed-grant'
  /** Earlier pregnancies, opened with a `history-reason` by somebody who cares for the woman now (R-13). */
  | 'history'
  /** Of the list of a V record, by two persons: while it is V, that is her relationship, and what opens it (R-13). */
  | 'named'
  /** Of the list of a colleague or a known person (EMP, CEL): it opens nothing, and stills the alert (R-43). */
  | 'handler'
  | 'subject'
  | 'related-person'
  /** The service (or person) that registered this patient, for a day: until episode and team stand (record/plan.ts). */
  | 'registered';

/** One legitimate-relationship row: `party` may reach `patient` during `[from, until)`. */
export interface Relationship {
  party: string;
  patient: string;
  pregnancy: string | null;
  kind: RelationshipKind;
  /** ISO instants; null = open. */
  from: string | null;
  until: string | null;
  /** `closed` = ended as planned (grace, R-08); `revoked` = ended to the second. */
  ending: 'closed' | 'revoked' | null;
  /** Resource or grant that produced it, e.g. `CareTeam/f-12`. */
  source: string;
  /** Rows reachable before acceptance through this relationship (R-13): references named in supportingInfo. */
  scope: string[];
}

/** A consent, objection, restriction, override or permit in force, by patient (domain.md 5.4). */
export interface ConsentRow {
  patient: string;
  /**
   * `objection` (deny), `permit` (partner access), `override` (R-22), `restriction` (R-31), `sharing-explained`. Two
   * kinds are no consents but facts about a patient that every row about her is decided by: `own-record` (party = the
   * keyed hash of her NHS number, R-11) and `s-flag` (party null: PDS restricted her demographics, R-16). `unmask`: a
   * member of her care team (party) opened what the flag hides, with a reason (R-16). `relative` (party = keyed hash of a
   * related person's NHS number) and `conflict` (party = who declared an interest) keep staff out (R-12).
   * `deceased` (party null): she has died (R-41). `handled` (party null): a colleague or a known person, EMP or CEL
   * (R-43). `sealed` (party null): her own record is V, so that all of it is for the named alone (R-13, R-42).
   * `ended` (party = the pregnancy): it has ended with no living fetus or baby (R-41, R-51).
   */
  kind:
    | 'objection'
    | 'permit'
    | 'override'
    | 'restriction'
    | 'sharing-explained'
    | 'own-record'
    | 's-flag'
    | 'unmask'
    | 'relative'
    | 'conflict'
    | 'deceased'
    | 'handled'
    | 'sealed'
    | 'ended';
  /**
   * The party it is about: `Organization/..`, `CareTeam/..` or `RelatedPerson/..`; null = everyone outside.
   * `own-record`: the keyed hash.
   */
  party: string | null;
  /** Data classes it is limited to; empty = all. */
  classes: DataClass[];
  from: string | null;
  until: string | null;
  source: string;
}

/** One direction of one agreement (or sharing protocol) between two services (R-04). */
export interface AgreementRow {
  /** Services as `Organization/..`: data of `fromService` may be shown to `toService`. */
  fromService: string;
  toService: string;
  classes: DataClass[];
  purposes: Purpose[];
  /** Highest label it lets through; `R` only when the agreement names it. */
  maxLabel: Label;
  from: string | null;
  until: string | null;
  revoked: boolean;
  source: string;
}
