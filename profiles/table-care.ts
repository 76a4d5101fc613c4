/** Profiles of the pathway: referral, visit, assessment, plan. */
import { CANON, type ProfileRow } from './differential.ts';

const CS = `${CANON}/CodeSystem`;
const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const OUTCOME = `${CANON}/StructureDefinition/visit-outcome`;
const PRIMARY = "type.coding.where(code = 'PPRF').exists()";
const outcomeIs = (code: string): string => `extension.where(url = '${OUTCOME}' and value.code = '${code}').exists()`;

export const CARE_PROFILES: readonly ProfileRow[] = [
  {
    name: 'JV-Referral',
    type: 'ServiceRequest',
    title: 'Antenatal referral to health visiting',
    description: 'From a midwife to a health visiting service; its state is the businessStatus of its Task.',
    elements: [
      { path: 'intent', fixed: ['code', 'order'] },
      {
        path: 'category',
        min: 1,
        rules: [
          {
            key: 'jv-ref-1',
            human: 'The category is patient referral (3457005).',
            expression: "coding.where(system = 'http://snomed.info/sct' and code = '3457005').exists()",
          },
        ],
      },
      {
        path: 'priority',
        min: 1,
        rules: [
          {
            key: 'jv-ref-2',
            human: 'A referral is routine or urgent.',
            expression: "$this = 'routine' or $this = 'urgent'",
          },
        ],
      },
      {
        path: 'code',
        min: 1,
        pattern: ['CodeableConcept', { coding: [{ system: `${CS}/jv-service`, code: 'antenatal-hv-referral' }] }],
      },
      { path: 'subject', targets: ['Patient'] },
      { path: 'occurrence[x]', types: ['Period'] },
      { path: 'authoredOn', min: 1 },
      { path: 'requester', min: 1 },
      { path: 'performer', min: 1 },
    ],
  },
  {
    name: 'JV-ReferralTask',
    type: 'Task',
    title: 'Referral in the hands of a team',
    description: 'Owned by the team or Organization addressed; businessStatus is the state of the referral.',
    elements: [
      { path: 'businessStatus', min: 1, binding: `${CANON}/ValueSet/referral-state` },
      { path: 'intent', fixed: ['code', 'order'] },
      {
        path: 'code',
        min: 1,
        pattern: ['CodeableConcept', { coding: [{ system: `${CS}/jv-task`, code: 'triage-referral' }] }],
      },
      { path: 'focus', min: 1, targets: ['ServiceRequest'] },
      { path: 'for', min: 1, targets: ['Patient'] },
      { path: 'owner', min: 1, targets: ['CareTeam', 'Organization'] },
    ],
  },
  {
    name: 'JV-JointAppointment',
    type: 'Appointment',
    title: 'Joint visit, booked',
    description:
      'Mother, midwife and health visitor (and an interpreter if needed); booked when both practitioners accepted.',
    elements: [
      {
        path: '',
        rules: [
          {
            key: 'jv-app-1',
            human: 'A joint visit is booked when all its participants have accepted.',
            expression: "status = 'booked' implies participant.all(status = 'accepted')",
          },
          {
            key: 'jv-app-2',
            human: 'A joint visit has two practitioners and the mother.',
            expression: 'participant.count() >= 3',
          },
        ],
      },
    ],
  },
  {
    name: 'JV-JointVisit',
    type: 'Encounter',
    title: 'Joint visit',
    description: 'A midwife and a health visitor meet one family together; participant.period says who attended.',
    elements: [
      {
        path: '',
        rules: [
          {
            key: 'jv-visit-1',
            human: 'Both practitioners take part as equals (PPRF).',
            expression: `participant.where(${PRIMARY}).count() >= 2`,
          },
          {
            key: 'jv-visit-2',
            human: 'A finished visit has an outcome.',
            expression: `status = 'finished' implies extension.where(url = '${OUTCOME}').exists()`,
          },
          {
            key: 'jv-visit-3',
            human: 'A visit is joint when it is finished and two practitioners attended (participant.period).',
            expression: `${outcomeIs('joint-complete')} implies (status = 'finished' and participant.where(period.exists() and ${PRIMARY}).count() >= 2)`,
          },
          {
            key: 'jv-visit-4',
            human: 'Joint home visit (225929007) is only for visits at home (HH).',
            expression:
              "type.coding.where(system = 'http://snomed.info/sct' and code = '225929007').exists() implies class.code = 'HH'",
          },
          {
            key: 'jv-visit-5',
            human: 'A joint visit belongs to a maternity and a health visiting episode.',
            expression: 'episodeOfCare.count() >= 2',
            severity: 'warning',
          },
          {
            key: 'jv-visit-6',
            human: 'A joint visit names its appointment and the referral it is based on.',
            expression: 'appointment.exists() and basedOn.exists()',
            severity: 'warning',
          },
        ],
      },
      {
        path: 'class',
        min: 1,
        rules: [
          {
            key: 'jv-visit-7',
            human: 'A joint visit is at home, in a clinic or hub, or by video (HH, AMB, VR).',
            expression: `system = '${ACT_CODE}' and (code = 'HH' or code = 'AMB' or code = 'VR')`,
          },
        ],
      },
      {
        path: 'type',
        min: 1,
        rules: [
          {
            key: 'jv-visit-8',
            human: 'The type is joint-visit; a SNOMED CT code may stand beside it.',
            expression: `coding.where(system = '${CS}/jv-service' and code = 'joint-visit').exists()`,
          },
        ],
      },
      { path: 'subject', min: 1, targets: ['Patient'] },
      { path: 'participant', min: 2 },
    ],
  },
  {
    name: 'JV-AssessmentCopy',
    type: 'QuestionnaireResponse',
    title: 'Released copy of the joint visit assessment',
    description:
      'Written by the service at release, never edited by hand; holds only what the mother agrees may stand on it.',
    elements: [
      {
        path: '',
        rules: [
          {
            key: 'jv-copy-1',
            human: 'The copy carries the label N.',
            expression:
              "meta.security.where(system = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality' and code = 'N').exists()",
          },
          {
            key: 'jv-copy-2',
            human: 'Only completed or amended assessments are released.',
            expression: "status = 'completed' or status = 'amended'",
          },
          {
            key: 'jv-copy-3',
            human: 'Only the joint visit assessment has a copy.',
            expression: `questionnaire.startsWith('${CANON}/Questionnaire/joint-visit-assessment')`,
          },
        ],
      },
      { path: 'questionnaire', min: 1 },
      { path: 'subject', min: 1, targets: ['Patient'] },
      { path: 'authored', min: 1 },
      { path: 'author', min: 1 },
      { path: 'contained', max: '0' },
    ],
  },
  {
    name: 'JV-ResilienceMatrix',
    type: 'RiskAssessment',
    title: 'Risk and resilience matrix',
    description:
      'A place on the matrix agreed by people: no score, no probability; not plotted means no RiskAssessment.',
    elements: [
      {
        path: '',
        rules: [
          {
            key: 'jv-matrix-1',
            human: 'A matrix that was not plotted is not recorded as a RiskAssessment.',
            expression: "prediction.qualitativeRisk.coding.where(code = 'not-plotted').empty()",
          },
        ],
      },
      {
        path: 'method',
        min: 1,
        pattern: ['CodeableConcept', { coding: [{ system: `${CS}/assessment-method`, code: 'resilience-matrix' }] }],
      },
      { path: 'subject', targets: ['Patient'] },
      { path: 'basis', min: 1 },
      { path: 'prediction', min: 1, max: '1' },
      { path: 'prediction.probability[x]', max: '0' },
      { path: 'prediction.qualitativeRisk', min: 1, binding: `${CANON}/ValueSet/resilience-quadrant` },
      { path: 'prediction.rationale', min: 1 },
    ],
  },
  {
    name: 'JV-CarePlan',
    type: 'CarePlan',
    title: 'Plan of the family',
    description: 'Written by the care team, both practitioners contributing.',
    elements: [
      {
        path: '',
        rules: [
          {
            key: 'jv-plan-1',
            human: 'The category is joint-visit-plan or postnatal-plan.',
            expression: `category.coding.where(system = '${CS}/plan-category').exists()`,
          },
        ],
      },
      { path: 'intent', fixed: ['code', 'plan'] },
      { path: 'category', min: 1 },
      { path: 'subject', targets: ['Patient'] },
      { path: 'period', min: 1 },
      { path: 'author', min: 1, targets: ['CareTeam'] },
      { path: 'contributor', min: 2 },
      { path: 'careTeam', min: 1 },
    ],
  },
  {
    name: 'JV-BabyObservation',
    type: 'Observation',
    title: 'Finding about an unborn baby',
    description: 'Subject is the mother, focus the fetus: a client without fetal Patients loses nothing.',
    elements: [
      { path: 'subject', min: 1, targets: ['Patient'] },
      { path: 'focus', min: 1, targets: ['Patient'] },
    ],
  },
  {
    name: 'JV-EpisodeOfCare',
    type: 'EpisodeOfCare',
    title: 'Episode of one service',
    description: 'Two per pregnancy and two per baby: maternity and health visiting.',
    elements: [
      {
        path: 'type',
        min: 1,
        rules: [
          {
            key: 'jv-episode-1',
            human: 'The type is community midwifery (714089006) or health visiting (1078501000000104).',
            expression:
              "coding.where(system = 'http://snomed.info/sct' and (code = '714089006' or code = '1078501000000104')).exists()",
          },
        ],
      },
      { path: 'managingOrganization', min: 1 },
    ],
  },
  {
    name: 'JV-Flag',
    type: 'Flag',
    title: 'Warning',
    description: 'Safeguarding flags (SG) are labelled restricted; scene safety (SS) uses our codes.',
    elements: [
      {
        path: '',
        rules: [
          {
            key: 'jv-flag-1',
            human: 'A safeguarding flag carries the label R or V.',
            expression:
              "category.coding.where(code = 'SG').exists() implies meta.security.where(code = 'R' or code = 'V').exists()",
          },
          {
            key: 'jv-flag-2',
            human: 'A scene safety flag uses a scene-safety code.',
            expression: `category.coding.where(code = 'SS').exists() implies code.coding.where(system = '${CS}/scene-safety').exists()`,
          },
        ],
      },
      { path: 'category', min: 1 },
    ],
  },
];
