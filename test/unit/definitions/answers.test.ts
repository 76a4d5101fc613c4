/** Answers against any Questionnaire (H27): one table of forms and responses, each with what is found. */
import { describe, expect, test } from '@jest/globals';
import { formOf } from '../../../src/definitions/answers/form.ts';
import { checkResponse } from '../../../src/definitions/answers/response-checks.ts';
import { createElementOf } from '../../../src/definitions/element-of.ts';
import { parseJson } from '../../../src/fhir/json.ts';
import { asResource } from '../../../src/fhir/resource.ts';
import type { Json, JsonObject, Resource } from '../../../src/fhir/types.ts';
import { testDefinitions } from './cache.ts';

const EXT = 'http://hl7.org/fhir/StructureDefinition';
const definitions = await testDefinitions();
const { inValueSet } = definitions;

const form = (item: JsonObject[], more: JsonObject = {}): Resource => ({
  resourceType: 'Questionnaire',
  url: 'urn:q',
  status: 'active',
  ...more,
  item,
});
const q = (type: string, more: JsonObject = {}): JsonObject => ({ linkId: 'a', type, ...more });
const ext = (name: string, value: JsonObject): JsonObject => ({ url: `${EXT}/${name}`, ...value });
const limited = (type: string, name: string, value: JsonObject, more: JsonObject = {}): JsonObject =>
  q(type, { extension: [ext(name, value)], ...more });

function run(items: JsonObject[], given: JsonObject[], status = 'completed', more: JsonObject = {}): string[] {
  const response: Resource = { resourceType: 'QuestionnaireResponse', questionnaire: 'urn:q', status, item: given };
  return checkResponse(response, formOf(form(items, more), definitions.elementOf), { inValueSet }).map(
    ({ linkId, code, severity, expression }) =>
      `${linkId} ${code}${severity === 'error' ? '' : ` ${severity}`} ${expression.slice('QuestionnaireResponse'.length)}`,
  );
}
const a = (...answer: JsonObject[]): JsonObject => ({ linkId: 'a', answer });
const coding = (code: string, system = 'urn:s'): JsonObject => ({ valueCoding: { system, code } });
const WRONG = ['a value .item[0].answer[0]'];

describe('types of answers', () => {
  const VALUES: Record<string, [JsonObject, JsonObject]> = {
    boolean: [{ valueBoolean: false }, { valueString: 'no' }],
    decimal: [{ valueDecimal: 1.5 }, { valueInteger: 1 }],
    integer: [{ valueInteger: 1 }, { valueDecimal: 1 }],
    date: [{ valueDate: '2026-02' }, { valueDateTime: '2026-02-01' }],
    dateTime: [{ valueDateTime: '2026-02-01T10:00:00Z' }, { valueDate: '2026-02-01' }],
    time: [{ valueTime: '10:00:00' }, { valueString: '10:00:00' }],
    string: [{ valueString: 'x' }, { valueUri: 'urn:x' }],
    text: [{ valueString: 'x\ny' }, { valueCoding: { code: 'x' } }],
    url: [{ valueUri: 'http://x.example' }, { valueString: 'http://x.example' }],
    choice: [coding('x'), { valueString: 'x' }],
    'open-choice': [{ valueString: 'x' }, { valueInteger: 1 }],
    attachment: [{ valueAttachment: { url: 'http://x.example/a.pdf' } }, { valueUri: 'http://x.example/a.pdf' }],
    reference: [{ valueReference: { reference: 'Patient/1' } }, { valueString: 'Patient/1' }],
    quantity: [{ valueQuantity: { value: 1 } }, { valueDecimal: 1 }],
  };
  test.each(Object.entries(VALUES))('%s', (type, [right, stranger]) => {
    expect(run([q(type)], [a(right)])).toEqual([]);
    expect(run([q(type)], [a(stranger)])).toEqual(WRONG);
  });
  test.each([['group'], ['display']])('%s takes none', (type) => {
    expect(run([q(type)], [a({ valueString: 'x' })])).toEqual(['a structure .item[0].answer']);
  });
  test('an answer without value, or with two', () => {
    expect(run([q('string')], [a({})])).toEqual(WRONG);
    expect(run([q('string')], [a({ valueString: 'x', valueInteger: 1 })])).toEqual(WRONG);
    const reason = { extension: [{ url: `${EXT}/data-absent-reason`, valueCode: 'unknown' }] };
    expect(run([q('string')], [a({ _valueString: reason })])).toEqual([]);
  });
});

