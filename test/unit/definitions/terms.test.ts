/** The terminology engine over a small world of its own and over R4's: membership, expansion, hierarchy, translation. */
import { describe, expect, test } from '@jest/globals';
import { readArguments } from '../../../src/definitions/terms/arguments.ts';
import { EXPAND_DEFAULTS, expand as expandSet } from '../../../src/definitions/terms/expand.ts';
import { TermFault } from '../../../src/definitions/terms/faults.ts';
import { TERM_OPERATIONS } from '../../../src/definitions/terms/operations.ts';
import { bounded, overlaid, type TermSource } from '../../../src/definitions/terms/source.ts';
import { memberOf, membersOf } from '../../../src/definitions/terms/value-set.ts';
import { Outcome } from '../../../src/fhir/outcome.ts';
import type { JsonObject, Resource } from '../../../src/fhir/types.ts';
import { testDefinitions } from './cache.ts';

const { terms } = await testDefinitions();

const ANIMALS: Resource = {
  resourceType: 'CodeSystem',
  url: 'urn:animals',
  version: '1',
  name: 'Animals',
  content: 'complete',
  caseSensitive: false,
  concept: [
    {
      code: 'animal',
      display: 'Animal',
      property: [{ code: 'notSelectable', valueBoolean: true }],
      concept: [
        {
          code: 'dog',
          display: 'Dog',
          definition: 'Barks',
          designation: [
            { language: 'fr', value: 'Chien' },
            { language: 'de', use: { system: 'urn:use', code: 'pet' }, value: 'Höund' },
          ],
          concept: [{ code: 'pug', display: 'Pug', property: [{ code: 'size', valueInteger: 1 }] }],
        },
        { code: 'dodo', display: 'Dodo', property: [{ code: 'status', valueCode: 'retired' }] },
      ],
    },
    { code: 'wolf', display: 'Wolf', property: [{ code: 'parent', valueCode: 'dog' }] },
  ],
};
const FRAGMENT: Resource = {
  resourceType: 'CodeSystem',
  url: 'urn:fragment',
  content: 'fragment',
  concept: [{ code: 'a', display: 'A', concept: [{ code: 'b', display: 'B' }] }],
};
const filter = (property: string, op: string, value: string): JsonObject => ({ property, op, value });
const valueSet = (url: string, include: JsonObject[], exclude: JsonObject[] = []): Resource => ({
  resourceType: 'ValueSet',
  url,
  status: 'active',
  compose: { include, ...(exclude.length > 0 ? { exclude } : {}) },
});
const all = valueSet('urn:vs:all', [{ system: 'urn:animals' }]);
const circle = valueSet('urn:vs:circle', [{ valueSet: ['urn:vs:circle'] }]);
const over = (...more: Resource[]): TermSource => overlaid(terms, [ANIMALS, FRAGMENT, all, circle, ...more]);
const codes = (...include: JsonObject[]): string[] =>
  membersOf(valueSet('urn:vs', include), over()).map(({ concept }) => concept.code);
const reasonOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof TermFault) return error.reason;
    throw error;
  }
  return 'none';
};

