import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileSections } from '../../../src/definitions/compile.ts';
import { directRule } from '../../../src/definitions/direct-rules.ts';
import { evaluateRule } from '../../../src/definitions/path-rules.ts';
import type { DefinitionSource } from '../../../src/definitions/snapshot-types.ts';
import { defaultSources } from '../../../src/definitions/sources.ts';
import type { JsonObject } from '../../../src/fhir/types.ts';
import { testDefinitions } from './cache.ts';

const definitions = await testDefinitions();
const { sections } = compileSections(defaultSources());

const compiled = new Map<string, DefinitionSource>(
  [...sections]
    .filter(([name]) => name.startsWith('type:'))
    .map(([name, section]) => [name.slice(5), JSON.parse(JSON.stringify(section))]),
);

function definition(type: string): DefinitionSource {
  const source = compiled.get(type);
  if (!source) throw new Error(`no ${type}`);
  return source;
}

const maybe = <T>(arb: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arb, { nil: undefined });
const record = (shape: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<JsonObject> =>
  fc
    .record(Object.fromEntries(Object.entries(shape).map(([name, arb]) => [name, maybe(arb)])))
    .map((value) => JSON.parse(JSON.stringify(value)));
const code = (...values: string[]): fc.Arbitrary<string> => fc.constantFrom(...values);
const one = <T>(value: T): fc.Arbitrary<T> => fc.constant(value);
const some = (arb: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> => fc.array(arb, { minLength: 1, maxLength: 3 });
const concept = (system: string, ...codes: string[]): fc.Arbitrary<JsonObject> =>
  record({ coding: some(record({ system: code(system, 'urn:other'), code: code(...codes) })), text: one('x') });
const instant = code('2026-01-01T10:00:00Z', '2026-01-01T12:00:00+01:00', '2026-06-01T00:00:00Z');
const quantity = record({
  value: fc.constantFrom(-1, 0, 1, 150),
  system: code('http://unitsofmeasure.org', 'urn:x'),
  code: code('%', 'kg'),
});

/** What the direct code must agree about: type, path of the level, key, generator of that level. */
const CASES: [string, string, string, fc.Arbitrary<JsonObject>][] = [
  [
    'Period',
    'Period',
    'per-1',
    record({ start: code('2020-01-01', '2021-05-05', '2026-01-01'), end: code('2020-01-01', '2021-05-05') }),
  ],
  ['Period', 'Period', 'per-1', record({ start: instant, end: instant })],
  ['Quantity', 'Quantity', 'qty-3', quantity],
  ['SimpleQuantity', 'Quantity', 'sqty-1', record({ value: one(1), comparator: code('<') })],
  [
    'Range',
    'Range',
    'rng-2',
    record({
      low: one({ value: 1, code: 'kg', system: 'http://unitsofmeasure.org' }),
      high: one({ value: 0, code: 'kg', system: 'http://unitsofmeasure.org' }),
    }),
  ],
  [
    'Ratio',
    'Ratio',
    'rat-1',
    record({
      numerator: quantity.filter((q) => Object.keys(q).length > 0),
      denominator: quantity.filter((q) => Object.keys(q).length > 0),
      extension: one([{ url: 'http://a.b', valueString: 'x' }]),
    }),
  ],
  ['Timing', 'Timing.repeat', 'tim-1', record({ duration: fc.integer({ min: -2, max: 2 }), durationUnit: code('h') })],
  ['Timing', 'Timing.repeat', 'tim-4', record({ duration: fc.integer({ min: -2, max: 2 }) })],
  ['Timing', 'Timing.repeat', 'tim-9', record({ offset: one(5), when: some(code('C', 'MORN', 'CD', 'HS')) })],
  ['Timing', 'Timing.repeat', 'tim-10', record({ timeOfDay: one(['10:00:00']), when: one(['MORN']) })],
  ['ContactPoint', 'ContactPoint', 'cpt-2', record({ value: one('1'), system: code('phone') })],
  ['Attachment', 'Attachment', 'att-1', record({ data: one('AAAA'), contentType: code('text/plain') })],
  [
    'Patient',
    'Patient.contact',
    'pat-1',
    record({
      name: one({ text: 'x' }),
      telecom: one([{ value: 'x' }]),
      gender: code('male'),
      organization: one({ reference: 'Organization/1' }),
    }),
  ],
  [
    'Observation',
    'Observation.referenceRange',
    'obs-3',
    record({ low: one({ value: 1 }), text: one('x'), type: one({ text: 'x' }) }),
  ],
  [
    'Observation',
    'Observation',
    'obs-6',
    record({ dataAbsentReason: one({ text: 'x' }), valueString: one('x'), valueQuantity: one({ value: 1 }) }),
  ],
  [
    'Observation',
    'Observation',
    'obs-7',
    record({
      code: concept('urn:a', 'x', 'y'),
      valueString: one('v'),
      component: some(record({ code: concept('urn:a', 'x', 'z') })),
    }),
  ],
  [
    'Condition',
    'Condition',
    'con-4',
    record({
      abatementDateTime: one('2020'),
      clinicalStatus: concept(
        'http://terminology.hl7.org/CodeSystem/condition-clinical',
        'active',
        'resolved',
        'remission',
      ),
    }),
  ],
  [
    'Condition',
    'Condition',
    'con-5',
    record({
      clinicalStatus: one({ text: 'x' }),
      verificationStatus: concept(
        'http://terminology.hl7.org/CodeSystem/condition-ver-status',
        'entered-in-error',
        'confirmed',
      ),
    }),
  ],
  [
    'AllergyIntolerance',
    'AllergyIntolerance',
    'ait-1',
    record({
      clinicalStatus: one({ text: 'x' }),
      verificationStatus: concept(
        'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification',
        'entered-in-error',
        'confirmed',
      ),
    }),
  ],
  ['Appointment', 'Appointment', 'app-2', record({ start: instant, end: instant })],
  [
    'Appointment',
    'Appointment',
    'app-3',
    record({ status: code('proposed', 'booked', 'cancelled', 'waitlist', 'noshow'), start: instant, end: instant }),
  ],
  [
    'Appointment',
    'Appointment',
    'app-4',
    record({ status: code('noshow', 'cancelled', 'booked'), cancelationReason: one({ text: 'x' }) }),
  ],
  [
    'CarePlan',
    'CarePlan.activity',
    'cpl-3',
    record({ detail: one({ status: 'scheduled' }), reference: one({ reference: 'Task/1' }) }),
  ],
  ['Group', 'Group', 'grp-1', record({ actual: fc.boolean(), member: one([{ entity: { reference: 'Patient/1' } }]) })],
  [
    'List',
    'List',
    'lst-3',
    record({
      mode: code('working', 'snapshot'),
      entry: some(record({ date: one('2020'), item: one({ reference: 'Patient/1' }) })),
    }),
  ],
  ['Organization', 'Organization', 'org-1', record({ name: one('x'), identifier: one([{ value: '1' }]) })],
  ['Consent', 'Consent', 'ppc-1', record({ policy: one([{ uri: 'urn:x' }]), policyRule: one({ text: 'x' }) })],
  ['Task', 'Task', 'inv-1', record({ authoredOn: instant, lastModified: instant })],
  ['Goal', 'Goal.target', 'gol-1', record({ measure: one({ text: 'x' }), detailString: one('x') })],
  [
    'RiskAssessment',
    'RiskAssessment.prediction',
    'ras-2',
    record({ probabilityDecimal: fc.constantFrom(1, 100, 101) }),
  ],
  ['Bundle', 'Bundle', 'bdl-1', record({ type: code('searchset', 'history', 'batch'), total: one(1) })],
  [
    'Bundle',
    'Bundle',
    'bdl-2',
    record({
      type: code('searchset', 'batch'),
      entry: some(record({ search: one({ mode: 'match' }), fullUrl: one('urn:a') })),
    }),
  ],
  [
    'Bundle',
    'Bundle',
    'bdl-3',
    record({
      resourceType: one('Bundle'),
      type: code('transaction', 'searchset', 'history'),
      entry: some(record({ request: one({ method: 'GET', url: 'x' }), fullUrl: one('urn:a') })),
    }).filter((bundle) => bundle.type !== undefined),
  ],
  [
    'Bundle',
    'Bundle.entry',
    'bdl-5',
    record({
      resource: one({ resourceType: 'Patient' }),
      request: one({ method: 'GET', url: 'x' }),
      fullUrl: one('urn:a'),
    }),
  ],
  [
    'Bundle',
    'Bundle',
    'bdl-7',
    record({
      type: code('history', 'batch'),
      entry: some(
        record({
          fullUrl: code('urn:a', 'urn:b'),
          resource: one({ resourceType: 'Patient', meta: { versionId: '1' } }),
        }),
      ),
    }),
  ],
  ['Bundle', 'Bundle.entry', 'bdl-8', record({ fullUrl: code('http://a/Patient/1/_history/2', 'http://a/Patient/1') })],
  [
    'Parameters',
    'Parameters.parameter',
    'inv-1',
    record({
      name: one('a'),
      valueString: one('x'),
      part: one([{ name: 'b' }]),
      resource: one({ resourceType: 'Patient' }),
    }),
  ],
  [
    'Questionnaire',
    'Questionnaire.item',
    'que-1',
    record({ type: code('group', 'display', 'string'), item: one([{ linkId: 'a', type: 'string' }]) }),
  ],
  [
    'Questionnaire',
    'Questionnaire',
    'que-2',
    record({ item: some(record({ linkId: code('a', 'b'), item: some(record({ linkId: code('b', 'c') })) })) }),
  ],
  [
    'CodeSystem',
    'CodeSystem',
    'csd-1',
    record({
      concept: some(
        record({
          code: code('a', 'b', 'c'),
          concept: some(record({ code: code('b', 'd'), concept: some(record({ code: code('d', 'e') })) })),
        }),
      ),
    }),
  ],
  [
    'Questionnaire',
    'Questionnaire.item',
    'que-5',
    record({
      type: code('choice', 'boolean', 'string'),
      answerValueSet: one('urn:x'),
      answerOption: one([{ valueString: 'x' }]),
    }),
  ],
  [
    'Questionnaire',
    'Questionnaire.item',
    'que-12',
    record({
      enableBehavior: code('all'),
      enableWhen: fc.array(one({ question: 'a', operator: '=', answerInteger: 1 }), { minLength: 1, maxLength: 4 }),
    }),
  ],
  [
    'QuestionnaireResponse',
    'QuestionnaireResponse.item',
    'qrs-1',
    record({ answer: one([{ valueString: 'x' }]), item: one([{ linkId: 'a' }]) }),
  ],
];

describe('direct code and fhirpath agree', () => {
  test.each(CASES)('%s %s %s', (type, base, key, arbitrary) => {
    const direct = directRule(type, key);
    const expression = definition(type).rules[key]?.e ?? '';
    expect(direct).not.toBeNull();
    expect(expression).not.toBe('');
    let decided = 0;
    fc.assert(
      fc.property(arbitrary, (level) => {
        const value: JsonObject = base === type && definition(type).resource ? { ...level, resourceType: type } : level;
        const expected = evaluateRule({ base, expression }, value, { resource: value, root: value });
        if (expected === null) return;
        decided += 1;
        expect(Reflect.apply(direct ?? (() => null), null, [value])).toBe(expected);
      }),
      { numRuns: 60 },
    );
    expect(decided).toBeGreaterThan(0);
  });

  test('the walker and fhirpath agree about what is contained (dom-2, dom-3, dom-4, ref-1)', () => {
    // R4 writes as(...) on collections in dom-3, which fhirpath.js refuses: ofType is what is meant
    const RULES: Record<string, string> = {
      'dom-2': 'contained.contained.empty()',
      'dom-3':
        "contained.where(((id.exists() and ('#'+id in (%resource.descendants().reference | %resource.descendants().ofType(canonical) | %resource.descendants().ofType(uri) | %resource.descendants().ofType(url)))) or descendants().where(reference = '#').exists() or descendants().where(as(canonical) = '#').exists() or descendants().where(as(uri) = '#').exists()).not()).trace('unmatched', id).empty()",
      'dom-4': 'contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()',
    };
    const place = code('#a', '#b', 'Patient/1');
    const inner = record({ reference: code('#', '#a', '#b') });
    const contained = record({
      id: code('a', 'b'),
      link: some(record({ target: inner })),
      meta: one({ versionId: '1' }),
    });
    const observation = record({
      contained: some(contained),
      subject: record({ reference: place }),
      focus: some(record({ reference: place })),
    });
    fc.assert(
      fc.property(observation, (level) => {
        const inside = Array.isArray(level.contained) ? level.contained : [];
        const people = inside.map((person) => Object.assign({ resourceType: 'Person' }, person));
        const value = { ...level, resourceType: 'Observation', ...(people.length > 0 ? { contained: people } : {}) };
        const told = definitions.validate(value).map((issue) => issue.diagnostics.split(':')[0]);
        for (const [key, expression] of Object.entries(RULES)) {
          expect([key, told.includes(key)]).toEqual([
            key,
            evaluateRule({ base: 'Observation', expression }, value, { resource: value, root: value }) === false,
          ]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('every R4 error invariant is compiled, walked, or understood by fhirpath', () => {
    const undecidable: string[] = [];
    for (const [name, section] of sections) {
      if (!name.startsWith('type:')) continue;
      const source: DefinitionSource = JSON.parse(JSON.stringify(section));
      for (const [key, rule] of Object.entries(source.rules)) {
        if (directRule(source.name, key)) continue;
        const probe = source.resource ? { resourceType: source.name } : {};
        const result = evaluateRule({ base: source.name, expression: rule.e }, probe, { resource: probe, root: probe });
        if (result === null) undecidable.push(`${source.name} ${key}`);
      }
    }
    expect(undecidable).toEqual([]);
  });
});