describe('options and value sets', () => {
  const options = [coding('x'), coding('y')].map((option) => ({ ...option }));
  const among = (type: string, more: JsonObject = {}): JsonObject[] => [q(type, { answerOption: options, ...more })];
  const exclusive = { ...coding('none'), extension: [ext('questionnaire-optionExclusive', { valueBoolean: true })] };
  const VS = { answerValueSet: 'http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1' };
  const GENDER = 'http://hl7.org/fhir/administrative-gender';
  test.each<[string, JsonObject[], JsonObject, string[]]>([
    ['one of the options', among('choice'), a(coding('x')), []],
    ['none of the options', among('choice'), a(coding('z')), WRONG],
    ['an option of another system', among('choice'), a(coding('x', 'urn:t')), WRONG],
    [
      'a display of its own does not matter',
      among('choice'),
      a({ valueCoding: { system: 'urn:s', code: 'x', display: 'X!' } }),
      [],
    ],
    ['open choice: one of the options', among('open-choice'), a(coding('y')), []],
    ['open choice: a code of no option', among('open-choice'), a(coding('z')), WRONG],
    ['open choice: words', among('open-choice'), a({ valueString: 'else' }), []],
    ['a number among numbers', [q('integer', { answerOption: [{ valueInteger: 1 }] })], a({ valueInteger: 1 }), []],
    ['a number of no option', [q('integer', { answerOption: [{ valueInteger: 1 }] })], a({ valueInteger: 2 }), WRONG],
    ['a choice among texts', [q('choice', { answerOption: [{ valueString: 'p' }] })], a({ valueString: 'p' }), []],
    [
      'a choice among texts, another',
      [q('choice', { answerOption: [{ valueString: 'p' }] })],
      a({ valueString: 'r' }),
      WRONG,
    ],
    ['in the value set', [q('choice', VS)], a(coding('male', GENDER)), []],
    ['not in the value set', [q('choice', VS)], a(coding('man', GENDER)), WRONG],
    ['code of another system', [q('choice', VS)], a(coding('male', 'urn:s')), WRONG],
    ['no system', [q('choice', VS)], a({ valueCoding: { code: 'male' } }), WRONG],
    ['open choice: not in the value set', [q('open-choice', VS)], a(coding('man', GENDER)), WRONG],
    ['open choice: words beside a value set', [q('open-choice', VS)], a({ valueString: 'else' }), []],
    [
      'a value set nobody here can list',
      [q('choice', { answerValueSet: 'urn:unknown' })],
      a(coding('x')),
      ['a code-invalid warning .item[0].answer[0]'],
    ],
    [
      'the list of the element it is defined by',
      [q('choice', { definition: `${EXT}/Patient#Patient.gender` })],
      a(coding('man', GENDER)),
      WRONG,
    ],
    [
      'the list of an element further in',
      [q('choice', { definition: `${EXT}/Patient#Patient.name.use` })],
      a(coding('official', 'http://hl7.org/fhir/name-use')),
      [],
    ],
    [
      'an exclusive option with another',
      [q('choice', { answerOption: [...options, exclusive], repeats: true })],
      a(coding('x'), coding('none')),
      ['a business-rule .item[0].answer'],
    ],
    [
      'an exclusive option alone',
      [q('choice', { answerOption: [...options, exclusive], repeats: true })],
      a(coding('none')),
      [],
    ],
  ])('%s', (_name, items, given, found) => expect(run(items, [given])).toEqual(found));
});

