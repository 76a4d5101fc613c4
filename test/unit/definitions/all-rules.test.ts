/**
 * Every invariant of R4 that has direct code, proven equal to its FHIRPath on values made along the element tables: each
 * element that the expression names is there more often than not, its texts are the expression's own literals.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileSections } from '../../../src/definitions/compile.ts';
import { directRule, directRuleKeys } from '../../../src/definitions/direct-rules.ts';
import { evaluateRule } from '../../../src/definitions/path-rules.ts';
import type {
  DefinitionSource,
  ElementSource,
  NodeSource,
  TypeSource,
} from '../../../src/definitions/snapshot-types.ts';
import { defaultSources } from '../../../src/definitions/sources.ts';
import type { JsonObject } from '../../../src/fhir/types.ts';

const types = new Map<string, DefinitionSource>(
  [...compileSections(defaultSources()).sections]
    .filter(([name]) => name.startsWith('type:'))
    .map(([name, section]) => [name.slice(5), JSON.parse(JSON.stringify(section))]),
);

interface Place {
  type: DefinitionSource;
  level: NodeSource;
  /** The rule stands on this element of the level; absent = on the level. */
  element?: ElementSource;
}

/** Where each compiled rule stands, once for each type that has it. */
function placesOf(): Map<string, Place> {
  const found = new Map<string, Place>();
  const add = (key: string, place: Place): void => {
    if (directRule(place.type.name, key) !== null) found.set(`${place.type.name}:${key}`, place);
  };
  for (const type of types.values()) {
    for (const level of type.nodes) {
      for (const key of level.i ?? []) add(key, { type, level });
      for (const element of level.e) for (const key of element.i ?? []) add(key, { type, level, element });
    }
  }
  return found;
}

const NUMBERS = new Set(['integer', 'positiveInt', 'unsignedInt', 'decimal']);
const DATES = ['2019', '2020-01-01', '2020-01-01T10:00:00Z', '2020-01-01T12:00:00+01:00', '2021-05-05'];
const POOL = ['x', '', 'Patient/1', 'Practitioner/2', 'Organization/3', '#a', 'urn:a', 'http://a.example/b', 'A.b'];
const DEEPEST = 3;

/** Draws values for one expression. */
function maker(expression: string, random: (most: number) => number) {
  const words = new Set(expression.match(/[A-Za-z]+/g));
  const literals = [...expression.matchAll(/'([^']*)'/g)].map(([, text = '']) => text);
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const wanted = (name: string): boolean => random(100) < (words.has(name) ? 65 : 4);
  const scalar = (code: string): unknown => {
    if (code === 'boolean') return random(2) === 0;
    if (NUMBERS.has(code)) return pick([-1, 0, 1, 2, 2.5, 150]);
    if (/^(?:date|dateTime|instant)$/.test(code)) return pick(DATES);
    const text = literals.length > 0 && random(10) < 8 ? pick(literals) : pick(POOL);
    return text === '' ? 'y' : text;
  };
  const ofType = (code: string, depth: number): unknown => {
    if (code === 'Resource') return { resourceType: pick(['Patient', ...literals.filter((one) => types.has(one))]) };
    const type = types.get(code);
    return type === undefined ? scalar(code) : level(type, type.nodes[0], depth + 1);
  };
  const valueFor = (type: DefinitionSource, element: ElementSource, code: string, depth: number): unknown =>
    element.k === undefined ? ofType(code, depth) : level(type, type.nodes[element.k], depth + 1);
  const level = (type: DefinitionSource, node: NodeSource | undefined, depth: number): JsonObject => {
    const made: Record<string, unknown> = {};
    for (const element of depth > DEEPEST ? [] : (node?.e ?? [])) {
      if (['extension', 'modifierExtension', 'contained', 'meta', 'text', 'id'].includes(element.n)) continue;
      // what is required and missing has a finding of its own, and direct code need not say more
      if (element.max === 0 || (element.min === 0 && !wanted(element.n))) continue;
      const chosen: TypeSource = element.t.length === 0 ? { c: 'BackboneElement' } : pick(element.t);
      const { c: code, d: definition = code } = chosen;
      if (code === 'xhtml') continue;
      const name = element.x === 1 ? element.n + code.charAt(0).toUpperCase() + code.slice(1) : element.n;
      const count = element.l === 1 ? 1 + random(3) : 1;
      const values = Array.from({ length: count }, () => valueFor(type, element, definition, depth));
      made[name] = element.l === 1 ? values : values[0];
    }
    return JSON.parse(JSON.stringify(made));
  };
  return {
    of: ({ type, level: node, element }: Place): unknown => {
      if (element !== undefined) {
        const complex = element.t.find(({ c }) => types.has(c)) ?? element.t[0];
        return valueFor(type, element, complex?.c ?? '', 0);
      }
      const value = level(type, node, 0);
      return node === type.nodes[0] && type.resource ? { resourceType: type.name, ...value } : value;
    },
  };
}

