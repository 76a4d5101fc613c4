import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { compileSections } from '../../../src/definitions/compile.ts';
import { expressionFor, splitUnion } from '../../../src/definitions/compile-expressions.ts';
import { defaultSources } from '../../../src/definitions/sources.ts';
import type { Resource } from '../../../src/fhir/types.ts';
import { createIndexer } from '../../../src/search/extract.ts';
import { matches } from '../../../src/search/match-clauses.ts';
import { parseSearch } from '../../../src/search/parse.ts';
import type { SearchParam } from '../../../src/search/types.ts';
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

describe('every parameter is answered or refused by name', () => {
  const context = { definitions, bases: [], lenient: false, maxCount: 1 };
  const VALUES: Record<string, string> = { date: '2024', number: '1', quantity: '1', reference: 'Patient/1' };
  const sampleOf = ({ code, type, composite }: SearchParam): string => {
    if (code === 'near') return '1|1';
    if (composite !== undefined) return composite.parts.map(({ param }) => VALUES[param.type] ?? 'x').join('$');
    return type === 'reference' && code !== 'patient' ? 'http://x.example/Any/1' : (VALUES[type] ?? 'x');
  };

  test('of all 146 types', () => {
    const refused = new Set<string>();
    let answered = 0;
    for (const type of definitions.resourceTypes) {
      for (const param of definitions.searchParams(type).values()) {
        try {
          const { query } = parseSearch(type, [[param.code, sampleOf(param)]], context);
          expect(query.where).toHaveLength(1);
          answered++;
        } catch (error) {
          expect(String(error)).toContain(`"${param.code}"`);
          refused.add(param.code);
        }
      }
    }
    expect([...refused].sort()).toEqual(['phonetic']);
    expect(answered).toBeGreaterThan(2400);
  });

  test('composites pair parts that exist, and where the resource is the element its own parameters', () => {
    let parts = 0;
    for (const type of definitions.resourceTypes) {
      const params = definitions.searchParams(type);
      for (const { composite } of params.values()) {
        for (const { param, whole, root } of composite?.parts ?? []) {
          expect(params.get(whole)?.type).toBe(param.type);
          expect(root === undefined || params.has(root)).toBe(true);
          parts++;
        }
      }
    }
    expect(parts).toBeGreaterThan(100);
    const combo = definitions.searchParams('Observation').get('combo-code-value-quantity')?.composite;
    expect(combo?.parts.map(({ root }) => root)).toEqual(['code', 'value-quantity']);
  });

  test('our own SearchParameters beside R4’s, from a folder of definitions', () => {
    const folder = mkdtempSync(join(tmpdir(), 'own-'));
    const own = {
      resourceType: 'SearchParameter',
      url: 'https://own.example/SearchParameter/booked-by',
      code: 'booked-by',
      base: ['Appointment'],
      type: 'reference',
      expression: "Appointment.extension.where(url = 'https://own.example/booked-by').value.as(Reference)",
      target: ['Practitioner'],
    };
    writeFileSync(join(folder, 'SearchParameter-booked-by.json'), JSON.stringify(own));
    try {
      const sections = compileSections({ ...defaultSources(), own: [folder] }).sections.get('search:Appointment');
      const found = JSON.stringify(sections);
      expect(found).toContain('"code":"booked-by"');
      const list: SearchParam[] = JSON.parse(found);
      const compiled = { ...definitions, searchParams: () => new Map(list.map((param) => [param.code, param])) };
      const reference = { reference: 'Practitioner/7' };
      const booked: Resource = {
        resourceType: 'Appointment',
        extension: [{ url: 'https://own.example/booked-by', valueReference: reference }],
      };
      const { query } = parseSearch('Appointment', 'booked-by=Practitioner/7', { ...context, definitions: compiled });
      expect(matches(query, booked, createIndexer(compiled, []).indexOf(booked))).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
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
