/** The answers of the joint visit, in the words the three agreed on, each section with who wrote it down. */

import { codeSystem, type LocalSystem, questionnaireUrl } from '../../src/care/canon.ts';
import { addDays, type CivilDate } from '../../src/care/clock.ts';
import { objectsAt } from '../../src/care/shape.ts';
import type { JsonObject } from '../../src/fhir/types.ts';
import { HELEN, PRIYA } from './cast.ts';

const AUTHOR = 'http://hl7.org/fhir/StructureDefinition/questionnaireresponse-author';
const coded = (system: LocalSystem, code: string): JsonObject => ({
  valueCoding: { system: codeSystem(system), code },
});
const said = (valueString: string): JsonObject => ({ valueString });
const to = (reference: string): JsonObject => ({ valueReference: { reference } });
const yes: JsonObject = { valueBoolean: true };

const answer = (linkId: string, ...answers: JsonObject[]): JsonObject => ({ linkId, answer: answers });
const group = (linkId: string, ...item: JsonObject[]): JsonObject => ({ linkId, item });
/** Authorship stands on the item (domain.md 2.5). */
const by = (who: string, item: JsonObject): JsonObject => ({
  ...item,
  extension: [{ url: AUTHOR, valueReference: { reference: who } }],
});

const practitioner = (role: string, who: string): JsonObject =>
  group(
    'visit.practitioners',
    answer('visit.practitioners.role', coded('practitioner-role', role)),
    answer('visit.practitioners.ref', to(who)),
    answer('visit.practitioners.attended', yes),
  );

const talkedAbout = (linkId: string, ...more: JsonObject[]): JsonObject =>
  group(linkId, answer(`${linkId}.discussed`, coded('discussed', 'yes')), ...more);

/** What Helen captures on her side of the table. */
function helensSections(baby: string): JsonObject[] {
  return [
    by(
      HELEN,
      group(
        'visit',
        answer('visit.mode', coded('visit-mode', 'home')),
        answer('visit.present', coded('present', 'mother'), coded('present', 'partner')),
        practitioner('midwife', PRIYA),
        practitioner('health-visitor', HELEN),
      ),
    ),
    by(
      HELEN,
      group(
        'baby',
        answer('baby.ref', to(baby)),
        answer('baby.voice', said('I like it when you both sing. I am kept warm and I am already talked to.')),
      ),
    ),
    by(
      HELEN,
      group(
        'mwt',
        group(
          'mwt.need',
          talkedAbout(
            'mwt.need.1',
            answer('mwt.need.1.strengths', said('A cot and clothes are ready; both want to share the nights.')),
            answer('mwt.need.1.balance', coded('balance', 'mostly-strength')),
            answer('mwt.need.1.indicators', coded('shanarri', 'nurtured')),
          ),
        ),
        group(
          'mwt.world',
          talkedAbout(
            'mwt.world.1',
            answer('mwt.world.1.challenges', said('Her own family lives far away.')),
            answer('mwt.world.1.parent-words', said('I do not want to be on my own with it.')),
            answer('mwt.world.1.indicators', coded('shanarri', 'included')),
          ),
        ),
      ),
    ),
    by(
      HELEN,
      group(
        'rm',
        answer('rm.used', yes),
        group('rm.vulnerability', answer('rm.vulnerability.text', said('First baby, few people nearby'))),
        group('rm.protective', answer('rm.protective.text', said('A partner who is there'))),
        answer('rm.quadrant', coded('resilience-quadrant', 'vulnerable-protective')),
        answer('rm.rationale', said('Much warmth at home, few hands around it.')),
        answer('rm.x', { valueInteger: -1 }),
        answer('rm.y', { valueInteger: 1 }),
      ),
    ),
  ];
}