describe('limits', () => {
  const kg = { valueCoding: { system: 'http://unitsofmeasure.org', code: 'kg' } };
  const amount = (code: string): JsonObject => ({
    valueQuantity: { value: 1, system: 'http://unitsofmeasure.org', code },
  });
  test.each<[string, JsonObject, JsonObject, string[]]>([
    ['least, met', limited('integer', 'minValue', { valueInteger: 2 }), { valueInteger: 2 }, []],
    ['least, missed', limited('integer', 'minValue', { valueInteger: 2 }), { valueInteger: 1 }, WRONG],
    ['most, missed', limited('decimal', 'maxValue', { valueDecimal: 1.5 }), { valueDecimal: 1.51 }, WRONG],
    ['earliest day, met', limited('date', 'minValue', { valueDate: '2026-05-02' }), { valueDate: '2026-05-02' }, []],
    [
      'earliest day, missed',
      limited('date', 'minValue', { valueDate: '2026-05-02' }),
      { valueDate: '2026-05-01' },
      WRONG,
    ],
    [
      'earliest day, a month that may be after',
      limited('date', 'minValue', { valueDate: '2026-05-02' }),
      { valueDate: '2026-05' },
      [],
    ],
    [
      'latest instant in another zone',
      limited('dateTime', 'maxValue', { valueDateTime: '2026-05-02T10:00:00Z' }),
      { valueDateTime: '2026-05-02T10:30:00+01:00' },
      [],
    ],
    ['latest time', limited('time', 'maxValue', { valueTime: '18:00:00' }), { valueTime: '18:00:01' }, WRONG],
    ['longest', q('string', { maxLength: 3 }), { valueString: 'four' }, WRONG],
    ['longest counts characters, not code units', q('string', { maxLength: 2 }), { valueString: '👶👶' }, []],
    ['shortest', limited('string', 'minLength', { valueInteger: 3 }), { valueString: 'no' }, WRONG],
    ['pattern, met', limited('string', 'regex', { valueString: '[A-Z]{2}\\d' }), { valueString: 'AB1' }, []],
    [
      'pattern is of the whole',
      limited('string', 'regex', { valueString: '[A-Z]{2}\\d' }),
      { valueString: 'xAB1' },
      WRONG,
    ],
    [
      'a pattern without end is given up',
      limited('string', 'regex', { valueString: '(a+)+b' }),
      { valueString: 'a'.repeat(40) },
      ['a value warning .item[0].answer[0]'],
    ],
    [
      'target',
      limited('reference', 'questionnaire-referenceResource', { valueCode: 'Patient' }),
      { valueReference: { reference: 'https://x.example/Practitioner/1' } },
      WRONG,
    ],
    [
      'target by profile',
      limited('reference', 'questionnaire-referenceProfile', { valueCanonical: `${EXT}/Patient` }),
      { valueReference: { reference: 'Group/1' } },
      WRONG,
    ],
    [
      'logical target',
      limited('reference', 'questionnaire-referenceResource', { valueCode: 'Patient' }),
      { valueReference: { type: 'Group', identifier: { value: '1' } } },
      WRONG,
    ],
    ['unit', limited('quantity', 'questionnaire-unitOption', kg), amount('kg'), []],
    ['another unit', limited('quantity', 'questionnaire-unitOption', kg), amount('g'), WRONG],
    ['quantity below', limited('quantity', 'minValue', { valueDecimal: 2 }), amount('kg'), WRONG],
    [
      'file type',
      limited('attachment', 'mimeType', { valueCode: 'image/*' }),
      { valueAttachment: { contentType: 'image/png' } },
      [],
    ],
    [
      'another file type',
      limited('attachment', 'mimeType', { valueCode: 'image/png' }),
      { valueAttachment: { contentType: 'text/html' } },
      WRONG,
    ],
    [
      'file size as it says',
      limited('attachment', 'maxSize', { valueDecimal: 0.001 }),
      { valueAttachment: { size: 1001 } },
      WRONG,
    ],
    [
      'file size as it is',
      limited('attachment', 'maxSize', { valueDecimal: 0.000002 }),
      { valueAttachment: { size: 1, data: 'YWJj' } },
      WRONG,
    ],
    [
      'hidden and read-only are no fault',
      limited('string', 'questionnaire-hidden', { valueBoolean: true }, { readOnly: true }),
      { valueString: 'x' },
      [],
    ],
  ])('%s', (_name, item, answer, found) => expect(run([item], [a(answer)])).toEqual(found));

  test('decimal places count as written', () => {
    const text = (value: string): string =>
      `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"a","answer":[{"valueDecimal":${value}}]}]}`;
    const places = (value: string): number => {
      const { root, numbers } = parseJson(Buffer.from(text(value)));
      const compiled = formOf(form([limited('decimal', 'maxDecimalPlaces', { valueInteger: 1 })]));
      return checkResponse(asResource(root), compiled, { inValueSet, numbers }).length;
    };
    expect(['1.5', '1.50', '1.25', '15e-1', '15e-2'].map(places)).toEqual([0, 1, 1, 0, 1]);
  });
});

