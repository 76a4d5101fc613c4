/** Every instrument, generated once. */
import type { Resource } from '../../fhir/types.ts';
import { jointVisitAssessment } from './joint-visit-assessment.ts';
import { jointVisitConfidential } from './joint-visit-confidential.ts';
import { earlyNeedScreen, parentFeedback, practitionerReflection } from './other-instruments.ts';

/** The Questionnaires of this project, in the order they are published (`profiles/questionnaires/<id>.json`). */
export const QUESTIONNAIRES: readonly Resource[] = [
  jointVisitAssessment(),
  jointVisitConfidential(),
  earlyNeedScreen(),
  parentFeedback(),
  practitionerReflection(),
];

/** The instrument of a canonical, version suffix allowed; undefined when it is not one of ours. */
export function instrumentOf(canonical: string | undefined): Resource | undefined {
  const url = canonical?.split('|')[0];
  return url === undefined ? undefined : QUESTIONNAIRES.find((known) => known.url === url);
}
