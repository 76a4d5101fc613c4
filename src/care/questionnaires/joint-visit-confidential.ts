/**
 * The confidential instrument (JVC, domain.md 2.5): asked only in private, label R + sensitivity, never on a portal,
 * never for a partner, never copied.
 */
import type { Coding, Resource } from '../../fhir/types.ts';
import { snomed } from '../canon.ts';
import {
  choice,
  constraint,
  group,
  type Item,
  item,
  launchContext,
  localSystem,
  questionnaire,
  SNOMED_NOTICE,
  whenCode,
} from './items.ts';

/** Safeguarding concerns of domain.md 3.7; no code may be added without a source. */
export const SAFEGUARDING: readonly Coding[] = [
  snomed('861931000000100', 'No safeguarding issues identified'),
  snomed('878111000000109', 'Unborn child is cause for safeguarding concern'),
  snomed('836881000000105', 'Child is cause for safeguarding concern'),
  snomed('300731000000106', 'Family is cause for concern'),
  snomed('818901000000100', 'Unborn child subject to child protection plan'),
  snomed('342191000000101', 'Subject to child protection plan'),
  snomed('764841000000100', 'Looked after child'),
  snomed('864491000000105', 'Has child subject of child protection plan'),
  snomed('375041000000100', 'Family member subject of child protection plan'),
  snomed('707087005', 'At risk of domestic violence'),
  snomed('881081000000100', 'Domestic abuse victim in household'),
  snomed('697950003', 'Suspected domestic abuse'),
  snomed('713201008', 'At risk of female genital mutilation'),
  snomed('766561000000109', 'Adult safeguarding concern'),
  snomed('417430008', 'Vulnerable adult'),
];

/** The answer that says there is nothing: it raises no flag. */
export const NO_SAFEGUARDING = '861931000000100';

const domesticAbuse = (): Item =>
  group(
    'jvc.da',
    'Domestic abuse enquiry',
    [
      choice('jvc.da.asked', 'Asked?', 'da-asked'),
      choice('jvc.da.outcome', 'Outcome', 'da-outcome', {
        enableWhen: [whenCode('jvc.da.asked', localSystem('da-asked'), 'yes')],
      }),
      item('jvc.da.details', 'text', 'Details'),
    ],
    {
      extension: [
        constraint(
          'jvc-da-alone',
          "item.where(linkId='jvc.da.asked').answer.where(value.code = 'yes').empty() or %resource.item.where(linkId='jvc.alone').answer.where(value = true).exists()",
          'Ask only when she is alone',
        ),
      ],
    },
  );

const sections = (): Item[] => [
  item('jvc.alone', 'boolean', 'Seen alone, without partner or relative', { required: true }),
  domesticAbuse(),
  item('jvc.safe-contact', 'text', 'Safe ways to make contact'),
  item('jvc.safe-copy', 'boolean', 'Is it safe to send a copy to the home or phone?'),
  group('jvc.mh', 'How she has been feeling', [
    choice('jvc.mh.mood', 'Low mood in the last month', 'asked-outcome'),
    choice('jvc.mh.interest', 'Little interest or pleasure in the last month', 'asked-outcome'),
  ]),
  group('jvc.substance', 'Alcohol and other substances', [
    choice('jvc.substance.asked', 'Concern about use', 'asked-outcome'),
    item('jvc.substance.text', 'text', 'Details'),
  ]),
  item('jvc.safeguarding', 'choice', 'Safeguarding', {
    repeats: true,
    answerOption: SAFEGUARDING.map((valueCoding) => ({ valueCoding })),
  }),
  group('jvc.cpis', 'Child Protection - Information Sharing', [
    item('jvc.cpis.checked', 'date', 'Checked on'),
    choice('jvc.cpis.result', 'Result', 'cpis-result'),
  ]),
  group(
    'jvc.third-party',
    'About somebody else',
    [
      item('jvc.third-party.about', 'string', 'About whom'),
      item('jvc.third-party.source', 'string', 'Who said it'),
      item('jvc.third-party.text', 'text', 'What was said', { required: true }),
    ],
    { repeats: true },
  ),
  choice('jvc.fgm', 'Female genital mutilation', 'asked-outcome'),
  item('jvc.professional-analysis', 'text', 'Professional analysis'),
];

/** The JVC Questionnaire, published under `{CANON}/Questionnaire/joint-visit-confidential`. */
export function jointVisitConfidential(): Resource {
  return questionnaire({
    name: 'joint-visit-confidential',
    computerName: 'JointVisitConfidential',
    title: 'Joint visit: confidential',
    description:
      'Asked in private. Always labelled restricted; nothing from it appears on a family copy. A required answer counts only when its section has been opened.',
    copyright: SNOMED_NOTICE,
    subjectType: ['Patient'],
    extension: [
      launchContext('patient', 'Patient'),
      launchContext('encounter', 'Encounter'),
      launchContext('user', 'PractitionerRole'),
    ],
    items: sections(),
  });
}