describe('how often and where', () => {
  const s = (linkId: string, more: JsonObject = {}): JsonObject => ({ linkId, type: 'string', ...more });
  const g = (linkId: string, item: JsonObject[], more: JsonObject = {}): JsonObject => ({
    linkId,
    type: 'group',
    item,
    ...more,
  });
  const said = (linkId: string, ...words: string[]): JsonObject => ({
    linkId,
    answer: words.map((valueString) => ({ valueString })),
  });
  const inside = (linkId: string, ...item: JsonObject[]): JsonObject => ({ linkId, item });
  const times = (name: string, valueInteger: number): JsonObject => ({
    repeats: true,
    extension: [ext(`questionnaire-${name}Occurs`, { valueInteger })],
  });
  const nested = [s('a', { item: [s('b', { required: true })] })];
  test.each<[string, JsonObject[], JsonObject[], string[]]>([
    ['unknown', [s('a')], [said('z', 'x')], ['z not-found .item[0]']],
    ['in another place', [g('g', [s('a')]), s('b')], [said('a', 'x')], ['a structure .item[0]']],
    ['out of order', [s('a'), s('b')], [said('b', 'x'), said('a', 'x')], ['a structure warning .item[1]']],
    [
      'a repeated group apart',
      [g('g', [s('a')], { repeats: true }), s('b')],
      [inside('g'), said('b', 'x'), inside('g')],
      ['g structure warning .item[2]'],
    ],
    [
      'twice instead of two answers',
      [s('a', { repeats: true })],
      [said('a', 'x'), said('a', 'y')],
      ['a business-rule .item[1]'],
    ],
    ['two answers to one question', [s('a')], [said('a', 'x', 'y')], ['a business-rule .item[0].answer']],
    ['several', [s('a', { repeats: true })], [said('a', 'x', 'y')], []],
    ['too many', [s('a', times('max', 2))], [said('a', 'x', 'y', 'z')], ['a business-rule .item[0].answer']],
    ['too few', [s('a', times('min', 2))], [said('a', 'x')], ['a required .item']],
    ['none of an optional two', [s('a', times('min', 2))], [], []],
    [
      'a group once too often',
      [g('g', [s('a')])],
      [inside('g', said('a', 'x')), inside('g', said('a', 'x'))],
      ['g business-rule .item'],
    ],
    ['required', [s('a', { required: true })], [], ['a required .item']],
    ['required, no answer in it', [s('a', { required: true })], [{ linkId: 'a' }], ['a required .item']],
    ['required in an absent group', [g('g', [s('a', { required: true })])], [], []],
    [
      'required in a present group',
      [g('g', [s('a', { required: true })])],
      [inside('g')],
      ['a required .item[0].item'],
    ],
    ['a required group holds something', [g('g', [s('a')], { required: true })], [inside('g')], ['g required .item']],
    ['nested under an answer', nested, [{ linkId: 'a', answer: [{ valueString: 'x', item: [said('b', 'y')] }] }], []],
    ['nested, required', nested, [said('a', 'x')], ['b required .item[0].answer[0].item']],
    ['nested beside the answer', nested, [{ linkId: 'a', item: [said('b', 'y')] }], ['a structure .item[0].item']],
  ])('%s', (_name, items, given, found) => expect(run(items, given)).toEqual(found));

  test('in-progress and stopped may be incomplete, never wrong; entered-in-error passes', () => {
    const items = [s('a', { required: true }), { linkId: 'b', type: 'integer' }];
    for (const status of ['in-progress', 'stopped']) {
      expect(run(items, [], status)).toEqual([]);
      expect(run(items, [said('b', 'x')], status)).toEqual(['b value .item[0].answer[0]']);
    }
    expect(run(items, [said('b', 'x')], 'amended')).toEqual(['b value .item[0].answer[0]', 'a required .item']);
    expect(run(items, [said('z', 'x')], 'entered-in-error')).toEqual([]);
  });

  test('a constraint of a question, of a group and of the whole; a warning stays one; trace prints nothing', () => {
    const rule = (expression: string, severity = 'error'): JsonObject => ({
      url: `${EXT}/questionnaire-constraint`,
      extension: [
        { url: 'key', valueId: 'k' },
        { url: 'severity', valueCode: severity },
        { url: 'expression', valueString: expression },
        { url: 'human', valueString: 'h' },
      ],
    });
    const no = [rule("trace('CANARY').answer.value = 'y'")];
    const log: string[] = [];
    const { write } = process.stdout;
    process.stdout.write = (text: string | Uint8Array) => log.push(String(text)) > 0;
    try {
      // The first expression of a process is slow, and on a busy machine past the limit of foreign work.
      run([s('a', { extension: no })], [said('a', 'x')]);
      expect(run([s('a', { extension: no })], [said('a', 'x')])).toEqual(['a invariant .item[0]']);
    } finally {
      process.stdout.write = write;
    }
    expect(log.join('')).not.toContain('CANARY');
    expect(run([s('a', { extension: no })], [said('a', 'y')])).toEqual([]);
    expect(run([s('a', { extension: no })], [said('a', 'x')], 'in-progress')).toEqual([]);
    expect(run([s('a')], [], 'completed', { extension: [rule('item.exists()')] })).toEqual([' invariant ']);
    expect(run([s('a', { extension: [rule('false', 'warning')] })], [said('a', 'x')])).toEqual([
      'a invariant warning .item[0]',
    ]);
    expect(run([s('a', { extension: [rule('((')] })], [said('a', 'x')])).toEqual(['a incomplete warning .item[0]']);
  });

  test('about whom', () => {
    const response: Resource = {
      resourceType: 'QuestionnaireResponse',
      status: 'completed',
      subject: { reference: 'Group/1' },
    };
    const found = checkResponse(response, formOf(form([s('a')], { subjectType: ['Patient'] })), { inValueSet });
    expect(found).toMatchObject([{ severity: 'warning', expression: 'QuestionnaireResponse.subject' }]);
  });
});