describe('what a value set holds', () => {
  const EVERY = ['animal', 'dog', 'pug', 'dodo', 'wolf'];
  test.each<[string, JsonObject[], string[]]>([
    ['a whole system', [], EVERY],
    ['is-a', [filter('concept', 'is-a', 'dog')], ['dog', 'pug', 'wolf']],
    ['descendent-of', [filter('concept', 'descendent-of', 'dog')], ['pug', 'wolf']],
    ['is-not-a', [filter('concept', 'is-not-a', 'dog')], ['animal', 'dodo']],
    ['generalizes', [filter('concept', 'generalizes', 'pug')], ['animal', 'dog', 'pug']],
    ['in', [filter('code', 'in', 'dog, wolf,none')], ['dog', 'wolf']],
    ['not-in', [filter('code', 'not-in', 'dog,wolf')], ['animal', 'pug', 'dodo']],
    ['regex is of the whole code', [filter('code', 'regex', 'd.*')], ['dog', 'dodo']],
    ['regex of a display', [filter('display', 'regex', '.*o.*')], ['dog', 'dodo', 'wolf']],
    ['=', [filter('status', '=', 'retired')], ['dodo']],
    ['= of a number', [filter('size', '=', '1')], ['pug']],
    ['exists', [filter('size', 'exists', 'true')], ['pug']],
    ['exists = false', [filter('size', 'exists', 'false')], ['animal', 'dog', 'dodo', 'wolf']],
    ['two filters are both', [filter('concept', 'is-a', 'dog'), filter('code', 'not-in', 'wolf')], ['dog', 'pug']],
  ])('%s, listed and asked one by one', (_name, filters, expected) => {
    const include = { system: 'urn:animals', ...(filters.length > 0 ? { filter: filters } : {}) };
    expect(codes(include)).toEqual(expected);
    const asked = EVERY.filter(
      (code) => memberOf(valueSet('urn:vs', [include]), { source: over(), system: 'urn:animals', code }) !== false,
    );
    expect(asked).toEqual(expected);
  });

  test('several includes add up, once each; value sets of one include meet; excludes go', () => {
    const dogs = { system: 'urn:animals', concept: [{ code: 'dog' }, { code: 'wolf' }] };
    expect(codes(dogs, { system: 'urn:animals', concept: [{ code: 'wolf' }, { code: 'pug' }] })).toEqual([
      'dog',
      'wolf',
      'pug',
    ]);
    expect(codes({ valueSet: ['urn:vs:all'] })).toHaveLength(5);
    expect(codes({ ...dogs, valueSet: ['urn:vs:all'] })).toEqual(['dog', 'wolf']);
    const some = valueSet('urn:vs:some', [dogs], [{ system: 'urn:animals', concept: [{ code: 'wolf' }] }]);
    expect(membersOf(some, over()).map(({ concept }) => concept.code)).toEqual(['dog']);
    expect(memberOf(some, { source: over(), system: 'urn:animals', code: 'wolf' })).toBe(false);
    const meet = valueSet('urn:vs:meet', [{ valueSet: ['urn:vs:all', 'urn:vs:some'] }]);
    expect(membersOf(meet, over(some)).map(({ concept }) => concept.code)).toEqual(['dog']);
  });

  test('what cannot be known is not decided; circles and crowds are refused', () => {
    const ask = (include: JsonObject, code: string, system = 'urn:fragment') =>
      memberOf(valueSet('urn:vs', [include]), { source: over(), system, code });
    expect(ask({ system: 'urn:fragment' }, 'b')).toMatchObject({ concept: { code: 'b' } });
    expect(ask({ system: 'urn:fragment' }, 'z')).toBeNull();
    expect(ask({ system: 'urn:fragment', concept: [{ code: 'a' }] }, 'z')).toBe(false);
    expect(ask({ system: 'urn:elsewhere' }, 'z', 'urn:elsewhere')).toBeNull();
    expect(ask({ system: 'urn:elsewhere', concept: [{ code: 'z' }] }, 'z', 'urn:elsewhere')).toMatchObject({
      system: 'urn:elsewhere',
    });
    expect(ask({ valueSet: ['urn:vs:none'] }, 'a')).toBeNull();
    expect(reasonOf(() => codes({ system: 'urn:fragment' }))).toBe('undecidable');
    expect(reasonOf(() => codes({ system: 'urn:animals', filter: [filter('concept', 'unheard-of', 'x')] }))).toBe(
      'undecidable',
    );
    expect(reasonOf(() => codes({ valueSet: ['urn:vs:circle'] }))).toBe('invalid');
    expect(reasonOf(() => membersOf(all, over(), 4))).toBe('too-costly');
    const crowd = valueSet(
      'urn:vs:crowd',
      Array.from({ length: 50 }, () => ({ valueSet: ['urn:vs:all'] })),
    );
    expect(reasonOf(() => membersOf(crowd, bounded(over(), 5_000)))).toBe('none');
    expect(reasonOf(() => membersOf(crowd, bounded(over(), 200)))).toBe('too-costly');
    const patterns = Array.from({ length: 200 }, () => filter('display', 'regex', '.*'));
    expect(
      reasonOf(() => membersOf(valueSet('urn:vs', [{ system: 'urn:animals', filter: patterns }]), bounded(over()))),
    ).toBe('too-costly');
    const long: Resource = { ...ANIMALS, url: 'urn:long', concept: [{ code: 'a', display: 'a'.repeat(40) }] };
    const endless = valueSet('urn:vs', [{ system: 'urn:long', filter: [filter('display', 'regex', '(a+)+b')] }]);
    expect(reasonOf(() => membersOf(endless, over(long)))).toBe('undecidable');
    const round: Resource = {
      ...ANIMALS,
      url: 'urn:round',
      concept: [
        { code: 'a', property: [{ code: 'parent', valueCode: 'b' }] },
        { code: 'b', property: [{ code: 'parent', valueCode: 'a' }] },
      ],
    };
    const wheel = expandSet(valueSet('urn:vs', [{ system: 'urn:round' }]), over(round), EXPAND_DEFAULTS);
    expect(wheel.expansion).toMatchObject({ contains: [{ code: 'a' }, { code: 'b' }] });
  });
});