/** What Priya adds: what matters to the parents, the need as both judge it, and the plan in the family's words. */
function priyasSections(today: CivilDate): JsonObject[] {
  const goal = (text: string, indicator: string, target: CivilDate): JsonObject =>
    group(
      'plan.goal',
      answer('plan.goal.text', said(text)),
      answer('plan.goal.indicator', coded('shanarri', indicator)),
      answer('plan.goal.target', { valueDate: target }),
      answer('plan.goal.lead', coded('goal-lead', 'mother')),
    );
  return [
    by(PRIYA, group('priorities', answer('priorities.text', said('To know who comes, and when')))),
    by(
      PRIYA,
      group(
        'need',
        answer('need.level', coded('level-of-need', 'targeted')),
        answer('need.rationale', said('Both of us, with the family: more company before the birth.')),
        answer('need.agreed-with-family', coded('agreed', 'yes')),
      ),
    ),
    by(
      PRIYA,
      group(
        'plan',
        goal('Meet other parents before the birth', 'included', addDays(today, 35)),
        goal('A quiet place for the cot', 'safe', addDays(today, 60)),
        group(
          'plan.action',
          answer('plan.action.text', said('Go to the family hub together for the first time')),
          answer('plan.action.who', said('Helen')),
          answer('plan.action.by', { valueDate: addDays(today, 21) }),
          answer('plan.action.goal', { valueInteger: 1 }),
          answer('plan.action.type', coded('plan-action-type', 'visit')),
        ),
        answer('plan.review', { valueDate: addDays(today, 42) }),
        answer('plan.copy', coded('copy-choice', 'paper')),
      ),
    ),
    by(
      PRIYA,
      group('sharing', answer('sharing.explained', yes), answer('sharing.objection', coded('objection', 'none'))),
    ),
  ];
}

/** The working copy as Helen begins it. */
export function workingCopy(visit: { patient: string; encounter: string; baby: string; at: string }): JsonObject {
  return {
    resourceType: 'QuestionnaireResponse',
    questionnaire: questionnaireUrl('joint-visit-assessment'),
    status: 'in-progress',
    subject: { reference: visit.patient },
    encounter: { reference: visit.encounter },
    authored: visit.at,
    author: { reference: HELEN },
    source: { reference: visit.patient },
    item: helensSections(visit.baby),
  };
}

/** The response with Priya's sections beside what stands; Helen's stay word for word. */
export const withPriyasSections = (response: JsonObject, today: CivilDate): JsonObject => ({
  ...response,
  item: inOrder([...objectsAt(response, 'item'), ...priyasSections(today)]),
});

/** The response with one more sentence of the parents in a section of Helen's. */
export function withParentWords(response: JsonObject, words: string): JsonObject {
  const item = objectsAt(response, 'item').map((one) => {
    if (one.linkId !== 'mwt') return one;
    const sides = objectsAt(one, 'item').map((side) =>
      side.linkId === 'mwt.need'
        ? { ...side, item: objectsAt(side, 'item').map((heading) => withWords(heading, words)) }
        : side,
    );
    return { ...one, item: sides };
  });
  return { ...response, item };
}

/** The response with other words for its first goal. */
export function goalReworded(response: JsonObject, words: string): JsonObject {
  let done = false;
  const item = objectsAt(response, 'item').map((section) => {
    if (section.linkId !== 'plan') return section;
    const parts = objectsAt(section, 'item').map((part) => {
      if (part.linkId !== 'plan.goal' || done) return part;
      done = true;
      const rest = objectsAt(part, 'item').filter((one) => one.linkId !== 'plan.goal.text');
      return { ...part, item: [answer('plan.goal.text', said(words)), ...rest] };
    });
    return { ...section, item: parts };
  });
  return { ...response, item };
}

function withWords(heading: JsonObject, words: string): JsonObject {
  const others = objectsAt(heading, 'item').filter((one) => one.linkId !== 'mwt.need.1.parent-words');
  const after = others.findIndex((one) => one.linkId === 'mwt.need.1.indicators');
  const place = after < 0 ? others.length : after;
  return { ...heading, item: others.toSpliced(place, 0, answer('mwt.need.1.parent-words', said(words))) };
}

const ORDER = ['visit', 'priorities', 'baby', 'mwt', 'rm', 'need', 'five', 'plan', 'sharing', 'sign'];
const inOrder = (items: JsonObject[]): JsonObject[] =>
  items.toSorted((a, b) => ORDER.indexOf(String(a.linkId)) - ORDER.indexOf(String(b.linkId)));

/** The confidential response of a visit at which she was not alone. `asked`: an enquiry that must not be made then. */
export function confidential(visit: { patient: string; encounter: string; at: string }, asked: boolean): JsonObject {
  const enquiry = group('jvc.da', answer('jvc.da.asked', coded('da-asked', asked ? 'yes' : 'no-not-alone')));
  return {
    resourceType: 'QuestionnaireResponse',
    questionnaire: questionnaireUrl('joint-visit-confidential'),
    status: 'completed',
    subject: { reference: visit.patient },
    encounter: { reference: visit.encounter },
    authored: visit.at,
    author: { reference: HELEN },
    item: [answer('jvc.alone', { valueBoolean: false }), enquiry],
  };
}
