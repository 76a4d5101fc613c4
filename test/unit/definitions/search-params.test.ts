import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { expressionFor, splitUnion } from '../../../src/definitions/compile-expressions.ts';
import { defaultSources } from '../../../src/definitions/sources.ts';
import { testDefinitions } from './cache.ts';

const definitions = await testDefinitions();
const r4Params: { entry: { resource: { code: string; base: string[]; expression?: string } }[] } = JSON.parse(
  readFileSync(`${defaultSources().r4}/search-parameters.json`, 'utf8'),
);

describe('expressions split per type', () => {
  test.each([
    ['Patient', 'Patient.name | Person.name', 'Patient.name'],
    ['Person', 'Patient.name | Person.name', 'Person.name'],
    ['Patient', 'Resource.id', 'Patient.id'],
    ['InsurancePlan', 'name | alias', 'InsurancePlan.name | InsurancePlan.alias'],
    [
      'Observation',
      '(Observation.value as Quantity) | (Observation.value as SampledData)',
      'Observation.value.ofType(Quantity) | Observation.value.ofType(SampledData)',
    ],
    ['Goal', '((Goal.start.as(date)))', 'Goal.start.ofType(date)'],
    [
      'Task',
      'Account.subject.where(resolve() is Patient) | Task.for.where(resolve() is Patient)',
      'Task.for.where(resolve() is Patient)',
    ],
    ['Person', 'Patient.name', ''],
    ['Observation', '(Observation.value as CodeableConcept).text', 'Observation.value.ofType(CodeableConcept).text'],
    ['Person', "((Patient.name | Person.name).where(use = 'a|(b')).family", "Person.name.where(use = 'a|(b').family"],
  ])('%s of %s', (type, expression, expected) => {
    expect(expressionFor(type, expression)).toBe(expected);
  });

  test('a bar inside quotes or parentheses does not split', () => {
    expect(splitUnion("A.b.where(c = 'x|y') | (D.e | D.f)")).toEqual(["A.b.where(c = 'x|y')", '(D.e | D.f)']);
  });
});

describe('search parameters of R4', () => {
  test('146 resource types, none of them abstract or of another release', () => {
    expect(definitions.resourceTypes).toHaveLength(146);
    expect(definitions.isResourceType('Patient')).toBe(true);
    for (const name of ['Resource', 'DomainResource', 'SubscriptionStatus', 'HumanName', 'constructor', '']) {
      expect(definitions.isResourceType(name)).toBe(false);
    }
  });

  test.each([
    ['Patient', 'birthdate', 'date', 'Patient.birthDate', []],
    ['Patient', '_lastUpdated', 'date', 'Patient.meta.lastUpdated', []],
    ['Encounter', 'patient', 'reference', 'Encounter.subject.where(resolve() is Patient)', ['Patient']],
    ['CarePlan', 'date', 'date', 'CarePlan.period', []],
    [
      'Group',
      'member',
      'reference',
      'Group.member.entity',
      ['Device', 'Group', 'Medication', 'Patient', 'Practitioner', 'PractitionerRole', 'Substance'],
    ],
    ['Bundle', '_content', 'special', '', []],
  ])('%s %s', (type, code, kind, expression, targets) => {
    expect(definitions.searchParams(type).get(code)).toMatchObject({ code, type: kind, expression, targets });
  });

  test('every type has Resource parameters; every expression starts at its own type', () => {
    for (const type of definitions.resourceTypes) {
      const params = definitions.searchParams(type);
      for (const code of ['_id', '_lastUpdated', '_profile', '_security', '_source', '_tag', '_content']) {
        expect(params.has(code)).toBe(true);
      }
      for (const param of params.values()) {
        if (param.type === 'special' && param.expression === '') continue;
        for (const part of splitUnion(param.expression)) expect(part).toMatch(new RegExp(`^${type}\\b`));
      }
    }
  });

  test('no union term that names a type is lost, for any parameter and base type', () => {
    const bare = (term: string): string => term.replace(/\.as\(|\.ofType\(| as /g, '~').replace(/[()\s]/g, '');
    let seen = 0;
    for (const { resource } of r4Params.entry) {
      for (const type of resource.base.filter(definitions.isResourceType)) {
        const named = new RegExp(`^[(\\s]*${type}\\b`);
        const terms = (resource.expression ?? '').split(/\|/).filter((term) => named.test(term));
        const kept = splitUnion(definitions.searchParams(type).get(resource.code)?.expression ?? '');
        seen += terms.length;
        expect([type, resource.code, kept.map(bare)]).toEqual([
          type,
          resource.code,
          expect.arrayContaining([...new Set(terms.map(bare))]),
        ]);
      }
    }
    expect(seen).toBeGreaterThan(1700);
  });

  test('an unknown type has none', () => {
    expect(definitions.searchParams('Nonsense').size).toBe(0);
    expect(definitions.searchParams('__proto__').size).toBe(0);
  });
});
