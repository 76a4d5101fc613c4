import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isNhsNumber } from '../../../src/definitions/nhs-number.ts';
import { primitiveTest } from '../../../src/definitions/primitives.ts';
import { xhtmlFault } from '../../../src/definitions/xhtml.ts';
import type { Resource } from '../../../src/fhir/types.ts';
import { testDefinitions } from './cache.ts';
import fragments from './fragments.json' with { type: 'json' };

const definitions = await testDefinitions();
const ISSUE = {
  severity: expect.any(String),
  code: expect.any(String),
  expression: expect.any(String),
  diagnostics: expect.any(String),
};

/** Whatever it is, as the validator's callers would hand it over. */
function asResource(value: unknown): Resource {
  return JSON.parse(JSON.stringify(value ?? null));
}

/** A copy with one value somewhere replaced by another. */
function mutated(value: unknown, steps: readonly number[], replacement: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof value !== 'object' || value === null) return replacement;
  const keys = Object.keys(value);
  const key = keys[step % Math.max(keys.length, 1)];
  if (key === undefined || (key === 'resourceType' && rest.length === 0)) return replacement;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value };
  Reflect.set(copy, key, mutated(Reflect.get(value, key), rest, replacement));
  return copy;
}

describe('never throws', () => {
  test('on any JSON', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 6 }),
        fc.constantFrom(...definitions.resourceTypes, 'Nope', null),
        (json, type) => {
          const value =
            type === null || typeof json !== 'object' || json === null || Array.isArray(json)
              ? json
              : { ...json, resourceType: type };
          for (const issue of definitions.validate(asResource(value))) expect(issue).toEqual(ISSUE);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('on real resources with one value changed', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...fragments),
        fc.array(fc.nat(40), { maxLength: 7 }),
        fc.jsonValue({ maxDepth: 2 }),
        (fragment, steps, json) => {
          for (const issue of definitions.validate(asResource(mutated(fragment, steps, json))))
            expect(issue).toEqual(ISSUE);
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('on deep nesting, and stops listing after a hundred findings', () => {
    const deep = `${'{"url":"x","extension":['.repeat(20_000)}{"url":"x","valueString":"y"}${']}'.repeat(20_000)}`;
    const found = definitions.validate({ resourceType: 'Patient', extension: [JSON.parse(deep)] });
    expect(found.some((issue) => issue.severity === 'error')).toBe(true);
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x${i}`, 1]));
    expect(definitions.validate({ resourceType: 'Patient', ...many }).length).toBeLessThanOrEqual(100);
  });
});

describe('linear in the length of hostile texts', () => {
  const quick = (work: () => unknown): void => {
    const start = performance.now();
    work();
    expect(performance.now() - start).toBeLessThan(1000);
  };
  const long = 400_000;

  test.each(['base64Binary', 'string', 'code', 'uri', 'dateTime', 'time', 'id', 'oid'])('%s', (type) => {
    for (const unit of [' ', 'A', 'A ', '=', '1', '.1'])
      quick(() => primitiveTest(type)?.(`${unit.repeat(long / unit.length)}!\u0001`));
  });

  test.each(['<', '<a ', '<!--', '&', ' ', '<b>', '<p style="', '/*'])('narrative of %j', (unit) => {
    quick(() => xhtmlFault(`<div xmlns="http://www.w3.org/1999/xhtml">${unit.repeat(long / unit.length)}`));
    quick(() =>
      xhtmlFault(
        `<div xmlns="http://www.w3.org/1999/xhtml" style="${unit
          .replace('"', '')
          .replace('<', '')
          .repeat(long / unit.length)}">x</div>`,
      ),
    );
  });
});

describe('dates are real, NHS numbers are checked', () => {
  test('dates agree with the calendar', () => {
    const isDate = primitiveTest('date');
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9999 }),
        fc.integer({ min: 0, max: 13 }),
        fc.integer({ min: 0, max: 32 }),
        (year, month, day) => {
          const text = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
          const date = new Date(`${text}T00:00:00Z`);
          const real = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
          expect(isDate?.(text)).toBe(real);
        },
      ),
    );
  });

  test('every nine digits have at most one check digit, and a changed digit is noticed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 999_999_999 }),
        fc.nat(8),
        fc.integer({ min: 1, max: 9 }),
        (digits, place, change) => {
          const nine = String(digits).padStart(9, '0');
          const valid = Array.from({ length: 10 }, (_, check) => nine + String(check)).filter(isNhsNumber);
          expect(valid.length).toBeLessThanOrEqual(1);
          for (const number of valid) {
            const digit = (Number(number[place]) + change) % 10;
            expect(isNhsNumber(number.slice(0, place) + String(digit) + number.slice(place + 1))).toBe(false);
          }
        },
      ),
    );
  });
});

describe('what is very large is decided, or refused, in time', () => {
  const timed = async (resource: Resource): Promise<{ ms: number; words: string[] }> => {
    const { validate } = await testDefinitions();
    const begun = performance.now();
    const words = validate(resource).map(({ severity, code, diagnostics }) => `${severity} ${code} ${diagnostics}`);
    return { ms: performance.now() - begun, words };
  };

  test('a code system of 20,000 concepts, and one code of them twice at any depth', async () => {
    const concept = Array.from({ length: 20_000 }, (_, i) => ({ code: `c${i}` }));
    const system = { resourceType: 'CodeSystem', name: 'Xx', status: 'draft', content: 'complete', concept } as const;
    const { ms, words } = await timed(system);
    expect([ms < 2_000, words]).toEqual([true, []]);
    const twice = { ...system, concept: [...concept, { code: 'd', concept: [{ code: 'c5' }] }] };
    expect((await timed(twice)).words.join()).toMatch(/^error invariant csd-1/);
  });

  test('20,000 contained resources, each referred to', async () => {
    const ids = Array.from({ length: 20_000 }, (_, i) => `p${i}`);
    const { ms, words } = await timed({
      resourceType: 'Patient',
      identifier: [{ value: 'x' }],
      generalPractitioner: ids.map((id) => ({ reference: `#${id}` })),
      contained: ids.map((id) => ({ resourceType: 'Practitioner', id })),
    });
    expect([ms < 3_000, words.filter((one) => one.startsWith('error'))]).toEqual([true, []]);
  });

  test('a profile of 30,000 elements', async () => {
    const element = Array.from({ length: 30_000 }, (_, i) => ({
      id: i === 0 ? 'Patient' : `Patient.x${i}`,
      path: i === 0 ? 'Patient' : `Patient.x${i}`,
    }));
    const { ms, words } = await timed({
      resourceType: 'StructureDefinition',
      url: 'http://x.example/sd',
      name: 'Xx',
      status: 'draft',
      kind: 'resource',
      abstract: false,
      type: 'Patient',
      baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Patient',
      derivation: 'constraint',
      differential: { element },
    });
    expect(ms).toBeLessThan(10_000);
    expect(words.at(-1)).toMatch(/^error too-costly /);
  }, 20_000);
});