describe('enableWhen', () => {
  const asks = (
    type: string,
    operator: string,
    expected: Record<string, Json>,
    more: JsonObject = {},
  ): JsonObject[] => [
    { linkId: 'w', type, repeats: true },
    { linkId: 'a', type: 'string', enableWhen: [{ question: 'w', operator, ...expected }], ...more },
  ];
  const OFF = ['a business-rule .item[1]'];
  const kg = (value: number, code = 'kg'): JsonObject => ({ value, system: 'http://unitsofmeasure.org', code });
  test.each<[string, string, string, Record<string, Json>, JsonObject[], boolean]>([
    ['exists', 'string', 'exists', { answerBoolean: true }, [{ valueString: 'x' }], true],
    ['exists, unanswered', 'string', 'exists', { answerBoolean: true }, [], false],
    ['exists = false, unanswered', 'string', 'exists', { answerBoolean: false }, [], true],
    ['exists = false', 'string', 'exists', { answerBoolean: false }, [{ valueString: 'x' }], false],
    ['= of a code', 'choice', '=', { answerCoding: { system: 'urn:s', code: 'x' } }, [coding('x')], true],
    [
      '= of a code in another system',
      'choice',
      '=',
      { answerCoding: { system: 'urn:t', code: 'x' } },
      [coding('x')],
      false,
    ],
    [
      '= of any answer',
      'choice',
      '=',
      { answerCoding: { system: 'urn:s', code: 'x' } },
      [coding('y'), coding('x')],
      true,
    ],
    ['!=', 'choice', '!=', { answerCoding: { system: 'urn:s', code: 'x' } }, [coding('y')], true],
    ['!= of the same', 'choice', '!=', { answerCoding: { system: 'urn:s', code: 'x' } }, [coding('x')], false],
    ['!= unanswered', 'choice', '!=', { answerCoding: { system: 'urn:s', code: 'x' } }, [], false],
    ['>', 'integer', '>', { answerInteger: 2 }, [{ valueInteger: 3 }], true],
    ['> of the same', 'integer', '>', { answerInteger: 2 }, [{ valueInteger: 2 }], false],
    ['>=', 'decimal', '>=', { answerDecimal: 2 }, [{ valueDecimal: 2 }], true],
    ['<', 'date', '<', { answerDate: '2026-05-01' }, [{ valueDate: '2026-04-30' }], true],
    [
      '<= in another zone',
      'dateTime',
      '<=',
      { answerDateTime: '2026-05-01T10:00:00Z' },
      [{ valueDateTime: '2026-05-01T11:00:00+01:00' }],
      true,
    ],
    [
      '= in another zone',
      'dateTime',
      '=',
      { answerDateTime: '2026-05-01T10:00:00Z' },
      [{ valueDateTime: '2026-05-01T11:00:00+01:00' }],
      true,
    ],
    ['> of times', 'time', '>', { answerTime: '09:00:00' }, [{ valueTime: '10:00:00' }], true],
    ['> of quantities', 'quantity', '>', { answerQuantity: kg(2) }, [{ valueQuantity: kg(3) }], true],
    ['> of another unit', 'quantity', '>', { answerQuantity: kg(2) }, [{ valueQuantity: kg(3, 'g') }], false],
    [
      '= of a reference',
      'reference',
      '=',
      { answerReference: { reference: 'Patient/1' } },
      [{ valueReference: { reference: 'Patient/1' } }],
      true,
    ],
  ])('%s', (_name, type, operator, expected, answers, enabled) => {
    const given = [{ linkId: 'w', ...(answers.length > 0 ? { answer: answers } : {}) }, a({ valueString: 'x' })];
    expect(run(asks(type, operator, expected), given)).toEqual(enabled ? [] : OFF);
    const required = run(asks(type, operator, expected, { required: true }), given.slice(0, 1));
    expect(required).toEqual(enabled ? ['a required .item'] : []);
  });

  test('all or any, and what a disabled group holds is disabled', () => {
    const when = (answerBoolean: boolean): JsonObject => ({ question: 'w', operator: '=', answerBoolean });
    const items = (enableBehavior: string): JsonObject[] => [
      { linkId: 'w', type: 'boolean' },
      {
        linkId: 'g',
        type: 'group',
        enableWhen: [when(true), when(false)],
        enableBehavior,
        item: [{ linkId: 'a', type: 'string' }],
      },
    ];
    const given = [
      { linkId: 'w', answer: [{ valueBoolean: true }] },
      { linkId: 'g', item: [a({ valueString: 'x' })] },
    ];
    expect(run(items('any'), given)).toEqual([]);
    expect(run(items('all'), given)).toEqual(['g business-rule .item[1]']);
  });

  test('in a repeating group the question of the same repetition is meant', () => {
    const items: JsonObject[] = [
      {
        linkId: 'g',
        type: 'group',
        repeats: true,
        item: [
          { linkId: 'w', type: 'boolean' },
          { linkId: 'a', type: 'string', enableWhen: [{ question: 'w', operator: '=', answerBoolean: true }] },
        ],
      },
    ];
    const one = (valueBoolean: boolean): JsonObject => ({
      linkId: 'g',
      item: [{ linkId: 'w', answer: [{ valueBoolean }] }, a({ valueString: 'x' })],
    });
    expect(run(items, [one(true), one(false)])).toEqual(['a business-rule .item[1].item[1]']);
  });
});

