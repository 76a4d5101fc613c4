/**
 * The local code systems: domain.md section 2.8, row by row, and the only source of them. `scripts/generate-definitions.ts`
 * writes one CodeSystem and one ValueSet per row; a test checks that what lies here is current.
 */
export interface CodeRow {
  name: string;
  /** Codes in order; with a display where the plain code does not read well. */
  codes: readonly (string | readonly [code: string, display: string])[];
  copyright?: string;
}

const GIRFEC =
  'Headings: Crown copyright, Scottish Government (GIRFEC National Practice Model). Contains public sector information ' +
  'licensed under the Open Government Licence v3.0.';

export const CODE_TABLE: readonly CodeRow[] = [
  {
    name: 'my-world-triangle',
    copyright: GIRFEC,
    codes: [
      ['grow', 'How I grow and develop'],
      ['grow-1', 'Being healthy'],
      ['grow-2', 'Learning and achieving'],
      ['grow-3', 'Being able to communicate'],
      ['grow-4', 'Confidence in who I am'],
      ['grow-5', 'Learning to be responsible'],
      ['grow-6', 'Becoming independent, looking after myself'],
      ['grow-7', 'Enjoying family and friends'],
      ['need', 'What I need from people who look after me'],
      ['need-1', 'Everyday care and help'],
      ['need-2', 'Keeping me safe'],
      ['need-3', 'Being there for me'],
      ['need-4', 'Play, encouragement and fun'],
      ['need-5', 'Guidance, supporting me to make the right choices'],
      ['need-6', 'Knowing what is going to happen and when'],
      ['need-7', "Understanding my family's background and beliefs"],
      ['world', 'My wider world'],
      ['world-1', 'Support from family, friends and other people'],
      ['world-2', 'School'],
      ['world-3', 'Enough money'],
      ['world-4', 'Work opportunities for my family'],
      ['world-5', 'Local resources'],
      ['world-6', 'Comfortable and safe housing'],
      ['world-7', 'Belonging'],
      ['whole', 'Whole child'],
    ],
  },
  {
    name: 'shanarri',
    codes: ['safe', 'healthy', 'achieving', 'nurtured', 'active', 'respected', 'responsible', 'included'],
  },
  {
    name: 'resilience-quadrant',
    codes: ['resilient-protective', 'resilient-adverse', 'vulnerable-protective', 'vulnerable-adverse', 'not-plotted'],
  },
  { name: 'matrix-factor', codes: ['resilience', 'vulnerability', 'protective', 'adversity'] },
  { name: 'assessment-method', codes: ['resilience-matrix', 'my-world-triangle', 'early-need-screen'] },
  { name: 'discussed', codes: ['yes', 'not-this-time', 'not-relevant'] },
  { name: 'balance', codes: ['mostly-strength', 'mixed', 'mostly-challenge'] },
  { name: 'jv-component', codes: ['strengths', 'challenges', 'parent-words', 'indicator'] },
  { name: 'level-of-need', codes: ['community', 'universal', 'targeted', 'specialist', 'safeguarding-advice-sought'] },
  { name: 'present', codes: ['mother', 'partner', 'sibling', 'grandparent', 'other-adult', 'interpreter'] },
  { name: 'practitioner-role', codes: ['midwife', 'health-visitor', 'family-nurse'] },
  { name: 'visit-mode', codes: ['home', 'clinic', 'family-hub', 'video'] },
  { name: 'da-asked', codes: ['yes', 'no-not-alone', 'no-declined', 'no-other'] },
  { name: 'da-outcome', codes: ['none-disclosed', 'disclosed-past', 'disclosed-current', 'suspected'] },
  { name: 'asked-outcome', codes: ['not-asked', 'no', 'yes', 'declined'] },
  { name: 'cpis-result', codes: ['nothing-found', 'something-found', 'not-possible'] },
  { name: 'copy-choice', codes: ['paper', 'app', 'none'] },
  { name: 'agreed', codes: ['yes', 'partly', 'no'] },
  { name: 'objection', codes: ['none', 'partial', 'full'] },
  { name: 'sharing-state', codes: ['not-yet-asked', 'explained', 'objected', 'overridden'] },
  { name: 'goal-lead', codes: ['mother', 'partner', 'midwife', 'health-visitor', 'other'] },
  { name: 'plan-action-type', codes: ['info', 'refer', 'visit', 'self'] },
  { name: 'plan-category', codes: ['joint-visit-plan', 'postnatal-plan'] },
  { name: 'group-kind', codes: ['family'] },
  {
    name: 'referral-state',
    codes: [
      'held',
      'received',
      'opened',
      'accepted',
      'triaged',
      'scheduled',
      'visited',
      'plan-agreed',
      'closed',
      'rejected',
      'redirected',
      'sent-outside',
      'declined-by-family',
      'withdrawn',
      'moved-out',
      'pregnancy-ended',
    ],
  },
  { name: 'referral-reason', codes: ['wrong-area', 'duplicate', 'information-missing', 'other'] },
  {
    name: 'visit-state',
    codes: ['proposed', 'pending', 'booked', 'arrived', 'in-progress', 'finished', 'not-in', 'cancelled'],
  },
  {
    name: 'visit-outcome',
    codes: [
      'joint-complete',
      'single-practitioner',
      'family-not-in',
      'cancelled-family',
      'cancelled-service',
      'pregnancy-ended',
    ],
  },
  {
    name: 'stop-reason',
    codes: [
      'pregnancy-ended',
      'wrong-patient',
      'entered-in-error',
      'number-superseded',
      'address-restricted',
      'referral-withdrawn',
      'match-undone',
      'loss-record-undone',
    ],
  },
  { name: 'pathway', codes: ['enhanced-joint-visit', 'hv-28-week', 'safeguarding'] },
  {
    name: 'jv-observation',
    codes: [
      'voice-of-unborn',
      'resilience-position',
      'environment-position',
      'level-of-need',
      'parent-priority',
      'matrix-factor',
    ],
  },
  { name: 'jv-service', codes: ['antenatal-hv-referral', 'joint-visit', 'hv-antenatal-contact', 'new-birth-visit'] },
  {
    name: 'jv-task',
    codes: [
      'triage-referral',
      'explain-sharing',
      'revisit-sharing',
      'ask-in-private',
      'plan-action',
      'match-baby',
      'accept-handover',
      'safeguarding-review',
    ],
  },
  { name: 'scene-safety', codes: ['visit-in-pairs', 'do-not-visit-alone', 'dog', 'other'] },
  { name: 'lr-reason', codes: ['transfer-in-progress', 'covering-colleague', 'duty-call'] },
  { name: 'breakglass-reason', codes: ['emergency', 'urgent-safeguarding', 'covering-colleague', 'other'] },
  { name: 'history-reason', codes: ['past-loss', 'past-removal', 'clinical-history', 'other'] },
  { name: 'way-in', codes: ['self-claim', 'break-glass'] },
  { name: 'trace-result', codes: ['no-match', 'match-permitted', 'match-restricted', 'contact-safeguarding'] },
  {
    name: 'access-explanation',
    codes: ['own-appointment', 'own-task', 'named-role', 'duty-list', 'record-event', 'handover'],
  },
  {
    name: 'deny-reason',
    codes: [
      'no-authn',
      'no-purpose',
      'purpose',
      'dsa-missing',
      'dsa-expired',
      'role',
      'no-relationship',
      'earlier-pregnancy',
      'held',
      'not-released',
      'own-record',
      'conflict',
      'label',
      'objection',
      's-flag',
      'restricted-processing',
      'cap',
      'rate-limit',
      'test-data',
      'policy-unavailable',
      'audit-unavailable',
    ],
  },
  { name: 'sar-exclusion', codes: ['third-party', 'serious-harm', 'child-abuse-data', 'other-exemption'] },
  { name: 'case-outcome', codes: ['appropriate', 'training-need', 'policy-gap', 'inappropriate', 'malicious'] },
];