/** Runs an operation on parameters in their short form. */
function run(type: string, name: string, given: JsonObject[], source = over()): Resource {
  const operation = TERM_OPERATIONS.find((one) => one.type === type && one.name === name);
  if (operation === undefined) throw new Error(`no operation ${type}/$${name}`);
  const args = readArguments(operation.spec, '', { resourceType: 'Parameters', parameter: given });
  const url = args.text('url');
  const subject = url === null || type === 'CodeSystem' ? null : source.find(operation.type, url);
  return operation.run({ args, source, subject, maps: terms.conceptMaps() });
}
const url = (valueUri: string): JsonObject => ({ name: 'url', valueUri });
const system = (valueUri: string): JsonObject => ({ name: 'system', valueUri });
const code = (valueCode: string, name = 'code'): JsonObject => ({ name, valueCode });
const flag = (name: string, valueBoolean: boolean): JsonObject => ({ name, valueBoolean });
const words = (name: string, valueString: string): JsonObject => ({ name, valueString });
const list = (of: JsonObject, name: string): JsonObject[] => {
  const value = of[name];
  return Array.isArray(value)
    ? value.filter((one): one is JsonObject => typeof one === 'object' && one !== null && !Array.isArray(one))
    : [];
};
const value = (answer: JsonObject, name: string): unknown => {
  const part = list(answer, 'parameter').find((one) => one.name === name);
  return part === undefined ? undefined : Object.entries(part).find(([key]) => key.startsWith('value'))?.[1];
};