test('a form of 20,000 required questions is checked in time', () => {
  const ids = Array.from({ length: 20_000 }, (_, i) => `q${i}`);
  const items = ids.map((linkId) => ({ linkId, type: 'string', required: true }));
  const begun = performance.now();
  const found = run(
    items,
    ids.slice(1).map((linkId) => ({ linkId, answer: [{ valueString: 'x' }] })),
  );
  expect(performance.now() - begun).toBeLessThan(2_000);
  expect(found).toEqual(['q0 required .item']);
});

describe('authors who never end', () => {
  const endless = '(a|a)*b';
  const words = 'a'.repeat(40);
  const many = Array.from({ length: 200 }, () => ({ valueString: words }));

  test('patterns that backtrack without end leave all answers together a moment, and are said to be unchecked', () => {
    const item = limited('string', 'regex', { valueString: endless }, { repeats: true });
    const begun = performance.now();
    const found = run([item], [a(...many)]);
    expect(performance.now() - begun).toBeLessThan(1_500);
    expect(found[0]).toBe('a value warning .item[0].answer[0]');
    expect(found).toHaveLength(100);
  });

  const constrained = (expression: string): JsonObject => ({
    extension: [
      {
        url: `${EXT}/questionnaire-constraint`,
        extension: [
          { url: 'key', valueId: 'k' },
          { url: 'human', valueString: 'x' },
          { url: 'severity', valueCode: 'error' },
          { url: 'expression', valueString: expression },
        ],
      },
    ],
  });

  test.each([
    ['a pattern', `'${words}'.matches('^${endless}$')`],
    ['a repetition', `status.repeat($this & 'a').exists()`],
    ['a book', `${'('.repeat(50_000)}true${')'.repeat(50_000)}`],
  ])('a constraint that is %s without end is stopped and said to be unchecked', (_, expression) => {
    const begun = performance.now();
    const found = run([q('string')], [a({ valueString: 'x' })], 'completed', constrained(expression));
    expect(performance.now() - begun).toBeLessThan(1_500);
    expect(found).toEqual([' incomplete warning ']);
  });

  test('levels of brackets are read without running out of stack', () => {
    const expression = `${'('.repeat(1_900)}item.empty()${')'.repeat(1_900)}`;
    expect(run([q('string')], [a({ valueString: 'x' })], 'completed', constrained(expression))).toEqual([
      ' invariant ',
    ]);
  });
});

