/**
 * The joint visit assessment (JVA, domain.md 2.5). It holds only what the mother agrees may stand on the shared copy;
 * everything else belongs to the confidential instrument, because FHIR security labels apply to whole resources.
 */
import type { Resource } from '../../fhir/types.ts';
import { local } from '../canon.ts';
import { gestationExpression } from './gestation-expression.ts';
import { FIVE_QUESTIONS } from './headings.ts';
import {
  choice,
  constraint,
  group,
  hidden,
  type Item,
  initialExpression,
  item,
  LANGUAGES,
  launchContext,
  localSystem,
  maxOccurs,
  minOccurs,
  minValue,
  OGL_NOTICE,
  questionnaire,
  targets,
  variable,
  whenCode,
  whenTrue,
} from './items.ts';

import { matrix, triangle } from './triangle-and-matrix.ts';

const visit = (): Item =>
  group('visit', 'The visit', [
    choice('visit.mode', 'Where did you meet?', 'visit-mode', { required: true }),
    item('visit.gestation', 'string', 'Gestation (weeks+days)', {
      readOnly: true,
      extension: [initialExpression(gestationExpression('%edd.entry.resource.value'))],
    }),
    choice('visit.present', 'Who was there?', 'present', { repeats: true }),
    group(
      'visit.practitioners',
      'Practitioner',
      [
        choice('visit.practitioners.role', 'Role', 'practitioner-role', { required: true }),
        item('visit.practitioners.ref', 'reference', 'Who', {
          required: true,
          extension: targets('PractitionerRole'),
        }),
        item('visit.practitioners.attended', 'boolean', 'Attended', { required: true }),
      ],
      { repeats: true, required: true, extension: [minOccurs(2)] },
    ),
    item('visit.interpreter', 'boolean', 'Was an interpreter needed?'),
    item('visit.interpreter.language', 'choice', 'Language', {
      answerValueSet: LANGUAGES,
      enableWhen: [whenTrue('visit.interpreter')],
    }),
  ]);

const need = (): Item =>
  group('need', 'Level of need', [
    choice('need.level', 'Level of need, as you judge it', 'level-of-need', {
      code: [local('jv-observation', 'level-of-need')],
    }),
    item('need.rationale', 'text', 'Why', { required: true }),
    choice('need.agreed-with-family', 'Does the family agree?', 'agreed'),
    item('need.family-view', 'text', "The family's view", {
      required: true,
      enableWhen: [whenCode('need.agreed-with-family', localSystem('agreed'), 'no')],
    }),
  ]);

const goal = (): Item =>
  group(
    'plan.goal',
    'Goal',
    [
      item('plan.goal.text', 'text', "The goal, in the family's words", { required: true }),
      choice('plan.goal.indicator', 'Wellbeing indicator', 'shanarri'),
      item('plan.goal.why', 'text', 'Why it matters'),
      item('plan.goal.target', 'date', 'By when'),
      choice('plan.goal.lead', 'Who leads', 'goal-lead'),
      item('plan.goal.lead.ref', 'reference', 'Who exactly', {
        extension: targets('PractitionerRole', 'Patient', 'RelatedPerson'),
      }),
    ],
    { repeats: true },
  );

const action = (): Item =>
  group(
    'plan.action',
    'Action',
    [
      item('plan.action.text', 'text', 'What will be done', { required: true }),
      item('plan.action.who', 'string', 'Who'),
      item('plan.action.by', 'date', 'By when'),
      item('plan.action.goal', 'integer', 'For which goal (1 = the first)', { extension: [minValue(1)] }),
      choice('plan.action.type', 'Kind of action', 'plan-action-type'),
    ],
    { repeats: true },
  );

const plan = (): Item =>
  group(
    'plan',
    'The plan',
    [
      goal(),
      action(),
      item('plan.review', 'date', 'Review on'),
      choice('plan.copy', 'How does the family get a copy?', 'copy-choice'),
    ],
    {
      extension: [
        constraint(
          'plan-review',
          "item.where(linkId='plan.goal').empty() or item.where(linkId='plan.review').answer.exists()",
          'A plan with a goal needs a review date',
        ),
      ],
    },
  );

const sections = (): Item[] => [
  visit(),
  group('priorities', 'What matters to you', [
    item('priorities.text', 'text', 'In your words', {
      repeats: true,
      code: [local('jv-observation', 'parent-priority')],
      extension: [maxOccurs(5)],
    }),
  ]),
  group(
    'baby',
    'The baby',
    [
      item('baby.ref', 'reference', 'Which baby', { extension: [hidden(), ...targets('Patient')] }),
      item('baby.voice', 'text', 'If your baby could speak: in the first person, agreed together', {
        code: [local('jv-observation', 'voice-of-unborn')],
      }),
    ],
    { repeats: true },
  ),
  triangle(),
  matrix(),
  need(),
  group(
    'five',
    'Five questions',
    FIVE_QUESTIONS.map(([name, question]) => item(`five.${name}`, 'text', question)),
  ),
  plan(),
  group('sharing', 'Sharing', [
    item('sharing.explained', 'boolean', 'Sharing explained to the mother, and she is content with this copy', {
      required: true,
    }),
    choice('sharing.objection', 'Objection', 'objection'),
    item('sharing.who', 'text', 'Who it may be shared with, in her words'),
  ]),
  group('sign', 'Confirmed by both practitioners', [
    item('sign.midwife', 'boolean', 'Midwifery practitioner confirms'),
    item('sign.health-visitor', 'boolean', 'Health visiting practitioner confirms'),
  ]),
];

/** The JVA Questionnaire, generated; published by definitions under `{CANON}/Questionnaire/joint-visit-assessment`. */
export function jointVisitAssessment(): Resource {
  return questionnaire({
    name: 'joint-visit-assessment',
    computerName: 'JointVisitAssessment',
    title: 'Joint visit assessment',
    description:
      'Opens a conversation; it is not a list to complete and gives no score. A required answer counts only when its section has been opened: an absent heading means it was not opened. Holds only what the mother agrees may stand on the shared copy.',
    copyright: OGL_NOTICE,
    subjectType: ['Patient'],
    extension: [
      launchContext('patient', 'Patient'),
      launchContext('encounter', 'Encounter'),
      launchContext('user', 'PractitionerRole'),
      variable(
        'edd',
        'Observation?patient={{%patient.id}}&code=http://snomed.info/sct|738070007,http://snomed.info/sct|289206005&status=final,amended&_sort=-date&_count=1',
      ),
    ],
    items: sections(),
  });
}
