/** The trail's codes in plain English, for officers: who, why and what kind. Total tables; no code is shown alone. */
import type { AccessExplanation, DenyReason } from '../governance/decision-types.ts';
import type { Purpose, RelationshipKind, Role } from '../governance/types.ts';
import type { AccessEvent } from '../oversight/ask-access-record.ts';

type Interaction = AccessEvent['interactions'][number];

const ROLES: Readonly<Record<Role, string>> = {
  midwife: 'Community midwife',
  'health-visitor': 'Health visitor or family nurse',
  'hospital-midwife': 'Hospital midwife, obstetrician or sonographer',
  'nursery-nurse': 'Community nursery nurse',
  'perinatal-mental-health': 'Perinatal mental health',
  safeguarding: 'Safeguarding nurse',
  gp: 'GP',
  'social-worker': 'Social worker',
  student: 'Student',
  'team-lead': 'Team lead',
  admin: 'Administrator',
  'service-lead': 'Service lead',
  'ig-officer': 'IG officer',
  'caldicott-guardian': 'Caldicott Guardian',
  'sar-officer': 'Subject access officer',
  mother: 'The person this record is about',
  partner: 'Partner or related person',
  system: 'System',
  sysadmin: 'System administrator',
  steward: 'Data loading (demo only)',
};

/** Roles of people who look after families. */
export const STAFF_ROLES: readonly Role[] = [
  ...(['midwife', 'health-visitor', 'hospital-midwife', 'nursery-nurse', 'perinatal-mental-health'] as const),
  ...(['safeguarding', 'gp', 'social-worker', 'student', 'team-lead', 'admin', 'service-lead', 'system'] as const),
];

const PURPOSES: Readonly<Record<Purpose, string>> = {
  TREAT: 'Direct care',
  ETREAT: 'Emergency care',
  BTG: 'Break-glass access',
  COC: 'Coordination of care between services',
  CAREMGT: 'Care management',
  PATADMIN: 'Patient administration',
  PUBHLTH: 'Public health',
  HQUALIMP: 'Quality improvement',
  PATRQT: 'Request of the family',
  HLEGAL: 'Legal or subject access work',
  HSYSADMIN: 'Oversight of the record',
  HTEST: 'Test',
};

const EXPLANATIONS: Readonly<Record<AccessExplanation, string>> = {
  'own-appointment': 'Has an appointment with the family',
  'own-task': 'Has a task for the family',
  'named-role': 'Named in the family’s care',
  'duty-list': 'On the duty list that day',
  'record-event': 'Something was recorded with the family within 14 days',
  handover: 'Care was handed over',
};

const RELATIONSHIPS: Readonly<Record<RelationshipKind, string>> = {
  'care-team': 'In the care team',
  episode: 'Has an open episode of care',
  referral: 'An open referral to the service',
  'referral-accepted': 'An accepted referral',
  appointment: 'An appointment',
  task: 'An open task',
  attendance: 'The family attends now',
  supervision: 'Supervises the practitioner',
  'self-claim': 'Claimed with a reason',
  'break-glass': 'Break-glass access',
  'sealed-grant': 'Emergency access by two people',
  history: 'Earlier pregnancies, opened with a reason',
  named: 'Named for a very restricted record',
  handler: 'On the named list of a colleague or known person',
  subject: 'The person herself',
  registered: 'Registered the record',
  'related-person': 'Related to the family',
};

/** Why somebody was refused, said about her to a third person. */
const REASONS: Readonly<Record<DenyReason, string>> = {
  'no-authn': 'No person was named in the request',
  'no-purpose': 'No purpose was stated',
  purpose: 'The purpose does not fit the role',
  'dsa-missing': 'No sharing agreement between the two services covers this',
  'dsa-expired': 'The sharing agreement between the two services has ended',
  role: 'The role does not include this',
  'no-relationship': 'No current relationship of care with the family',
  'earlier-pregnancy': 'Belongs to an earlier pregnancy',
  held: 'The referral is held back',
  'not-released': 'Sharing has not been explained to the family yet',
  'own-record': 'Their own record',
  conflict: 'Declared interest in this family',
  label: 'Restricted beyond the role',
  objection: 'The family objects to sharing with this service',
  's-flag': 'Address restricted',
  'restricted-processing': 'Use of the record is restricted at the person’s request',
  cap: 'More than may be taken at once',
  'rate-limit': 'Too many requests',
  'test-data': 'Test and real data are kept apart',
  'policy-unavailable': 'The rules could not be evaluated',
  'audit-unavailable': 'The access could not be recorded',
};