describe('CodeSystem operations', () => {
  const lookup = (...more: JsonObject[]): Resource => run('CodeSystem', 'lookup', [system('urn:animals'), ...more]);
  const properties = (answer: Resource): string[] =>
    list(answer, 'parameter')
      .filter(({ name }) => name === 'property')
      .map((one) =>
        list(one, 'part')
          .map((part) => part.valueCode ?? part.valueString ?? part.valueBoolean ?? part.valueInteger)
          .join(' '),
      );

  test('$lookup tells names, designations, parents, children and properties', () => {
    const dog = lookup(code('dog'));
    expect(['name', 'version', 'display'].map((name) => value(dog, name))).toEqual(['Animals', '1', 'Dog']);
    expect(properties(dog)).toEqual([
      'definition Barks',
      'inactive false',
      'parent animal Animal',
      'child pug Pug',
      'child wolf Wolf',
    ]);
    expect(list(dog, 'parameter').filter(({ name }) => name === 'designation')).toHaveLength(2);
    expect(properties(lookup(code('pug'))).at(-1)).toBe('size 1');
    expect(properties(lookup(code('dodo')))).toContain('inactive true');
  });
  test('$lookup of chosen properties, in a language, in any case the system allows', () => {
    const some = lookup(code('DOG'), code('child', 'property'), code('lang.fr', 'property'));
    expect(properties(some)).toEqual(['child pug Pug', 'child wolf Wolf']);
    expect(list(some, 'parameter').filter(({ name }) => name === 'designation')).toHaveLength(1);
    expect(value(lookup(code('dog'), code('fr-CA', 'displayLanguage')), 'display')).toBe('Chien');
  });
  test('$lookup of what is not there', () => {
    expect(reasonOf(() => lookup(code('cat')))).toBe('not-found');
    expect(reasonOf(() => run('CodeSystem', 'lookup', [system('urn:none'), code('x')]))).toBe('not-found');
    expect(reasonOf(() => lookup(code('dog'), words('version', '2')))).toBe('not-found');
    expect(reasonOf(() => run('CodeSystem', 'lookup', [system('urn:fragment'), code('z')]))).toBe('undecidable');
  });

  test.each<[string, string, string]>([
    ['dog', 'dog', 'equivalent'],
    ['animal', 'pug', 'subsumes'],
    ['wolf', 'animal', 'subsumed-by'],
    ['pug', 'wolf', 'not-subsumed'],
  ])('$subsumes: %s and %s are %s', (a, b, outcome) => {
    expect(
      value(run('CodeSystem', 'subsumes', [system('urn:animals'), code(a, 'codeA'), code(b, 'codeB')]), 'outcome'),
    ).toBe(outcome);
  });
  test('$subsumes knows v3 hierarchies, and what a fragment cannot say', () => {
    const v3 = system('http://terminology.hl7.org/CodeSystem/v3-ActCode');
    expect(
      value(run('CodeSystem', 'subsumes', [v3, code('_ActEncounterCode', 'codeA'), code('AMB', 'codeB')]), 'outcome'),
    ).toBe('subsumes');
    const part = system('urn:fragment');
    expect(value(run('CodeSystem', 'subsumes', [part, code('a', 'codeA'), code('b', 'codeB')]), 'outcome')).toBe(
      'subsumes',
    );
    const other: Resource = { ...FRAGMENT, url: 'urn:fragment2', concept: [{ code: 'a' }, { code: 'b' }] };
    const ask = () =>
      run('CodeSystem', 'subsumes', [system('urn:fragment2'), code('a', 'codeA'), code('b', 'codeB')], over(other));
    expect(reasonOf(ask)).toBe('undecidable');
  });

  test.each<[string, JsonObject[], unknown, RegExp | undefined]>([
    ['a code', [code('dog')], true, undefined],
    ['no code', [code('cat')], false, /no code/],
    ['its words', [code('dog'), words('display', ' DOG ')], true, undefined],
    ['words in another language', [code('dog'), words('display', 'Chien')], true, undefined],
    ['other words', [code('dog'), words('display', 'Cat')], false, /words/],
    ['an abstract code', [code('animal')], false, /abstract/],
    ['an abstract code, allowed', [code('animal'), flag('abstract', true)], true, undefined],
    ['a coding', [{ name: 'coding', valueCoding: { system: 'urn:animals', code: 'dog' } }], true, undefined],
    [
      'a coding of another system',
      [{ name: 'coding', valueCoding: { system: 'urn:x', code: 'dog' } }],
      false,
      /not of/,
    ],
    [
      'one coding of a concept is enough',
      [
        {
          name: 'codeableConcept',
          valueCodeableConcept: {
            coding: [
              { system: 'urn:x', code: 'y' },
              { system: 'urn:animals', code: 'dog' },
            ],
          },
        },
      ],
      true,
      undefined,
    ],
  ])('CodeSystem/$validate-code: %s', (_name, given, result, message) => {
    const answer = run('CodeSystem', 'validate-code', [url('urn:animals'), ...given]);
    expect(value(answer, 'result')).toBe(result);
    if (message === undefined) expect(value(answer, 'message')).toBeUndefined();
    else expect(value(answer, 'message')).toMatch(message);
  });
});

