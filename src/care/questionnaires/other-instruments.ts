/** The booking-time screen and the two feedback instruments (domain.md 1.6 and 2.5). */
import type { Resource } from '../../fhir/types.ts';
import { local } from '../canon.ts';
import { FACTORS } from './headings.ts';
import {
  group,
  type Item,
  item,
  LANGUAGES,
  launchContext,
  maxValue,
  minValue,
  OGL_NOTICE,
  prompt,
  questionnaire,
} from './items.ts';

const OWN_WORDS = 'Our own wording; free to use under the licence of this project.';

/** One to five, as the parent or practitioner feels it; never added up. */
const scale = (linkId: string, text: string): Item =>
  item(linkId, 'integer', `${text} (1 = not at all, 5 = very much)`, { extension: [minValue(1), maxValue(5)] });

/** The booking-time Matrix screen (ENS). No score, no position: four lists and a summary for triage. */
export function earlyNeedScreen(): Resource {
  return questionnaire({
    name: 'early-need-screen',
    computerName: 'EarlyNeedScreen',
    title: 'Early need screen',
    description: 'The matrix at booking, as far as the conversation goes. It gives no score and decides nothing.',
    copyright: OGL_NOTICE,
    subjectType: ['Patient'],
    extension: [launchContext('patient', 'Patient'), launchContext('user', 'PractitionerRole')],
    items: [
      ...FACTORS.map(({ factor, title, prompt: words }) =>
        group(
          `ens.${factor}`,
          title,
          [
            prompt(`ens.${factor}.prompt`, words),
            item(`ens.${factor}.text`, 'text', 'In your words', { required: true }),
          ],
          { repeats: true, code: [local('matrix-factor', factor)] },
        ),
      ),
      item('ens.summary', 'text', 'Summary for the receiving team'),
    ],
  });
}

/** Parent feedback: no subject, optional, separable from identity. */
export function parentFeedback(): Resource {
  return questionnaire({
    name: 'parent-feedback',
    computerName: 'ParentFeedback',
    title: 'How was the joint visit for you?',
    description: 'Optional. Your answers are kept apart from your name unless you choose otherwise.',
    copyright: OWN_WORDS,
    subjectType: [],
    extension: [],
    items: [
      scale('feedback.listened', 'I felt listened to'),
      scale('feedback.roles', 'I understood what each of them does'),
      scale('feedback.not-repeat', 'I did not have to repeat my story'),
      scale('feedback.next', 'I know what happens next'),
      item('feedback.text', 'text', 'Anything you would like to say'),
      item('feedback.language', 'choice', 'Language', { answerValueSet: LANGUAGES }),
    ],
  });
}

/** Practitioner reflection: private to its author, aggregated for the service. */
export function practitionerReflection(): Resource {
  return questionnaire({
    name: 'practitioner-reflection',
    computerName: 'PractitionerReflection',
    title: 'Reflection after a joint visit',
    description: 'Private to you; only totals are seen by others.',
    copyright: OWN_WORDS,
    subjectType: ['Practitioner', 'PractitionerRole'],
    extension: [],
    items: [
      scale('reflection.confidence', 'Confidence with the tools'),
      item('reflection.minutes', 'integer', 'Time taken, in minutes', { extension: [minValue(0)] }),
      item('reflection.travel', 'integer', 'Travel, in minutes', { extension: [minValue(0)] }),
      item('reflection.helped', 'text', 'What helped'),
      item('reflection.blocked', 'text', 'What got in the way'),
      item('reflection.again', 'boolean', 'Would do it again'),
    ],
  });
}
