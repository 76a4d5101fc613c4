/** The oracle's own spelling of domain.md 5.3, and the types a kind of data comes in. */

/** 5.3 for the roles of these worlds: who views what; behind a colon what it takes beyond the role. */
export const VIEW: Record<string, string> = {
  demographics:
    'midwife health-visitor hospital-midwife nursery-nurse safeguarding gp social-worker:shared student team-lead admin mother partner system',
  referral:
    'midwife health-visitor hospital-midwife nursery-nurse safeguarding gp student team-lead admin mother system',
  pregnancy:
    'midwife health-visitor hospital-midwife nursery-nurse:edd safeguarding gp social-worker:edd student team-lead admin:edd mother partner:edd system',
  schedule:
    'midwife health-visitor hospital-midwife nursery-nurse safeguarding student team-lead admin mother partner system',
  visit:
    'midwife health-visitor hospital-midwife nursery-nurse safeguarding gp social-worker student team-lead admin mother partner system',
  'working-copy': 'midwife:authors health-visitor:authors safeguarding team-lead:authors',
  'assessment-copy':
    'midwife health-visitor hospital-midwife nursery-nurse safeguarding gp student team-lead mother partner system',
  findings: 'midwife health-visitor hospital-midwife safeguarding student team-lead mother:extracted system',
  confidential:
    'midwife:care-team health-visitor:care-team hospital-midwife:attendance safeguarding team-lead:supervision system',
  plan: 'midwife health-visitor hospital-midwife nursery-nurse safeguarding gp social-worker:shared student team-lead mother partner system',
  'safeguarding-flag':
    'midwife health-visitor hospital-midwife nursery-nurse safeguarding gp social-worker team-lead admin system',
  'scene-safety':
    'midwife health-visitor hospital-midwife nursery-nurse safeguarding social-worker student team-lead admin system',
  consent:
    'midwife health-visitor hospital-midwife nursery-nurse safeguarding gp social-worker student team-lead admin ig-officer mother system',
  documents:
    'midwife health-visitor hospital-midwife nursery-nurse safeguarding student team-lead mother partner system',
  other: 'midwife health-visitor hospital-midwife safeguarding student team-lead system',
  directory:
    'midwife health-visitor hospital-midwife nursery-nurse safeguarding gp social-worker student team-lead admin service-lead ig-officer system',
  agreements: 'service-lead ig-officer',
  conformance:
    'midwife health-visitor hospital-midwife nursery-nurse safeguarding gp social-worker student team-lead admin service-lead ig-officer mother partner system',
  'not-served': '',
};

/** R4 types an agreement or objection must name to reach a kind of data. */
export const CLASS_TYPES: Record<string, string[]> = {
  demographics: ['Patient', 'RelatedPerson'],
  referral: ['ServiceRequest', 'Task'],
  pregnancy: ['Observation'],
  schedule: ['Appointment'],
  visit: ['Encounter', 'EpisodeOfCare', 'CareTeam'],
  'working-copy': ['QuestionnaireResponse'],
  'assessment-copy': ['QuestionnaireResponse'],
  findings: ['QuestionnaireResponse', 'Observation'],
  confidential: ['QuestionnaireResponse', 'Observation', 'Task'],
  plan: ['CarePlan', 'Task'],
  'safeguarding-flag': ['Flag'],
  'scene-safety': ['Flag'],
  consent: ['Consent', 'Task'],
  documents: ['DocumentReference'],
  other: ['Observation', 'QuestionnaireResponse', 'Flag'],
};