describe('what an item leaves to the element it names (R4 Questionnaire.item.definition)', () => {
  const of = (path: string): JsonObject => ({ definition: `${EXT}/${path.split('.')[0]}#${path}` });
  const words = (...texts: string[]): JsonObject => a(...texts.map((valueString) => ({ valueString })));

  test.each<[string, JsonObject[], JsonObject[], string[]]>([
    ['required by its minimum', [q('choice', of('Observation.status'))], [], ['a required .item']],
    ['the item says otherwise', [q('choice', { ...of('Observation.status'), required: false })], [], []],
    ['repeats by its maximum', [q('string', of('Patient.name.given'))], [words('A', 'B')], []],
    [
      'once by its maximum',
      [q('string', of('Patient.name.family'))],
      [words('A', 'B')],
      ['a business-rule .item[0].answer'],
    ],
    [
      'the item says once',
      [q('string', { ...of('Patient.name.given'), repeats: false })],
      [words('A', 'B')],
      ['a business-rule .item[0].answer'],
    ],
    ['an element nobody has', [q('string', of('Patient.shoeSize'))], [words('A')], []],
    ['a profile nobody has', [q('string', { definition: 'urn:none#Patient.name' })], [words('A')], []],
  ])('%s', (_, items, given, expected) => {
    expect(run(items, given).map((one) => one.replace(/^a (structure|business-rule)/, 'a business-rule'))).toEqual(
      expected,
    );
  });

  test('profiles lie over their bases, element by element', () => {
    const structures: Resource[] = [
      {
        resourceType: 'StructureDefinition',
        url: 'urn:p2',
        baseDefinition: 'urn:p1',
        differential: { element: [{ id: 'Patient.name.family', path: 'Patient.name.family', min: 1 }] },
      },
      {
        resourceType: 'StructureDefinition',
        url: 'urn:p1',
        baseDefinition: `${EXT}/Patient`,
        differential: {
          element: [
            { id: 'Patient.name.family', path: 'Patient.name.family', maxLength: 5 },
            { id: 'Patient.gender', path: 'Patient.gender', binding: { strength: 'required', valueSet: 'urn:vs' } },
          ],
        },
      },
      { resourceType: 'StructureDefinition', url: 'urn:circle', baseDefinition: 'urn:circle' },
    ];
    const find = (url: string) =>
      structures.find((one) => one.url === url) ?? definitions.resolve('StructureDefinition', url);
    const elementOf = createElementOf(find);
    expect(elementOf('urn:p2#Patient.name.family')).toEqual({ min: 1, max: 1, maxLength: 5, valueSet: null });
    expect(elementOf('urn:p2#Patient.gender')?.valueSet).toBe('urn:vs');
    expect(elementOf('urn:p2#Patient.contact.telecom.system')?.valueSet).toContain('contact-point-system');
    for (const none of ['urn:circle#Patient.name', 'urn:p1#', 'urn:p1', '', '#Patient.name'])
      expect(elementOf(none)).toBeNull();
    const item = [q('string', { definition: 'urn:p2#Patient.name.family' })];
    const response = (valueString: string): Resource => ({
      resourceType: 'QuestionnaireResponse',
      status: 'completed',
      item: [a({ valueString })],
    });
    const check = (value: string) => checkResponse(response(value), formOf(form(item), elementOf), { inValueSet });
    expect(check('KHAN')).toEqual([]);
    expect(check('KHANKHAN')[0]?.diagnostics).toContain('longer than 5');
  });
});