describe('ValueSet operations', () => {
  const expand = (...given: JsonObject[]): JsonObject => {
    const { expansion } = run('ValueSet', 'expand', given);
    return typeof expansion === 'object' && expansion !== null && !Array.isArray(expansion) ? expansion : {};
  };
  const listed = (expansion: JsonObject): unknown[] => list(expansion, 'contains').map((one) => one.code);
  const count = (valueInteger: number, name = 'count'): JsonObject => ({ name, valueInteger });

  test('a hierarchy nests, unless it is not wanted, searched or paged', () => {
    const whole = expand(url('urn:vs:all'));
    expect(whole.total).toBe(5);
    expect(whole.contains).toMatchObject([
      {
        code: 'animal',
        abstract: true,
        contains: [
          { code: 'dog', contains: [{ code: 'pug' }, { code: 'wolf' }] },
          { code: 'dodo', inactive: true },
        ],
      },
    ]);
    expect(listed(expand(url('urn:vs:all'), flag('excludeNested', true)))).toHaveLength(5);
    expect(listed(expand(url('urn:vs:all'), count(2)))).toEqual(['animal', 'dog']);
    expect(expand(url('urn:vs:all'), count(2), count(4, 'offset'))).toMatchObject({
      total: 5,
      offset: 4,
      contains: [{ code: 'wolf' }],
    });
    expect(expand(url('urn:vs:all'), count(0)).contains).toBeUndefined();
  });
  test.each<[string, JsonObject[], string[]]>([
    ['words of a display', [words('filter', 'o')], ['dog', 'dodo', 'wolf']],
    ['all of the words', [words('filter', 'do g')], ['dog']],
    ['words of a designation, without accents and case', [words('filter', 'HOUND')], ['dog']],
    ['the beginning of a code', [words('filter', 'pu')], ['pug']],
    ['nothing', [words('filter', '%')], []],
    ['active ones', [flag('activeOnly', true), count(9)], ['animal', 'dog', 'pug', 'wolf']],
    ['those for people to choose', [flag('excludeNotForUI', true), count(9)], ['dog', 'pug', 'dodo', 'wolf']],
    ['without a system', [{ name: 'exclude-system', valueCanonical: 'urn:animals' }], []],
  ])('$expand to %s', (_name, given, expected) =>
    expect(listed(expand(url('urn:vs:all'), ...given))).toEqual(expected),
  );

  test('designations, language, definition and parameters', () => {
    const french = expand(
      url('urn:vs:all'),
      words('filter', 'dog'),
      code('fr', 'displayLanguage'),
      flag('includeDesignations', true),
    );
    expect(french.contains).toMatchObject([
      { code: 'dog', display: 'Chien', designation: [{ language: 'fr' }, { language: 'de' }] },
    ]);
    expect(french.parameter).toContainEqual({ name: 'version', valueUri: 'urn:animals|1' });
    const german = expand(url('urn:vs:all'), words('filter', 'dog'), words('designation', 'urn:use|pet'));
    expect(list(list(german, 'contains')[0] ?? {}, 'designation')).toEqual([
      { language: 'de', use: { system: 'urn:use', code: 'pet' }, value: 'Höund' },
    ]);
    expect(run('ValueSet', 'expand', [url('urn:vs:all')]).compose).toBeUndefined();
    expect(run('ValueSet', 'expand', [url('urn:vs:all'), flag('includeDefinition', true)]).compose).toBeDefined();
    const versioned = { name: 'check-system-version', valueCanonical: 'urn:animals|2' };
    expect(reasonOf(() => expand(url('urn:vs:all'), versioned))).toBe('undecidable');
  });

  test.each<[string, JsonObject[], unknown]>([
    ['a code with its system', [system('urn:animals'), code('dog')], true],
    ['a code alone', [code('dog')], true],
    ['another code', [system('urn:animals'), code('cat')], false],
    ['the code of another system', [system('urn:x'), code('dog')], false],
    ['other words', [system('urn:animals'), code('dog'), words('display', 'Cat')], false],
    ['an abstract code', [system('urn:animals'), code('animal')], false],
  ])('ValueSet/$validate-code: %s', (_name, given, result) => {
    expect(value(run('ValueSet', 'validate-code', [url('urn:vs:all'), ...given]), 'result')).toBe(result);
  });

  test('the compact tables of the validator and these agree on the value sets of R4 that use a hierarchy', async () => {
    const { inValueSet } = await testDefinitions();
    const V3 = 'http://terminology.hl7.org/ValueSet/v3-';
    const urls = [
      ...[
        'parent-relationship-codes',
        'detectedissue-category',
        'v3-ActEncounterCode',
        'consent-action',
        'security-labels',
      ].map((name) => `http://hl7.org/fhir/ValueSet/${name}`),
      ...['PurposeOfUse', 'ActEncounterCode', 'PersonalRelationshipRoleType', 'ActMood', 'RoleClass'].map(
        (name) => V3 + name,
      ),
    ];
    const compared: string[] = [];
    for (const one of urls) {
      const found = terms.find('ValueSet', one);
      if (found === null) continue;
      const members = membersOf(found, terms);
      const differ = members.filter(({ system: of, concept }) => inValueSet(one, of, concept.code) !== true);
      expect([one, differ.map(({ concept }) => concept.code)]).toEqual([one, []]);
      for (const member of members)
        expect(memberOf(found, { source: terms, system: member.system, code: member.concept.code })).toMatchObject({
          concept: { code: member.concept.code },
        });
      compared.push(`${one} ${members.length}`);
    }
    expect(compared.length).toBeGreaterThan(7);
    expect(compared.join()).toMatch(/parent-relationship-codes \d\d/);
  });

  test.each([
    ['http://hl7.org/fhir/ValueSet/languages', 'none'],
    ['http://hl7.org/fhir/ValueSet/condition-code', 'undecidable'],
    ['http://hl7.org/fhir/ValueSet/observation-codes', 'undecidable'],
  ])('R4 value set %s: %s', (one, reason) => {
    expect(reasonOf(() => expand(url(one)))).toBe(reason);
  });
});

