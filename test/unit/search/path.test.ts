/** Direct code for search paths selects what fhirpath selects, for every parameter of every type the samples cover. */
import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import type { Json, JsonObject } from '../../../src/fhir/types.ts';
import { ROW_PARAMS, searchableParams } from '../../../src/search/params.ts';
import { compilePath, referredType } from '../../../src/search/path.ts';
import { CHOICES } from '../../../src/search/values.ts';
import { sampleResources, TYPES } from '../../conformance/search-samples.ts';
import { paramOf, r4 } from './r4-params.ts';

const load = createRequire(import.meta.url);
const fhirpath = load('fhirpath');
const model = load('fhirpath/fhir-context/r4');

/** fhirpath would fetch; the type of a reference is read from it instead, as our own code does. */
function reference(resource: JsonObject, expression: string): unknown[] {
  const filter = /^(.*)\.where\(resolve\(\) is (\w+)\)$/.exec(expression);
  const base = filter?.[1] ?? expression;
  const found: unknown[] = fhirpath.evaluate(resource, base, undefined, model, { traceFn: () => undefined });
  const values = found.map((value) => JSON.parse(JSON.stringify(value)));
  return filter === null ? values : values.filter((value) => referredType(value) === filter[2]);
}

function direct(resource: JsonObject, expression: string, type: string): Json[] {
  const found: Json[] = [];
  const run = compilePath<Json[]>(expression, (value, out) => out.push(value), CHOICES[type] ?? new Set());
  if (run === null) throw new Error(`not plain: ${expression}`);
  run(resource, found);
  return found;
}

describe('compiled paths', () => {
  const resources = sampleResources(300, 42);
  test.each(TYPES)('%s: equal to fhirpath', (type) => {
    let selected = 0;
    for (const param of searchableParams(r4, type).values()) {
      if (ROW_PARAMS.has(param.code) || param.type === 'composite' || param.expression === '') continue;
      for (const resource of resources.filter((one) => one.resourceType === type).slice(0, 25)) {
        const expected = param.expression.split(' | ').flatMap((term) => reference(resource, term));
        expect({ code: param.code, found: direct(resource, param.expression, param.type) }).toEqual({
          code: param.code,
          found: expected,
        });
        selected += expected.length;
      }
    }
    expect(selected).toBeGreaterThan(20);
  });

  test('every parameter of R4 is plain: one that is not would not be served', () => {
    const others: string[] = [];
    for (const type of r4.resourceTypes) {
      for (const param of r4.searchParams(type).values()) {
        if (ROW_PARAMS.has(param.code) || param.type === 'composite' || param.expression === '') continue;
        if (compilePath(param.expression, () => undefined, new Set()) === null) others.push(`${type}.${param.code}`);
      }
    }
    expect(others).toEqual([]);
  });

  test.each([
    ['Condition', 'onset-date', { onsetDateTime: '2024-01' }, ['2024-01']],
    ['Condition', 'onset-date', { onsetString: '2024' }, []],
    ['Procedure', 'date', { performedString: 'last year' }, []],
    ['Procedure', 'date', { performedPeriod: { start: '2024' } }, [{ start: '2024' }]],
    [
      'Patient',
      'phone',
      {
        telecom: [
          { system: 'phone', value: '1' },
          { system: 'email', value: '2' },
        ],
      },
      [{ system: 'phone', value: '1' }],
    ],
    ['Patient', 'deceased', {}, [false]],
    ['Patient', 'deceased', { deceasedBoolean: false }, [false]],
    ['Patient', 'deceased', { deceasedBoolean: true }, [true]],
    ['Patient', 'deceased', { deceasedDateTime: '2024' }, [true]],
    ['InsurancePlan', 'name', { name: 'a', alias: ['b'] }, ['a', 'b']],
  ])('%s.%s of %j', (type, code, body, expected) => {
    const param = paramOf(type, code);
    expect(direct({ resourceType: type, ...body }, param.expression, param.type)).toEqual(expected);
  });
});