/** Where fhirpath cannot say: each with the reason. Their own cases stand in rules.test.ts, or in refused.test.ts. */
const UNDECIDED: Readonly<Record<string, string>> = {
  'CareTeam:ctm-1': 'it asks what a reference points to; the direct code reads its type from the reference',
  'ElementDefinition:eld-19': 'its pattern, as R4 wrote it, is refused by fhirpath.js',
};
/** Where the expression yields nothing, or another thing than R4 means, direct code says what is meant. */
const MEANT: Readonly<Record<string, (value: JsonObject) => boolean>> = {
  // R4 writes `is Boolean`, which is the System type that no element has
  'Questionnaire:que-7': ({ operator }) => operator === 'exists',
  // absent, `repeats` is false
  'Questionnaire:que-13': ({ repeats }) => repeats === undefined,
  // percent of UCUM, both said
  'RiskAssessment:ras-1': ({ low, high }) => [low, high].some((one) => one !== undefined && !isCoded(one)),
  // a document or message without entries has no first one
  'Bundle:bdl-11': ({ entry }) => entry === undefined || !hasFirst(entry),
  'Bundle:bdl-12': ({ entry }) => entry === undefined || !hasFirst(entry),
};

function isCoded(quantity: unknown): boolean {
  return typeof quantity === 'object' && quantity !== null && 'code' in quantity && 'system' in quantity;
}

function hasFirst(entry: unknown): boolean {
  const [first]: unknown[] = Array.isArray(entry) ? entry : [];
  return typeof first === 'object' && first !== null && 'resource' in first;
}

const places = placesOf();

test('every compiled rule stands somewhere in R4', () => {
  const keys = new Set([...places.keys()].flatMap((one) => [one, one.slice(one.indexOf(':') + 1)]));
  expect(directRuleKeys().filter((key) => !keys.has(key))).toEqual([]);
});

test.each([...places.keys()])('%s', (name) => {
  const place = places.get(name);
  const key = name.slice(name.indexOf(':') + 1);
  const rule = place?.type.rules[key];
  if (place === undefined || rule === undefined) throw new Error('no rule');
  const direct = directRule(place.type.name, key);
  const base = place.element === undefined ? place.level.path : `${place.level.path}.${place.element.n}`;
  let decided = 0;
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 150, maxLength: 150 }), (numbers) => {
      let at = 0;
      const random = (most: number): number => (numbers[at++ % numbers.length] ?? 0) % most;
      const value = maker(rule.e, random).of(place);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
      if (Object.keys(value).length === 0) return;
      const element = value as JsonObject;
      const resource: JsonObject = 'resourceType' in element ? element : { resourceType: 'Basic' };
      const expected = evaluateRule({ base, expression: rule.e }, element, { resource, root: resource });
      if (expected === null || MEANT[name]?.(element) === true) return;
      decided += 1;
      expect([rule.e, element, Reflect.apply(direct ?? (() => null), null, [element])]).toEqual([
        rule.e,
        element,
        expected,
      ]);
    }),
    { numRuns: 60 },
  );
  if (name in UNDECIDED) expect(decided).toBe(0);
  else expect(decided).toBeGreaterThan(0);
});