describe('ConceptMap/$translate', () => {
  const MAP: Resource = {
    resourceType: 'ConceptMap',
    url: 'urn:map',
    sourceUri: 'urn:vs:s',
    targetUri: 'urn:vs:t',
    group: [
      {
        source: 'urn:s',
        target: 'urn:t',
        element: [
          {
            code: 'a',
            target: [
              {
                code: 'x',
                equivalence: 'wider',
                display: 'X',
                product: [{ property: 'urn:p', system: 'urn:t', value: 'q' }],
              },
            ],
          },
          {
            code: 'b',
            target: [
              {
                code: 'y',
                equivalence: 'equal',
                dependsOn: [{ property: 'urn:side', system: 'urn:l', value: 'left' }],
              },
            ],
          },
          { code: 'c' },
          { code: 'd', target: [{ equivalence: 'unmatched' }] },
        ],
        unmapped: { mode: 'fixed', code: 'other' },
      },
    ],
  };
  const ask = (...given: JsonObject[]): Resource =>
    run('ConceptMap', 'translate', [url('urn:map'), ...given], over(MAP));
  const matches = (answer: Resource): unknown[] =>
    list(answer, 'parameter')
      .filter(({ name }) => name === 'match')
      .map((match) =>
        list(match, 'part')
          .map((part) => part.valueCode ?? (part.valueCoding as JsonObject | undefined)?.code ?? part.name)
          .join(' '),
      );
  const left = {
    name: 'dependency',
    part: [
      { name: 'element', valueUri: 'urn:side' },
      { name: 'concept', valueCodeableConcept: { coding: [{ system: 'urn:l', code: 'left' }] } },
    ],
  };
  test.each<[string, JsonObject[], boolean, string[]]>([
    ['a match with its product', [system('urn:s'), code('a')], true, ['wider x product source']],
    ['a dependency that is not given', [system('urn:s'), code('b')], false, []],
    ['a dependency', [system('urn:s'), code('b'), left], true, ['equal y source']],
    ['no target', [system('urn:s'), code('c')], false, ['unmatched source']],
    ['unmatched', [system('urn:s'), code('d')], false, ['unmatched source']],
    ['not listed: what the map says of others', [system('urn:s'), code('z')], true, ['inexact other source']],
    ['another system', [system('urn:z'), code('a')], false, []],
    ['another target', [system('urn:s'), code('a'), { name: 'targetsystem', valueUri: 'urn:else' }], false, []],
    ['backwards', [system('urn:t'), code('x'), flag('reverse', true)], true, ['narrower a source']],
  ])('%s', (_name, given, result, expected) => {
    const answer = ask(...given);
    expect(value(answer, 'result')).toBe(result);
    expect(matches(answer)).toEqual(expected);
  });
  test('without a map, through those between the value sets', () => {
    const answer = run('ConceptMap', 'translate', [
      system('http://hl7.org/fhir/administrative-gender'),
      code('male'),
      { name: 'source', valueUri: 'http://hl7.org/fhir/ValueSet/administrative-gender' },
      { name: 'target', valueUri: 'http://terminology.hl7.org/ValueSet/v3-AdministrativeGender' },
    ]);
    expect(matches(answer)).toEqual(['equal M source']);
  });
});