/** What each rule of domain.md 5.2 is about; whether it was met is said by the outcome. */
const RULES: Readonly<Record<string, string>> = {
  'R-01': 'A named person or a registered system asks',
  'R-02': 'A purpose is stated',
  'R-03': 'The purpose fits what is asked for',
  'R-04': 'A sharing agreement between the two services',
  'R-05': 'What the role may see and do',
  'R-06': 'A current relationship of care with the family',
  'R-07': 'A relationship claimed with a reason',
  'R-08': 'Short grace after care ended as planned; none when it was revoked',
  'R-09': 'Family ties alone open nothing',
  'R-10': 'A search shows only what may be seen',
  'R-11': 'Nobody opens their own record as staff',
  'R-12': 'Relatives and declared interests stay out',
  'R-13': 'The confidentiality label',
  'R-14': 'What is never shown to family members',
  'R-15': 'Family members see what was released to them',
  'R-16': 'Address and contact details restricted',
  'R-17': 'Address kept from the other parent’s view',
  'R-18': 'Break-glass access, limited in time and reviewed',
  'R-19': 'Roles that may not break glass',
  'R-20': 'An objection of the family',
  'R-21': 'An objection to a part of the record',
  'R-22': 'Shared to safeguard, with a rationale',
  'R-23': 'Information about other people kept apart',
  'R-24': 'Only what the role needs',
  'R-25': 'What administrators may see',
  'R-26': 'IG officers see who looked, never clinical content',
  'R-27': 'Nobody changes the access record',
  'R-28': 'A person asks for their own record',
  'R-30': 'A correction that keeps what stood there',
  'R-31': 'Use of the record restricted at the person’s request',
  'R-32': 'Records of care are not erased',
  'R-33': 'Records of care are not deleted',
  'R-34': 'How long records are kept',
  'R-35': 'The access record is kept as long as the record',
  'R-36': 'A notification sent to another service',
  'R-37': 'The same rules for systems and subscriptions',
  'R-38': 'Files and copies carry a reason, and many people need a second officer',
  'R-39': 'Sessions lock and end',
  'R-40': 'Students and bank staff',
  'R-41': 'Narrower access after a death',
  'R-42': 'New identities are never linked to old ones',
  'R-43': 'Records of staff and of known people',
  'R-45': 'Nothing is shown when rules or record cannot be used',
  'R-46': 'A concern about a child’s safety',
  'R-48': 'Test and real data kept apart',
  'R-49': 'News that must reach everyone who had the record',
  'R-50': 'An exact trace of one person',
  'R-51': 'Ended pregnancy',
};

const INTERACTIONS: Readonly<Record<Interaction, string>> = {
  create: 'Added',
  read: 'Opened',
  vread: 'Opened an earlier version',
  update: 'Added or changed',
  patch: 'Changed',
  delete: 'Removed',
  'history-instance': 'Opened the history',
  'history-type': 'Listed the history',
  'history-system': 'Listed the history',
  'search-type': 'Listed',
  'search-system': 'Listed',
  operation: 'Opened together',
  batch: 'Sent several requests',
  transaction: 'Added or changed together',
  disclosure: 'Sent to another system',
  login: 'Signed in',
  token: 'Signed in',
  alert: 'raised an alert',
  anonymous: 'Was not signed in',
};

/** Types whose name in FHIR is not plain English; the others are split into words. */
const TYPES: Readonly<Record<string, string>> = {
  AuditEvent: 'Access record',
  CarePlan: 'Care plan',
  CareTeam: 'Care team',
  Condition: 'Condition',
  DocumentReference: 'Document',
  Encounter: 'Visit',
  EpisodeOfCare: 'Episode of care',
  Group: 'Family group',
  Patient: 'Personal details',
  QuestionnaireResponse: 'Assessment form',
  RelatedPerson: 'Related person',
  RiskAssessment: 'Assessment finding',
  ServiceRequest: 'Referral',
};

const LABELS: Readonly<Record<string, string>> = { N: 'Normal', R: 'Restricted', V: 'Very restricted' };

export const isRole = (word: string): word is Role => Object.hasOwn(ROLES, word);
export const roleWords = (role: Role): string => ROLES[role];
export const purposeWords = (purpose: Purpose): string => PURPOSES[purpose];
export const explanationWords = (explanation: AccessExplanation): string => EXPLANATIONS[explanation];
export const isExplanation = (words: string): words is AccessExplanation => Object.hasOwn(EXPLANATIONS, words);
export const reasonWords = (reason: DenyReason): string => REASONS[reason];
export const interactionWords = (interaction: Interaction): string => INTERACTIONS[interaction];
export const labelWords = (label: string): string => LABELS[label] ?? 'Restricted';

const isRelationship = (kind: string): kind is RelationshipKind => Object.hasOwn(RELATIONSHIPS, kind);

export const relationshipWords = (kind: string): string => (isRelationship(kind) ? RELATIONSHIPS[kind] : kind);

/** `R-06: A current relationship of care with the family`. */
export function ruleWords(rule: string): string {
  const words = RULES[rule];
  return words === undefined ? rule : `${rule}: ${words}`;
}

/** `Care plan` for `CarePlan`. */
export function typeWords(type: string): string {
  const known = TYPES[type];
  if (known !== undefined) return known;
  const words = type.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
