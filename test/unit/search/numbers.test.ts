/** Numbers, quantities, composites and places by table; search-equality.test.ts binds SQL to the same evaluation. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject, Resource } from '../../../src/fhir/types.ts';
import { parseDecimal, toNumber } from '../../../src/search/decimal.ts';
import { createIndexer } from '../../../src/search/extract.ts';
import { matches } from '../../../src/search/match-clauses.ts';
import { parseSearch } from '../../../src/search/parse.ts';
import { comparableUnits } from '../../../src/search/units.ts';
import { BASES, r4 } from './r4-params.ts';

const indexer = createIndexer(r4, BASES);
const UCUM = 'http://unitsofmeasure.org';

function finds(resource: Resource, text: string): boolean {
  const context = { definitions: r4, bases: BASES, lenient: false, maxCount: 100 };
  const { query } = parseSearch(resource.resourceType, new Map([text.split(/=(.*)/, 2) as [string, string]]), context);
  return matches(query, resource, indexer.indexOf(resource));
}

const risk = (probabilityDecimal: number): Resource => ({
  resourceType: 'RiskAssessment',
  prediction: [{ probabilityDecimal }],
});
const measured = (valueQuantity: JsonObject): Resource => ({ resourceType: 'Observation', valueQuantity });
const mg = (value: number): Resource => measured({ value, system: UCUM, code: 'mg', unit: 'milligram' });

describe('numbers: the precision of the search is the range, the element is exact (R4 search, "number")', () => {
  test.each<[string, number[], number[]]>([
    // search, found, not found
    ['100', [99.5, 100, 100.4999], [99.4999, 100.5]],
    ['100.00', [99.995, 100, 100.00499], [99.99, 100.005]],
    ['1e2', [95, 100, 104.99], [94.99, 105, 60]],
    ['1.00e2', [99.5, 100.4], [99.4, 100.5]],
    ['5.4', [5.35, 5.4, 5.40001, 5.4499], [5.349, 5.45]],
    ['5.40', [5.395, 5.4, 5.404], [5.39, 5.41, 5.405]],
    ['0', [-0.5, 0, 0.49], [0.5, -0.51]],
    ['-3', [-3.5, -3, -2.51], [-2.5, -3.51]],
    ['eq5.40e-3', [0.0054], [0.00541, 0.0053]],
    ['ne100', [99.4, 100.5], [100, 99.5]],
    ['lt100', [99.9999], [100, 100.1]],
    ['le100', [99.9999, 100], [100.0001]],
    ['gt100', [100.0001, 100.3], [100, 99.9]],
    ['ge100', [100, 100.0001], [99.9999]],
    ['sa100', [100.0001], [100, 99.9]],
    ['eb100', [99.9999], [100, 100.1]],
    ['ap100', [90, 110, 95], [89.9, 110.1]],
    ['ap-100', [-90, -110], [-89.9, 100]],
  ])('probability=%s', (asked, found, not) => {
    expect(found.filter((held) => !finds(risk(held), `probability=${asked}`))).toEqual([]);
    expect(not.filter((held) => finds(risk(held), `probability=${asked}`))).toEqual([]);
  });

  test.each(['x', '', '1,', '5|a|b', '--1', '1e999', '0x10', '1e', '.5', 'Infinity'])('"%s" is refused', (asked) => {
    expect(() => finds(risk(1), `probability=${asked}`)).toThrow();
  });

  test('missing', () => {
    expect(finds(risk(1), 'probability:missing=false')).toBe(true);
    expect(finds({ resourceType: 'RiskAssessment' }, 'probability:missing=true')).toBe(true);
    expect(finds({ resourceType: 'RiskAssessment' }, 'probability=ne5')).toBe(false);
  });

  test('a decimal text and the number of JSON are the same double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }), (value) => {
        const text = value.toString();
        const decimal = parseDecimal(text);
        if (decimal !== null) expect(toNumber(decimal.value)).toBe(value === 0 ? 0 : value);
      }),
    );
  });
});

describe('quantities', () => {
  test.each<[Resource, string, boolean]>([
    [mg(5.4), '5.4', true],
    [mg(5.4), `5.4|${UCUM}|mg`, true],
    [mg(5.4), `5.4|${UCUM}|g`, false],
    [mg(5.4), `5.4e-3|${UCUM}|g`, true],
    [mg(5.4), `5.40e-3|${UCUM}|g`, true],
    [mg(5.41), `5.40e-3|${UCUM}|g`, false],
    [mg(5.41), `5.4e-3|${UCUM}|g`, true],
    [mg(5.4), '5.4||mg', true],
    [mg(5.4), '5.4||milligram', true],
    [mg(5.4), '5.4||kg', false],
    [mg(5.4), `5.4|${UCUM}|`, true],
    [mg(5.4), '5.4|http://other|mg', false],
    [mg(5.4), `gt0.005|${UCUM}|g`, true],
    [mg(5.4), `lt0.005|${UCUM}|g`, false],
    [mg(5400), `gt5|${UCUM}|cm`, false],
    [measured({ value: 37, system: UCUM, code: 'Cel' }), `98.6|${UCUM}|[degF]`, true],
    [measured({ value: 37.1, system: UCUM, code: 'Cel' }), `98.6|${UCUM}|[degF]`, false],
    [measured({ value: 120, system: UCUM, code: 'mm[Hg]' }), `16|${UCUM}|kPa`, true],
    [measured({ value: 7, system: UCUM, code: 'd' }), `1.0|${UCUM}|wk`, true],
    [measured({ value: 5, unit: 'drops' }), '5||drops', true],
    [measured({ value: 5 }), '5||drops', false],
    [measured({ unit: 'drops' }), '5', false],
    // what a comparator says lies somewhere beyond it
    [measured({ value: 5, comparator: '<' }), 'lt5', true],
    [measured({ value: 5, comparator: '<' }), 'ge5', false],
    [measured({ value: 5, comparator: '<' }), '5', false],
    [measured({ value: 5, comparator: '<=' }), 'sa5', false],
    [measured({ value: 5, comparator: '>' }), 'gt100', true],
    [measured({ value: 5, comparator: '>' }), 'le5', false],
    [measured({ value: 5, comparator: '>=' }), 'sa4.9', true],
    [{ resourceType: 'Invoice', totalNet: { value: 12.5, currency: 'GBP' } }, '', false],
  ])('%j %s: %s', (resource, asked, expected) => {
    if (asked !== '') expect(finds(resource, `value-quantity=${asked}`)).toBe(expected);
    else expect(finds(resource, 'totalnet=12.5|urn:iso:std:iso:4217|EUR')).toBe(expected);
  });

  test('Money, Range, Age, SampledData', () => {
    const invoice: Resource = { resourceType: 'Invoice', totalNet: { value: 12.5, currency: 'GBP' } };
    expect(finds(invoice, 'totalnet=12.5|urn:iso:std:iso:4217|GBP')).toBe(true);
    const years = (value: number) => ({ value, system: UCUM, code: 'a' });
    const onset: Resource = { resourceType: 'Condition', onsetRange: { low: years(20), high: years(30) } };
    expect(finds(onset, `onset-age=25|${UCUM}|a`)).toBe(false);
    expect(finds(onset, `onset-age=gt25|${UCUM}|a`)).toBe(true);
    expect(finds(onset, `onset-age=gt30|${UCUM}|a`)).toBe(false);
    expect(finds(onset, `onset-age=sa19|${UCUM}|a`)).toBe(true);
    expect(finds(onset, `onset-age=lt241|${UCUM}|mo`)).toBe(true);
    expect(finds({ resourceType: 'Condition', onsetAge: years(25) }, `onset-age=25|${UCUM}|a`)).toBe(true);
    const sampled: Resource = {
      resourceType: 'Observation',
      valueSampledData: { origin: { value: 10, system: UCUM, code: 'mg' }, factor: 2, data: '1 E 3 U' },
    };
    expect(finds(sampled, `value-quantity=ge12|${UCUM}|mg`)).toBe(true);
    expect(finds(sampled, `value-quantity=gt16|${UCUM}|mg`)).toBe(false);
  });

  test.each(['5|mg', '5|a|b|c', 'kg', '5||mg|', '|mg'])('"%s" is refused', (asked) => {
    expect(() => finds(mg(5), `value-quantity=${asked}`)).toThrow();
  });

  test('units of a group convert there and back', () => {
    for (const code of ['mg', '[degF]', 'mm[Hg]', 'mo', '/min']) {
      const value = { n: 1234n, d: 10n };
      for (const there of comparableUnits(code)) {
        const back = comparableUnits(there.code).find((unit) => unit.code === code);
        expect(toNumber(back?.convert(there.convert(value)) ?? value)).toBe(123.4);
      }
    }
  });
});

const coded = (code: string) => ({ coding: [{ system: 'http://loinc.org', code }] });
const pressure = (systolic: number, diastolic: number): Resource => ({
  resourceType: 'Observation',
  code: coded('85354-9'),
  component: [
    { code: coded('8480-6'), valueQuantity: { value: systolic, system: UCUM, code: 'mm[Hg]' } },
    { code: coded('8462-4'), valueQuantity: { value: diastolic, system: UCUM, code: 'mm[Hg]' } },
  ],
});

describe('composites: both parts on the same element', () => {
  test.each<[string, boolean]>([
    ['component-code-value-quantity=http://loinc.org|8480-6$gt140', false],
    ['component-code-value-quantity=http://loinc.org|8462-4$lt90', true],
    ['component-code-value-quantity=8480-6$120', true],
    ['component-code-value-quantity=8480-6$80', false],
    ['component-code-value-quantity=8480-6$80,8462-4$80', true],
    ['combo-code-value-quantity=8480-6$120', true],
    [`combo-code-value-quantity=8480-6$16|${UCUM}|kPa`, true],
    ['combo-code-value-quantity=85354-9$120', false],
    ['code-value-quantity=8480-6$120', false],
  ])('blood pressure 120 over 80: %s is %s', (text, expected) => expect(finds(pressure(120, 80), text)).toBe(expected));

  test('on the resource itself, and parts that are concepts, texts and dates', () => {
    const weight: Resource = { resourceType: 'Observation', code: coded('w'), valueQuantity: { value: 3 } };
    expect(finds(weight, 'code-value-quantity=w$3')).toBe(true);
    expect(finds(weight, 'combo-code-value-quantity=w$3')).toBe(true);
    expect(finds(weight, 'code-value-quantity=w$4')).toBe(false);
    const said: Resource = { resourceType: 'Observation', code: coded('s'), valueString: 'Écoute' };
    expect(finds(said, 'code-value-string=s$ecou')).toBe(true);
    expect(finds(said, 'code-value-string=x$ecou')).toBe(false);
    const when: Resource = { resourceType: 'Observation', code: coded('d'), valueDateTime: '2024-02-29' };
    expect(finds(when, 'code-value-date=d$2024-02')).toBe(true);
    expect(finds(when, 'code-value-date=d$lt2024')).toBe(false);
    const replaced = { code: 'replaces', target: { reference: 'DocumentReference/1' } };
    const other = { code: 'appends', target: { reference: 'DocumentReference/2' } };
    const document: Resource = { resourceType: 'DocumentReference', relatesTo: [replaced, other] };
    expect(finds(document, 'relationship=replaces$DocumentReference/1')).toBe(true);
    expect(finds(document, 'relationship=replaces$DocumentReference/2')).toBe(false);
  });

  test('a variant with the chromosome of its sequence', () => {
    const sequence: Resource = {
      resourceType: 'MolecularSequence',
      referenceSeq: { chromosome: coded('17'), windowStart: 1, windowEnd: 99 },
      variant: [
        { start: 10, end: 20 },
        { start: 30, end: 40 },
      ],
    };
    expect(finds(sequence, 'chromosome-variant-coordinate=17$lt15$gt15')).toBe(true);
    expect(finds(sequence, 'chromosome-variant-coordinate=17$10$40')).toBe(false);
    expect(finds(sequence, 'chromosome-window-coordinate=17$1$99')).toBe(true);
  });

  test.each(['8480-6', '8480-6$1$2', '$1', '8480-6$', '8480-6$x'])('"%s" is refused', (asked) => {
    expect(() => finds(pressure(1, 2), `component-code-value-quantity=${asked}`)).toThrow();
  });
});

describe('near', () => {
  const place = (latitude: number, longitude: number): Resource => ({
    resourceType: 'Location',
    position: { latitude, longitude },
  });
  const manchester = place(53.4808, -2.2426);
  test.each<[Resource, string, boolean]>([
    // Salford lies 3 km away, London 262 km
    [manchester, '53.4875|-2.2901|5|km', true],
    [manchester, '53.4875|-2.2901|2|km', false],
    [manchester, '53.4875|-2.2901|5000|m', true],
    [manchester, '53.4875|-2.2901', true],
    [manchester, '51.5074|-0.1278', false],
    [manchester, '51.5074|-0.1278|262|km', true],
    [manchester, '51.5074|-0.1278|261', false],
    [place(0, 179.99), '0|-179.99|3|km', true],
    [{ resourceType: 'Location' }, '0|0|40000|km', false],
  ])('%j near=%s: %s', (resource, asked, expected) => expect(finds(resource, `near=${asked}`)).toBe(expected));

  test.each(['', '53', '91|0', '0|181', '0|0|-1', '0|0|5|furlong', 'a|b', '0|0|1|km|x'])('"%s" is refused', (asked) => {
    expect(() => finds(manchester, `near=${asked}`)).toThrow();
  });
});