describe('parameters', () => {
  const refusal = (given: JsonObject[], query = ''): string => {
    const spec = TERM_OPERATIONS.find(({ name }) => name === 'expand')?.spec ?? {};
    try {
      readArguments(spec, query, { resourceType: 'Parameters', parameter: given });
    } catch (error) {
      if (error instanceof Outcome) return `${error.status} ${error.issues[0]?.code}`;
      throw error;
    }
    return 'none';
  };
  test.each<[string, JsonObject[], string, string]>([
    [
      'all is well',
      [url('urn:a'), { name: 'count', valueInteger: 1 }],
      'filter=x&activeOnly=true&_format=json',
      'none',
    ],
    ['unknown', [{ name: 'nonsense', valueUri: 'x' }], '', '400 not-supported'],
    ['known to R4, not offered', [], 'date=2020', '400 not-supported'],
    ['twice', [url('urn:a'), url('urn:b')], '', '400 invalid'],
    ['once here and once there', [url('urn:a')], 'url=urn:b', '400 invalid'],
    ['of another type', [{ name: 'count', valueString: '1' }], '', '400 value'],
    ['no number', [], 'count=many', '400 value'],
    ['no truth', [], 'activeOnly=yes', '400 value'],
    ['a resource in a query', [], 'valueSet=x', '400 invalid'],
  ])('%s', (_name, given, query, expected) => expect(refusal(given, query)).toBe(expected));
});

test('what is below a code is listed in time when the hierarchy is one long line', () => {
  const concept = Array.from({ length: 9_000 }, (_, i) => ({
    code: `c${i}`,
    ...(i === 0 ? {} : { property: [{ code: 'parent', valueCode: `c${i - 1}` }] }),
  }));
  const line: Resource = { resourceType: 'CodeSystem', url: 'urn:line', content: 'complete', concept };
  const filter = [{ property: 'concept', op: 'is-a', value: 'c10' }];
  const set: Resource = { resourceType: 'ValueSet', compose: { include: [{ system: 'urn:line', filter }] } };
  const begun = performance.now();
  const members = membersOf(set, bounded({ find: (type) => (type === 'CodeSystem' ? line : null) }));
  expect([members.length, members[0]?.concept.code]).toEqual([8_990, 'c10']);
  expect(performance.now() - begun).toBeLessThan(2_000);
});
