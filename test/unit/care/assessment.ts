/** One full assessment of a family of twins, as the tests of this room use it. */
import { confidentiality, profile, questionnaireUrl } from '../../../src/care/canon.ts';
import { withSignature } from '../../../src/care/release.ts';
import type { JsonObject, StoredResource } from '../../../src/fhir/types.ts';

export const coded = (name: string, code: string): JsonObject => ({
  valueCoding: { system: `https://tandem.example/fhir/CodeSystem/${name}`, code },
});
export const said = (valueString: string): JsonObject => ({ valueString });
export const answer = (linkId: string, ...answers: JsonObject[]): JsonObject => ({ linkId, answer: answers });
export const group = (linkId: string, ...item: JsonObject[]): JsonObject => ({ linkId, item });
const to = (reference: string): JsonObject => ({ valueReference: { reference } });

export const MIDWIFE = 'PractitionerRole/mw-1';
export const HEALTH_VISITOR = 'PractitionerRole/hv-1';

export const practitioner = (role: string, who: string, attended = true): JsonObject =>
  group(
    'visit.practitioners',
    answer('visit.practitioners.role', coded('practitioner-role', role)),
    answer('visit.practitioners.ref', to(who)),
    answer('visit.practitioners.attended', { valueBoolean: attended }),
  );

export const heading = (linkId: string, ...parts: JsonObject[]): JsonObject =>
  group(linkId, answer(`${linkId}.discussed`, coded('discussed', 'yes')), ...parts);

export const goal = (text: string): JsonObject =>
  group(
    'plan.goal',
    answer('plan.goal.text', said(text)),
    answer('plan.goal.indicator', coded('shanarri', 'nurtured')),
    answer('plan.goal.why', said('it helps me rest')),
    answer('plan.goal.target', { valueDate: '2026-07-20' }),
    answer('plan.goal.lead', coded('goal-lead', 'mother')),
  );

export interface Parts {
  goals?: JsonObject[];
  strengths?: string[];
  quadrant?: string;
  x?: number;
}

/** The answers, top level items in order; parts can be changed to play an amendment. */
export function answers({
  goals = [goal('More sleep')],
  strengths = ['walks'],
  quadrant,
  x = 1,
}: Parts = {}): JsonObject[] {
  return [
    group(
      'visit',
      answer('visit.mode', coded('visit-mode', 'home')),
      practitioner('midwife', MIDWIFE),
      practitioner('health-visitor', HEALTH_VISITOR),
    ),
    group('priorities', answer('priorities.text', said('a cot'))),
    group('baby', answer('baby.ref', to('Patient/unborn-a')), answer('baby.voice', said('I hear you sing'))),
    group('baby', answer('baby.ref', to('Patient/unborn-b')), answer('baby.voice', said('I kick at night'))),
    group(
      'mwt',
      group(
        'mwt.grow',
        heading(
          'mwt.grow.1',
          answer('mwt.grow.1.strengths', ...strengths.map(said)),
          answer('mwt.grow.1.balance', coded('balance', 'mixed')),
          answer('mwt.grow.1.parent-words', said('I feel well')),
          answer('mwt.grow.1.indicators', coded('shanarri', 'healthy'), coded('shanarri', 'active')),
        ),
        group('mwt.grow.2', answer('mwt.grow.2.discussed', coded('discussed', 'not-this-time'))),
      ),
    ),
    group(
      'rm',
      answer('rm.used', { valueBoolean: true }),
      group(
        'rm.resilience',
        answer('rm.resilience.text', said('plans')),
        answer('rm.resilience.from', said('mwt.grow.1')),
      ),
      answer('rm.quadrant', coded('resilience-quadrant', quadrant ?? 'vulnerable-protective')),
      ...(quadrant === 'not-plotted' ? [] : [answer('rm.rationale', said('strong family'))]),
      answer('rm.x', { valueInteger: x }),
      answer('rm.y', { valueInteger: 2 }),
    ),
    group(
      'need',
      answer('need.level', coded('level-of-need', 'targeted')),
      answer('need.rationale', said('first baby, twins')),
    ),
    group(
      'plan',
      ...goals,
      group(
        'plan.action',
        answer('plan.action.text', said('Ask the hub for a cot')),
        answer('plan.action.by', { valueDate: '2026-06-20' }),
        answer('plan.action.goal', { valueInteger: 1 }),
        answer('plan.action.type', coded('plan-action-type', 'visit')),
      ),
      group(
        'plan.action',
        answer('plan.action.text', said('Housing advice')),
        answer('plan.action.type', coded('plan-action-type', 'refer')),
      ),
      answer('plan.review', { valueDate: '2026-07-20' }),
    ),
    group('sharing', answer('sharing.explained', { valueBoolean: true })),
  ];
}

/** A working copy as stored: label R, signed by both unless said otherwise. */
export function workingCopy(item: JsonObject[] = answers(), signers = [MIDWIFE, HEALTH_VISITOR]): StoredResource {
  const unsigned: StoredResource = {
    resourceType: 'QuestionnaireResponse',
    id: 'jva-1',
    meta: { versionId: '4', lastUpdated: '2026-06-08T11:30:00.000Z', security: [confidentiality('R')] },
    questionnaire: questionnaireUrl('joint-visit-assessment'),
    status: 'completed',
    subject: { reference: 'Patient/p1' },
    encounter: { reference: 'Encounter/jv-1' },
    authored: '2026-06-08T11:20:00+01:00',
    author: { reference: HEALTH_VISITOR },
    item,
  };
  return signers.reduce(
    (one, who) => withSignature(one, { reference: who }, new Date('2026-06-08T11:30:00Z')),
    unsigned,
  );
}

/** The released copy as stored. */
export function releasedCopy(parts: Parts = {}, status = 'completed'): StoredResource {
  return {
    ...workingCopy(answers(parts)),
    id: 'copy-1',
    status,
    meta: {
      versionId: '1',
      lastUpdated: '2026-06-08T11:31:00.000Z',
      profile: [profile('JV-AssessmentCopy')],
      security: [confidentiality('N')],
    },
  };
}