/** A small named set of SNOMED CT concepts of domain.md 3.7. */
export interface SnomedRow {
  name: string;
  title: string;
  codes: readonly (readonly [code: string, display: string])[];
}

/** Printed in every value set that names SNOMED CT concepts. */
export const SNOMED_COPYRIGHT =
  'This value set includes content from SNOMED CT, which is copyright (c) International Health Terminology Standards ' +
  'Development Organisation (IHTSDO) and distributed by agreement between IHTSDO and HL7.';

export const SNOMED_TABLE: readonly SnomedRow[] = [
  {
    name: 'snomed-visit',
    title: 'Visits, referral and pregnancy',
    codes: [
      ['225929007', 'Joint home visit'],
      ['439708006', 'Home visit'],
      ['424525001', 'Antenatal care'],
      ['77386006', 'Pregnancy'],
      ['57036006', 'Fetal gestational age'],
      ['382341000000101', 'Total number of registerable births at delivery'],
      ['3457005', 'Patient referral'],
      ['749001000000101', 'Appointment'],
      ['710824005', 'Assessment of health and social care needs'],
    ],
  },
  {
    name: 'snomed-occupation',
    title: 'Occupations of those who take part',
    codes: [
      ['1052581000000109', 'Health visitor'],
      ['158999002', 'Community midwife'],
      ['309453006', 'Registered midwife'],
      ['309454000', 'Student midwife'],
      ['939111000000107', 'Student health visitor'],
      ['224578004', 'Nursery nurse'],
      ['159003003', 'School nurse'],
      ['224540001', 'Community nurse'],
      ['11935004', 'Obstetrician'],
      ['62247001', 'General practitioner'],
      ['394572006', 'Medical secretary'],
      ['224608005', 'Administrative healthcare staff'],
      ['56542007', 'Medical record administrator'],
    ],
  },
  {
    name: 'snomed-service',
    title: 'Services around pregnancy and early years',
    codes: [
      ['714088003', 'Midwifery service'],
      ['714089006', 'Community midwifery service'],
      ['1078501000000104', 'Health visiting service'],
      ['1326391000000100', 'FNP service'],
      ['931821000000105', 'School nursing'],
      ['901221000000102', 'Perinatal mental health'],
      ['310063007', 'Obstetrics'],
      ['788127005', 'Child health'],
      ['413299005', 'Early years'],
      ['1326421000000106', 'Safeguarding children team'],
      ['310134006', 'Social services'],
    ],
  },
  {
    name: 'snomed-estimated-delivery',
    title: 'Estimated date of delivery',
    codes: [
      ['161714006', 'Estimated date of delivery'],
      ['289206005', 'Estimated date of delivery from last period'],
      ['738070007', 'Estimated date of delivery from antenatal ultrasound scan'],
    ],
  },
  {
    name: 'snomed-safeguarding',
    title: 'Safeguarding concerns',
    codes: [
      ['878111000000109', 'Unborn child is cause for safeguarding concern'],
      ['836881000000105', 'Child is cause for safeguarding concern'],
      ['300731000000106', 'Family is cause for concern'],
      ['818901000000100', 'Unborn child subject to child protection plan'],
      ['342191000000101', 'Subject to child protection plan'],
      ['764841000000100', 'Looked after child'],
      ['864491000000105', 'Has child subject of child protection plan'],
      ['375041000000100', 'Family member subject of child protection plan'],
      ['707087005', 'At risk of domestic violence'],
      ['881081000000100', 'Domestic abuse victim in household'],
      ['697950003', 'Suspected domestic abuse'],
      ['861931000000100', 'No safeguarding issues identified'],
      ['713201008', 'At risk of female genital mutilation'],
      ['766561000000109', 'Adult safeguarding concern'],
      ['417430008', 'Vulnerable adult'],
      ['415685003', 'Suspected alcohol abuse'],
      ['162591001', 'Suspected drug abuse'],
      ['287351000000105', 'Family history of substance misuse'],
    ],
  },
];
