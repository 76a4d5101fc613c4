import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { questionnaireUrl } from '../../../src/care/canon.ts';
import { instrumentOf, QUESTIONNAIRES } from '../../../src/care/questionnaires/all.ts';
import { objectsAt, textAt } from '../../../src/care/shape.ts';
import { formOf } from '../../../src/definitions/answers/form.ts';
import { checkResponse } from '../../../src/definitions/answers/response-checks.ts';
import type { JsonObject, Resource } from '../../../src/fhir/types.ts';
import { inValueSet } from './code-lists.ts';
import { randomResponse } from './random-response.ts';

const JVA = instrumentOf(questionnaireUrl('joint-visit-assessment')) ?? { resourceType: 'none' };
const JVC = instrumentOf(questionnaireUrl('joint-visit-confidential')) ?? { resourceType: 'none' };

const local = (name: string, code: string): JsonObject => ({
  valueCoding: { system: `https://tandem.example/fhir/CodeSystem/${name}`, code },
});
const answer = (linkId: string, ...answers: JsonObject[]): JsonObject => ({ linkId, answer: answers });
const group = (linkId: string, ...item: JsonObject[]): JsonObject => ({ linkId, item });
const text = (valueString: string): JsonObject => ({ valueString });

const response = (item: JsonObject[], status = 'completed', form = JVA): Resource => ({
  resourceType: 'QuestionnaireResponse',
  questionnaire: textAt(form, 'url') ?? '',
  status,
  item,
});
const faults = (item: JsonObject[], status = 'completed', form = JVA): string[] =>
  checkResponse(response(item, status, form), formOf(form), { inValueSet, own: true }).map(
    (issue) => `${issue.linkId} ${issue.code}`,
  );

const heading = (...item: JsonObject[]): JsonObject[] => [
  group('mwt', group('mwt.grow', group('mwt.grow.1', ...item))),
];
const yes = answer('mwt.grow.1.discussed', local('discussed', 'yes'));
const practitioner = (attended = true): JsonObject =>
  group(
    'visit.practitioners',
    answer('visit.practitioners.role', local('practitioner-role', 'midwife')),
    answer('visit.practitioners.ref', { valueReference: { reference: 'PractitionerRole/mw-1' } }),
    answer('visit.practitioners.attended', { valueBoolean: attended }),
  );
const home = answer('visit.mode', local('visit-mode', 'home'));

describe('one answer wrong', () => {
  test.each<[string, JsonObject[], string[]]>([
    ['an empty assessment: nothing was opened', [], []],
    ['unknown linkId', [group('mwt', group('mwt.sky'))], ['mwt.sky not-found']],
    ['a confidential item in the assessment', [answer('jvc.alone', { valueBoolean: true })], ['jvc.alone not-found']],
    ['heading outside its side', [group('mwt', group('mwt.grow.1', yes))], ['mwt.grow.1 structure']],
    ['heading opened, discussed missing', heading(), ['mwt.grow.1.discussed required']],
    ['talked about, but nothing said', heading(yes), ['mwt.grow.1 invariant']],
    ['talked about', heading(yes, answer('mwt.grow.1.strengths', text('walks'))), []],
    [
      'not this time, yet a strength',
      heading(
        answer('mwt.grow.1.discussed', local('discussed', 'not-this-time')),
        answer('mwt.grow.1.strengths', text('walks')),
      ),
      ['mwt.grow.1.strengths business-rule'],
    ],
    [
      'code of no list',
      heading(answer('mwt.grow.1.discussed', local('discussed', 'perhaps'))),
      ['mwt.grow.1.discussed value'],
    ],
    [
      'right code, wrong system',
      heading(answer('mwt.grow.1.discussed', local('agreed', 'yes'))),
      ['mwt.grow.1.discussed value', 'mwt.grow.1 invariant'],
    ],
    ['text for a choice', heading(answer('mwt.grow.1.discussed', text('yes'))), ['mwt.grow.1.discussed value']],
    [
      'two answers to a single question',
      heading(answer('mwt.grow.1.discussed', local('discussed', 'not-relevant'), local('discussed', 'not-relevant'))),
      ['mwt.grow.1.discussed business-rule'],
    ],
    ['the same item twice', [group('priorities'), group('priorities')], ['priorities business-rule']],
    [
      'six priorities',
      [group('priorities', answer('priorities.text', ...'abcdef'.split('').map(text)))],
      ['priorities.text business-rule'],
    ],
    ['five priorities', [group('priorities', answer('priorities.text', ...'abcde'.split('').map(text)))], []],
    [
      'position out of range',
      [group('rm', answer('rm.used', { valueBoolean: true }), answer('rm.x', { valueInteger: 3 }))],
      ['rm.x value'],
    ],
    [
      'position of a matrix not used',
      [group('rm', answer('rm.used', { valueBoolean: false }), answer('rm.x', { valueInteger: 1 }))],
      ['rm.x business-rule'],
    ],
    [
      'plotted without a reason',
      [
        group(
          'rm',
          answer('rm.used', { valueBoolean: true }),
          answer('rm.quadrant', local('resilience-quadrant', 'resilient-adverse')),
        ),
      ],
      ['rm.rationale required'],
    ],
    [
      'not plotted needs none',
      [
        group(
          'rm',
          answer('rm.used', { valueBoolean: true }),
          answer('rm.quadrant', local('resilience-quadrant', 'not-plotted')),
        ),
      ],
      [],
    ],
    ['one practitioner only', [group('visit', home, practitioner())], ['visit.practitioners required']],
    ['two practitioners, one attended', [group('visit', home, practitioner(), practitioner(false))], []],
    ['no practitioner', [group('visit', home)], ['visit.practitioners required']],
    [
      'a patient as practitioner',
      [
        group('visit', home, practitioner(), {
          ...practitioner(),
          item: [
            answer('visit.practitioners.role', local('practitioner-role', 'midwife')),
            answer('visit.practitioners.ref', { valueReference: { reference: 'Patient/1' } }),
            answer('visit.practitioners.attended', { valueBoolean: true }),
          ],
        }),
      ],
      ['visit.practitioners.ref value'],
    ],
    ['no such day', [group('plan', answer('plan.review', { valueDate: '2026-02-30' }))], ['plan.review value']],
    [
      'goal without review',
      [group('plan', group('plan.goal', answer('plan.goal.text', text('sleep'))))],
      ['plan invariant'],
    ],
    [
      'two values',
      [group('plan', answer('plan.review', { valueDate: '2026-02-03', valueString: 'x' }))],
      ['plan.review value'],
    ],
    ['answer on a group', [{ linkId: 'plan', answer: [text('x')] }], ['plan structure']],
    [
      'family disagrees, view missing',
      [group('need', answer('need.rationale', text('r')), answer('need.agreed-with-family', local('agreed', 'no')))],
      ['need.family-view required'],
    ],
    ['empty text', [group('five', answer('five.others', text('  ')))], ['five.others value']],
  ])('%s', (_name, item, expected) => expect(faults(item)).toEqual(expected));

  test('a draft may be incomplete, never wrong', () => {
    expect(faults(heading(), 'in-progress')).toEqual([]);
    expect(faults([group('visit', home)], 'in-progress')).toEqual([]);
    expect(faults([group('mwt', group('mwt.sky'))], 'in-progress')).toEqual(['mwt.sky not-found']);
    expect(faults([group('mwt', group('mwt.sky'))], 'entered-in-error')).toEqual([]);
  });

  test('words and path name the place, never the content', () => {
    const [issue] = checkResponse(response(heading(answer('mwt.grow.1.discussed', text('CANARY')))), formOf(JVA), {
      inValueSet,
    });
    expect(issue?.expression).toBe('QuestionnaireResponse.item[0].item[0].item[0].item[0].answer[0]');
    expect(issue?.diagnostics).toContain('mwt.grow.1.discussed');
    expect(JSON.stringify(issue)).not.toContain('CANARY');
  });
});

describe('confidential', () => {
  const asked = (alone: boolean): JsonObject[] => [
    answer('jvc.alone', { valueBoolean: alone }),
    group('jvc.da', answer('jvc.da.asked', local('da-asked', 'yes'))),
  ];
  test('abuse is asked about only when she is alone', () => {
    expect(faults(asked(true), 'completed', JVC)).toEqual([]);
    expect(faults(asked(false), 'completed', JVC)).toEqual(['jvc.da invariant']);
  });
  test('being alone must be said', () => expect(faults([], 'completed', JVC)).toEqual(['jvc.alone required']));
  test('an option outside the list', () => {
    const stray = answer('jvc.safeguarding', { valueCoding: { system: 'http://snomed.info/sct', code: '77386006' } });
    expect(faults([answer('jvc.alone', { valueBoolean: true }), stray], 'completed', JVC)).toEqual([
      'jvc.safeguarding value',
    ]);
  });
});

/** Every item of a response with its path, for the mutations. */
function everyItem(holder: JsonObject): JsonObject[] {
  return objectsAt(holder, 'item').flatMap((item) => [item, ...everyItem(item)]);
}

describe('random responses', () => {
  const valid = fc
    .tuple(fc.nat(QUESTIONNAIRES.length - 1), fc.infiniteStream(fc.nat(1_000_000)))
    .map(([index, stream]) => {
      const form = QUESTIONNAIRES[index] ?? JVA;
      return { form, made: randomResponse(form, (n) => Number(stream.next().value) % n) };
    });

  test('every valid response passes', () => {
    fc.assert(
      fc.property(valid, ({ form, made }) => expect(checkResponse(made, formOf(form), { inValueSet })).toEqual([])),
      { numRuns: 150 },
    );
  });

  const mutations: [string, (item: JsonObject) => void][] = [
    ['unknown linkId', (item) => Object.assign(item, { linkId: 'no.such' })],
    [
      'second answer of another type',
      (item) => Object.assign(objectsAt(item, 'answer')[0] ?? {}, { valueUri: 'urn:x' }),
    ],
    ['emptied answer', (item) => Object.assign(item, { answer: [{}] })],
    ['unknown child', (item) => Object.assign(item, { item: [{ linkId: 'child' }] })],
  ];
  test.each(mutations)('%s is always found', (_name, mutate) => {
    fc.assert(
      fc.property(valid, fc.nat(), ({ form, made }, which) => {
        const questions = everyItem(made).filter((item) => objectsAt(item, 'answer').length > 0);
        const target = questions[which % Math.max(questions.length, 1)];
        fc.pre(target !== undefined);
        if (target) mutate(target);
        expect(checkResponse(made, formOf(form), { inValueSet }).length).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });
});
